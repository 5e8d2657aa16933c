"""What a sweep of the page Sweep asks for: widgets on one side, the arguments of ``workbench sweep`` on the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from workbench.audio.config import AudioConfig
from workbench.sweep import Cell, grid, unique, vary_from_flags
from workbench.tables import Column, Table

__all__ = ["SETTINGS", "SUGGESTED", "AskedSweep", "cells_of", "matrix_table"]

SETTINGS = (*(field.name for field in fields(AudioConfig) if field.name != "name"), "network", "pace")
"""What can be varied."""

SUGGESTED = {
    "sample_rate_hz": "16000,8000",
    "snr_db": "inf,30,20",
    "noise": "white,pink,babble",
    "chunk_ms": "50,100,200",
    "codec": "none,opus,gsm",
    "gain_db": "0,-20",
    "speed": "1.0,1.2",
    "pace": "1,2",
}
"""Values that a setting starts with, where there are good ones."""


@dataclass(frozen=True, slots=True)
class AskedSweep:
    """One sweep.

    Attributes:
        vary: setting to values with commas, as typed.
        corpus: built-in name, folder or manifest.
        endpoint: ``simulator``, ``staging``, ``production`` or a base URL.
        model: of a simulator that is started for it.
        limit: utterances; None for all.
        repeats, concurrency, seed: of the run.
    """

    vary: Mapping[str, str]
    corpus: str
    endpoint: str = "simulator"
    model: str = "general"
    limit: int | None = 12
    repeats: int = 1
    concurrency: int = 3
    seed: int = 0

    def flags(self) -> list[str]:
        """One ``key=values`` a setting."""
        return [f"{key}={values}" for key, values in self.vary.items()]

    def arguments(self) -> tuple[str, ...]:
        """Of ``workbench``; the same for the same question."""
        vary = [part for flag in self.flags() for part in ("--vary", flag)]
        limit = [] if self.limit is None else ["--limit", str(self.limit)]
        model = ["--model", self.model] if self.endpoint == "simulator" else []
        numbers = ["--repeats", str(self.repeats), "--concurrency", str(self.concurrency), "--seed", str(self.seed)]
        place = ["--corpus", self.corpus, "--endpoint", self.endpoint]
        return ("sweep", *vary, *place, *model, *limit, *numbers, "--json")


def cells_of(asked: AskedSweep) -> tuple[Cell, ...]:
    """Configurations of the grid, in the order in which tables will have them.

    Raises:
        InputError: nothing to vary, a value that is not allowed, too many or equal configurations.
    """
    return unique(grid(vary_from_flags(asked.flags()), {}, item="sweep", from_text=True))


def matrix_table(cells: tuple[Cell, ...], vary: Mapping[str, str]) -> Table:
    """One row a configuration, one column a varied setting."""

    def text(key: str, cell: Cell) -> str:
        value = getattr(cell if key in ("network", "pace") else cell.audio, key)
        return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)

    names: tuple[Column[Cell], ...] = (Column("audio", "configuration", lambda c: c.name),)
    columns = (*names, *(Column(key, key, lambda c, key=key: text(key, c)) for key in vary))  # type: ignore[misc]  # fmt: skip
    return Table(columns, tuple({column.key: column.value(cell) for column in columns} for cell in cells))
