"""``workbench resume``: play what is left of a run."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.playing import cluster_option, exit_code, resume_and_print
from workbench.cli.screen import json_option, note, print_json

__all__ = ["resume"]


@click.command(epilog="Example: workbench resume last")
@click.argument("run", default="last")
@click.option("--retry-failed", is_flag=True, help="Play sessions that failed again, too; a failure is a result.")
@click.option("--endpoint", help="New address of the same service on this machine.  [default: the run's]")
@cluster_option
@click.option("--allow-failed", default=0, show_default=True, help="Sessions that may fail before the exit code is 3.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@json_option
def resume(
    run: str,
    retry_failed: bool,
    endpoint: str | None,
    cluster: str | None,
    allow_failed: int,
    store: Path | None,
    as_json: bool,
) -> int:
    """Play what is missing of RUN, with its seed and in its order; RUN is an id, a folder, or `last`.

    Sessions that are stored stay as they are. Those that were cut off begin anew, as a further attempt. A simulator
    that was started for the run is started again; credentials are read from the environment as for `run`.
    """
    import os

    from workbench.asked import asked_of, settings_of
    from workbench.pipeline import unplayed
    from workbench.settings import load_settings
    from workbench.store import open_run

    stored = open_run(load_settings(os.environ, store=store).store, run)
    asked = asked_of(stored.manifest)
    settings = load_settings(
        os.environ,
        store=store,
        endpoint=endpoint or asked.endpoint,
        webhook_port=asked.webhook_port,
        provider_id=asked.provider_id,
    )
    settings = settings_of(stored.manifest, settings, endpoint)
    rest = unplayed(stored, retry_failed=retry_failed)
    if stored.committed and not rest.missing:
        note(f"Run {stored.run_id} is complete: {rest.kept} sessions, nothing to play")
        if as_json:
            print_json({"run_id": stored.run_id, "status": stored.status, "resumed": {"kept": rest.kept, "played": 0}})
        return 0
    return exit_code(resume_and_print(rest, settings, as_json, cluster), allow_failed)
