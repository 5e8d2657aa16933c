"""``workbench score``: score a stored run again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.run import result_json
from workbench.cli.screen import json_option, note, print_json, print_table
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.store import StoredRun

__all__ = ["score"]


@click.command(epilog="Example: workbench score last --normaliser raw")
@click.argument("run", default="last")
@click.option(
    "--normaliser",
    "name",
    default="basic",
    show_default=True,
    help="How texts are made comparable; all shows every one.",
)
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@json_option
def score(run: str, name: str, store: Path | None, as_json: bool) -> None:
    """Score a stored run again from its recorded frames; changes its scores and nothing else.

    With --normaliser all it shows how much the choice matters, and stores nothing.
    """
    import os

    from workbench.metrics.normalize import normaliser
    from workbench.scored import rescore
    from workbench.settings import load_settings
    from workbench.store import open_run
    from workbench.tables import summary_table

    root = load_settings(os.environ, store=store).store
    stored = open_run(root, run)
    if name == "all":
        _panel(stored, as_json)
        return
    which = normaliser(name)
    result = rescore(stored, which)
    if as_json:
        facts = {"name": which.name, "version": which.version, "hash": which.hash}
        print_json(result_json(result) | {"normaliser": facts})
        return
    print_table(summary_table(result.cells), store=root)
    scored = counted(len(result.scores), "session")
    note(f"Scored {scored} of {stored.run_id} with normaliser {which.name} {which.version}")


def _panel(stored: StoredRun, as_json: bool) -> None:
    """The sensitivity panel: every configuration under every normaliser."""
    from workbench.metrics.normalize import NORMALISERS
    from workbench.scoring import score_run, score_session
    from workbench.tables import accuracy_table, cell_json

    records = stored.records()
    cells = [
        cell
        for which in NORMALISERS.values()
        for cell in score_run([score_session(record, which) for record in records], seed=stored.manifest.seed)
    ]
    cells.sort(key=lambda cell: cell.cell)
    if as_json:
        facts = [{"name": n.name, "version": n.version, "hash": n.hash} for n in NORMALISERS.values()]
        print_json({"run_id": stored.run_id, "normalisers": facts, "cells": [cell_json(cell) for cell in cells]})
    else:
        print_table(accuracy_table(cells))
