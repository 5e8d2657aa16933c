"""How far a run is, configuration by configuration, while somebody else plays it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.store import StoredRun
from workbench.tables import Column, Table

__all__ = ["PROGRESS_COLUMNS", "CellProgress", "cell_progress", "progress_table"]


@dataclass(frozen=True, slots=True)
class CellProgress:
    """One configuration of a run that is played.

    Attributes:
        cell: its name.
        stored: sessions that have ended, each counted once.
        planned: sessions asked for.
    """

    cell: str
    stored: int
    planned: int


def cell_progress(run: StoredRun) -> list[CellProgress]:
    """Every configuration in the order of the run; a run may be read while it is written."""
    played = run.keys()  # of the run, no dictionary
    places = {(key.cell, key.utterance, key.repeat) for key in played}
    stored = Counter(cell for cell, *_ in places)
    manifest = run.manifest
    share = manifest.counts.planned // max(1, len(manifest.cells))
    return [CellProgress(cell.name, stored[cell.name], share) for cell in manifest.cells]


PROGRESS_COLUMNS: tuple[Column[CellProgress], ...] = (
    Column("audio", "audio", lambda c: c.cell, explain="audio configuration"),
    Column("stored", "played", lambda c: c.stored, explain="sessions that have ended"),
    Column("planned", "planned", lambda c: c.planned, explain="sessions asked for"),
    Column("share", "done", lambda c: c.stored / c.planned if c.planned else None, "%", 0),
)


def progress_table(found: Sequence[CellProgress]) -> Table:
    """One row a configuration."""
    return Table(PROGRESS_COLUMNS, tuple({c.key: c.value(cell) for c in PROGRESS_COLUMNS} for cell in found))
