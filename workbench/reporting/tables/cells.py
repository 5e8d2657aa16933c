"""Tables of configurations: the same rows for the command line, the app, JSON and CSV.

Columns of metrics come from :mod:`workbench.scoring.measures`; what stands here is about sessions and pacing. Rows keep
full numbers and None for unknown; only the formatted text is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from workbench.reporting.tables.table import Column, Table, end_of, metric_column, table_of, without_results
from workbench.scoring.cells import CellScore
from workbench.scoring.measured import Measured
from workbench.scoring.measures import METRICS
from workbench.scoring.metric import Face, Metric, Percentile
from workbench.scoring.metrics.stats import FEW_SPEAKERS, Interval
from workbench.scoring.reading import Meaning, Tally
from workbench.units import counted, ms

__all__ = [
    "ACCURACY_COLUMNS",
    "CELL_COLUMNS",
    "DETAIL_COLUMNS",
    "STABILITY_COLUMNS",
    "SUMMARY_COLUMNS",
    "accuracy_table",
    "cell_json",
    "cells_table",
    "details_table",
    "meaning_table",
    "readable",
    "reasons",
    "stability_table",
    "summary_table",
]


_NORMALISER: Column[CellScore] = Column(
    "normaliser", "normaliser", lambda c: c.normaliser, explain="text normaliser, applied to both sides"
)
_SETTLED = ("word_settled_p50", "word_settled_p95")
_TAKEN_BACK = 0.1
"""Share of words that were taken back from which on settled latencies stand in the tables too."""


def _metric_columns(face: Face) -> Iterator[Column[CellScore]]:
    """The metrics that a table has, in the order of the list."""
    for metric in METRICS.values():
        if face in metric.tables:
            yield _value_column(metric)
            if metric.key == "wer" and face == "cells":
                yield _NORMALISER
            if face == "cells" and "ends" in metric.tables:
                yield _end_column(metric, "low")
                yield _end_column(metric, "high")


def _value_column(metric: Metric) -> Column[CellScore]:
    return metric_column(metric.key, lambda c: c.shown(metric.key).value)


def _end_column(metric: Metric, end: Literal["low", "high"]) -> Column[CellScore]:
    column: Column[CellScore] = metric_column(metric.key, lambda c: end_of(c.shown(metric.key).interval, end))
    percentile = isinstance(metric.source, Percentile)
    explain = (
        f"{'lower' if end == 'low' else 'upper'} end, 95 %, {'utterances as blocks' if percentile else 'bootstrap'}"
    )
    if percentile and end == "high":
        explain += "; unknown where the sample is too small to bound it"
    key = f"{metric.key}_{end}{metric.name.removeprefix(metric.key)}"
    return replace(column, key=key, title=f"{column.title} {end}", explain=explain)


CELL_COLUMNS: tuple[Column[CellScore], ...] = (
    Column("audio", "audio", lambda c: c.cell, explain="audio configuration"),
    Column("n", "sessions", lambda c: c.n, explain="failed ones included"),
    Column("failed", "failed", lambda c: c.failed, explain="sessions that did not complete; excluded from averages"),
    *_metric_columns("cells"),
    Column("trust", "trust", lambda c: c.trust.level.value, explain="what may be believed: sound, words only, nothing"),
    Column(
        "pacing_valid", "pacing valid", lambda c: c.pacing.valid, explain="every session's pacing certificate is valid"
    ),
    Column("pacing_p99_ms", "late p99", lambda c: ms(c.pacing.p99_ns), "ms", 2, "send lateness of chunks"),
    Column("pacing_max_ms", "late max", lambda c: ms(c.pacing.max_ns), "ms", 2, "largest send lateness"),
    Column("left_out", "left out", lambda c: c.left_out, explain="completed sessions whose latencies do not count"),
)


_NAMES = 8
"""Of metrics in a note."""
_REASONS = 2
"""Of invalid pacing in a note: each has figures of its own, and a busy machine gives one a session."""


def _reason_title(name: str) -> str:
    """What a table calls the metric that a cell gives a reason for."""
    if name.endswith("_interval"):
        return f"{_reason_title(name.removesuffix('_interval'))} interval"
    metric = METRICS[name.removesuffix("_ns")]
    return metric.heading or metric.title


def _on_request(name: str) -> bool:
    metric = METRICS.get(name)
    return metric is not None and metric.on_request


def cells_table(cells: Sequence[CellScore]) -> Table:
    """One row a configuration; the notes name what was left out and why values are missing."""
    notes = []
    for cell in cells:
        if cell.failed:
            notes.append(f"{cell.cell}: {cell.failed} of {cell.n} sessions failed and are excluded from averages")
        if cell.replayed:
            notes.append(f"{cell.cell}: {counted(cell.replayed, 'earlier attempt')} played again and not counted")
        if cell.unscored:
            notes.append(
                f"{cell.cell}: {counted(cell.unscored, 'session')} without a text to compare, in no error rate"
            )
        if cell.violations:
            times, sessions = counted(cell.violations, "time"), counted(cell.violation_sessions, "session")
            notes.append(
                f"{cell.cell}: the service broke its contract {times} in {sessions} (messages that could not be read "
                "or came out of turn); `workbench runs verify` names them"
            )
        if cell.left_out:
            reasons = cell.pacing.reasons
            why = "; ".join(reasons[:_REASONS]) or "no certificate"
            why += f"; and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
            notes.append(
                f"{cell.cell}: latencies of {counted(cell.left_out, 'session')} left out, timing not certified ({why})"
            )
        notes += _whose(cell)
        usual = METRICS["first_partial"].title
        if cell.first_partial_ns is not None and cell.first_partial_name != usual:
            notes.append(f"{cell.cell}: {usual} is counted from audio start, the words have no times")
        said = {name: why for name, why in cell.reasons.items() if not _on_request(name)}
        for why in dict.fromkeys(said.values()):
            names = [_reason_title(name) for name, reason in said.items() if reason == why]
            more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
            notes.append(f"{cell.cell}: {', '.join(names[:_NAMES])}{more}: {why}")
    return table_of(CELL_COLUMNS, cells, notes)


def _whose(cell: CellScore) -> Iterator[str]:
    """Few speakers: the table speaks of these, and the interval over them is another one."""
    wer = cell.metrics["wer"]
    if wer.speakers is None or wer.speakers >= FEW_SPEAKERS:
        return
    ends = wer.speaker_interval
    over = f"; over speakers {METRICS['wer'].title} is {_ends_text(ends)} %" if ends else ""
    yield f"{cell.cell}: of {'this speaker' if wer.speakers == 1 else f'these {wer.speakers} speakers'}{over}"


def _ends_text(ends: Interval) -> str:
    """Both ends in per cent, without the sign."""
    low, high = ("unbounded" if end is None else f"{end * 100:.1f}" for end in (ends.low, ends.high))
    return f"{low} to {high}"


def readable(table: Table, cells: Sequence[CellScore]) -> Table:
    """A table of configurations for people: without columns that say nothing here.

    Settled latencies stand in it where over a tenth of some words were taken back; results that come after the session,
    and facts of them, where there are any, which dictation has not.
    """
    hidden: set[str] = set()
    if not any((c.metrics["resettled_words"].value or 0) > _TAKEN_BACK for c in cells):
        hidden |= {METRICS[key].name for key in _SETTLED}
    return without_results(table.without(hidden))


def _wer_text(cell: CellScore) -> str | None:
    if cell.words.rate is None:
        return None
    return f"{cell.words.rate * 100:.1f}" + (f" ({_ends_text(cell.wer_interval)})" if cell.wer_interval else "")


def _pacing_text(cell: CellScore) -> str | None:
    if cell.pacing.valid is None:
        return None
    return "valid" if cell.pacing.valid else f"INVALID in {cell.pacing.invalid}"


_LATE_P99: Column[CellScore] = next(column for column in CELL_COLUMNS if column.key == "pacing_p99_ms")
SUMMARY_COLUMNS: tuple[Column[CellScore], ...] = (
    Column("audio", "audio", lambda c: c.cell, explain="audio configuration"),
    Column("n", "completed", lambda c: c.n - c.failed, explain="sessions that completed"),
    Column("failed", "failed", lambda c: c.failed, explain="sessions that did not complete; excluded from averages"),
    Column("wer_text", f"{METRICS['wer'].title} [%] (95 % interval)", _wer_text, explain=METRICS["wer"].definition),
    _NORMALISER,
    *(column for column in _metric_columns("summary") if column.key != "wer"),
    Column("pacing_text", "pacing", _pacing_text, explain="the certificate of sending on time, all sessions"),
    _LATE_P99,
)
"""The cells in few enough columns for a terminal; the interval is written out."""


def summary_table(cells: Sequence[CellScore]) -> Table:
    """As :func:`cells_table`, narrow enough for a terminal."""
    return readable(table_of(SUMMARY_COLUMNS, cells, cells_table(cells).notes), cells)


def cell_json(cell: CellScore) -> dict[str, Any]:
    """A configuration as the ``--json`` output has it: rates as ratios, times in ms, None for unknown."""
    row = {c.key: c.value(cell) for c in CELL_COLUMNS if not c.key.startswith("pacing_")}
    pacing = {
        "valid": cell.pacing.valid,
        "p99_ms": ms(cell.pacing.p99_ns),
        "max_ms": ms(cell.pacing.max_ns),
        "invalid": cell.pacing.invalid,
        "reasons": list(cell.pacing.reasons),
    }
    accuracy = {c.key: c.value(cell) for c in ACCURACY_COLUMNS if c.key not in row}
    by_speaker = cell.metrics["wer"].speaker_interval
    steadiness = {c.key: c.value(cell) for c in STABILITY_COLUMNS if c.key not in row}
    details = {c.key: c.value(cell) for c in DETAIL_COLUMNS if c.key not in row}
    return {
        **row,
        **accuracy,
        **steadiness,
        **details,
        "violations": cell.violations,
        "violation_sessions": cell.violation_sessions,
        "trust": {"level": cell.trust.level.value, "reasons": list(cell.trust.reasons)},
        "pacing": pacing,
        "reasons": dict(cell.reasons),
        "speakers": cell.metrics["wer"].speakers,
        "wer_by_speaker": None if by_speaker is None else [by_speaker.low, by_speaker.high],
    }


ACCURACY_COLUMNS: tuple[Column[CellScore], ...] = (
    Column("audio", "audio", lambda c: c.cell, explain="audio configuration"),
    _NORMALISER,
    *_metric_columns("accuracy"),
)

STABILITY_COLUMNS: tuple[Column[CellScore], ...] = (
    Column("audio", "audio", lambda c: c.cell, explain="audio configuration"),
    *_metric_columns("stability"),
)

DETAIL_COLUMNS: tuple[Column[CellScore], ...] = (
    Column("audio", "audio", lambda c: c.cell, explain="audio configuration"),
    *_metric_columns("details"),
)


def reasons(cells: Sequence[CellScore], metrics: Sequence[Metric]) -> list[str]:
    """Why those of these metrics that are looked at on request are missing."""
    shown = {metric.key for metric in metrics if metric.on_request}
    notes = []
    for cell in cells:
        missing = {name: why for name, why in cell.reasons.items() if name in shown}
        for why in dict.fromkeys(missing.values()):
            names = ", ".join(_reason_title(name) for name, reason in missing.items() if reason == why)
            notes.append(f"{cell.cell}: {names}: {why}")
    return notes


def details_table(cells: Sequence[CellScore]) -> Table:
    """What is looked at on request: one row a configuration."""
    return table_of(DETAIL_COLUMNS, cells, reasons(cells, [m for m in METRICS.values() if "details" in m.tables]))


def accuracy_table(cells: Sequence[CellScore]) -> Table:
    """Everything about the words: one row a configuration, or one a configuration and normaliser."""
    return table_of(ACCURACY_COLUMNS, cells)


_Kept = tuple[str, str, Tally, Measured]

MEANING_COLUMNS: tuple[Column[_Kept], ...] = (
    Column("audio", "configuration", lambda r: r[0]),
    Column("kind", "what", lambda r: r[1]),
    Column("said", "said", lambda r: r[2].said, explain="in the references"),
    Column("kept", "kept", lambda r: r[2].kept, explain="meaning the same"),
    Column("changed", "changed", lambda r: r[2].changed, explain="something else in their place"),
    Column("lost", "lost", lambda r: r[2].lost, explain="nothing in their place"),
    Column("invented", "invented", lambda r: r[2].invented, explain="heard and never said"),
    Column("share", "kept", lambda r: r[3].value, "%", 1, "of what was said"),
    Column("low", "low", lambda r: end_of(r[3].interval, "low"), "%", 1, "95 % interval over recordings"),
    Column("high", "high", lambda r: end_of(r[3].interval, "high"), "%", 1, "95 % interval over recordings"),
)
_KINDS: tuple[tuple[str, str, Callable[[Meaning], Tally]], ...] = (
    ("values", "value_accuracy", lambda m: m.values),
    ("terms", "term_recall", lambda m: m.terms),
    ("drugs", "drug_recall", lambda m: m.drugs),
    ("negations", "negations_kept", lambda m: m.negations),
    ("sides", "sides_kept", lambda m: m.sides),
)


def meaning_table(cells: Sequence[CellScore], rates: Mapping[tuple[str, str], Measured]) -> Table:
    """What became of values, terms, drugs, negations and sides: one row a configuration and kind.

    A kind that nobody said and nobody heard has no row.

    Args:
        cells: configurations in the order of the run.
        rates: what was kept, with its interval, in the unit of tables, by (configuration, key of the metric).
    """
    rows = [
        (cell.cell, name, of(cell.meaning), rates[cell.cell, key]) for cell in cells for name, key, of in _KINDS
        if of(cell.meaning).said or of(cell.meaning).invented
    ]  # fmt: skip
    return table_of(MEANING_COLUMNS, rows)


def stability_table(cells: Sequence[CellScore]) -> Table:
    """How steady the partials were: one row a configuration."""
    notes = [f"{c.cell}: stability: {c.stability.reason}" for c in cells if c.stability.reason]
    return table_of(STABILITY_COLUMNS, cells, notes)
