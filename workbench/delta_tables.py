"""Rows of a comparison, a gate and a calibration: differences, settings, changed utterances, checks, errors."""

from __future__ import annotations

from typing import Any

from workbench.calibration import Calibration, ErrorFacts
from workbench.compare import Difference, NoiseFloor
from workbench.comparisons import PairedCells, RunComparison, Setting
from workbench.gate import Check, GateResult
from workbench.tables import DIFFERENCE_COLUMNS, Column, Table, comparison_table
from workbench.units import ms
from workbench.verdict import TITLES, Changed

__all__ = [
    "CHANGED_COLUMNS",
    "CHECK_COLUMNS",
    "ERROR_COLUMNS",
    "SETTING_COLUMNS",
    "TOLD_COLUMNS",
    "calibration_table",
    "changed_table",
    "checks_table",
    "comparison_json",
    "every_pair_table",
    "pair_table",
    "settings_table",
    "told_table",
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


def every_pair_table(found: RunComparison) -> Table:
    """As :func:`pair_table` for every pair, with the names of both sides."""
    tables = [(pair, pair_table(pair, found.floor)) for pair in found.pairs]
    names: tuple[Column[PairedCells], ...] = (
        Column("baseline_of", "baseline is", lambda p: p.baseline),
        Column("candidate_of", "candidate is", lambda p: p.candidate),
    )
    rows = tuple({c.key: c.value(pair) for c in names} | row for pair, table in tables for row in table.rows)
    return Table((*names, *tables[0][1].columns), rows)


TOLD_COLUMNS: tuple[Column[tuple[Difference, NoiseFloor | None]], ...] = (
    Column("metric", "metric", lambda d: TITLES[d[0].metric], explain="what is compared"),
    Column("n", "n", lambda d: d[0].n, explain="utterances that both sides have"),
    Column("baseline", "baseline", lambda d: _amount(d[0], d[0].baseline)),
    Column("candidate", "candidate", lambda d: _amount(d[0], d[0].candidate)),
    Column("change", "change", lambda d: _amount(d[0], d[0].difference, "+"), explain="candidate minus baseline"),
    Column("between", "95 % interval", lambda d: _between(d[0]), explain="paired bootstrap over utterances"),
    Column("p_adjusted", "adjusted p", lambda d: _p_text(d[0].p_adjusted), explain="Holm, all metrics and pairs"),
    Column(
        "noise_floor", "noise floor", lambda d: _amount(d[0], d[1].width(d[0].metric) if d[1] else None, "±"),
        explain="largest difference of the same configuration from itself",
    ),
    Column("reason", "why missing", lambda d: d[0].reason),
)  # fmt: skip


def told_table(pair: PairedCells, floor: NoiseFloor | None) -> Table:
    """The differences as people read them: percent, points and ms written out; numbers are in :func:`pair_table`."""
    rows = tuple({c.key: c.value((d, floor)) for c in TOLD_COLUMNS} for d in pair.comparison.differences)
    return Table(TOLD_COLUMNS, rows, comparison_table(pair.comparison).notes)


def _amount(difference: Difference, value: float | None, sign: str = "") -> str | None:
    if value is None:
        return None
    plus = "+" if sign == "+" else ""
    mark = "±" if sign == "±" else ""
    if difference.unit == "ns":
        return f"{mark}{ms(value):{plus}.0f} ms"
    return f"{mark}{100 * value:{plus}.1f} " + ("points" if sign else "%")


def _between(difference: Difference) -> str | None:
    ends = difference.interval
    if ends is None:
        return None
    low, high = (_amount(difference, end, "+") or "unbounded" for end in (ends.low, ends.high))
    unit = " ms" if difference.unit == "ns" else " points"
    return f"{low.removesuffix(unit)} to {high}"


def _p_text(value: float | None) -> str | None:
    return None if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


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


ERROR_COLUMNS: tuple[Column[tuple[str, ErrorFacts]], ...] = (
    Column("metric", "metric", lambda e: e[0], explain="measured minus injected"),
    Column("n", "n", lambda e: e[1].n, explain="values compared"),
    Column("bias_ms", "bias", lambda e: e[1].bias_ms, "ms", 3, "mean of the signed error"),
    Column("p50_ms", "p50", lambda e: e[1].p50_ms, "ms", 3, "of the absolute error"),
    Column("p95_ms", "p95", lambda e: e[1].p95_ms, "ms", 3, "of the absolute error"),
    Column("p99_ms", "p99", lambda e: e[1].p99_ms, "ms", 3, "of the absolute error"),
    Column("max_ms", "max", lambda e: e[1].max_ms, "ms", 3, "of the absolute error"),
)


def calibration_table(calibration: Calibration) -> Table:
    """One row a metric, then what the way between the two processes takes."""
    rows = [*calibration.metrics.items(), *((f"(wire) {name}", facts) for name, facts in calibration.wire.items())]
    counts = "every count as injected" if calibration.counts_exact else "COUNTS DIFFER FROM WHAT WAS INJECTED"
    notes = [
        f"{calibration.sessions} sessions at the same time, {calibration.failed} failed; {counts}",
        *calibration.count_errors,
        f"resolution on this machine: {calibration.resolution_ms:g} ms"
        if calibration.resolution_ms
        else "no resolution",
    ]
    return Table(ERROR_COLUMNS, tuple({c.key: c.value(row) for c in ERROR_COLUMNS} for row in rows), tuple(notes))
