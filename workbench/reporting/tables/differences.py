"""Differences as a terminal shows them: one row a metric with its unit, numbers in that unit, changes with their sign.

Every number has the decimals of its metric; full numbers are in :mod:`workbench.reporting.tables.comparison`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.comparing.paired import Difference, NoiseFloor
from workbench.comparing.runs import PairedCells, Setting
from workbench.reporting.tables.comparison import comparison_table, p_text
from workbench.reporting.tables.table import Column, Table, end_of, table_of
from workbench.scoring.measures import METRICS
from workbench.scoring.metric import Metric
from workbench.scoring.metrics.stats import Interval

__all__ = ["floor_text_table", "further_json", "further_text_table", "pair_text_table", "settings_text_table"]

_POINTS = "changes of percentages are in percentage points"


def pair_text_table(pair: PairedCells, floor: NoiseFloor | None) -> Table:
    """One row a metric that both sides have; the notes name the others, with the reason."""
    known = [d for d in pair.comparison.differences if d.difference is not None]
    notes = [*_missing(pair.comparison.differences), *comparison_table(pair.comparison).notes]
    return table_of((*_values(METRICS), *_tests(pair, floor)), known, _with_points(known, notes))


def floor_text_table(floor: NoiseFloor) -> Table:
    """One row a metric of an A/A run: how far two plays of the same sessions are apart."""
    known = [d for d in floor.differences if d.difference is not None]
    return table_of(_values(METRICS, "first", "second"), known, _with_points(known, _missing(floor.differences)))


def further_text_table(differences: Sequence[Difference], metrics: Sequence[Metric]) -> Table:
    """One row a metric that was asked for, as :func:`pair_text_table` has its own; nothing is tested.

    Args:
        differences: of one pair.
        metrics: what they are differences of.
    """
    of = {metric.key: metric for metric in metrics}
    known = [d for d in differences if d.difference is not None]
    return table_of(_values(of), known, _with_points(known, _missing(differences, of), of))


def further_json(differences: Sequence[Difference], metrics: Sequence[Metric]) -> list[dict[str, Any]]:
    """The same for JSON: rates as ratios, times in ms, None for unknown."""
    return [
        {
            "metric": metric.name,
            "n": found.n,
            "baseline": metric.shown(found.baseline),
            "candidate": metric.shown(found.candidate),
            "difference": metric.shown(found.difference),
            "low": metric.shown(end_of(found.interval, "low")),
            "high": metric.shown(end_of(found.interval, "high")),
            "reason": found.reason,
        }
        for found, metric in zip(differences, metrics, strict=True)
    ]


def _with_points(
    known: Sequence[Difference], notes: Sequence[str], metrics: Mapping[str, Metric] = METRICS
) -> list[str]:
    return [*([_POINTS] if any(metrics[d.metric].unit == "%" for d in known) else []), *notes]


def _missing(differences: Sequence[Difference], metrics: Mapping[str, Metric] = METRICS) -> list[str]:
    """Metrics without a difference, those of one reason together."""
    titles: dict[str, list[str]] = {}
    for difference in differences:
        if difference.difference is None:
            titles.setdefault(difference.reason or "unknown", []).append(metrics[difference.metric].title)
    return [f"{', '.join(of)}: {reason}" for reason, of in titles.items()]


def _number(metric: Metric, value: float | None, *, signed: bool = False) -> str | None:
    shown = metric.shown(value)
    if shown is None:
        return None
    text = metric.number(shown, signed=signed)
    # A difference that rounds to nothing has no sign.
    return text if text.strip("+-0.") else text.lstrip("+-")


def _ends(metric: Metric, ends: Interval | None) -> str | None:
    if ends is None:
        return None
    low, high = (_number(metric, end, signed=True) or "unbounded" for end in (ends.low, ends.high))
    return f"{low} to {high}"


def _values(
    metrics: Mapping[str, Metric], baseline: str = "baseline", candidate: str = "candidate"
) -> tuple[Column[Difference], ...]:
    return (
        Column("metric", "metric", lambda d: metrics[d.metric].axis),
        Column("baseline", baseline, lambda d: _number(metrics[d.metric], d.baseline)),
        Column("candidate", candidate, lambda d: _number(metrics[d.metric], d.candidate)),
        Column("change", "change", lambda d: _number(metrics[d.metric], d.difference, signed=True)),
        Column("between", "95 % interval", lambda d: _ends(metrics[d.metric], d.interval)),
        Column("n", "n", lambda d: d.n, explain="utterances that both sides have"),
    )


def _tests(pair: PairedCells, floor: NoiseFloor | None) -> tuple[Column[Difference], ...]:
    columns: list[Column[Difference]] = [
        Column("p_adjusted", "adjusted p", lambda d: p_text(d.p_adjusted), explain="weighted Holm"),
        Column("level", "result", lambda d: pair.verdict.of(d.metric).level.value, explain="what the tests show"),
    ]
    if floor is not None:
        columns.append(
            Column("noise_floor", "noise floor", lambda d: _number(METRICS[d.metric], floor.width(d.metric)))
        )
    if any(d.speaker_interval for d in pair.comparison.differences):
        columns.append(Column("speakers", "speakers", lambda d: d.speakers))
        columns.append(
            Column(
                "speaker_between", "95 % interval over speakers", lambda d: _ends(METRICS[d.metric], d.speaker_interval)
            )
        )
    return (*columns, Column("reason", "why", lambda d: d.reason, prose=True))


_SETTINGS: tuple[Column[Setting], ...] = (
    Column("setting", "setting", lambda s: s.key),
    Column("baseline", "baseline", lambda s: _setting(s.baseline)),
    Column("candidate", "candidate", lambda s: _setting(s.candidate)),
)


def _setting(value: object) -> str:
    return "not set" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def settings_text_table(pair: PairedCells) -> Table:
    """One row a setting that differs."""
    return table_of(_SETTINGS, pair.settings)
