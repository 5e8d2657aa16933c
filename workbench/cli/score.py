"""``workbench score``: score a stored run again."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.run import result_json
from workbench.cli.screen import json_option, note, print_json, print_table

__all__ = ["score"]


@click.command(epilog="Example: workbench score last --normaliser raw")
@click.argument("run", default="last")
@click.option("--normaliser", "name", default="basic", show_default=True, help="How texts are made comparable.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@json_option
def score(run: str, name: str, store: Path | None, as_json: bool) -> None:
    """Score a stored run again from its recorded frames; changes its scores and nothing else."""
    import os

    from workbench.metrics.normalize import normaliser
    from workbench.pipeline import rescore
    from workbench.settings import load_settings
    from workbench.store import open_run
    from workbench.tables import summary_table

    which = normaliser(name)
    stored = open_run(load_settings(os.environ, store=store).store, run)
    result = rescore(stored, which)
    if as_json:
        facts = {"name": which.name, "version": which.version, "hash": which.hash}
        print_json(result_json(result) | {"normaliser": facts})
        return
    print_table(summary_table(result.cells))
    note(f"Scored {len(result.scores)} sessions of {stored.run_id} with normaliser {which.name} {which.version}")
