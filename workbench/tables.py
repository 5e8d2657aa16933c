"""Declared columns: the same rows for the command line, the app, JSON and CSV.

House rules: a column says what it is, in which unit and with how many decimals; rows keep full numbers and None for
unknown; only the formatted text is rounded. This is where nanoseconds become milliseconds. Longer than other modules
because most of it is one list.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from workbench.compare import Comparison, Difference
from workbench.metrics.stats import Interval, percentile
from workbench.scoring import CellScore, SessionScore
from workbench.units import counted, ms

__all__ = [
    "ACCURACY_COLUMNS",
    "CELL_COLUMNS",
    "DIFFERENCE_COLUMNS",
    "SESSION_COLUMNS",
    "STABILITY_COLUMNS",
    "SUMMARY_COLUMNS",
    "Column",
    "Table",
    "accuracy_table",
    "cell_json",
    "cells_table",
    "comparison_table",
    "differences_table",
    "sessions_table",
    "stability_table",
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

    def text(self, value: Value, resolution: float | None = None) -> str:
        """The value as it is shown, without its unit; no finer than ``resolution``, in the unit of the value."""
        if value is None:
            return UNKNOWN
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str):
            return value
        shown = value * 100 if self.unit == "%" else value
        if resolution is not None:
            places = -math.floor(math.log10(resolution))
            shown_places = max(0, places if self.decimals is None else min(places, self.decimals))
            return f"{round(shown, places):.{shown_places}f}"
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

    def text_rows(self, resolution_ms: float | None = None) -> list[list[str]]:
        """Formatted cells, in the order of the columns.

        Args:
            resolution_ms: what the instrument was calibrated to; measured times show no finer digits.
        """

        def text(column: Column[Any], row: dict[str, Value]) -> str:
            measured = column.unit == "ms" or (row.get("unit") == "ms" and column.key in _OF_ROW_UNIT)
            # Lateness is read off our own clock; what arrives late does not blur it.
            own = column.key.startswith("pacing")
            return column.text(row[column.key], resolution_ms if measured and not own else None)

        return [[text(column, row) for column in self.columns] for row in self.rows]


_OF_ROW_UNIT = ("baseline", "candidate", "difference", "low", "high")
"""Columns of a table of differences whose unit stands in the row."""


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
    Column(
        "word_latency_p95_low_ms",
        "p95 low",
        lambda c: ms(_end(c.word_latency_p95_interval, "low")),
        "ms",
        0,
        "lower end, 95 %, utterances as blocks",
    ),
    Column(
        "word_latency_p95_high_ms",
        "p95 high",
        lambda c: ms(_end(c.word_latency_p95_interval, "high")),
        "ms",
        0,
        "upper end; unknown where the sample is too small to bound it",
    ),
    Column("coverage", "coverage", lambda c: c.coverage, "%", 0, "reference words that the word latencies cover"),
    Column(
        "finalisation_p50_ms", "final p50", lambda c: ms(c.finalisation_p50_ns), "ms", 0, "last final after last word"
    ),
    Column("pacing_valid", "pacing", lambda c: c.pacing.valid, explain="every session's pacing certificate is valid"),
    Column("pacing_p99_ms", "late p99", lambda c: ms(c.pacing.p99_ns), "ms", 2, "send lateness of chunks"),
    Column("pacing_max_ms", "late max", lambda c: ms(c.pacing.max_ns), "ms", 2, "largest send lateness"),
    Column("left_out", "left out", lambda c: c.left_out, explain="completed sessions whose latencies do not count"),
)


_REASONS = 2
"""Of invalid pacing in a note: each has figures of its own, and a busy machine gives one a session."""

_TITLES = {c.key.replace("_ms", "_ns"): c.title for c in CELL_COLUMNS} | {
    "wer_interval": "WER interval",
    "word_finality_p50_ns": "final word p50",
    "end_of_results_p50_ns": "end of results",
}
"""Fields of a cell score to what a table calls them."""


def cells_table(cells: Sequence[CellScore]) -> Table:
    """One row a cell; the notes name what was left out and why values are missing."""
    notes = []
    for cell in cells:
        if cell.failed:
            notes.append(f"{cell.cell}: {cell.failed} of {cell.n} sessions failed and are in no average")
        if cell.left_out:
            reasons = cell.pacing.reasons
            why = "; ".join(reasons[:_REASONS]) or "no certificate"
            why += f"; and {len(reasons) - _REASONS} more" if len(reasons) > _REASONS else ""
            notes.append(
                f"{cell.cell}: latencies of {counted(cell.left_out, 'session')} left out, pacing invalid ({why})"
            )
        if cell.first_partial_ns is not None and cell.first_partial_name != "first partial":
            notes.append(f"{cell.cell}: first partial is counted from audio start, the words have no times")
        for why in dict.fromkeys(cell.reasons.values()):
            names = [_TITLES.get(name, name) for name, reason in cell.reasons.items() if reason == why]
            notes.append(f"{cell.cell}: {', '.join(names)}: {why}")
    return _table(CELL_COLUMNS, cells, notes)


def _wer_text(cell: CellScore) -> str | None:
    if cell.words.rate is None:
        return None
    ends = cell.wer_interval
    return f"{cell.words.rate:.1%}" + (f" ({ends.low:.1%}–{ends.high:.1%})" if ends else "")


def _pacing_text(cell: CellScore) -> str | None:
    if cell.pacing.valid is None:
        return None
    verdict = "valid" if cell.pacing.valid else f"INVALID in {cell.pacing.invalid}"
    p99 = ms(cell.pacing.p99_ns)
    return f"{verdict}, p99 {p99:.1f} ms"


SUMMARY_COLUMNS: tuple[Column[CellScore], ...] = (
    Column("audio", "audio", lambda c: c.cell, explain="audio configuration"),
    Column("n", "n", lambda c: c.n - c.failed, explain="sessions that completed"),
    Column("failed", "failed", lambda c: c.failed, explain="sessions that did not complete; in no average"),
    Column("wer_text", "WER (95 % interval)", _wer_text, explain="pooled word error rate after the normaliser"),
    Column("first_partial_ms", "first partial", lambda c: ms(c.first_partial_ns), "ms", 0, "median, from speech onset"),
    Column("word_latency_p50_ms", "word p50", lambda c: ms(c.word_latency_p50_ns), "ms", 0, "median word latency"),
    Column("word_latency_p95_ms", "p95", lambda c: ms(c.word_latency_p95_ns), "ms", 0, "95th percentile"),
    Column("coverage", "of words", lambda c: c.coverage, "%", 0, "reference words that the word latencies cover"),
    Column("finalisation_p50_ms", "final p50", lambda c: ms(c.finalisation_p50_ns), "ms", 0, "after the last word"),
    Column("pacing_text", "pacing", _pacing_text, explain="the certificate: send lateness of chunks, all sessions"),
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
    accuracy = {c.key: c.value(cell) for c in ACCURACY_COLUMNS if c.key not in row}
    steadiness = {c.key: c.value(cell) for c in STABILITY_COLUMNS if c.key not in row}
    return {
        **row,
        **accuracy,
        **steadiness,
        "pacing": pacing,
        "reasons": dict(cell.reasons),
    }


def _penalty(cell: CellScore) -> float | None:
    finals, own = cell.screen.finals.rate, cell.words.rate
    return finals - own if cell.screen.has_transcript and finals is not None and own is not None else None


ACCURACY_COLUMNS: tuple[Column[CellScore], ...] = (
    Column("audio", "audio", lambda c: c.cell, explain="audio configuration"),
    Column("normaliser", "normaliser", lambda c: c.normaliser, explain="applied to both sides"),
    Column("wer", "WER", lambda c: c.words.rate, "%", 1, "pooled word error rate"),
    Column("substitutions", "S", lambda c: c.words.substitutions, explain="substituted words"),
    Column("deletions", "D", lambda c: c.words.deletions, explain="missing words"),
    Column("insertions", "I", lambda c: c.words.insertions, explain="words that were not said"),
    Column("reference_words", "N", lambda c: c.words.reference, explain="reference words"),
    Column("cer", "CER", lambda c: c.chars.rate, "%", 1, "pooled character error rate"),
    Column("mer", "MER", lambda c: c.words.mer, "%", 1, "match error rate"),
    Column("wil", "WIL", lambda c: c.words.wil, "%", 1, "word information lost"),
    Column("wer_raw", "raw WER", lambda c: c.raw.rate, "%", 1, "no normalisation, against the written reference"),
    Column("punctuation_error", "punctuation", lambda c: c.screen.punctuation_error_rate, "%", 1, "wrong marks"),
    Column("case_error", "case", lambda c: c.screen.case_error_rate, "%", 1, "wrong case on matching words"),
    Column("medical_wer", "medical WER", lambda c: c.meaning.medical_wer, "%", 1, "errors on marked medical words"),
    Column("term_recall", "term recall", lambda c: c.meaning.terms.recall, "%", 1, "marked terms found"),
    Column("term_precision", "term precision", lambda c: c.meaning.terms.precision, "%", 1, "found terms in place"),
    Column("term_f1", "term F1", lambda c: c.meaning.terms.f1, "%", 1, "harmonic mean of both"),
    Column("drug_recall", "drug recall", lambda c: c.meaning.drugs.recall, "%", 1, "drug names found"),
    Column("value_accuracy", "values", lambda c: c.values.accuracy, "%", 1, "value and unit both right"),
    Column("value_written", "as written", lambda c: c.values.written_accuracy, "%", 1, "digits written as expected"),
    Column("negations_kept", "negations", lambda c: c.meaning.negations.share, "%", 1, "negating words kept"),
    Column("sides_kept", "sides", lambda c: c.meaning.sides.share, "%", 1, "left, right and bilateral kept"),
    Column("wder", "WDER", lambda c: c.screen.wder, "%", 1, "aligned words with the wrong speaker"),
    Column("streaming_penalty", "penalty", _penalty, "%", 1, "WER of the finals minus WER of the service's text"),
)

STABILITY_COLUMNS: tuple[Column[CellScore], ...] = (
    Column("audio", "audio", lambda c: c.cell, explain="audio configuration"),
    Column("normalised_erasure", "erasure", lambda c: c.stability.normalised_erasure, "", 2, "erased / final tokens"),
    Column("unstable_ratio", "unstable", lambda c: c.stability.unstable_ratio, "%", 1, "words shown and taken back"),
    Column(
        "time_to_stable_p50_ms", "stable p50", lambda c: ms(_stable(c, 50)), "ms", 0, "from first showing to stable"
    ),
    Column("time_to_stable_p95_ms", "stable p95", lambda c: ms(_stable(c, 95)), "ms", 0, "95th percentile"),
    Column(
        "unsafe_flicker_ms",
        "unsafe flicker",
        lambda c: ms(c.stability.unsafe_flicker_ns),
        "ms",
        0,
        "time with a wrong number, unit, negation, side or term on screen, all sessions",
    ),
    Column(
        "word_finality_p50_ms", "final word p50", lambda c: ms(c.word_finality_p50_ns), "ms", 0, "word end to final"
    ),
)


def _stable(cell: CellScore, p: float) -> int | None:
    return percentile(cell.stability.time_to_stable_ns, p)


def accuracy_table(cells: Sequence[CellScore]) -> Table:
    """Everything about the words: one row a cell, or a cell and a normaliser (the sensitivity panel)."""
    return _table(ACCURACY_COLUMNS, cells)


def stability_table(cells: Sequence[CellScore]) -> Table:
    """How steady the partials were: one row a cell."""
    notes = [f"{c.cell}: stability: {c.stability.reason}" for c in cells if c.stability.reason]
    return _table(STABILITY_COLUMNS, cells, notes)


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


def differences_table(differences: Sequence[Difference], notes: Sequence[str] = ()) -> Table:
    """One row a metric."""
    return _table(DIFFERENCE_COLUMNS, differences, notes)


def comparison_table(comparison: Comparison) -> Table:
    """One row a metric; the notes name the utterances that could not be paired."""
    notes = [f"not paired: {u.utterance}: {u.reason}" for u in comparison.unpaired]
    test = comparison.matched_pairs
    if test.p_value is not None:
        notes.append(f"matched pairs (MAPSSWE): {test.segments} segments, p = {test.p_value:.4g}")
    if test.reason:
        notes.append(f"matched pairs (MAPSSWE): {test.reason}")
    return differences_table(comparison.differences, notes)


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
