"""What every foreign format is turned into before it becomes a manifest row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.corpus import Problem
from workbench.corpus.rows import MAX_ROW_BYTES, bounded_lines
from workbench.errors import CorpusError

__all__ = ["Found", "Item", "ItemTurn", "json_lines", "lines_of", "number", "require_file", "text_of"]


@dataclass(frozen=True, slots=True)
class ItemTurn:
    """A speaker's turn, in seconds from the start of the item."""

    speaker: str
    start_s: float
    end_s: float
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One utterance of a foreign corpus, as it stands there.

    Attributes:
        id: as given, or the audio file's stem.
        audio: the file, not yet looked at.
        reference: the text.
        origin: file that the row stands in.
        line: from 1.
        speaker: None where the format does not say.
        start_s, duration_s: the stretch of the file; None is to its end.
        tags: slices.
        turns: where there are several speakers.
    """

    id: str
    audio: Path
    reference: str = field(repr=False)
    origin: Path
    line: int
    speaker: str | None = None
    start_s: float = 0.0
    duration_s: float | None = None
    tags: tuple[str, ...] = ()
    turns: tuple[ItemTurn, ...] = ()


Found = Iterator[Item | Problem]
"""What a reader yields: items, and in their place the rows that are none."""


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
                yield Problem(str(path), line, None, "not UTF-8")
                continue
            if text.strip():
                yield line, text


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    """Objects of a JSONL file with their line numbers."""
    for entry in lines_of(path):
        if isinstance(entry, Problem):
            yield entry
            continue
        line, text = entry
        try:
            value = json.loads(text)
        except ValueError as error:
            yield Problem(str(path), line, None, f"not JSON: {error}")
            continue
        except RecursionError:
            yield Problem(str(path), line, None, "not JSON: nested too deeply")
            continue
        if isinstance(value, dict):
            yield line, value
        else:
            yield Problem(str(path), line, None, f"not a JSON object (got {type(value).__name__})")


def text_of(row: dict[str, Any], *keys: str) -> str | None:
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
