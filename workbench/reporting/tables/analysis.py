"""Rows for lists of runs and for the parts of one: what pages and notebooks list beside the scores of a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from workbench.reporting.tables.table import Column, Table, end_of, metric_column, table_of
from workbench.scoring.breakdown import Group
from workbench.scoring.cells import CellScore
from workbench.scoring.confusions import Alike, Confusion
from workbench.scoring.delay_parts import PARTS, MedianWord
from workbench.scoring.metric import Metric
from workbench.scoring.metrics.accuracy import ErrorCounts
from workbench.scoring.metrics.clustered import clustered_percentile_interval
from workbench.scoring.metrics.stats import percentile, thin
from workbench.scoring.session import SessionScore
from workbench.scoring.stages import Moment, Stage
from workbench.units import NS_PER_MS, NS_PER_S, counted, ms

__all__ = [
    "BREAKDOWN_COLUMNS",
    "CONFUSION_COLUMNS",
    "DISTRIBUTION_COLUMNS",
    "LADDER_COLUMNS",
    "MOMENT_COLUMNS",
    "QUALITY_COLUMNS",
    "STAGE_COLUMNS",
    "alike_table",
    "breakdown_table",
    "confusions_table",
    "delay_parts_table",
    "distributions_table",
    "ladder_table",
    "moments_table",
    "quality_table",
    "stages_table",
]


BREAKDOWN_COLUMNS: tuple[Column[Group], ...] = (
    Column("audio", "audio", lambda s: s.cell, explain="audio configuration"),
    Column("slice", "part", lambda s: s.name, explain="what its sessions have in common"),
    Column("n", "n", lambda s: s.measured.n, explain="utterances"),
    Column("value", "value", lambda s: s.measured.value, decimals=None),
    Column("low", "low", lambda s: end_of(s.measured.interval, "low"), decimals=None, explain="95 % interval"),
    Column("high", "high", lambda s: end_of(s.measured.interval, "high"), decimals=None, explain="95 % interval"),
)


def breakdown_table(parts: Sequence[Group], metric: Metric) -> Table:
    """One row a part.

    Args:
        parts: as :func:`workbench.scoring.breakdown.breakdown` gives them.
        metric: what their values are.
    """
    columns = tuple(
        replace(c, unit=metric.column_unit, decimals=metric.digits) if c.key in ("value", "low", "high") else c
        for c in BREAKDOWN_COLUMNS
    )
    return table_of(columns, parts)


CONFUSION_COLUMNS: tuple[Column[Confusion], ...] = (
    Column("count", "times", lambda c: c.count, explain="in all completed sessions"),
    Column("kind", "what", lambda c: c.kind),
    Column("said", "said", lambda c: c.said, explain="word of the reference"),
    Column("heard", "heard", lambda c: c.heard, explain="word of the transcript"),
    Column("utterance", "first in", lambda c: c.utterance, explain="utterance of the corpus"),
    Column("audio", "under", lambda c: c.cell, explain="audio configuration"),
)


def confusions_table(confusions: Sequence[Confusion], *, hide_words: bool = False) -> Table:
    """One row a kind of error, commonest first; ``hide_words`` leaves the words out of every row."""
    rows = [{c.key: c.value(one) for c in CONFUSION_COLUMNS} for one in confusions]
    if hide_words:
        rows = [row | {"said": None, "heard": None} for row in rows]
    return Table(CONFUSION_COLUMNS, tuple(rows))


_ALIKE_COLUMNS: tuple[Column[Alike], ...] = (
    Column("normaliser", "normaliser", lambda a: a.normaliser, explain="the strictest that counts both as the same"),
    Column("said", "written in the reference", lambda a: a.said),
    Column("heard", "written in the transcript", lambda a: a.heard),
    Column("count", "times", lambda a: a.count, explain="in all completed sessions"),
)


def alike_table(found: Sequence[Alike]) -> Table:
    """One row a pair of writings that is no error."""
    return table_of(_ALIKE_COLUMNS, found)


LADDER_COLUMNS: tuple[Column[tuple[str, str, ErrorCounts]], ...] = (
    Column("audio", "audio", lambda r: r[0], explain="audio configuration"),
    Column("normaliser", "normaliser", lambda r: r[1], explain="applied to both sides"),
    metric_column("wer", lambda r: r[2].rate),
    metric_column("substitutions", lambda r: r[2].substitutions),
    metric_column("deletions", lambda r: r[2].deletions),
    metric_column("insertions", lambda r: r[2].insertions),
    metric_column("reference_words", lambda r: r[2].reference),
)


def ladder_table(rungs: Mapping[tuple[str, str], ErrorCounts]) -> Table:
    """One row a configuration and normaliser."""
    rows = [(cell, name, counts) for (cell, name), counts in rungs.items()]
    return table_of(LADDER_COLUMNS, rows)


MOMENT_COLUMNS: tuple[Column[Moment], ...] = (
    Column("at_s", "at", lambda m: m.at_ns / NS_PER_S, "s", 1, "since the first session of the run"),
    Column("audio", "audio", lambda m: m.cell, explain="audio configuration"),
    Column("utterance", "utterance", lambda m: m.utterance, explain="id in the corpus"),
    Column("value_ms", "median", lambda m: ms(m.value_ns), "ms", 0, "of the session"),
)


def moments_table(moments: Sequence[Moment]) -> Table:
    """One row a session, in the order in which they began."""
    return table_of(MOMENT_COLUMNS, moments)


_Blocks = tuple[str, list[int], list[int]]


def _at(p: float) -> Callable[[_Blocks], float | None]:
    return lambda row: ms(percentile(row[1], p))


def _between(p: float, end: Literal["low", "high"]) -> Callable[[_Blocks], float | None]:
    def value(row: _Blocks) -> float | None:
        interval = clustered_percentile_interval(row[1], row[2], p)
        return None if interval is None else ms(getattr(interval, end))

    return value


DISTRIBUTION_COLUMNS: tuple[Column[_Blocks], ...] = (
    Column("audio", "audio", lambda r: r[0], explain="audio configuration"),
    Column("n", "n", lambda r: len(r[1]), explain="values"),
    Column("utterances", "utterances", lambda r: len(set(r[2])), explain="independent blocks"),
    Column("p50_ms", "p50", _at(50), "ms"),
    Column("p50_low_ms", "p50 low", _between(50, "low"), "ms", 0, "95 %, utterances as blocks"),
    Column("p50_high_ms", "p50 high", _between(50, "high"), "ms", 0, "95 %, utterances as blocks"),
    Column("p95_ms", "p95", _at(95), "ms"),
    Column("p95_low_ms", "p95 low", _between(95, "low"), "ms", 0, "95 %, utterances as blocks"),
    Column("p95_high_ms", "p95 high", _between(95, "high"), "ms", 0, "unknown where the sample cannot bound it"),
    Column("p99_ms", "p99", _at(99), "ms"),
    Column("max_ms", "max", _at(100), "ms"),
)


def distributions_table(blocks: Mapping[str, tuple[list[int], list[int]]], target_ms: float | None = None) -> Table:
    """Percentiles of a latency, one row a configuration; the notes say where a sample is thin.

    Args:
        blocks: as :func:`workbench.scoring.stages.latency_blocks` gives them.
        target_ms: adds the share of values within it.
    """
    rows = [(name, values, owners) for name, (values, owners) in blocks.items() if values]
    columns = DISTRIBUTION_COLUMNS
    if target_ms is not None:
        limit = target_ms * NS_PER_MS
        within: Column[_Blocks] = Column(
            "within", f"within {target_ms:g} ms", lambda r: sum(v <= limit for v in r[1]) / len(r[1]), "%", 1
        )
        columns = (*columns, within)
    thin_ones = ((name, p, thin(len(set(owners)), p)) for name, _, owners in rows for p in (95, 99))
    notes = tuple(f"{name}: p{p}: {why}" for name, p, why in thin_ones if why)
    return table_of(columns, rows, notes)


STAGE_COLUMNS: tuple[Column[Stage], ...] = (
    Column("stage", "stage", lambda s: s.name, explain="in the order of a session"),
    Column("n", "n", lambda s: s.n, explain="values"),
    Column("p50_ms", "p50", lambda s: ms(s.p50_ns), "ms", 1),
    Column("p95_ms", "p95", lambda s: ms(s.p95_ns), "ms", 1),
    Column("from", "counted from", lambda s: s.since, explain="what its zero is"),
    Column("reason", "why missing", lambda s: s.reason),
)


def stages_table(stages: Sequence[Stage]) -> Table:
    """One row a stage."""
    return table_of(STAGE_COLUMNS, stages)


_REASONS = 3
_Cell = tuple[CellScore, list[SessionScore]]


def _drift(cell: _Cell) -> float | None:
    slopes = [s.instrument.drift_ns_per_s for s in cell[1] if s.instrument.drift_ns_per_s is not None]
    return ms(percentile([abs(v) for v in slopes], 100))


def _blocked(cell: _Cell) -> float | None:
    return ms(max((v for s in cell[1] if (v := s.instrument.block_max_ns) is not None), default=None))


QUALITY_COLUMNS: tuple[Column[_Cell], ...] = (
    Column("audio", "audio", lambda c: c[0].cell, explain="audio configuration"),
    Column("pacing_valid", "pacing", lambda c: c[0].pacing.valid, explain="every session's certificate is valid"),
    Column("invalid", "invalid", lambda c: c[0].pacing.invalid, explain="sessions without a valid certificate"),
    Column("pacing_p99_ms", "late p99", lambda c: ms(c[0].pacing.p99_ns), "ms", 2, "send lateness of chunks"),
    Column("pacing_max_ms", "late max", lambda c: ms(c[0].pacing.max_ns), "ms", 2, "largest send lateness"),
    Column("pacing_drift", "drift max", _drift, "ms/s", 3, "growth of the lateness per second of audio"),
    Column("pacing_block_ms", "blocked max", _blocked, "ms", 2, "time the socket pushed back"),
    metric_column("coverage", lambda c: c[0].coverage),
    Column("latency_sessions", "counted", lambda c: c[0].latency_sessions, explain="sessions in the latencies"),
    Column("left_out", "left out", lambda c: c[0].left_out, explain="completed, but not in the latencies"),
    Column("failed", "failed", lambda c: c[0].failed, explain="did not complete"),
)


def quality_table(cells: Sequence[CellScore], scores: Sequence[SessionScore]) -> Table:
    """One row a configuration: whether its measurement is sound; the notes say why where it is not."""
    rows = [(cell, [s for s in scores if s.cell == cell.cell]) for cell in cells]
    notes = []
    for cell in cells:
        told, more = cell.pacing.reasons[:_REASONS], len(cell.pacing.reasons) - _REASONS
        if told:
            notes.append(
                f"{cell.cell}: {'; '.join(told)}" + (f"; and {counted(more, 'reason')} more" if more > 0 else "")
            )
    return table_of(QUALITY_COLUMNS, rows, notes)


def delay_parts_table(medians: Mapping[str, MedianWord]) -> Table:
    """Parts of the delay of the median word of each configuration, ms; they add up to the last column."""
    columns: tuple[Column[tuple[str, MedianWord]], ...] = (
        Column("audio", "configuration", lambda row: row[0]),
        Column("words", "words", lambda row: row[1].words, explain="around the median, of those with every part"),
        *(
            Column(part.replace(" ", "_"), part, lambda row, part=part: row[1].parts_ms[part], "ms", 0)  # type: ignore[misc]
            for part in PARTS
        ),
        Column("total", "from end to final", lambda row: row[1].total_ms, "ms", 0),
    )
    return table_of(columns, medians.items())
