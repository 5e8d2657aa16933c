"""Rows of a table that match what somebody typed, in the order of a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.errors import InputError
from workbench.reporting.tables.table import Table, Value

__all__ = ["matching", "sorted_by"]


def matching(table: Table, filters: Sequence[str], *, item: str) -> Table:
    """Rows in which every text is found, whatever its case.

    Args:
        table: rows to choose from.
        filters: texts to find in any column, or ``COLUMN=TEXT`` for one.
        item: parameter that the filters were given as, for errors.

    Raises:
        InputError: an unknown column.
    """
    wanted = [_filter(table, text, item) for text in filters]
    rows = tuple(row for row in table.rows if all(_holds(row, columns, text) for columns, text in wanted))
    return replace(table, rows=rows)


def _filter(table: Table, text: str, item: str) -> tuple[Sequence[str], str]:
    keys = [column.key for column in table.columns]
    name, equals, rest = text.partition("=")
    if not equals:
        return keys, text.casefold()
    if name in keys:
        return [name], rest.casefold()
    # Names of configurations hold equal signs too, such as snr_db=20.
    if any(_holds(row, keys, text.casefold()) for row in table.rows):
        return keys, text.casefold()
    raise InputError("unknown column", item=item, got=name, expected=", ".join(keys))


def _holds(row: dict[str, Value], columns: Sequence[str], text: str) -> bool:
    return any(text in str(row[key]).casefold() for key in columns if row[key] is not None)


def sorted_by(table: Table, column: str, *, item: str) -> Table:
    """Rows by the value of a column, unknown values last.

    Args:
        table: rows to sort; equal ones keep their order.
        column: key of the column; with a minus in front the largest value is first.
        item: parameter that the column was given as, for errors.

    Raises:
        InputError: an unknown column.
    """
    key = column.removeprefix("-")
    if key not in (known := [one.key for one in table.columns]):
        raise InputError("unknown column", item=item, got=key, expected=", ".join(known))

    def value(row: dict[str, Value]) -> tuple[bool, float, str]:
        cell = row[key]
        return isinstance(cell, str), 0.0 if isinstance(cell, str) else float(cell or 0), str(cell).casefold()

    rows = [row for row in table.rows if row[key] is not None]
    rows.sort(key=value, reverse=column.startswith("-"))
    return replace(table, rows=(*rows, *(row for row in table.rows if row[key] is None)))
