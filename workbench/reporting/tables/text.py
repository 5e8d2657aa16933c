"""Tables as lines of text: whatever the width, no value is cut and no number is broken by the end of a line.

A table that fits stands as it is, its headings on several lines if that helps. Of one that does not fit, a few rows are
turned on their side, with a line for each column; of many rows the columns follow in further blocks that repeat the
names. Where names leave no room for that, each row becomes a record of its own. Sentences follow below the table.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from workbench.errors import visible
from workbench.reporting.tables.table import Table

__all__ = ["PIPED_WIDTH", "paragraph", "table_lines"]

PIPED_WIDTH = 120
"""Columns of a table where there is no terminal to fit it to."""

_GAP = 2
_HEADING_LINES = 4
_SIDE_BY_SIDE = 6
"""Rows up to which a table is turned on its side."""

_UNITS = r"%|points?|ms|s|us|min|h|k?Hz|dB|k?B|MB|GB|words?|sessions?|utterances?|recordings?"
_TOGETHER = re.compile(rf"(?<=\d) (?=(?:{_UNITS})(?!\w))|(?<=\b[np]) (?=[=<] )|(?<=[=<]) (?=[\d.])")
"""Spaces that no line ends at: between a number and its unit, and in ``n = 24``."""
_NUMBER = re.compile(r"[-+±<]? ?\d|unbounded|unknown")
_KEPT = "\N{NO-BREAK SPACE}"


def paragraph(text: str, width: int, indent: str = "", hanging: str = "") -> list[str]:
    """Lines of at most ``width`` columns, broken between words; a number keeps its unit.

    A word that is longer than a line, such as a path, stays whole, so that it can be copied.

    >>> paragraph("WER is worse by 12.5 points (n = 24).", 16)
    ['WER is worse by', '12.5 points', '(n = 24).']
    """
    lines = textwrap.wrap(
        _TOGETHER.sub(_KEPT, text), width, initial_indent=indent, subsequent_indent=indent + hanging,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return [line.replace(_KEPT, " ") for line in lines]


@dataclass(frozen=True, slots=True)
class _Column:
    """One column as text: its heading, its cells, and the side that they stand on."""

    heading: str
    cells: tuple[str, ...]
    left: bool

    @property
    def values(self) -> int:
        """Width of the widest cell."""
        return max(map(len, self.cells), default=0)

    def width(self, lines: int) -> int:
        """Least width that has every cell whole and the heading on so many lines."""
        least = max([1, self.values, *map(len, self.heading.split())])
        return next(w for w in range(least, len(self.heading) + least + 1) if len(self._heading(w)) <= lines)

    def _heading(self, width: int) -> list[str]:
        return textwrap.wrap(self.heading, width, break_long_words=False, break_on_hyphens=False)

    def placed(self, text: str, width: int) -> str:
        return text.ljust(width) if self.left else text.rjust(width)

    def head(self, width: int, lines: int) -> list[str]:
        """The heading on so many lines, at the bottom of them."""
        found = self._heading(width)
        return [self.placed(line, width) for line in [""] * (lines - len(found)) + found]


def table_lines(
    table: Table,
    width: int | None,
    *,
    resolution_ms: float | None = None,
    turned: bool = False,
) -> list[str]:
    """The lines of a table and of its notes, none wider than ``width`` but for a single word that is.

    Args:
        table: what to print. Columns without any value are named in a note.
        width: columns of the terminal; None for a pipe: :data:`PIPED_WIDTH` columns, and notes of one line each.
        resolution_ms: measured times show no finer digits than this.
        turned: turn the table on its side even if it fits.
    """
    names, columns, notes = _columns(table, resolution_ms)
    room = width or PIPED_WIDTH
    lines = _laid_out(names, columns, len(table.rows), room, turned=turned)
    return lines + [line for text in notes for line in _note(visible(text), width)]


def _note(text: str, width: int | None) -> list[str]:
    return [f"  {text}"] if width is None else paragraph(text, width, "  ", "  ")


def _columns(table: Table, resolution_ms: float | None) -> tuple[list[_Column], list[_Column], list[str]]:
    """Columns that name a row, the others that have a value, and the notes with the sentences of the rows first."""
    texts = [[visible(cell) for cell in row] for row in table.text_rows(resolution_ms)]
    names: list[_Column] = []
    columns: list[_Column] = []
    sentences: list[str] = []
    missing: list[str] = []
    for place, column in enumerate(table.columns):
        cells = tuple(row[place] for row in texts)
        known = [row[column.key] for row in table.rows if row[column.key] is not None]
        if place < table.names:
            names.append(_Column(column.heading, cells, left=True))
        elif column.prose:
            sentences += _sentences(names, cells, [row[column.key] is not None for row in table.rows])
        elif table.rows and not known:
            missing.append(column.title)
        else:
            columns.append(_Column(column.heading, cells, not all(_is_number(value) for value in known)))
    empty = [f"no value: {', '.join(missing)}"] if missing else []
    return names, columns, [*sentences, *empty, *table.notes]


def _is_number(value: object) -> bool:
    """Whether it stands on the right: numbers, and texts that begin like one."""
    return not isinstance(value, str) or _NUMBER.match(value) is not None


def _sentences(names: Sequence[_Column], cells: Sequence[str], known: Sequence[bool]) -> Iterator[str]:
    """The sentences of a column, each once, behind the names of its rows."""
    rows: dict[str, list[str]] = {}
    for row, text in enumerate(cells):
        if known[row]:
            rows.setdefault(text, []).append(" ".join(name.cells[row] for name in names))
    for text, of in rows.items():
        yield f"{', '.join(of)}: {text}"


def _laid_out(
    names: Sequence[_Column], columns: Sequence[_Column], rows: int, width: int, *, turned: bool
) -> list[str]:
    lines = None if turned else _fitting(names, columns, width)
    if lines is not None:
        return _block([*names, *columns], lines, rows)
    by_row = _row_widths([*names, *columns], rows)
    label = max(len(column.heading) for column in [*names, *columns])
    beside = label + sum(_GAP + one for one in by_row) <= width
    if not turned and not (rows <= _SIDE_BY_SIDE and beside):
        blocks = _column_blocks(names, columns, width)
        if blocks is not None:
            shown = (_block([*names, *block], _HEADING_LINES, rows) for block in blocks)
            return list(_apart(shown))
    groups = (_turned(names, columns, group, label, width) for group in _row_blocks(by_row, width - label))
    return list(_apart(groups))


def _fitting(names: Sequence[_Column], columns: Sequence[_Column], width: int) -> int | None:
    """Lines of heading with which the whole table fits; None if it does not."""
    for lines in range(1, _HEADING_LINES + 1):
        widths = [column.width(lines) for column in [*names, *columns]]
        if sum(widths) + _GAP * (len(widths) - 1) <= width:
            return lines
    return None


def _block(columns: Sequence[_Column], lines: int, rows: int) -> list[str]:
    """Headings, a line, and a line for each row."""
    widths = [column.width(lines) for column in columns]
    heads = [column.head(width, lines) for column, width in zip(columns, widths, strict=True)]
    gap = " " * _GAP
    titles = [gap.join(parts).rstrip() for parts in zip(*heads, strict=True)]
    body = [
        gap.join(column.placed(column.cells[row], width) for column, width in zip(columns, widths, strict=True))
        for row in range(rows)
    ]
    rule = "─" * (sum(widths) + _GAP * (len(widths) - 1))
    return [*(line for line in titles if line), rule, *(line.rstrip() for line in body)]


def _column_blocks(names: Sequence[_Column], columns: Sequence[_Column], width: int) -> list[list[_Column]] | None:
    """Columns that fit behind the names, block by block; None if the names leave no room for some column."""
    room = width + _GAP - sum(name.width(_HEADING_LINES) + _GAP for name in names)
    blocks: list[list[_Column]] = [[]]
    used = 0
    for column in columns:
        needed = _GAP + column.width(_HEADING_LINES)
        if needed > room or room < width // 3:
            return None
        if blocks[-1] and used + needed > room:
            blocks.append([])
            used = 0
        blocks[-1].append(column)
        used += needed
    return blocks


def _row_widths(columns: Sequence[_Column], rows: int) -> list[int]:
    return [max(len(column.cells[row]) for column in columns) for row in range(rows)]


def _row_blocks(widths: Sequence[int], room: int) -> Iterator[range]:
    """Rows that fit beside each other, at least one."""
    start, used = 0, 0
    for row, width in enumerate(widths):
        if row > start and used + width + _GAP > room:
            yield range(start, row)
            start, used = row, 0
        used += width + _GAP
    if widths:
        yield range(start, len(widths))


def _turned(names: Sequence[_Column], columns: Sequence[_Column], rows: range, label: int, width: int) -> list[str]:
    """Some rows beside each other, one line a column; a record if it is a single one."""
    widths = {row: max(len(column.cells[row]) for column in [*names, *columns]) for row in rows}
    if len(rows) == 1:
        shown = [_field(column, column.cells[rows[0]], label, width) for column in [*names, *columns]]
        return [line for lines in shown for line in lines]

    def line(column: _Column) -> str:
        cells = "".join(f"{' ' * _GAP}{column.cells[row]:>{widths[row]}}" for row in rows)
        return f"{column.heading:<{label}}{cells}"

    rule = "─" * (label + sum(_GAP + one for one in widths.values()))
    return [*map(line, names), *([rule] if names else []), *map(line, columns)]


def _field(column: _Column, cell: str, label: int, width: int) -> list[str]:
    """``heading: value`` of a record; a value of several words may take several lines."""
    heading = f"{column.heading}:"
    if label + _GAP + len(cell) < width:
        return [f"{heading:<{label + 1}} {cell}"]
    return [heading, *paragraph(cell, width, "  ")]


def _apart(blocks: Iterable[list[str]]) -> Iterator[str]:
    """The lines of all blocks with an empty line between them."""
    for place, block in enumerate(blocks):
        if place:
            yield ""
        yield from block
