"""A table: declared columns, rows of values, and what stands where a value is unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, Generic, Literal, TypeVar

from workbench.scoring.measures import METRICS
from workbench.scoring.metric import Metric
from workbench.scoring.metrics.stats import Interval

__all__ = ["Column", "Table", "column_of", "end_of", "metric_column", "on_its_side", "table_of", "without_results"]

T = TypeVar("T")


Value = str | int | float | bool | None


UNKNOWN = "–"
_SIGNIFICANT = 4


def _significant(value: float) -> str:
    """Four significant digits, never with an exponent; whole numbers keep all of theirs.

    >>> _significant(11612.4), _significant(0.25), _significant(0.0001234567), _significant(0.0)
    ('11612', '0.25', '0.0001235', '0')
    """
    if not value or not math.isfinite(value):
        return f"{value:g}"
    places = max(0, _SIGNIFICANT - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column.

    Attributes:
        key: name in JSON and CSV.
        title: name on screen.
        value: the full number of a row.
        unit: ``%`` (the value is a ratio), ``ms``, ``s``, another word or empty.
        decimals: on screen; None for four significant digits.
        explain: one sentence for a tool tip or a legend.
        whole: it holds whole numbers.
        prose: it holds sentences: a table of text has them below it.
    """

    key: str
    title: str
    value: Callable[[T], Value]
    unit: str = ""
    decimals: int | None = 0
    explain: str = ""
    whole: bool = False
    prose: bool = False

    def text(self, value: Value, resolution: float | None = None) -> str:
        """The value as it is shown, without its unit; no finer than ``resolution``, in the unit of the value."""
        if value is None:
            return UNKNOWN
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str):
            return value
        shown = value * 100 if self.unit == "%" else value
        if resolution is not None:
            places = -math.floor(math.log10(resolution))
            shown_places = max(0, places if self.decimals is None else min(places, self.decimals))
            return f"{round(shown, places):.{shown_places}f}"
        return _significant(shown) if self.decimals is None else f"{shown:.{self.decimals}f}"

    @property
    def heading(self) -> str:
        """Title with its unit."""
        return f"{self.title} [{self.unit}]" if self.unit else self.title


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and the rows that belong to them.

    Attributes:
        columns: what each value means.
        rows: one dictionary a row, full numbers, keyed by column.
        notes: what a reader must know: sessions left out, missing values and why.
        names: leading columns that name a row.
    """

    columns: tuple[Column[Any], ...]
    rows: tuple[dict[str, Value], ...]
    notes: tuple[str, ...] = ()
    names: int = 1

    def text_rows(self, resolution_ms: float | None = None) -> list[list[str]]:
        """Formatted cells, in the order of the columns.

        Args:
            resolution_ms: what the instrument was calibrated to; measured times show no finer digits.
        """

        def text(column: Column[Any], row: dict[str, Value]) -> str:
            measured = column.unit == "ms" or (row.get("unit") == "ms" and column.key in _OF_ROW_UNIT)
            # Lateness is read off our own clock; what arrives late does not blur it.
            own = column.key.startswith("pacing")
            return column.text(row[column.key], resolution_ms if measured and not own else None)

        return [[text(column, row) for column in self.columns] for row in self.rows]

    def without(self, hidden: Collection[str]) -> Table:
        """The same without some columns, by their keys."""
        rows = tuple({key: value for key, value in row.items() if key not in hidden} for row in self.rows)
        return replace(self, columns=tuple(c for c in self.columns if c.key not in hidden), rows=rows)


_OF_RESULTS = ("result_", "fact")


def without_results(table: Table) -> Table:
    """A table for people: without the columns of results that come after a session where no row has one."""
    hidden: set[str] = set()
    for prefix in _OF_RESULTS:
        keys = {column.key for column in table.columns if column.key.startswith(prefix)}
        if all(row.get(key) is None for row in table.rows for key in keys):
            hidden |= keys
    return table.without(hidden)


def on_its_side(table: Table, resolution_ms: float | None = None) -> Table:
    """A wide table of few rows as text for a page: a line a column that has a value, a column a row.

    Args:
        table: its first column names the rows.
        resolution_ms: measured times show no finer digits than this.
    """
    lines = table.text_rows(resolution_ms)
    rows = [
        {"metric": column.heading, "meaning": column.explain} | {f"row_{k}": line[at] for k, line in enumerate(lines)}
        for at, column in enumerate(table.columns[1:], 1)
        if any(row[column.key] is not None for row in table.rows)
    ]
    named = [("metric", "metric"), *((f"row_{k}", line[0]) for k, line in enumerate(lines)), ("meaning", "meaning")]
    return table_of([Column(key, title, itemgetter(key)) for key, title in named], rows, table.notes)


_OF_ROW_UNIT = ("baseline", "candidate", "difference", "low", "high")
"""Columns of a table of differences whose unit stands in the row."""


def metric_column(key: str, value: Callable[[T], Value], explain: str = "") -> Column[T]:
    """The column of a metric: name, title, unit and decimals are those of its row.

    Args:
        key: key of the metric.
        value: reads the value, in the unit of tables, see :meth:`workbench.scoring.metric.Metric.shown`.
        explain: what is special about this column; empty for the definition of the metric.
    """
    return column_of(METRICS[key], value, explain)


def column_of(metric: Metric, value: Callable[[T], Value], explain: str = "") -> Column[T]:
    """As :func:`metric_column` for a metric that need not be in the list, such as a percentile that somebody chose."""
    title, whole = metric.heading or metric.title, metric.unit == "count"
    return Column(metric.name, title, value, metric.column_unit, metric.digits, explain or metric.definition, whole)


def table_of(columns: Sequence[Column[T]], items: Iterable[T], notes: Sequence[str] = (), *, names: int = 1) -> Table:
    """One row an item, in the order given; the first ``names`` columns name it."""
    rows = tuple({c.key: c.value(item) for c in columns} for item in items)
    return Table(tuple(columns), rows, tuple(notes), names)


def end_of(interval: Interval | None, end: Literal["low", "high"]) -> float | None:
    """One end of an interval; None if there is no interval, or this end is unbounded."""
    return None if interval is None else getattr(interval, end)
