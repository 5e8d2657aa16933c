"""Tables of accuracy against time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, takewhile

from workbench.reporting.tables.table import Column, Table, end_of, metric_column, table_of
from workbench.scoring.curves import Instant, WaitPoint
from workbench.scoring.measures import METRICS
from workbench.scoring.metrics.stats import percentile
from workbench.units import NS_PER_MS, NS_PER_S, ms

__all__ = ["INSTANT_COLUMNS", "WAIT_COLUMNS", "over_time_table", "wait_sentences", "wait_table"]

_ASKED_NS = 500 * NS_PER_MS
_NEAR = 0.01
"""One percentage point of WER: no reader notices less."""

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
    """What waiting buys: one row a configuration and wait, the last is the end of the session; a sentence for each."""
    return table_of(WAIT_COLUMNS, points, list(wait_sentences(points).values()) or [_NO_WAITS])


_NO_WAITS = "What waiting buys is unknown: no session with certified timing has word times."


def wait_sentences(points: Sequence[WaitPoint]) -> dict[str, str]:
    """What 500 ms buy, by configuration; one without words has no sentence.

    Args:
        points: as :func:`workbench.scoring.curves.wait_curve` gives them.
    """
    found = {cell: _wait_sentence(list(rows)) for cell, rows in groupby(points, key=lambda point: point.cell)}
    return {cell: f"{cell}: {text}" for cell, text in found.items() if text}


def _wait_sentence(rows: Sequence[WaitPoint]) -> str:
    rates = {point.wait_ns: point.rate for point in rows}
    now, then, end = rates.get(0), rates.get(_ASKED_NS), rates.get(None)
    if now is None or then is None or end is None:
        return ""
    text = METRICS["wer"].text
    waits = [(point.wait_ns, point.rate or 0.0) for point in rows if point.wait_ns is not None]
    # From which wait on it stays there: it may come near and leave again.
    near = [wait for wait, _ in takewhile(lambda one: round(abs(one[1] - end), 9) <= _NEAR, reversed(waits))]
    reached = (
        f"and within a point of that from {near[-1] // NS_PER_MS:,} ms on"
        if near
        else f"and no wait up to {waits[-1][0] // NS_PER_MS:,} ms comes within a point of that"
    )
    what = f"brings WER from {text(now)} to {text(then)}" if text(now) != text(then) else f"leaves WER at {text(now)}"
    return f"waiting 500 ms after each word {what}; at the end of the session it is {text(end)}, {reached}."


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
