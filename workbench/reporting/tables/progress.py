"""How far a run is, configuration by configuration, while somebody else plays it."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.reporting.tables.table import Column, Table, table_of
from workbench.runs.progress import CellProgress

__all__ = ["PROGRESS_COLUMNS", "progress_table"]


PROGRESS_COLUMNS: tuple[Column[CellProgress], ...] = (
    Column("audio", "audio", lambda c: c.cell, explain="audio configuration"),
    Column("stored", "played", lambda c: c.stored, explain="sessions that have ended"),
    Column("planned", "planned", lambda c: c.planned, explain="sessions asked for"),
    Column("share", "done", lambda c: c.stored / c.planned if c.planned else None, "%", 0),
)


def progress_table(cells: Sequence[CellProgress]) -> Table:
    """One row a configuration."""
    return table_of(PROGRESS_COLUMNS, cells)
