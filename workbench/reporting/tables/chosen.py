"""Tables of metrics that somebody chose by name, and percentiles of every latency that they chose by number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from workbench.errors import InputError
from workbench.reporting.tables.cells import cells_table, reasons
from workbench.reporting.tables.sessions import SESSION_COLUMNS
from workbench.reporting.tables.table import Column, Table, column_of, end_of, table_of
from workbench.runs.result import RunResult
from workbench.scoring.cells import CellScore, latest_attempts
from workbench.scoring.measured import Measured, measure, session_value
from workbench.scoring.measures import DURATIONS, METRICS
from workbench.scoring.metric import Duration, Face, Metric, Percentile
from workbench.scoring.session import SessionScore

__all__ = [
    "GROUPS",
    "chosen_json",
    "chosen_metrics",
    "chosen_sessions_table",
    "chosen_table",
    "metrics_table",
    "percentile_metrics",
    "percentiles",
    "with_percentiles",
]

GROUPS: dict[str, Callable[[Metric], bool]] = {
    "accuracy": lambda metric: "accuracy" in metric.tables,
    "clinical": lambda metric: "meaning" in metric.tables,
    "stability": lambda metric: "stability" in metric.tables,
    "latency": lambda metric: isinstance(metric.source, Percentile) and not metric.on_request,
    "details": lambda metric: "details" in metric.tables,
}
"""Names that stand for several metrics, and which these are."""

_Cell = tuple[CellScore, Sequence[SessionScore]]


def percentiles(text: str, *, item: str) -> tuple[float, ...]:
    """Numbers as people type them, ``50,90,99.9``, in that order and each once.

    Args:
        text: numbers above 0 and below 100, with commas between them.
        item: parameter that they were given as, for errors.

    >>> percentiles("50, 99,99.9", item="percentiles")
    (50.0, 99.0, 99.9)

    Raises:
        InputError: something else stands there.
    """
    try:
        found = tuple(dict.fromkeys(float(part) for part in text.split(",")))
    except ValueError:
        found = ()
    if not found or not all(0 < p < 100 for p in found):
        expected = "numbers above 0 and below 100 with commas between them, such as 50,90,95,99"
        raise InputError("not percentiles", item=item, got=text, expected=expected)
    return found


def percentile_metrics(wanted: Iterable[float], durations: Iterable[str] | None = None) -> list[Metric]:
    """A metric for each percentile of each latency, in the order of the list of metrics.

    Args:
        wanted: percentiles.
        durations: keys of latencies; None for those of comparisons.
    """
    shown = [m.source.duration.key for m in METRICS.values() if isinstance(m.source, Percentile) and m.compared]
    keys = dict.fromkeys(shown if durations is None else durations)
    numbers = list(wanted)
    return [_percentile(DURATIONS[key], p) for key in keys for p in numbers]


def _percentile(duration: Duration, p: float) -> Metric:
    row = next(m for m in METRICS.values() if isinstance(m.source, Percentile) and m.source.duration == duration)
    return Metric(
        f"{duration.key}_p{p:g}", f"{duration.title} p{p:g}", row.unit, "lower", Percentile(duration, p),
        f"percentile {p:g} of {duration.title}", f"{duration.heading or duration.title} p{p:g}",
        certified=duration.certified, of_words=row.of_words, digits=row.digits,
    )  # fmt: skip


def chosen_metrics(text: str, *, item: str) -> list[Metric]:
    """Metrics by name, key or group, with commas between them, in the order given and each once.

    Args:
        text: such as ``wer,critical_errors,stability``.
        item: parameter that they were given as, for errors.

    Raises:
        InputError: no metric and no group has this name.
    """
    found: dict[str, Metric] = {}
    for name in (part.strip() for part in text.split(",")):
        members = _members(name)
        if not members:
            known = f"{', '.join(GROUPS)} or metrics: {', '.join(metric.name for metric in METRICS.values())}"
            raise InputError("unknown column", item=item, got=name or "nothing", expected=known)
        found |= {metric.key: metric for metric in members}
    return list(found.values())


def _members(name: str) -> list[Metric]:
    if name in GROUPS:
        return [metric for metric in METRICS.values() if GROUPS[name](metric)]
    return [metric for metric in METRICS.values() if name in (metric.key, metric.name)]


def with_percentiles(face: Face, wanted: Iterable[float]) -> list[Metric]:
    """The metrics of a table of configurations, each of its latencies with these percentiles instead of its own."""
    shown = [metric for metric in METRICS.values() if face in metric.tables]
    kept = [metric for metric in shown if not isinstance(metric.source, Percentile)]
    durations = [metric.source.duration.key for metric in shown if isinstance(metric.source, Percentile)]
    return [*kept, *percentile_metrics(wanted, durations)]


def chosen_table(result: RunResult, metrics: Sequence[Metric]) -> Table:
    """One row a configuration: sessions, and each metric with its 95 % interval where it has one.

    Args:
        result: a run.
        metrics: columns, in this order.
    """
    sessions: dict[str, list[SessionScore]] = {cell.cell: [] for cell in result.cells}
    for score in latest_attempts(result.scores):
        sessions[score.cell].append(score)
    seed = result.run.manifest.seed
    columns: list[Column[_Cell]] = [
        Column("audio", "audio", lambda cell: cell[0].cell),
        Column("n", "sessions", lambda cell: cell[0].n, whole=True),
        Column("failed", "failed", lambda cell: cell[0].failed, whole=True),
        Column("normaliser", "normaliser", lambda cell: cell[0].normaliser),
        *(_measured_column(metric, seed) for metric in metrics),
        Column("trust", "trust", lambda cell: cell[0].trust.level.value),
    ]
    rows = [(cell, sessions[cell.cell]) for cell in result.cells]
    return table_of(columns, rows, ["in brackets: 95 % intervals", *_notes(result), *reasons(result.cells, metrics)])


def _measured_column(metric: Metric, seed: int) -> Column[_Cell]:
    return Column(
        metric.name, metric.heading or metric.title, lambda cell: _measured_text(cell[1], metric, seed),
        metric.column_unit,
    )  # fmt: skip


def _measured_text(scores: Sequence[SessionScore], metric: Metric, seed: int) -> str | None:
    found = _measured(scores, metric, seed)
    if found.value is None:
        return None
    if found.interval is None:
        return metric.number(found.value)
    low, high = ("unbounded" if e is None else metric.number(e) for e in (found.interval.low, found.interval.high))
    return f"{metric.number(found.value)} ({low} to {high})"


def chosen_json(result: RunResult, cell: str, metrics: Sequence[Metric]) -> dict[str, Any]:
    """``chosen``: each metric of a configuration with value, ends of its 95 % interval and utterances, by its name."""
    sessions = [score for score in latest_attempts(result.scores) if score.cell == cell]
    seed = result.run.manifest.seed
    return {"chosen": {metric.name: _json(sessions, metric, seed) for metric in metrics}}


def _json(scores: Sequence[SessionScore], metric: Metric, seed: int) -> dict[str, float | int | None]:
    found = _measured(scores, metric, seed)
    return {
        "value": found.value, "low": end_of(found.interval, "low"), "high": end_of(found.interval, "high"),
        "n": found.n,
    }  # fmt: skip


def _measured(scores: Sequence[SessionScore], metric: Metric, seed: int) -> Measured:
    """In the unit of tables; failed sessions count where the metric says so."""
    done = scores if metric.attempted else [s for s in scores if not s.failed]
    return measure(done, metric, seed).shown(metric)


def _notes(result: RunResult) -> Sequence[str]:
    """Of sessions and timing alone: why other metrics have no value says nothing here."""
    bare = [replace(cell, reasons={}) for cell in result.cells]
    return cells_table(bare).notes


def chosen_sessions_table(scores: Sequence[SessionScore], metrics: Sequence[Metric]) -> Table:
    """One row a session: its names, its outcome and each metric.

    Args:
        scores: sessions, in the order of the rows.
        metrics: columns, in this order.
    """
    first = next(i for i, column in enumerate(SESSION_COLUMNS) if column.key == "outcome") + 1
    of = [column_of(metric, partial(session_value, metric=metric)) for metric in metrics]
    return table_of((*SESSION_COLUMNS[:first], *of), scores, names=2)


_LISTED: tuple[Column[Metric], ...] = (
    Column("name", "name", lambda m: m.name),
    Column("unit", "unit", lambda m: m.unit or "ratio"),
    Column("groups", "groups", lambda m: ", ".join(group for group in GROUPS if m in _members(group)) or None),
    Column("better", "better", lambda m: m.better),
    Column("definition", "definition", lambda m: m.definition),
)


def metrics_table() -> Table:
    """Every metric that can be chosen, with what it is."""
    return table_of(_LISTED, METRICS.values())
