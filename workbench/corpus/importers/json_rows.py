"""Objects of JSON files, strictly: whatever is no row is named with its line, and nothing is passed over."""

from __future__ import annotations

import gzip
import json
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.corpus import Problem
from workbench.corpus.importers.items import lines_of
from workbench.corpus.rows import DuplicateKeyError, unique_keys
from workbench.errors import CorpusError

__all__ = ["array_rows", "is_array", "json_lines", "unpacked"]

_MAX_UNPACKED = 4 * 1024**3
_BLANK = " \t\r\n"

Rows = Iterator[tuple[int, dict[str, Any]] | Problem]


_DECODER = json.JSONDecoder(object_pairs_hook=unique_keys)


def json_lines(path: Path) -> Rows:
    """Objects of a JSONL file with their line numbers."""
    for entry in lines_of(path):
        if isinstance(entry, Problem):
            yield entry
            continue
        line, text = entry
        try:
            value = _DECODER.decode(text)
        except DuplicateKeyError as error:
            yield Problem(str(path), line, None, f"duplicate key (got {error} twice)")
            continue
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


def is_array(path: Path) -> bool:
    """Whether a JSON file begins with an array."""
    with path.open("rb") as file:
        return file.read(4096).decode("utf-8-sig", errors="replace").lstrip(_BLANK).startswith("[")


def array_rows(source: Path) -> Rows:
    """Objects of a JSON array with the line each begins on; one array, whole, and nothing behind it.

    Raises:
        CorpusError: the file is too large to be one value.
    """
    if source.stat().st_size > _MAX_UNPACKED:
        raise CorpusError("file is too large", item=str(source), expected=f"at most {_MAX_UNPACKED} bytes")
    at = _Cursor(source.read_bytes().decode("utf-8-sig", errors="replace"))
    if at.mark() != "[":
        yield Problem(str(source), 1, None, "not a JSON array")
        return
    at.move(1)
    yield from _members(source, at)
    if at.broken:
        return
    if at.mark() != "]":
        yield Problem(str(source), at.line, None, "the array does not end (got the end of the file; expected ])")
        return
    at.move(1)
    if at.mark():
        yield Problem(str(source), at.line, None, "something behind the end of the array (expected one array)")


def _members(source: Path, at: _Cursor) -> Rows:
    rows = 0
    while (mark := at.mark()) not in ("", "]"):
        if mark == ",":
            at.move(1)
            if rows == 0 or at.mark() in ("", ",", "]"):
                yield Problem(str(source), at.line, None, "a comma without a row")
            if at.mark() in ("", ",", "]"):
                continue
        elif rows:
            yield Problem(str(source), at.line, None, "no comma before this row")
        rows += 1
        line = at.line
        try:
            value = at.value()
        except DuplicateKeyError as error:
            yield Problem(str(source), line, None, f"duplicate key (got {error} twice)")
            continue
        except (ValueError, RecursionError) as error:
            why = "nested too deeply" if isinstance(error, RecursionError) else error
            yield Problem(str(source), line, None, f"not JSON: {why}")
            at.broken = True
            return
        if isinstance(value, dict):
            yield line, value
        else:
            yield Problem(str(source), line, None, f"not a JSON object (got {type(value).__name__})")


class _Cursor:
    """A place in a text, with its line; ``broken`` where nothing more can be read."""

    def __init__(self, text: str) -> None:
        self.line = 1
        self.broken = False
        self._text = text
        self._position = 0

    def mark(self) -> str:
        """The next character that is not blank; empty at the end."""
        position = self._position
        while position < len(self._text) and self._text[position] in _BLANK:
            position += 1
        self.move(position - self._position)
        return self._text[position : position + 1]

    def move(self, characters: int) -> None:
        self.line += self._text.count("\n", self._position, self._position + characters)
        self._position += characters

    def value(self) -> object:
        """The JSON value that begins here; one with a duplicate key is passed over and raises."""
        start = self._position
        try:
            value, end = _DECODER.raw_decode(self._text, start)
        except DuplicateKeyError:
            self.move(json.JSONDecoder().raw_decode(self._text, start)[1] - start)
            raise
        self.move(end - start)
        return value


@contextmanager
def unpacked(source: Path) -> Iterator[Path]:
    """The file, or its content if it is gzipped; removed afterwards.

    Raises:
        CorpusError: it is damaged, or too large: a thousand bytes can hold a gigabyte of blanks.
    """
    if source.suffix != ".gz":
        yield source
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / source.stem
        _unpack(source, plain)
        yield plain


def _unpack(source: Path, plain: Path) -> None:
    size = 0
    try:
        with gzip.open(source) as packed, plain.open("wb") as file:
            while block := packed.read(1 << 20):
                size += len(block)
                if size > _MAX_UNPACKED:
                    raise CorpusError("file is too large", item=str(source), expected=f"{_MAX_UNPACKED} bytes unpacked")
                file.write(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(
            "file is not gzipped, or damaged", item=str(source), got=type(error).__name__, expected="a .jsonl.gz"
        ) from None
