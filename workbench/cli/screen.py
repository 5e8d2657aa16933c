"""What every verb prints: tables and JSON on stdout, progress on stderr."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from workbench.errors import escaped, visible
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.reporting.tables.table import Table

__all__ = [
    "QUIET",
    "SCHEMA_VERSION",
    "count_progress",
    "echo",
    "hint",
    "item_progress",
    "note",
    "print_facts",
    "print_json",
    "print_named",
    "print_rows",
    "print_table",
    "quiet",
    "say",
    "screen_width",
    "store_flag",
]

QUIET = "workbench.quiet"
"""Key of ``--quiet`` among what the contexts of a command share."""

SCHEMA_VERSION = 1
"""Of every ``--json`` output; grows when a key changes its meaning or goes."""


def print_json(payload: dict[str, Any]) -> None:
    """One JSON object on stdout, ``schema_version`` first; numbers that are not finite become null."""
    data = msgspec.json.encode({"schema_version": SCHEMA_VERSION, **payload})
    click.echo(json_text(msgspec.json.format(data, indent=2)))


def print_rows(**fields: object) -> None:
    """One JSON object on one line, ``schema_version`` among its keys in their order, as ``datasets`` prints it."""
    click.echo(json_text(msgspec.json.encode({"schema_version": SCHEMA_VERSION, **fields}, order="deterministic")))


def json_text(data: bytes) -> str:
    """JSON as stdout can show it: what its encoding has not, or a terminal would obey, is escaped."""
    text = escaped(data.decode())
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return "".join(character if character.isascii() else json.dumps(character)[1:-1] for character in text)
    return text


def echo(text: str) -> None:
    """Lines for people; what a terminal would obey is made visible, whoever it came from."""
    click.echo(visible(text, keep="\n"))


def note(text: str) -> None:
    """A line for people, on stderr."""
    click.echo(visible(text, keep="\n"), err=True)


def quiet() -> bool:
    """Whether ``--quiet`` was given to the verb that is running."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(QUIET))


def hint(text: str) -> None:
    """A line on stderr about progress or what to do next; none with ``--quiet``."""
    if not quiet():
        note(text)


def store_flag() -> str:
    """The option ``--store`` as it was typed, with a blank before it, for a hint that can be pasted; else nothing."""
    context = click.get_current_context(silent=True)
    store = None if context is None else context.params.get("store")
    return "" if store is None else f" --store {shlex.quote(str(store))}"


def screen_width() -> int | None:
    """Columns that lines are laid out for: those of COLUMNS or of the terminal; None for a pipe or a file."""
    asked = os.environ.get("COLUMNS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def say(text: str) -> None:
    """Sentences for people on stdout; where the width is known, lines end between words."""
    from workbench.reporting.tables.text import paragraph

    width = screen_width()
    for line in text.split("\n"):
        echo("\n".join(paragraph(visible(line), width)) if width is not None else line)


def print_table(table: Table, title: str = "", store: Path | None = None, *, turned: bool = False) -> None:
    """A table on stdout and its notes below it, laid out for the width of the terminal.

    Args:
        table: what to print.
        title: above it.
        store: folder of the runs; where a calibration lies in it, times show no finer digits than it supports.
        turned: one line a column, whether or not the table would fit.
    """
    from workbench.reporting.tables.text import table_lines

    resolution_ms = _resolution_ms(store) if store is not None else None
    if title:
        echo("")
        say(title)
    width = screen_width()
    for line in table_lines(table, width, resolution_ms=resolution_ms, turned=turned):
        echo(line)
    if resolution_ms is not None:
        say(f"  times to {resolution_ms:g} ms, the resolution found by workbench calibrate")


_UNITS = {"_ms": "ms", "_s": "s", "_hz": "Hz", "_dbfs": "dBFS", "_db": "dB", "_kbps": "kbit/s", "_share": "%"}
"""Endings of the keys of facts; a share is a ratio and shown in per cent."""


def print_facts(facts: Mapping[str, object], titles: Mapping[str, str] | None = None) -> None:
    """Named values on stdout, one below the other, each name with its unit; a long value goes on below itself.

    Args:
        facts: value by key; a key ends in its unit, as ``duration_s`` does.
        titles: names, with units, for keys that need others.
    """
    rows = [_fact(key, value, (titles or {}).get(key)) for key, value in facts.items()]
    names = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        print_named(f"  {name:<{names}}  ", text)


def print_named(head: str, text: str) -> None:
    """A text on stdout after ``head``; where the width is known, further lines begin under its first word."""
    from workbench.reporting.tables.text import paragraph

    width = screen_width()
    parts = text.split("\n")
    if width is not None:
        room = max(width - len(head), _LEAST_ROOM)
        parts = [line for part in parts for line in paragraph(visible(part), room)] or [""]
    echo((head + ("\n" + " " * len(head)).join(parts)).replace("\N{NO-BREAK SPACE}", " ").rstrip())


_LEAST_ROOM = 20


def _fact(key: str, value: object, title: str | None) -> tuple[str, str]:
    ending = next((ending for ending in _UNITS if key.endswith(ending)), "")
    unit = f" [{_UNITS[ending]}]" if ending else ""
    name = title or key.removesuffix(ending).replace("_", " ") + unit
    if value is None:
        return name, "unknown"
    if isinstance(value, Mapping):
        return name, "\n".join(f"{k}: {v}" for k, v in value.items()) or "none"
    if isinstance(value, list | tuple):
        return name, ", ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return name, f"{value * 100:.1f}" if ending == "_share" else f"{value:.1f}" if "[" in name else f"{value:g}"
    return name, str(value)


_LINE_EVERY_S = 2.0


def _resolution_ms(store: Path) -> float | None:
    from workbench.instrument.calibration import load_calibration

    calibration = load_calibration(store)
    return calibration.applied_ms if calibration is not None else None


def count_progress(what: str) -> Callable[[object], None]:
    """What is called for every item of an unknown number: a line on stderr every two seconds has their count."""
    count, shown_at = 0, time.monotonic()

    def step(_: object) -> None:
        nonlocal count, shown_at
        count += 1
        if time.monotonic() - shown_at >= _LINE_EVERY_S:
            shown_at = time.monotonic()
            hint(counted(count, what))

    return step


@contextlib.contextmanager
def item_progress(what: str, unit: str = "utterances") -> Iterator[Callable[[int, int], None]]:
    """Progress of work on stderr: a bar with the time left on a terminal, a line every two seconds elsewhere."""
    if quiet():
        yield lambda done, total: None
        return
    if not sys.stderr.isatty():
        last = time.monotonic()

        def line(done: int, total: int) -> None:
            nonlocal last
            if time.monotonic() - last >= _LINE_EVERY_S:
                last = time.monotonic()
                note(f"{what}: {done} of {total} {unit}")

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
