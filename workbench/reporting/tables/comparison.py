"""Rows of a comparison, a gate and a calibration: differences, settings, changed utterances, checks, errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.comparing.changes import Changed
from workbench.comparing.paired import Comparison, Difference, NoiseFloor, Unpaired
from workbench.comparing.runs import PairedCells, RunComparison, Setting
from workbench.comparing.verdict import Finding
from workbench.reporting.tables.table import Column, Table, end_of, metric_column, table_of
from workbench.scoring.measures import METRICS
from workbench.scoring.metric import Metric
from workbench.units import counted, ms

if TYPE_CHECKING:
    from workbench.comparing.streaming import StreamingCost

__all__ = [
    "CHANGED_COLUMNS",
    "DIFFERENCE_COLUMNS",
    "PAIRED_COLUMNS",
    "SETTING_COLUMNS",
    "TOLD_COLUMNS",
    "changed_table",
    "comparison_json",
    "comparison_table",
    "deciding_table",
    "differences_table",
    "display_table",
    "every_pair_table",
    "one_sided",
    "p_text",
    "pair_table",
    "paired_table",
    "settings_table",
    "streaming_table",
    "unpaired_table",
]


_NAMED = 8


def pair_table(pair: PairedCells, floor: NoiseFloor | None) -> Table:
    """One row a metric: difference, interval, adjusted p-value and the floor of the noise."""
    table = comparison_table(pair.comparison)
    place = next(i for i, column in enumerate(DIFFERENCE_COLUMNS) if column.key == "p_value") + 1
    columns = (*DIFFERENCE_COLUMNS[:place], *_extra(pair, floor), *DIFFERENCE_COLUMNS[place:])
    return table_of(columns, pair.comparison.differences, table.notes)


def _extra(pair: PairedCells, floor: NoiseFloor | None) -> tuple[Column[Difference], ...]:
    def width(difference: Difference) -> float | None:
        return _scaled(difference, floor.width(difference.metric) if floor else None)

    return (
        Column(
            "p_adjusted", "adjusted p", lambda d: d.p_adjusted, decimals=None,
            explain="weighted Holm, all metrics and pairs",
        ),
        Column("level", "shown", lambda d: pair.verdict.of(d.metric).level.value, explain="what the tests show"),
        Column("speakers", "speakers", lambda d: d.speakers, explain="of the pairs, where they are named"),
        Column(
            "speaker_low", "low by speaker", lambda d: _scaled(d, end_of(d.speaker_interval, "low")), decimals=None,
            explain="95 % interval over speakers",
        ),
        Column(
            "speaker_high", "high by speaker", lambda d: _scaled(d, end_of(d.speaker_interval, "high")), decimals=None,
            explain="95 % interval over speakers",
        ),
        Column("noise_floor", "noise floor", width, decimals=None, explain="largest difference of an A/A run"),
    )  # fmt: skip


def every_pair_table(comparison: RunComparison) -> Table:
    """As :func:`pair_table` for every pair, with the names of both sides."""
    tables = [(pair, pair_table(pair, comparison.floor)) for pair in comparison.pairs]
    names: tuple[Column[PairedCells], ...] = (
        Column("baseline_of", "baseline is", lambda p: p.baseline),
        Column("candidate_of", "candidate is", lambda p: p.candidate),
    )
    rows = tuple({c.key: c.value(pair) for c in names} | row for pair, table in tables for row in table.rows)
    return Table((*names, *tables[0][1].columns), rows)


_Told = tuple[Difference, NoiseFloor | None, Finding]

TOLD_COLUMNS: tuple[Column[_Told], ...] = (
    Column("metric", "metric", lambda d: _titled(METRICS[d[0].metric]), explain="what is compared"),
    Column("level", "shown", lambda d: d[2].level.value, explain="what the tests show"),
    Column("n", "n", lambda d: d[0].n, explain="utterances that both sides have"),
    Column("baseline", "baseline", lambda d: _amount(d[0], d[0].baseline)),
    Column("candidate", "candidate", lambda d: _amount(d[0], d[0].candidate)),
    Column("change", "change", lambda d: _amount(d[0], d[0].difference, "+"), explain="candidate minus baseline"),
    Column("between", "95 % interval", lambda d: _between(d[0]), explain="inverse of the sign-flip test"),
    Column(
        "p_adjusted", "adjusted p", lambda d: p_text(d[0].p_adjusted), explain="weighted Holm, all metrics and pairs"
    ),
    Column(
        "noise_floor", "noise floor", lambda d: _amount(d[0], d[1].width(d[0].metric) if d[1] else None, "±"),
        explain="largest difference of the same configuration from itself",
    ),
    Column("reason", "why", lambda d: d[0].reason or d[2].why),
)  # fmt: skip


def display_table(pair: PairedCells, floor: NoiseFloor | None) -> Table:
    """The differences as people read them: percent, points and ms written out; numbers are in :func:`pair_table`."""
    told = [(d, floor, pair.verdict.of(d.metric)) for d in pair.comparison.differences]
    return table_of(TOLD_COLUMNS, told, comparison_table(pair.comparison).notes)


DECIDING = (
    "wer", "critical_errors", "word_latency_p50", "word_latency_p95", "coverage", "failed",
)  # fmt: skip
"""What decides: errors, delays with the share of words that these stand for, and failures."""


def deciding_table(pair: PairedCells, floor: NoiseFloor | None) -> Table:
    """As :func:`display_table` for what decides."""
    every = {d.metric: d for d in (*pair.comparison.differences, *pair.comparison.others)}
    columns = {column.key: column for column in TOLD_COLUMNS}
    shown = tuple(columns[key] for key in _DECIDING_COLUMNS)
    return table_of(shown, [(every[key], floor, pair.verdict.of(key)) for key in DECIDING])


_DECIDING_COLUMNS = ("metric", "change", "between", "level", "baseline", "candidate", "n", "reason")


def one_sided(pair: PairedCells) -> str:
    """Who failed on one side alone, and how many recordings are compared, in one line."""
    parts = [f"{counted(pair.comparison.n, 'recording')} compared"]
    for side, sessions in zip(pair.cells if pair.runs[0] == pair.runs[1] else ("the baseline", "the candidate"),
                              (pair.comparison.gained, pair.comparison.lost), strict=True):  # fmt: skip
        if sessions:
            names = list(dict.fromkeys(utterance for utterance, _ in sessions))
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            parts.append(f"only {side} failed {', '.join(names[:_NAMED])}{more}")
    if not pair.comparison.lost and not pair.comparison.gained:
        parts.append("none failed on one side alone")
    return "; ".join(parts) + "."


def _amount(difference: Difference, value: float | None, sign: str = "") -> str | None:
    metric = METRICS[difference.metric]
    shown = metric.shown(value)
    if shown is None:
        return None
    text = ("±" if sign == "±" else "") + metric.text(shown, change=bool(sign), signed=sign == "+")
    return text.removesuffix(f" {metric.column_unit}") if _long(metric) else text


def _long(metric: Metric) -> bool:
    """Whether the unit is words, which stand with the name of the metric and not with each number."""
    return metric.column_unit.startswith("per ")


def _titled(metric: Metric) -> str:
    return f"{metric.title} {metric.column_unit}" if _long(metric) else metric.title


def _between(difference: Difference) -> str | None:
    """Both ends; the unit follows the second."""
    ends = difference.interval
    if ends is None:
        return None
    low, high = (_amount(difference, end, "+") or "unbounded" for end in (ends.low, ends.high))
    return f"{low.partition(' ')[0]} to {high}"


def p_text(value: float | None) -> str | None:
    """A p-value to three decimals; None if it is unknown."""
    return None if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _equals(p_value: float) -> str:
    text = p_text(p_value) or ""
    return text if text.startswith("<") else f"= {text}"


def _setting_text(value: Any) -> str | None:  # noqa: ANN401  settings are JSON values
    return None if value is None else str(value)


SETTING_COLUMNS: tuple[Column[Setting], ...] = (
    Column("setting", "setting", lambda s: s.key),
    Column("baseline", "baseline", lambda s: _setting_text(s.baseline)),
    Column("candidate", "candidate", lambda s: _setting_text(s.candidate)),
)

_WER, _WORD = METRICS["wer"].title, METRICS["word_latency_p50"].heading
CHANGED_COLUMNS: tuple[Column[Changed], ...] = (
    Column("utterance", "utterance", lambda c: c.utterance, explain="id in the corpus"),
    metric_column("reference_words", lambda c: c.reference_words),
    Column("baseline_errors", "errors before", lambda c: c.baseline_errors, explain="in the baseline"),
    Column("candidate_errors", "errors now", lambda c: c.candidate_errors, explain="in the candidate"),
    Column("errors", "change", lambda c: c.errors, explain="more errors than in the baseline"),
    Column("baseline_latency_ms", f"{_WORD} before", lambda c: ms(c.baseline_latency_ns), "ms"),
    Column("candidate_latency_ms", f"{_WORD} now", lambda c: ms(c.candidate_latency_ns), "ms"),
    Column("latency_ms", "later by", lambda c: ms(c.latency_ns), "ms", explain="of the median word"),
)


def settings_table(pair: PairedCells) -> Table:
    """One row a setting that differs."""
    return table_of(SETTING_COLUMNS, pair.settings)


_UNPAIRED_COLUMNS: tuple[Column[Unpaired], ...] = (
    Column("utterance", "recording", lambda u: u.utterance),
    Column("reason", "why", lambda u: u.reason),
)


def unpaired_table(pair: PairedCells) -> Table:
    """One row a recording that is not compared."""
    return table_of(_UNPAIRED_COLUMNS, pair.comparison.unpaired)


def changed_table(pair: PairedCells) -> Table:
    """One row an utterance, those that changed most first."""
    return table_of(CHANGED_COLUMNS, pair.changed)


def comparison_json(comparison: RunComparison) -> dict[str, Any]:
    """A comparison as ``--json`` gives it: full numbers, None for unknown."""
    return {
        "comparisons": [_pair_json(pair, comparison.floor) for pair in comparison.pairs],
        "warnings": list(comparison.warnings),
        "excluded": dict(comparison.excluded),
        "noise_floor": {"n": comparison.floor.n if comparison.floor else None, "origin": comparison.floor_origin},
    }


def _pair_json(pair: PairedCells, floor: NoiseFloor | None) -> dict[str, Any]:
    table = pair_table(pair, floor)
    verdict = pair.verdict
    return {
        "baseline": pair.baseline,
        "candidate": pair.candidate,
        "pairs": pair.comparison.n,
        "verdict": {
            "sentence": verdict.sentence,
            "enough": verdict.enough,
            "worse": list(verdict.worse),
            "better": list(verdict.better),
            "incomparable": verdict.incomparable,
        },
        "speakers": pair.comparison.speakers,
        "by_speaker": pair.comparison.by_speaker,
        "attempted": pair.comparison.attempted,
        "failed_in_candidate_only": len(pair.comparison.lost),
        "failed_in_baseline_only": len(pair.comparison.gained),
        "settings": list(settings_table(pair).rows),
        "metrics": list(table.rows),
        "changed": list(changed_table(pair).rows),
        "notes": list(table.notes),
    }


def streaming_table(costs: Sequence[StreamingCost]) -> Table:
    """One row a configuration: what streaming costs in word error rate; the baseline is the whole recording."""
    audio: Column[StreamingCost] = Column("audio", "audio", lambda cost: cost.cell)
    rows = tuple({"audio": cost.cell, **{c.key: c.value(cost.wer) for c in DIFFERENCE_COLUMNS}} for cost in costs)
    return Table((audio, *DIFFERENCE_COLUMNS), rows)


def _rate(errors: int, words: int) -> float | None:
    return errors / words if words else None


PAIRED_COLUMNS: tuple[Column[Changed], ...] = (
    Column("utterance", "utterance", lambda c: c.utterance, explain="id in the corpus"),
    metric_column("reference_words", lambda c: c.reference_words),
    Column("baseline_wer", f"{_WER} before", lambda c: _rate(c.baseline_errors, c.reference_words), "%", 1),
    Column("candidate_wer", f"{_WER} now", lambda c: _rate(c.candidate_errors, c.reference_words), "%", 1),
    Column("errors", "errors more", lambda c: c.errors, explain="than in the baseline"),
    Column("baseline_latency_ms", f"{_WORD} before", lambda c: ms(c.baseline_latency_ns), "ms"),
    Column("candidate_latency_ms", f"{_WORD} now", lambda c: ms(c.candidate_latency_ns), "ms"),
    Column("latency_ms", "later by", lambda c: ms(c.latency_ns), "ms", explain="of the median word"),
)


def paired_table(pairs: Sequence[Changed]) -> Table:
    """One row an utterance that both sides completed, in the order given."""
    return table_of(PAIRED_COLUMNS, pairs)


def _scaled(difference: Difference, value: float | None) -> float | None:
    """In the unit of tables; percentages stay ratios."""
    return METRICS[difference.metric].shown(value)


def _unit(difference: Difference) -> str:
    unit = METRICS[difference.metric].unit
    return "ratio" if unit in ("%", "") else unit


DIFFERENCE_COLUMNS: tuple[Column[Difference], ...] = (
    Column("metric", "metric", lambda d: d.metric, explain="what is compared"),
    Column("unit", "unit", _unit, explain="of the values of this row"),
    Column("n", "n", lambda d: d.n, explain="utterances that both sides have"),
    Column("baseline", "baseline", lambda d: _scaled(d, d.baseline), decimals=None),
    Column("candidate", "candidate", lambda d: _scaled(d, d.candidate), decimals=None),
    Column(
        "difference", "difference", lambda d: _scaled(d, d.difference), decimals=None, explain="candidate - baseline"
    ),
    Column("low", "low", lambda d: _scaled(d, end_of(d.interval, "low")), decimals=None, explain="95 % interval"),
    Column("high", "high", lambda d: _scaled(d, end_of(d.interval, "high")), decimals=None, explain="95 % interval"),
    Column("p_value", "p", lambda d: d.p_value, decimals=None, explain="two-sided, sign-flip test"),
    Column("reason", "reason", lambda d: d.reason, explain="why a value is missing"),
)


def differences_table(differences: Sequence[Difference], notes: Sequence[str] = ()) -> Table:
    """One row a metric."""
    return table_of(DIFFERENCE_COLUMNS, differences, notes)


def comparison_table(comparison: Comparison) -> Table:
    """One row a metric; the notes name the utterances that could not be paired."""
    notes = [f"{_WER} after the normaliser {comparison.normaliser}"]
    notes += [f"not paired: {u.utterance}: {u.reason}" for u in comparison.unpaired]
    test = comparison.matched_pairs
    if test.p_value is not None:
        notes.append(f"matched pairs (MAPSSWE): {test.segments} segments, p {_equals(test.p_value)}")
    if test.reason:
        notes.append(f"matched pairs (MAPSSWE): {test.reason}")
    return differences_table(comparison.differences, notes)
