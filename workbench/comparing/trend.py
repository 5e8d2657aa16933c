"""One data set under one configuration over time: does the newest run lie within what the runs before let expect."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from workbench.runs.listing import CellHeadline, RunListing

__all__ = ["LEAST_RUNS", "TREND_METRICS", "Trend", "TrendPoint", "trend", "trend_subjects"]

TrendMetric = Literal["wer", "word_latency_p50", "word_latency_p95"]
TREND_METRICS: tuple[TrendMetric, ...] = ("wer", "word_latency_p50", "word_latency_p95")

LEAST_RUNS = 6
"""Runs that limits are drawn from at least."""

# The median moving range of a normal variable is 0.954 standard deviations.
_MEDIAN_RANGE = 0.954


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One run.

    Attributes:
        run_id, created: which, and when (UTC, RFC 3339).
        value: ratio for ``wer``, ns for latencies.
        n, failed: its recordings, and how many of them failed.
        outside: whether it lies outside of the limits.
    """

    run_id: str
    created: str
    value: float
    n: int
    failed: int
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Trend:
    """A metric over time.

    Attributes:
        corpus, configuration, metric: what is looked at.
        points: oldest first.
        centre, low, high: median and control limits; None with fewer than :data:`LEAST_RUNS` runs.
        reason: why there are no limits; None if there are.
        hidden: runs that are left out, because another normaliser scored them or they have no value.
    """

    corpus: str
    configuration: str
    metric: TrendMetric
    points: tuple[TrendPoint, ...]
    centre: float | None
    low: float | None
    high: float | None
    reason: str | None
    hidden: int = 0


def trend_subjects(listings: Sequence[RunListing]) -> list[tuple[str, str]]:
    """Data sets and configurations that were played, the most often played first."""
    counts = Counter(
        (run.summary.corpus, cell.name) for run in listings if run.summary.corpus for cell in run.cells if cell.n
    )
    return [(str(corpus), name) for (corpus, name), _ in counts.most_common()]


def trend(
    listings: Sequence[RunListing],
    corpus: str,
    configuration: str,
    metric: TrendMetric = "wer",
    deviations: float = 3.0,
    few: float = 0.0,
) -> Trend:
    """A metric of one data set under one configuration, with limits that single runs hardly ever leave.

    The limits are the median of the runs, three standard deviations (or ``deviations``) to both sides, these
    estimated from the median change from run to run, so that one bad run neither moves nor widens them. A rate and a
    time never fall below 0.

    Args:
        listings: runs in any order.
        corpus: name of the data set.
        configuration: name of the configuration.
        metric: one of :data:`TREND_METRICS`.
        deviations: standard deviations from the median to either limit.
        few: widens the limits of few runs, whose estimate is rough: by this number over that of the runs.
    """
    runs = sorted((run for run in listings if run.summary.corpus == corpus), key=lambda run: run.summary.run_id)
    cells = [(run, cell) for run in runs for cell in run.cells if cell.name == configuration]
    # A rate under another normaliser is another rate.
    used = cells[-1][0].normaliser if cells else None
    points = []
    for run, cell in cells:
        value = _value(cell, metric)
        if value is not None and run.normaliser == used:
            created = run.summary.created or ""
            points.append(TrendPoint(run.summary.run_id, created, value, cell.n, cell.failed))
    hidden = len(cells) - len(points)
    if len(points) < LEAST_RUNS:
        reason = f"limits need {LEAST_RUNS} runs (got {len(points)})"
        return Trend(corpus, configuration, metric, tuple(points), None, None, None, reason, hidden)
    values = [point.value for point in points]
    centre = statistics.median(values)
    deviations *= 1 + few / len(values)
    reach = deviations * statistics.median(abs(b - a) for a, b in pairwise(values)) / _MEDIAN_RANGE
    low, high = max(0.0, centre - reach), centre + reach
    marked = tuple(TrendPoint(p.run_id, p.created, p.value, p.n, p.failed, not low <= p.value <= high) for p in points)
    return Trend(corpus, configuration, metric, marked, centre, low, high, None, hidden)


def _value(cell: CellHeadline, metric: TrendMetric) -> float | None:
    return cell.wer if metric == "wer" else cell.p50_ns if metric == "word_latency_p50" else cell.p95_ns
