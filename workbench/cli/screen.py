"""What every verb prints: tables and JSON on stdout, progress on stderr."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from workbench.recording import SessionRecord
    from workbench.tables import Table

__all__ = [
    "SCHEMA_VERSION",
    "json_option",
    "kernel_stamps_option",
    "note",
    "print_json",
    "print_table",
    "realtime_option",
    "session_progress",
    "transport_option",
]

SCHEMA_VERSION = 1
"""Of every ``--json`` output; grows when a key changes its meaning or goes."""

transport_option = click.option(
    "--transport", type=click.Choice(["auto", "websockets", "picows"]), default="auto", show_default=True,
    help="auto: picows above 200 sessions at a time.",
)  # fmt: skip
realtime_option = click.option(
    "--realtime", is_flag=True, help="Ask for SCHED_FIFO, and processors that do not sleep, while sessions are played."
)
kernel_stamps_option = click.option(
    "--kernel-stamps", is_flag=True, help="Let the kernel stamp arrivals; over TLS the stamps stay our own.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")


def print_json(payload: dict[str, Any]) -> None:
    """One JSON object on stdout, ``schema_version`` first; numbers that are not finite become null."""
    data = msgspec.json.encode({"schema_version": SCHEMA_VERSION, **payload})
    click.echo(msgspec.json.format(data, indent=2).decode())


def note(text: str) -> None:
    """A line for people, on stderr."""
    click.echo(text, err=True)


def print_table(table: Table, title: str = "", store: Path | None = None) -> None:
    """A table on stdout and its notes below it; plain and unshortened where stdout is no terminal.

    Args:
        table: what to print.
        title: above it.
        store: folder of the runs; where a calibration lies in it, times show no finer digits than it supports.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 1000, highlight=False)
    resolution_ms = _resolution_ms(store) if store is not None else None
    rows = list(table.text_rows(resolution_ms))
    lefts = [any(isinstance(row[column.key], str) for row in table.rows) for column in table.columns]
    if len(rows) > _DRAWN_ROWS:
        _print_long([column.heading for column in table.columns], rows, lefts)
    else:
        drawn = RichTable(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for column, left in zip(table.columns, lefts, strict=True):
            drawn.add_column(Text(column.heading), justify="left" if left else "right", overflow="fold")
        for row in rows:
            drawn.add_row(*map(Text, row))
        console.print(drawn)
    for line in table.notes:
        console.print(Text(f"  {line}"), soft_wrap=True)
    if resolution_ms is not None:
        console.print(
            Text(f"  times to {resolution_ms:g} ms, the resolution found by workbench calibrate"), soft_wrap=True
        )


_DRAWN_ROWS = 200
"""Longer tables are set in plain columns: laying out a thousand rows takes rich 0.7 s."""


def _print_long(headings: Sequence[str], rows: Sequence[Sequence[str]], lefts: Sequence[bool]) -> None:
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        placed = zip(cells, widths, lefts, strict=True)
        return "  ".join(cell.ljust(width) if left else cell.rjust(width) for cell, width, left in placed).rstrip()

    click.echo("\n".join([line(headings), "─" * (sum(widths) + 2 * len(widths) - 2), *map(line, rows)]))


def _resolution_ms(store: Path) -> float | None:
    from workbench.calibration import load_calibration

    found = load_calibration(store)
    return found.resolution_ms if found is not None else None


@contextlib.contextmanager
def session_progress(sessions: int, quiet: bool = False) -> Iterator[Callable[[SessionRecord, int], None]]:
    """Progress of a run on stderr: a bar on a terminal, a line every tenth of the way elsewhere."""
    if quiet:
        yield lambda record, done: None
        return
    failed = 0
    if not sys.stderr.isatty():
        step = max(1, sessions // 10)

        def line(record: SessionRecord, done: int) -> None:
            nonlocal failed
            failed += record.outcome.failed
            if record.outcome.failed:
                note(f"  {record.key}: {record.outcome.value}: {record.error}")
            if done % step == 0 or done == sessions:
                note(f"  {done} of {sessions} sessions" + (f", {failed} failed" if failed else ""))

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task("streaming in real time", total=sessions)

        def advance(record: SessionRecord, done: int) -> None:
            if record.outcome.failed:
                progress.console.print(f"  {record.key}: {record.outcome.value}: {record.error}", markup=False)
            progress.update(task, completed=done, description=f"{record.key.cell}: {record.key.utterance}")

        yield advance
