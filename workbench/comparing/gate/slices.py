"""Which sessions are judged together: a configuration, and each tag or speaker within it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from workbench.scoring.breakdown import members, names_of
from workbench.scoring.session import SessionScore

__all__ = ["by_slice"]


def by_slice(sessions: Sequence[SessionScore], slices: Iterable[str]) -> Iterator[tuple[str, list[SessionScore]]]:
    """Every configuration, and each tag or speaker within it."""
    cells: dict[str, list[SessionScore]] = {}
    for score in sessions:
        cells.setdefault(score.cell, []).append(score)
    for cell, rows in cells.items():
        yield cell, rows
        for kind in slices:
            for label in sorted({name for s in rows for name in names_of(s, kind)}):
                yield f"{cell} / {kind} {label}", members(rows, kind, label)
