"""Declared columns: the same rows for the command line, the app, JSON and CSV.

House rules: a column says what it is, in which unit and with how many decimals; rows keep full numbers and None for
unknown; only the formatted text is rounded. This is where nanoseconds become milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from workbench.compare import Comparison, Difference
from workbench.metrics.stats import Interval, percentile
from workbench.scoring import CellScore, SessionScore
from workbench.units import ms

__all__ = [
    "CELL_COLUMNS",
    "DIFFERENCE_COLUMNS",
    "SESSION_COLUMNS",
    "SUMMARY_COLUMNS",
    "Column",
    "Table",
    "cell_json",
    "cells_table",
    "comparison_table",
    "sessions_table",
    "summary_table",
]

T = TypeVar("T")
Value = str | int | float | bool | None
UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column.

    Attributes:
        key: name in JSON and CSV.
        title: name on screen.
        value: the full number of a row.
        unit: ``%`` (the value is a ratio), ``ms``, ``s`` or empty.
        decimals: on screen; None for four significant digits.
        explain: one sentence for a tool tip or a legend.
    """

    key: str
    title: str
    value: Callable[[T], Value]
    unit: str = ""
    decimals: int | None = 0
    explain: str = ""

    def text(self, value: Value) -> str:
        """The value as it is shown, without its unit."""
        if value is None:
            return UNKNOWN
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str):
            return value
        shown = value * 100 if self.unit == "%" else value
        return f"{shown:.4g}" if self.decimals is None else f"{shown:.{self.decimals}f}"

    @property
    def heading(self) -> str:
        """Title with its unit."""
        return f"{self.title} [{self.unit}]" if self.unit else self.title


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and the rows that belong to them.

    Attributes:
        columns: what each value means.
        rows: one dictionary a row, full numbers, keyed by column.
        notes: what a reader must know: sessions left out, missing values and why.
    """

    columns: tuple[Column[Any], ...]
    rows: tuple[dict[str, Value], ...]
    notes: tuple[str, ...] = ()

    def text_rows(self) -> list[list[str]]:
        """Formatted cells, in the order of the columns."""
        return [[column.text(row[column.key]) for column in self.columns] for row in self.rows]


def _table(columns: Sequence[Column[T]], items: Sequence[T], notes: Sequence[str] = ()) -> Table:
    return Table(tuple(columns), tuple({c.key: c.value(item) for c in columns} for item in items), tuple(notes))


def _end(interval: Interval | None, end: Literal["low", "high"]) -> float | None:
    return None if interval is None else getattr(interval, end)


CELL_COLUMNS: tuple[Column[CellScore], ...] = (
    Column("audio", "audio", lambda c: c.cell, explain="audio configuration"),
    Column("n", "n", lambda c: c.n, explain="sessions, failed ones included"),
    Column("failed", "failed", lambda c: c.failed, explain="sessions that did not complete; in no average"),
    Column("wer", "WER", lambda c: c.words.rate, "%", 1, "pooled word error rate after the normaliser"),
    Column("wer_low", "WER low", lambda c: _end(c.wer_interval, "low"), "%", 1, "lower end, 95 % bootstrap"),
    Column("wer_high", "WER high", lambda c: _end(c.wer_interval, "high"), "%", 1, "upper end, 95 % bootstrap"),
    Column("wer_raw", "raw WER", lambda c: c.raw.rate, "%", 1, "no normalisation, against the written reference"),
    Column("first_partial_ms", "first partial", lambda c: ms(c.first_partial_ns), "ms", 0, "median after speech onset"),
    Column("word_latency_p50_ms", "word p50", lambda c: ms(c.word_latency_p50_ns), "ms", 0, "median word latency"),
    Column("word_latency_p95_ms", "word p95", lambda c: ms(c.word_latency_p95_ns), "ms", 0, "95th percentile"),
    Column("coverage", "coverage", lambda c: c.coverage, "%", 0, "reference words that the word latencies cover"),
    Column(
        "finalisation_p50_ms", "final p50", lambda c: ms(c.finalisation_p50_ns), "ms", 0, "last final after last word"
    ),
    Column("pacing_valid", "pacing", lambda c: c.pacing.valid, explain="every session's pacing certificate is valid"),
    Column("pacing_p99_ms", "late p99", lambda c: ms(c.pacing.p99_ns), "ms", 2, "send lateness of chunks"),
    Column("pacing_max_ms", "late max", lambda c: ms(c.pacing.max_ns), "ms", 2, "largest send lateness"),
    Column("left_out", "left out", lambda c: c.left_out, explain="completed sessions whose latencies do not count"),
)


def cells_table(cells: Sequence[CellScore]) -> Table:
    """One row a cell; the notes name what was left out and why values are missing."""
    notes = []
    for cell in cells:
        if cell.failed:
            notes.append(f"{cell.cell}: {cell.failed} of {cell.n} sessions failed and are in no average")
        if cell.left_out:
            why = "; ".join(cell.pacing.reasons) or "no certificate"
            notes.append(f"{cell.cell}: latencies of {cell.left_out} sessions left out, pacing invalid ({why})")
        if cell.first_partial_ns is not None and cell.first_partial_name != "first partial":
            notes.append(f"{cell.cell}: first partial is counted from audio start, the words have no times")
        notes += [f"{cell.cell}: {name}: {why}" for name, why in cell.reasons.items()]
    return _table(CELL_COLUMNS, cells, notes)


def _wer_text(cell: CellScore) -> str | None:
    if cell.words.rate is None:
        return None
    ends = cell.wer_interval
    return f"{cell.words.rate:.1%}" + (f" ({ends.low:.1%} to {ends.high:.1%})" if ends else "")


def _pacing_text(cell: CellScore) -> str | None:
    if cell.pacing.valid is None:
        return None
    verdict = "valid" if cell.pacing.valid else f"INVALID in {cell.pacing.invalid}"
    p99, largest = ms(cell.pacing.p99_ns), ms(cell.pacing.max_ns)
    return f"{verdict}, p99 {p99:.1f} max {largest:.1f} ms"


SUMMARY_COLUMNS: tuple[Column[CellScore], ...] = (
    *CELL_COLUMNS[:3],
    Column("wer_text", "WER (95 % interval)", _wer_text, explain="pooled word error rate after the normaliser"),
    *(c for c in CELL_COLUMNS if c.key.startswith(("first_partial", "word_latency", "finalisation"))),
    Column("pacing_text", "pacing certificate", _pacing_text, explain="send lateness of chunks, all sessions"),
)
"""The cells in few enough columns for a terminal; interval and certificate are written out."""


def summary_table(cells: Sequence[CellScore]) -> Table:
    """As :func:`cells_table`, narrow enough for a terminal."""
    return _table(SUMMARY_COLUMNS, cells, cells_table(cells).notes)


def cell_json(cell: CellScore) -> dict[str, Any]:
    """A cell as the ``--json`` output has it: rates as ratios, times in ms, None for unknown."""
    row = {c.key: c.value(cell) for c in CELL_COLUMNS if not c.key.startswith("pacing_")}
    pacing = {
        "valid": cell.pacing.valid,
        "p99_ms": ms(cell.pacing.p99_ns),
        "max_ms": ms(cell.pacing.max_ns),
        "invalid": cell.pacing.invalid,
        "reasons": list(cell.pacing.reasons),
    }
    return {**row, "normaliser": cell.normaliser, "pacing": pacing, "reasons": dict(cell.reasons)}


def _scaled(difference: Difference, value: float | None) -> float | None:
    """Rates stay ratios, times become milliseconds."""
    return ms(value) if difference.unit == "ns" else value


DIFFERENCE_COLUMNS: tuple[Column[Difference], ...] = (
    Column("metric", "metric", lambda d: d.metric, explain="what is compared"),
    Column("unit", "unit", lambda d: "ms" if d.unit == "ns" else "ratio", explain="of the values of this row"),
    Column("n", "n", lambda d: d.n, explain="utterances that both sides have"),
    Column("baseline", "baseline", lambda d: _scaled(d, d.baseline), decimals=None),
    Column("candidate", "candidate", lambda d: _scaled(d, d.candidate), decimals=None),
    Column(
        "difference", "difference", lambda d: _scaled(d, d.difference), decimals=None, explain="candidate - baseline"
    ),
    Column("low", "low", lambda d: _scaled(d, _end(d.interval, "low")), decimals=None, explain="95 % interval"),
    Column("high", "high", lambda d: _scaled(d, _end(d.interval, "high")), decimals=None, explain="95 % interval"),
    Column("p_value", "p", lambda d: d.p_value, decimals=None, explain="two-sided, paired bootstrap"),
    Column("reason", "reason", lambda d: d.reason, explain="why a value is missing"),
)


def comparison_table(comparison: Comparison) -> Table:
    """One row a metric; the notes name the utterances that could not be paired."""
    notes = [f"not paired: {u.utterance}: {u.reason}" for u in comparison.unpaired]
    return _table(DIFFERENCE_COLUMNS, comparison.differences, notes)


SESSION_COLUMNS: tuple[Column[SessionScore], ...] = (
    Column("audio", "audio", lambda s: s.cell, explain="audio configuration"),
    Column("utterance", "utterance", lambda s: s.utterance, explain="id in the corpus"),
    Column("repeat", "repeat", lambda s: s.repeat),
    Column("attempt", "attempt", lambda s: s.attempt),
    Column("outcome", "outcome", lambda s: s.outcome, explain="how the session ended"),
    Column("reference_words", "words", lambda s: s.words.reference, explain="reference words"),
    Column("errors", "errors", lambda s: s.words.errors, explain="substitutions, deletions and insertions"),
    Column("wer", "WER", lambda s: s.words.rate, "%", 1, "word error rate after the normaliser"),
    Column("wer_raw", "raw WER", lambda s: s.raw.rate, "%", 1, "no normalisation, against the written reference"),
    Column(
        "first_partial_ms", "first partial", lambda s: ms(s.latency.first_partial_ns), "ms", 0, "after speech onset"
    ),
    Column("word_latency_p50_ms", "word p50", lambda s: ms(_words(s, 50)), "ms", 0, "median word latency"),
    Column("coverage", "coverage", lambda s: s.latency.coverage, "%", 0, "reference words that have a latency"),
    Column("finalisation_ms", "final", lambda s: ms(s.latency.finalisation_ns), "ms", 0, "last final after last word"),
    Column("pacing_valid", "pacing", lambda s: s.instrument.pacing_valid, explain="the pacing certificate"),
    Column("pacing_reason", "pacing reason", lambda s: s.instrument.pacing_reason, explain="why it is not valid"),
    Column("pacing_p99_ms", "late p99", lambda s: ms(s.instrument.lateness_percentile_ns(99)), "ms", 2),
)


def _words(score: SessionScore, p: float) -> int | None:
    return percentile([v for v in score.latency.word_latency_ns if v is not None], p)


def sessions_table(scores: Sequence[SessionScore]) -> Table:
    """One row a session, in the order given."""
    return _table(SESSION_COLUMNS, scores)
