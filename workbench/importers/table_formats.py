"""Formats written as tables: Hugging Face audiofolder, Common Voice."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.corpus import Problem
from workbench.errors import CorpusError
from workbench.importers.items import Found, Item, json_lines, lines_of, require_file, text_of

__all__ = ["read_audiofolder", "read_common_voice"]

_TEXT_KEYS = ("transcription", "text", "sentence", "transcript")


def read_audiofolder(source: Path) -> Found:
    """Hugging Face audiofolder: a folder with ``metadata.csv`` or ``metadata.jsonl``, or one of those files.

    ``file_name`` and ``transcription`` (or ``text``, ``sentence``, ``transcript``); ``speaker`` or ``speaker_id``.
    """
    names = ("metadata.jsonl", "metadata.csv")
    path = next((source / n for n in names if (source / n).is_file()), source / names[1]) if source.is_dir() else source
    require_file(path, "metadata.csv or metadata.jsonl")
    rows = json_lines(path) if path.suffix == ".jsonl" else _table(path, ",", ("file_name",))
    for entry in rows:
        if isinstance(entry, Problem):
            yield entry
            continue
        line, row = entry
        name, text = text_of(row, "file_name"), text_of(row, *_TEXT_KEYS)
        if name is None or text is None:
            missing = "file_name" if name is None else f"text ({', '.join(_TEXT_KEYS)})"
            yield Problem(str(path), line, name, f"no {missing} in this row")
            continue
        yield Item(
            id=text_of(row, "id") or Path(name).with_suffix("").as_posix(),
            audio=path.parent / name,
            reference=text,
            origin=path,
            line=line,
            speaker=text_of(row, "speaker", "speaker_id"),
        )


def read_common_voice(source: Path) -> Found:
    """Common Voice: a TSV of ``path``, ``sentence``, ``client_id``; audio in ``clips`` beside it."""
    require_file(source, "a Common Voice list (.tsv)")
    for entry in _table(source, "\t", ("path", "sentence")):
        if isinstance(entry, Problem):
            yield entry
            continue
        line, row = entry
        name, text = text_of(row, "path"), text_of(row, "sentence")
        if name is None or text is None:
            yield Problem(str(source), line, name, f"no {'path' if name is None else 'sentence'} in this row")
            continue
        client = text_of(row, "client_id")
        tags = (f"{key}:{value}" for key in ("age", "gender", "accents", "accent") if (value := text_of(row, key)))
        yield Item(
            id=Path(name).stem,
            audio=source.parent / "clips" / name,
            reference=text,
            origin=source,
            line=line,
            speaker=client[:12] if client else None,  # 128 hex digits would fill every table
            tags=tuple(tags),
        )


def _table(path: Path, separator: str, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    """Rows of a table with the line each begins on; a quoted cell of a CSV may span lines."""
    problems: list[Problem] = []
    reader = csv.reader(
        _texts(path, problems), delimiter=separator, quoting=csv.QUOTE_NONE if separator == "\t" else csv.QUOTE_MINIMAL
    )
    head = _cells(reader, path, 1)
    if isinstance(head, Problem):
        raise head.error()
    head = head or []
    if absent := [key for key in needed if key not in head]:
        raise CorpusError("columns are missing", item=f"{path}:1", got=", ".join(head), expected=", ".join(absent))
    line = reader.line_num + 1
    while (cells := _cells(reader, path, line)) is not None:
        yield from problems
        problems.clear()
        if isinstance(cells, Problem):
            yield cells
        elif cells and len(cells) != len(head):
            yield Problem(str(path), line, None, f"wrong number of cells (got {len(cells)}; expected {len(head)})")
        elif cells:
            yield line, dict(zip(head, cells, strict=True))
        line = reader.line_num + 1
    yield from problems


def _cells(reader: Iterator[list[str]], path: Path, line: int) -> list[str] | Problem | None:
    """The next row; None at the end, a problem where it is no row of a table."""
    try:
        return next(reader, None)
    except csv.Error as error:
        return Problem(str(path), line, None, f"not a row of a table: {error}")


def _texts(path: Path, problems: list[Problem]) -> Iterator[str]:
    at = 1
    for entry in lines_of(path):
        if isinstance(entry, Problem):
            problems.append(entry)
            at = (entry.line or at) + 1
            yield "\n"
            continue
        line, text = entry
        yield from ["\n"] * (line - at)  # blank lines count
        yield text + "\n"
        at = line + 1
