"""How far a run has come, by configuration."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from workbench.recording.record import newest
from workbench.store import StoredRun

__all__ = ["CellProgress", "cell_progress"]


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
    stored_keys = run.keys()  # of the run, no dictionary
    stored = Counter(key.cell for key in newest(stored_keys).values())
    manifest = run.manifest
    share = manifest.counts.planned // max(1, len(manifest.cells))
    return [CellProgress(cell.name, stored[cell.name], share) for cell in manifest.cells]
