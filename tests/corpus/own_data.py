"""The table of `docs/own-data.md`: each row is an input, what happens with it, and a value computed another way.

A row makes its input, `tests/corpus/test_own_data.py` plays it, and the text of the table is made from what the test
expects, so that neither can drift. Rows of another section are another list in `SECTIONS`.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

__all__ = ["Finds", "ImportRow", "Imports", "Names", "Reads", "Refuses", "Row", "by_ffmpeg", "need", "table"]


@dataclass(frozen=True)
class Reads:
    """Read to the end: ``samples`` are the expected ones (int16, or how many), ``within`` the largest difference."""

    samples: Callable[[Path], object]
    remark: str | None = None
    within: int = 0
    how: str = "every sample is read"

    def text(self) -> str:
        return _remarked(self.how, self.remark)


@dataclass(frozen=True)
class Refuses:
    """One line that names the file and says this."""

    says: str

    def text(self) -> str:
        return f"refused: *{_closed(self.says)}*"


@dataclass(frozen=True)
class Finds:
    """The checker's cause and words."""

    cause: str
    says: str
    fault: bool

    def text(self) -> str:
        return f"`check` {'refuses' if self.fault else 'remarks'}: *{_closed(self.says)}*"


@dataclass(frozen=True)
class Row:
    """An input: what it is, how a file of it is made, and what happens.

    Attributes:
        kind: first column of the table.
        make: writes the input into a folder and returns its path.
        happens: second column, and what the test expects.
        fields: of the manifest row, for ``Finds``.
    """

    kind: str
    make: Callable[[Path], Path]
    happens: Reads | Refuses | Finds
    fields: dict[str, object] | None = None


@dataclass(frozen=True)
class Imports:
    """The import is whole: ``recordings`` are samples (int16) and reference of each id, made by hand."""

    recordings: dict[str, tuple[Callable[[], np.ndarray], str]]
    how: str = "read"
    tags: dict[str, tuple[str, ...]] | None = None
    remark: str | None = None
    within: int = 0

    def text(self) -> str:
        return _remarked(self.how, self.remark)


@dataclass(frozen=True)
class Names:
    """Nothing is written, and the problem is named with these words."""

    says: str

    def text(self) -> str:
        return f"named, nothing is written: *{_closed(self.says)}*"


@dataclass(frozen=True)
class ImportRow:
    """A manifest or data set: its kind, its format, how it is made, and what importing it with ``options`` does."""

    kind: str
    format: str
    make: Callable[[Path], Path]
    happens: Imports | Names
    options: dict[str, object] = field(default_factory=dict)


def _remarked(how: str, remark: str | None) -> str:
    """What happens, and the remark that is made on it."""
    return f"{how}; remark: *{remark}*" if remark else how


def _closed(says: str) -> str:
    """The beginning of a message, as a whole one reads."""
    return f"{says} …)" if says.count("(") > says.count(")") else says


def table(rows: Sequence[object]) -> str:
    """Rows as Markdown."""
    lines = [f"| {row.kind} | {getattr(row, 'happens', row).text()} |" for row in rows]
    return "\n".join(["| input | what happens |", "|---|---|", *lines])


def need(*programs: str) -> None:
    """Skip the test, with the reason, where a program is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}, which is not installed here")


def by_ffmpeg(path: Path, *, rate: int | None = None) -> np.ndarray:
    """What ffmpeg decodes: mono int16."""
    need("ffmpeg")
    more = [] if rate is None else ["-ar", str(rate)]
    command = ["ffmpeg", "-v", "quiet", "-i", str(path), "-ac", "1", *more, "-f", "f64le", "-"]
    floats = np.frombuffer(subprocess.run(command, capture_output=True, check=False).stdout)
    return np.clip(np.rint(floats * 32768), -32768, 32767).astype(np.int16)
