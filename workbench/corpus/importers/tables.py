"""Rows of tables as programs write them: CSV of any separator, TSV, what Excel exports, Parquet."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.corpus import Problem
from workbench.corpus.importers.items import lines_of
from workbench.corpus.importers.json_rows import json_lines
from workbench.errors import CorpusError

__all__ = ["column_names", "table_rows"]

_SEPARATORS = ",;\t|"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_WORKBOOKS = (".xlsx", ".xls", ".ods", ".numbers")

Rows = Iterator[tuple[int, dict[str, Any]] | Problem]


def column_names(path: Path) -> tuple[str, ...]:
    """Names of a table's columns; of a JSONL file the keys of its first row.

    Raises:
        CorpusError: it is no table, or has no header.
    """
    if path.suffix == ".parquet":
        return tuple(_parquet(path).schema_arrow.names)
    if path.suffix == ".jsonl":
        first = next((entry for entry in json_lines(path) if not isinstance(entry, Problem)), None)
        return tuple(first[1]) if first else ()
    return tuple(_opened(path, [])[1])


def table_rows(path: Path, needed: tuple[str, ...] = ()) -> Rows:
    """Rows by column, with the line each begins on; a quoted cell may span lines.

    Args:
        path: ``.jsonl``, ``.parquet``, or text with a header in its first row.
        needed: columns without which nothing can be read.

    Raises:
        CorpusError: it is no table, or a needed column is missing.
    """
    if path.suffix == ".jsonl":
        yield from json_lines(path)
        return
    if absent := [name for name in needed if name not in (names := column_names(path))]:
        raise CorpusError("columns are missing", item=f"{path}:1", got=", ".join(names), expected=", ".join(absent))
    yield from _parquet_rows(path) if path.suffix == ".parquet" else _text_rows(path)


def _parquet(path: Path) -> Any:  # noqa: ANN401  pyarrow's file
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError):
        raise CorpusError("not a Parquet file, or damaged", item=str(path), expected="a table") from None


def _parquet_rows(path: Path) -> Rows:
    import pyarrow as pa

    line, batches = 0, _parquet(path).iter_batches(1_000)
    while True:
        try:
            rows = next(batches).to_pylist()
        except StopIteration:
            return
        except (pa.ArrowException, OSError, ValueError):
            yield Problem(str(path), line + 1, None, "damaged from this row on (expected a whole Parquet file)")
            return
        for row in rows:
            line += 1
            yield line, row


def _opened(path: Path, problems: list[Problem]) -> tuple[Any, list[str], int]:
    """A reader that stands behind the header, the names in it, and the lines before it."""
    if path.suffix.lower() in _WORKBOOKS:
        raise CorpusError("a spreadsheet, not a table of text", item=str(path), action="Export it as CSV UTF-8")
    texts = _texts(path, problems)
    # Excel's own hint for other programs: sep=; in a line before the header.
    head, before = next(texts, ""), 0
    while head == "\n" or head.lower().startswith("sep="):
        head, before = next(texts, ""), before + 1
    separator = "\t" if path.suffix == ".tsv" else max(_SEPARATORS, key=head.count)
    plain = separator == "\t" and '"' not in head
    reader = csv.reader(_with(head, texts), delimiter=separator, quoting=csv.QUOTE_NONE if plain else csv.QUOTE_MINIMAL)
    names = _cells(reader, path, 1)
    if problems:
        raise problems[0].error()
    if isinstance(names, Problem):
        raise names.error()
    names = [name.strip() for name in names or []]
    if repeated := [name for name in names if name and names.count(name) > 1]:
        raise CorpusError("two columns of one name", item=f"{path}:1", got=repeated[0], action="Rename one")
    return reader, names, before


def _with(head: str, texts: Iterator[str]) -> Iterator[str]:
    yield head
    yield from texts


def _text_rows(path: Path) -> Rows:
    problems: list[Problem] = []
    reader, head, before = _opened(path, problems)
    line = reader.line_num + before + 1
    while (cells := _cells(reader, path, line)) is not None:
        yield from problems
        problems.clear()
        if isinstance(cells, Problem):
            yield cells
        elif any(cells) and len(cells) != len(head):
            yield Problem(
                str(path), line, None, f"wrong number of cells (got {len(cells)}; expected {len(head)})", "cells"
            )
        elif any(cells):
            yield line, {name: cell for name, cell in zip(head, cells, strict=True) if name}
        line = reader.line_num + before + 1
    yield from problems


def _cells(reader: Iterator[list[str]], path: Path, line: int) -> list[str] | Problem | None:
    """The next row; None at the end, a problem where it is no row of a table."""
    try:
        return next(reader, None)
    except csv.Error as error:
        return Problem(str(path), line, None, f"not a row of a table: {error}")


def _texts(path: Path, problems: list[Problem]) -> Iterator[str]:
    """Lines with their ends; one that cannot be read is blank and a problem."""
    with path.open("rb") as file:
        wide = file.read(2) in _UTF16
    if wide:  # "Unicode text" of Excel
        with path.open(encoding="utf-16", newline="") as lines:
            try:
                yield from (line.replace("\r\n", "\n") for line in lines)
            except UnicodeError:
                problems.append(Problem(str(path), None, None, "not UTF-16", "encoding"))
        return
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
