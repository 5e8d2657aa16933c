"""Tables of accuracy against time."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.reporting.tables.table import Column, Table, end_of, metric_column, table_of
from workbench.scoring.curves import Instant, WaitPoint
from workbench.scoring.metrics.stats import percentile
from workbench.units import NS_PER_S, ms

__all__ = ["INSTANT_COLUMNS", "WAIT_COLUMNS", "over_time_table", "wait_table"]

WAIT_COLUMNS: tuple[Column[WaitPoint], ...] = (
    Column("audio", "audio", lambda p: p.cell, explain="audio configuration"),
    Column("wait_ms", "wait", lambda p: ms(p.wait_ns), "ms", 0, "from the end of each word; unknown: to the end"),
    metric_column("wer", lambda p: p.rate, "of the text that is on the screen then"),
    Column("low", "low", lambda p: end_of(p.interval, "low"), "%", 1, "95 %, utterances as blocks"),
    Column("high", "high", lambda p: end_of(p.interval, "high"), "%", 1, "95 %, utterances as blocks"),
    Column("missing", "missing", lambda p: p.missing / p.words if p.words else None, "%", 1, "not on the screen then"),
    Column("words", "words", lambda p: p.words, whole=True),
)


def wait_table(points: Sequence[WaitPoint]) -> Table:
    """What waiting buys: one row a configuration and wait; the last is the end of the session."""
    return table_of(WAIT_COLUMNS, points)


INSTANT_COLUMNS: tuple[Column[Instant], ...] = (
    Column("audio", "audio", lambda i: i.cell, explain="audio configuration"),
    Column("at_s", "at", lambda i: i.at_ns / NS_PER_S, "s", 0, "since streaming began"),
    Column("sessions", "sessions", lambda i: i.sessions, explain="that still stream then", whole=True),
    metric_column("wer", lambda i: i.errors.rate, "of the text on the screen against the words spoken by then"),
    metric_column("cursor_mean", lambda i: ms(sum(i.lag_ns) / len(i.lag_ns)) if i.lag_ns else None),
    metric_column("cursor_p95", lambda i: ms(percentile(i.lag_ns, 95))),
)


def over_time_table(instants: Sequence[Instant]) -> Table:
    """WER and cursor latency at the same instants: one row a configuration and instant."""
    return table_of(INSTANT_COLUMNS, instants)
