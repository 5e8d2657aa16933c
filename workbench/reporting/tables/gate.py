"""The table of a gate's checks."""

from __future__ import annotations

from workbench.comparing.gate import Check, GateResult, check_texts
from workbench.reporting.tables.table import Column, Table, table_of

__all__ = ["CHECK_COLUMNS", "checks_table", "checks_text_table"]

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
    return table_of(CHECK_COLUMNS, result.checks)


_TEXT_COLUMNS: tuple[Column[Check], ...] = (
    Column("slice", "group", lambda c: c.part),
    Column("check", "check", lambda c: check_texts(c)[0]),
    Column("value", "found", lambda c: check_texts(c)[1]),
    Column("between", "95 % interval", lambda c: check_texts(c)[2]),
    Column("n", "n", lambda c: c.n),
    Column("verdict", "verdict", lambda c: c.judgement.value),
    Column("reason", "why", lambda c: None if c.reason == f"n = {c.n}" else c.reason, prose=True),
)


def checks_text_table(result: GateResult) -> Table:
    """One row a check as a terminal shows it: every number with its unit."""
    return table_of(_TEXT_COLUMNS, result.checks, names=2)
