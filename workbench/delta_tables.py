"""Rows of a comparison and of a gate: differences with their noise floor, settings, changed utterances, checks."""

from __future__ import annotations

from typing import Any

from workbench.compare import Difference, NoiseFloor
from workbench.comparisons import PairedCells, RunComparison, Setting
from workbench.gate import Check, GateResult
from workbench.tables import DIFFERENCE_COLUMNS, Column, Table, comparison_table
from workbench.units import ms
from workbench.verdict import Changed

__all__ = [
    "CHANGED_COLUMNS",
    "CHECK_COLUMNS",
    "SETTING_COLUMNS",
    "changed_table",
    "checks_table",
    "comparison_json",
    "pair_table",
    "settings_table",
]


def pair_table(pair: PairedCells, floor: NoiseFloor | None) -> Table:
    """One row a metric: difference, interval, adjusted p-value and the floor of the noise."""
    found = comparison_table(pair.comparison)
    place = next(i for i, column in enumerate(DIFFERENCE_COLUMNS) if column.key == "p_value") + 1
    columns = (*DIFFERENCE_COLUMNS[:place], *_extra(floor), *DIFFERENCE_COLUMNS[place:])
    rows = tuple({c.key: c.value(d) for c in columns} for d in pair.comparison.differences)
    return Table(columns, rows, found.notes)


def _extra(floor: NoiseFloor | None) -> tuple[Column[Difference], ...]:
    def width(difference: Difference) -> float | None:
        found = floor.width(difference.metric) if floor else None
        return ms(found) if difference.unit == "ns" else found

    return (
        Column(
            "p_adjusted", "adjusted p", lambda d: d.p_adjusted, decimals=None, explain="Holm, all metrics and pairs"
        ),
        Column("noise_floor", "noise floor", width, decimals=None, explain="largest difference of an A/A run"),
    )


def _setting_text(value: Any) -> str | None:  # noqa: ANN401  settings are JSON values
    return None if value is None else str(value)


SETTING_COLUMNS: tuple[Column[Setting], ...] = (
    Column("setting", "setting", lambda s: s.key),
    Column("baseline", "baseline", lambda s: _setting_text(s.baseline)),
    Column("candidate", "candidate", lambda s: _setting_text(s.candidate)),
)

CHANGED_COLUMNS: tuple[Column[Changed], ...] = (
    Column("utterance", "utterance", lambda c: c.utterance, explain="id in the corpus"),
    Column("reference_words", "words", lambda c: c.reference_words, explain="reference words"),
    Column("baseline_errors", "errors before", lambda c: c.baseline_errors, explain="in the baseline"),
    Column("candidate_errors", "errors now", lambda c: c.candidate_errors, explain="in the candidate"),
    Column("errors", "change", lambda c: c.errors, explain="more errors than in the baseline"),
    Column("baseline_latency_ms", "word p50 before", lambda c: ms(c.baseline_latency_ns), "ms"),
    Column("candidate_latency_ms", "word p50 now", lambda c: ms(c.candidate_latency_ns), "ms"),
    Column("latency_ms", "later by", lambda c: ms(c.latency_ns), "ms", explain="of the median word"),
)


CHECK_COLUMNS: tuple[Column[Check], ...] = (
    Column("slice", "slice", lambda c: c.part, explain="configuration, or a tag or speaker of it"),
    Column("metric", "metric", lambda c: c.metric),
    Column("kind", "kind", lambda c: c.kind, explain="limit on the value, or margin on how much worse it is"),
    Column("bound", "bound", lambda c: c.bound, decimals=None),
    Column("value", "found", lambda c: c.value, decimals=None),
    Column("low", "low", lambda c: c.low, decimals=None, explain="95 % interval"),
    Column("high", "high", lambda c: c.high, decimals=None, explain="95 % interval"),
    Column("n", "n", lambda c: c.n, explain="utterances"),
    Column("verdict", "verdict", lambda c: c.judgement.value),
    Column("reason", "why", lambda c: c.reason),
)


def checks_table(result: GateResult) -> Table:
    """One row a check."""
    return Table(CHECK_COLUMNS, tuple({c.key: c.value(check) for c in CHECK_COLUMNS} for check in result.checks))


def settings_table(pair: PairedCells) -> Table:
    """One row a setting that differs."""
    return Table(SETTING_COLUMNS, tuple({c.key: c.value(s) for c in SETTING_COLUMNS} for s in pair.settings))


def changed_table(pair: PairedCells) -> Table:
    """One row an utterance, those that changed most first."""
    return Table(CHANGED_COLUMNS, tuple({c.key: c.value(u) for c in CHANGED_COLUMNS} for u in pair.changed))


def comparison_json(found: RunComparison) -> dict[str, Any]:
    """A comparison as ``--json`` gives it: full numbers, None for unknown."""
    return {
        "comparisons": [_pair_json(pair, found.floor) for pair in found.pairs],
        "warnings": list(found.warnings),
        "noise_floor": {"n": found.floor.n if found.floor else None, "origin": found.floor_origin},
    }


def _pair_json(pair: PairedCells, floor: NoiseFloor | None) -> dict[str, Any]:
    table = pair_table(pair, floor)
    said = pair.verdict
    return {
        "baseline": pair.baseline,
        "candidate": pair.candidate,
        "pairs": pair.comparison.n,
        "verdict": {
            "sentence": said.sentence,
            "enough": said.enough,
            "worse": list(said.worse),
            "better": list(said.better),
        },
        "settings": list(settings_table(pair).rows),
        "metrics": list(table.rows),
        "changed": list(changed_table(pair).rows),
        "notes": list(table.notes),
    }
