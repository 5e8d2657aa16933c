"""What every foreign format is turned into before it becomes a manifest row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.corpus import Problem
from workbench.corpus.rows import AUDIO_ENDINGS, MAX_ROW_BYTES, bounded_lines
from workbench.errors import CorpusError

__all__ = [
    "Found", "Item", "ItemTurn", "audio_beside", "channel_of", "lines_of", "number", "require_file",
    "skipped", "tags_of", "text_of",
]  # fmt: skip

_LONGEST_TAG = 60


@dataclass(frozen=True, slots=True)
class ItemTurn:
    """A speaker's turn, in seconds from the start of the item; ``channel`` of the file where the format says it."""

    speaker: str
    start_s: float
    end_s: float
    text: str = field(repr=False)
    channel: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One utterance of a foreign corpus, as it stands there.

    Attributes:
        id: as given; None is made from the name of the audio file.
        audio: path as written, relative to ``base`` or absolute; not yet looked at.
        base: folder that a relative path is meant from.
        reference: the text.
        spoken: the words as they were said, where the format has both.
        origin: file that the row stands in.
        line: from 1.
        speaker: label; None if the format does not say.
        start_s, duration_s: the stretch of the file; None is to its end.
        channel: channel of the file, from 0; None mixes all.
        tags: slices.
        turns: where there are several speakers.
    """

    id: str | None = None
    audio: str
    base: Path
    reference: str = field(repr=False)
    spoken: str | None = field(default=None, repr=False)
    origin: Path
    line: int
    speaker: str | None = None
    start_s: float = 0.0
    duration_s: float | None = None
    channel: int | None = None
    tags: tuple[str, ...] = ()
    turns: tuple[ItemTurn, ...] = ()

    @property
    def path(self) -> Path:
        """Where the audio should lie."""
        return self.base / self.audio


Found = Iterator[Item | Problem]
"""What a reader yields: items, and in their place the rows that are none (remarks for those that are left out)."""


def require_file(path: Path, what: str) -> Path:
    """The path, if it is a file.

    Raises:
        CorpusError: it is not; ``what`` says what was expected.
    """
    if not path.is_file():
        raise CorpusError("nothing to import here", item=str(path), expected=what)
    return path


def lines_of(path: Path) -> Iterator[tuple[int, str] | Problem]:
    """Lines of a UTF-8 text file that are not blank, with their numbers; read one at a time."""
    with path.open("rb") as file:
        for line, raw in enumerate(bounded_lines(file), start=1):
            if raw is None:
                yield Problem(str(path), line, None, f"a row of more than {MAX_ROW_BYTES} bytes")
                continue
            try:
                text = raw.decode("utf-8-sig" if line == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError:
                yield Problem(str(path), line, None, "not UTF-8", "encoding")
                continue
            if text.strip():
                yield line, text


def text_of(row: Mapping[str, Any], *keys: str) -> str | None:
    """The first of the keys that has a text; a number is taken as the text it would be written as."""
    for key in keys:
        value = row.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def number(value: object) -> float | None:
    """A number that is not negative, from JSON or from text; None otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if 0 <= result < float("inf") else None


def channel_of(value: object) -> int | None:
    """A channel from 0, from a number, ``left``, ``right``, ``A`` or ``B``; None if there is none.

    Raises:
        ValueError: it is no single channel; a selection of several cannot be played as one recording.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    names = {"left": 0, "right": 1, "l": 0, "r": 1, "a": 0, "b": 1}
    if isinstance(value, str) and value.strip().lower() in names:
        return names[value.strip().lower()]
    result = number(value)
    if result is None or result != int(result):
        raise ValueError(f"no single channel (got {value!r}; expected a number from 0, left or right)")
    return int(result)


def tags_of(row: Mapping[str, Any], used: Collection[str | None]) -> tuple[str, ...]:
    """Further columns as tags ``column:value``; longer texts are no group and are left out."""
    tags = []
    for key, value in row.items():
        if key in used or isinstance(value, float | list | dict) or value is None:
            continue
        text = str(value).strip()
        if text and len(text) <= _LONGEST_TAG and "\n" not in text:
            tags.append(f"{key}:{text}")
    return tuple(tags)


def audio_beside(folder: Path, stem: str) -> str:
    """Name of the recording of this stem in a folder; the first ending if there is none."""
    names = [f"{stem}{ending}" for ending in AUDIO_ENDINGS]
    names += [f"{stem}{ending.upper()}" for ending in AUDIO_ENDINGS]
    return next((name for name in names if (folder / name).is_file()), names[0])


def skipped(path: Path, line: int | None, item: str | None, why: str) -> Problem:
    """A row that is left out because its file says so."""
    return Problem(str(path), line, item, why, "left out", remark=True)
