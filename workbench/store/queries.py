"""Questions to many runs at once: DuckDB over their Parquet files.

DuckDB is an engine here, never a database file; a file that it writes would lock readers out. Every query opens its own
engine in memory and sees the files as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError, StoreError
from workbench.store.parquet import FRAMES, SCORES, SESSIONS

if TYPE_CHECKING:
    import duckdb

__all__ = ["Lateness", "lateness_by_cell", "query", "score_percentiles"]

_VIEWS = {"sessions": SESSIONS, "frames": FRAMES, "scores": SCORES}

_THREADS = 2
_MEMORY = "400MB"


@dataclass(frozen=True, slots=True)
class Lateness:
    """Send lateness of one cell, ns: sent minus due, without what a network profile held back.

    Attributes:
        cell: name of the configuration.
        chunks: how many chunks it counts.
        p50_ns, p95_ns, p99_ns, max_ns: interpolated percentiles, and the worst chunk.
    """

    cell: str
    chunks: int
    p50_ns: float
    p95_ns: float
    p99_ns: float
    max_ns: int


def lateness_by_cell(folders: Sequence[Path]) -> list[Lateness]:
    """Send lateness of every cell over the committed runs in ``folders``, cells by name; empty for no frames."""
    if not any((folder / FRAMES).exists() for folder in folders):
        return []
    rows = query(
        folders,
        """
        SELECT cell, count(*), quantile_cont(late, [0.5, 0.95, 0.99]), max(late)
        FROM (SELECT cell, sent_ns - due_ns - coalesce(hold_ns, 0) AS late FROM frames WHERE kind = 'audio')
        GROUP BY cell ORDER BY cell
        """,
    ).fetchall()
    return [Lateness(cell, chunks, p50, p95, p99, worst) for cell, chunks, (p50, p95, p99), worst in rows]


def score_percentiles(folders: Sequence[Path], column: str) -> list[tuple[str, int, float, float, float]]:
    """p50, p95 and p99 of a column of scores by cell: (cell, known values, p50, p95, p99).

    Raises:
        InputError: no run has such a column.
    """
    known = [row[0] for row in query(folders, "DESCRIBE scores").fetchall()]
    if column not in known or "cell" not in known:
        raise InputError("scores have no such column", item=column, expected=", ".join(known) or "scored runs")
    column = column.replace('"', '""')  # the names in a file are not ours
    rows = query(
        folders,
        f"""
        SELECT cell, count("{column}"), quantile_cont("{column}", [0.5, 0.95, 0.99])
        FROM scores WHERE "{column}" IS NOT NULL GROUP BY cell ORDER BY cell
        """,  # noqa: S608  the name was found among the columns
    ).fetchall()
    return [(cell, known, *percentiles) for cell, known, percentiles in rows]


def query(folders: Sequence[Path], sql: str) -> duckdb.DuckDBPyConnection:
    """Run SQL over the views ``sessions``, ``frames`` and ``scores`` of committed runs.

    Args:
        folders: run directories; the views are the union of their tables by column name, and have a column
            ``run_id`` besides.
        sql: one statement.

    Returns:
        DuckDB's result: ``fetchall()``, ``df()`` or ``arrow()``.

    Raises:
        InputError: the statement does not parse, or names what is not there.
        StoreError: a file is damaged.
    """
    import duckdb

    engine = duckdb.connect(config={"threads": _THREADS, "memory_limit": _MEMORY})
    for view, name in _VIEWS.items():
        # Binding a view opens every file of it: only those that the statement names.
        if view in sql:
            _make_view(engine, view, [folder / name for folder in folders if (folder / name).exists()])
    try:
        return engine.execute(sql)
    except duckdb.Error as error:
        raise InputError(
            "the query cannot be answered",
            got=str(error).splitlines()[0],
            expected="SQL over sessions, frames, scores and runs",
        ) from None


def _make_view(engine: duckdb.DuckDBPyConnection, view: str, files: list[Path]) -> None:
    import duckdb

    source = "SELECT NULL AS cell WHERE false"
    if files:
        listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
        tables = f"read_parquet([{listed}], filename = true, union_by_name = true)"
        source = f"SELECT * EXCLUDE (filename), split_part(filename, '/', -2) AS run_id FROM {tables}"  # noqa: S608
    try:
        engine.execute(f"CREATE TEMP VIEW {view} AS {source}")
    except duckdb.Error as error:
        raise StoreError(
            "the runs cannot be queried",
            item=view,
            got=str(error).splitlines()[0],
            action="Run `workbench runs verify`",
        ) from None
