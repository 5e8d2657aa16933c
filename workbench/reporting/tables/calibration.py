"""The table of a calibration."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.instrument.calibration import Calibration, ErrorFacts
from workbench.reporting.tables.table import Column, Table, table_of
from workbench.units import counted

__all__ = ["ERROR_COLUMNS", "calibration_table", "calibrations_table"]

ERROR_COLUMNS: tuple[Column[tuple[str, ErrorFacts]], ...] = (
    Column("metric", "metric", lambda e: e[0], explain="measured minus injected"),
    Column("n", "n", lambda e: e[1].n, explain="values compared"),
    Column("bias_ms", "bias", lambda e: e[1].bias_ms, "ms", 3, "mean of the signed error"),
    Column("p50_ms", "p50", lambda e: e[1].p50_ms, "ms", 3, "of the absolute error"),
    Column("p95_ms", "p95", lambda e: e[1].p95_ms, "ms", 3, "of the absolute error"),
    Column("p99_ms", "p99", lambda e: e[1].p99_ms, "ms", 3, "of the absolute error"),
    Column("max_ms", "max", lambda e: e[1].max_ms, "ms", 3, "of the absolute error"),
)


_STORED: tuple[Column[Calibration], ...] = (
    Column("created", "measured", lambda c: c.created.replace("T", " ")[:16], explain="UTC"),
    Column("sessions", "sessions", lambda c: c.sessions, explain="concurrent sessions", whole=True),
    Column("failed", "failed", lambda c: c.failed, whole=True),
    Column("transport", "transport", lambda c: c.transport),
    Column("resolution_ms", "resolution", lambda c: c.resolution_ms, "ms", None),
    Column("counts", "counts", lambda c: "as injected" if c.counts_exact else "DIFFER"),
    Column("busy", "not used because", lambda c: c.busy, prose=True),
)


def calibrations_table(results: Sequence[Calibration]) -> Table:
    """One row a calibration, in the order given."""
    return table_of(_STORED, results)


def calibration_table(calibration: Calibration) -> Table:
    """One row a metric, then what the way between the two processes takes."""
    rows = [*calibration.metrics.items(), *((f"(wire) {name}", facts) for name, facts in calibration.wire.items())]
    counts = "every count as injected" if calibration.counts_exact else "COUNTS DIFFER FROM WHAT WAS INJECTED"
    notes = [
        f"{counted(calibration.sessions, 'concurrent session')}, {calibration.failed} failed; {counts}",
        *calibration.count_errors,
        f"resolution on this machine: {calibration.resolution_ms:g} ms"
        if calibration.resolution_ms
        else "no resolution",
    ]
    if calibration.busy:
        notes.append(
            f"measured on a busy machine ({calibration.busy}): tables do not use it; calibrate when it is idle"
        )
    return table_of(ERROR_COLUMNS, rows, notes)
