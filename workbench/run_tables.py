"""Rows for lists of runs and for the parts of one: what pages and notebooks list beside the scores of a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from workbench.confusions import Confusion
from workbench.headlines import RunLine
from workbench.metrics.accuracy import ErrorCounts
from workbench.metrics.clustered import clustered_percentile_interval
from workbench.metrics.stats import percentile, thin
from workbench.scoring import CellScore, SessionScore
from workbench.slices import Slice
from workbench.stages import Moment, Stage
from workbench.tables import Column, Table
from workbench.units import NS_PER_MS, NS_PER_S, ms
from workbench.verdict import Changed

__all__ = [
    "CONFUSION_COLUMNS",
    "DISTRIBUTION_COLUMNS",
    "LADDER_COLUMNS",
    "MOMENT_COLUMNS",
    "PAIRED_COLUMNS",
    "QUALITY_COLUMNS",
    "RUN_COLUMNS",
    "SLICE_COLUMNS",
    "STAGE_COLUMNS",
    "confusions_table",
    "distributions_table",
    "ladder_table",
    "moments_table",
    "paired_table",
    "quality_table",
    "runs_table",
    "slices_table",
    "stages_table",
]


def _target(line: RunLine) -> str | None:
    summary = line.summary
    if summary.endpoint is None:
        return None
    return f"{summary.endpoint}, {summary.recogniser}" if summary.recogniser else summary.endpoint


def _state(line: RunLine) -> str:
    """Status for people: the four states that must not be mistaken for each other, else the status itself."""
    summary = line.summary
    if summary.status == "committed" and not line.cells:
        return "missing scores"
    if summary.status == "committed" and summary.counts.sessions and summary.counts.failed == summary.counts.sessions:
        return "failed"
    return summary.status


def _begun(line: RunLine) -> str | None:
    created = line.summary.created
    return created.replace("T", " ")[:16] if created else None


RUN_COLUMNS: tuple[Column[RunLine], ...] = (
    Column("run_id", "run", lambda r: r.summary.run_id, explain="sorts by age"),
    Column("created", "begun", _begun, explain="UTC"),
    Column("state", "state", _state, explain="committed, live, interrupted, damaged, failed or missing scores"),
    Column("corpus", "corpus", lambda r: r.summary.corpus, explain="what was played"),
    Column("target", "target", _target, explain="who answered; a recogniser is named where it was simulated"),
    Column("simulated", "simulated", lambda r: r.simulated, explain="a simulator answered, not the service"),
    Column("cells", "configurations", lambda r: r.summary.cells, explain="audio configurations"),
    Column("n", "sessions", lambda r: r.summary.counts.sessions, explain="stored, failed ones included"),
    Column("failed", "failed", lambda r: r.summary.counts.failed, explain="in no average"),
    Column("left_out", "invalid pacing", lambda r: r.left_out, explain="sessions whose latencies do not count"),
    Column("best", "best configuration", lambda r: r.best.name if r.best else None, explain="lowest WER"),
    Column("wer", "WER", lambda r: r.best.wer if r.best else None, "%", 1, "of the best configuration"),
    Column("p50_ms", "word p50", lambda r: ms(r.best.p50_ns) if r.best else None, "ms", 0, "of the same"),
    Column("p95_ms", "word p95", lambda r: ms(r.best.p95_ns) if r.best else None, "ms", 0, "of the same"),
)


def runs_table(lines: Sequence[RunLine]) -> Table:
    """One row a run, in the order given; the notes say why a run cannot be read."""
    notes = tuple(f"{r.summary.run_id}: {r.summary.problem}" for r in lines if r.summary.problem)
    return Table(RUN_COLUMNS, tuple({c.key: c.value(line) for c in RUN_COLUMNS} for line in lines), notes)


SLICE_COLUMNS: tuple[Column[tuple[Slice, str]], ...] = (
    Column("audio", "audio", lambda s: s[0].cell, explain="audio configuration"),
    Column("slice", "part", lambda s: s[0].name, explain="what its sessions have in common"),
    Column("n", "n", lambda s: s[0].measured.n, explain="utterances"),
    Column("value", "value", lambda s: s[0].measured.value, decimals=None),
    Column("low", "low", lambda s: _end(s[0], "low"), decimals=None, explain="95 % interval"),
    Column("high", "high", lambda s: _end(s[0], "high"), decimals=None, explain="95 % interval"),
)


def _end(part: Slice, end: str) -> float | None:
    interval = part.measured.interval
    return None if interval is None else getattr(interval, end)


def slices_table(parts: Sequence[Slice], unit: str) -> Table:
    """One row a part.

    Args:
        parts: of :func:`workbench.slices.slices`.
        unit: ``%`` or ``ms``, of the values.
    """
    decimals = 1 if unit == "%" else 0
    columns = tuple(
        Column(c.key, c.title, c.value, unit, decimals, c.explain) if c.key in ("value", "low", "high") else c
        for c in SLICE_COLUMNS
    )
    return Table(columns, tuple({c.key: c.value((part, unit)) for c in columns} for part in parts))


CONFUSION_COLUMNS: tuple[Column[Confusion], ...] = (
    Column("count", "times", lambda c: c.count, explain="in all completed sessions"),
    Column("kind", "what", lambda c: c.kind),
    Column("said", "said", lambda c: c.said, explain="word of the reference"),
    Column("heard", "heard", lambda c: c.heard, explain="word of the transcript"),
    Column("utterance", "first in", lambda c: c.utterance, explain="utterance of the corpus"),
    Column("audio", "under", lambda c: c.cell, explain="audio configuration"),
)


def confusions_table(found: Sequence[Confusion], *, hide_words: bool = False) -> Table:
    """One row a kind of error, commonest first; ``hide_words`` leaves the words out of every row."""
    rows = [{c.key: c.value(one) for c in CONFUSION_COLUMNS} for one in found]
    if hide_words:
        rows = [row | {"said": None, "heard": None} for row in rows]
    return Table(CONFUSION_COLUMNS, tuple(rows))


LADDER_COLUMNS: tuple[Column[tuple[str, str, ErrorCounts]], ...] = (
    Column("audio", "audio", lambda r: r[0], explain="audio configuration"),
    Column("normaliser", "normaliser", lambda r: r[1], explain="applied to both sides"),
    Column("wer", "WER", lambda r: r[2].rate, "%", 1, "pooled word error rate"),
    Column("substitutions", "S", lambda r: r[2].substitutions, explain="substituted words"),
    Column("deletions", "D", lambda r: r[2].deletions, explain="missing words"),
    Column("insertions", "I", lambda r: r[2].insertions, explain="words that were not said"),
    Column("reference_words", "N", lambda r: r[2].reference, explain="reference words"),
)


def ladder_table(found: Mapping[tuple[str, str], ErrorCounts]) -> Table:
    """One row a configuration and normaliser."""
    rows = [(cell, name, counts) for (cell, name), counts in found.items()]
    return Table(LADDER_COLUMNS, tuple({c.key: c.value(row) for c in LADDER_COLUMNS} for row in rows))


MOMENT_COLUMNS: tuple[Column[Moment], ...] = (
    Column("at_s", "at", lambda m: m.at_ns / NS_PER_S, "s", 1, "since the first session of the run"),
    Column("audio", "audio", lambda m: m.cell, explain="audio configuration"),
    Column("utterance", "utterance", lambda m: m.utterance, explain="id in the corpus"),
    Column("value_ms", "median", lambda m: ms(m.value_ns), "ms", 0, "of the session"),
)


def moments_table(moments: Sequence[Moment]) -> Table:
    """One row a session, in the order in which they began."""
    return Table(MOMENT_COLUMNS, tuple({c.key: c.value(moment) for c in MOMENT_COLUMNS} for moment in moments))


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
        blocks: of :func:`workbench.stages.latency_blocks`.
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
    told = ((name, p, thin(len(set(owners)), p)) for name, _, owners in rows for p in (95, 99))
    notes = tuple(f"{name}: p{p}: {why}" for name, p, why in told if why)
    return Table(columns, tuple({c.key: c.value(row) for c in columns} for row in rows), notes)


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
    return Table(STAGE_COLUMNS, tuple({c.key: c.value(stage) for c in STAGE_COLUMNS} for stage in stages))


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
    Column("coverage", "coverage", lambda c: c[0].coverage, "%", 0, "reference words that the latencies cover"),
    Column("latency_sessions", "counted", lambda c: c[0].latency_sessions, explain="sessions in the latencies"),
    Column("left_out", "left out", lambda c: c[0].left_out, explain="completed, but not in the latencies"),
    Column("failed", "failed", lambda c: c[0].failed, explain="did not complete"),
)


def quality_table(cells: Sequence[CellScore], scores: Sequence[SessionScore]) -> Table:
    """One row a configuration: whether its measurement is sound; the notes say why where it is not."""
    rows = [(cell, [s for s in scores if s.cell == cell.cell]) for cell in cells]
    notes = [f"{cell.cell}: {why}" for cell in cells for why in cell.pacing.reasons]
    return Table(QUALITY_COLUMNS, tuple({c.key: c.value(row) for c in QUALITY_COLUMNS} for row in rows), tuple(notes))


def _rate(errors: int, words: int) -> float | None:
    return errors / words if words else None


PAIRED_COLUMNS: tuple[Column[Changed], ...] = (
    Column("utterance", "utterance", lambda c: c.utterance, explain="id in the corpus"),
    Column("reference_words", "words", lambda c: c.reference_words, explain="reference words"),
    Column("baseline_wer", "WER before", lambda c: _rate(c.baseline_errors, c.reference_words), "%", 1),
    Column("candidate_wer", "WER now", lambda c: _rate(c.candidate_errors, c.reference_words), "%", 1),
    Column("errors", "errors more", lambda c: c.errors, explain="than in the baseline"),
    Column("baseline_latency_ms", "word p50 before", lambda c: ms(c.baseline_latency_ns), "ms"),
    Column("candidate_latency_ms", "word p50 now", lambda c: ms(c.candidate_latency_ns), "ms"),
    Column("latency_ms", "later by", lambda c: ms(c.latency_ns), "ms", explain="of the median word"),
)


def paired_table(pairs: Sequence[Changed]) -> Table:
    """One row an utterance that both sides completed, in the order given."""
    return Table(PAIRED_COLUMNS, tuple({c.key: c.value(pair) for c in PAIRED_COLUMNS} for pair in pairs))
