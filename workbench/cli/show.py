"""``workbench show``: a stored run again."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.run import result_json
from workbench.cli.screen import json_option, print_json, print_table

__all__ = ["show"]


@click.command(epilog="Example: workbench show last --sessions")
@click.argument("run", default="last")
@click.option("--sessions", is_flag=True, help="One row a session instead of one a configuration.")
@click.option("--text", is_flag=True, help="Print reference and transcript of each session (patient data).")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@json_option
def show(run: str, sessions: bool, text: bool, store: Path | None, as_json: bool) -> None:
    """Show a stored run: RUN is its id, its folder, or `last`."""
    import os

    from workbench.scored import load_result
    from workbench.settings import load_settings
    from workbench.store import open_run
    from workbench.tables import cells_table, sessions_table

    root = load_settings(os.environ, store=store).store
    stored = open_run(root, run)
    result = load_result(stored)
    table = sessions_table(result.scores)
    texts = [
        {"session": str(r.key), "error": r.error, "reference": r.reference.written, "transcript": r.hypothesis()}
        for r in (stored.iter_records() if text else ())
    ]
    if as_json:
        payload = result_json(result)
        if sessions:
            payload["session_scores"] = list(table.rows)
        if text:
            payload["texts"] = texts
        print_json(payload)
        return
    manifest = stored.manifest
    click.echo(
        f"run {stored.run_id} ({stored.status}), {manifest.created}: corpus {manifest.corpus.name}, "
        f"endpoint {manifest.endpoint}, recogniser {manifest.recogniser or 'of the service'}, seed {manifest.seed}, "
        f"normaliser {result.scores[0].normaliser if result.scores else '-'}"
    )
    print_table(table if sessions else cells_table(result.cells), store=root)
    for item in texts:
        click.echo(f"{item['session']}\n  reference   {item['reference']}\n  transcript  {item['transcript']}")
        if item["error"]:
            click.echo(f"  error       {item['error']}")
