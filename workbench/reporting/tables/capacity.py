"""The levels of a load test as a table, and its result as one sentence."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.instrument.capacity.level import Level
from workbench.instrument.capacity.ramp import Capacity
from workbench.reporting.tables.table import Column, Table, table_of
from workbench.scoring.measures import METRICS
from workbench.units import counted

__all__ = ["LEVEL_COLUMNS", "capacities_table", "capacity_sentence", "capacity_table"]

LEVEL_COLUMNS: tuple[Column[Level], ...] = (
    Column("sessions", "sessions", lambda v: v.sessions, explain="concurrent sessions", whole=True),
    Column("result", "result", lambda v: "passed" if v.held else "failed", explain="whether every objective was met"),
    Column("lateness_p99_ms", "sent late p99", lambda v: v.lateness_p99_ms, "ms", 2, "send lateness of chunks"),
    Column("lateness_max_ms", "sent late max", lambda v: v.lateness_max_ms, "ms", 2, "largest send lateness"),
    Column("cpu_us_per_frame", "CPU per chunk", lambda v: v.cpu_us_per_frame, "us", 0, "of all client processes"),
    Column("finalisation_p95_ms", "finals p95", lambda v: v.finalisation_p95_ms, "ms", 0, "delay behind speech"),
    Column("errors", METRICS["failed"].title, lambda v: v.errors, whole=True),
    Column("gave_way", "bottleneck", lambda v: v.gave_way, explain="client or service, where the level failed"),
    Column("reason", "why", lambda v: v.reason, prose=True),
)


def capacity_table(capacity: Capacity) -> Table:
    """One row a level, in the order of playing."""
    return table_of(LEVEL_COLUMNS, capacity.levels)


_STORED: tuple[Column[Capacity], ...] = (
    Column("created", "measured", lambda c: c.created.replace("T", " ")[:16] or None, explain="UTC"),
    Column("endpoint", "endpoint", lambda c: c.endpoint),
    Column("recogniser", "recogniser", lambda c: c.recogniser),
    Column("arrivals", "load", lambda c: "open-loop" if c.arrivals else "all connected"),
    Column("levels", "levels", lambda c: len(c.levels), whole=True),
    Column("passed", "largest level that passed", lambda c: c.held_sessions, explain="concurrent sessions", whole=True),
    Column("bottleneck", "bottleneck", lambda c: c.gave_way),
)


def capacities_table(results: Sequence[Capacity]) -> Table:
    """One row a load test, in the order given."""
    return table_of(_STORED, results)


def capacity_sentence(capacity: Capacity) -> str:
    """The result: the largest level that passed, and what the bottleneck was."""
    if capacity.held_sessions is None:
        found, then = "No level passed", "; the"
    else:
        found, then = f"Largest level that passed: {counted(capacity.held_sessions, 'session')}", "; above it the"
    return f"{found}{then} {capacity.gave_way} was the bottleneck" if capacity.gave_way else found
