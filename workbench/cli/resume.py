"""``workbench resume``: play what is left of a run."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.options import (
    allow_failed_option,
    cluster_option,
    columns_option,
    json_option,
    percentiles_option,
    quiet_option,
    run_argument,
    spec_option,
    store_option,
)
from workbench.cli.playing import resume_and_print
from workbench.cli.results import asked_metrics, exit_code, print_metrics
from workbench.cli.screen import hint, print_json
from workbench.units import counted

__all__ = ["resume"]


@click.command(epilog="Example: workbench resume last")
@run_argument
@click.option("--retry-failed", is_flag=True, help="Also play failed sessions again; by default they are kept.")
@click.option(
    "--endpoint",
    "endpoints",
    multiple=True,
    metavar="ENDPOINT",
    help="Service that the run was played on; not needed for the local simulator (repeatable).",
)
@spec_option("ca_file")
@cluster_option
@columns_option
@percentiles_option
@allow_failed_option
@quiet_option
@store_option
@json_option
def resume(
    run: str,
    retry_failed: bool,
    endpoints: tuple[str, ...],
    ca_file: Path | None,
    cluster: str | None,
    columns: str | None,
    percentiles: str | None,
    allow_failed: int,
    store: Path | None,
    as_json: bool,
) -> int:
    """Play the missing sessions of RUN, with its seed and in its order.

    RUN is an id or the beginning of one, a folder, or `last`. Stored sessions are kept. Sessions that were cut off are
    played again from their beginning. A simulator that was started for the run is started again. Name any other
    service with --endpoint, because the run may come from another machine. Credentials are read from the environment,
    as for `run`.
    """
    import os

    from workbench.runs.resume import settings_for, unplayed
    from workbench.settings import load_settings
    from workbench.store import open_run

    if columns == "help":
        print_metrics()
        return 0
    metrics = asked_metrics(columns, percentiles, "summary")
    stored = open_run(load_settings(os.environ, store=store).store, run)
    rest = unplayed(stored, retry_failed=retry_failed)
    if stored.committed and not rest.missing:
        hint(f"Run {stored.run_id} is complete: {counted(rest.kept, 'session')}, nothing to play")
        if as_json:
            print_json({"run_id": stored.run_id, "status": stored.status, "resumed": {"kept": rest.kept, "played": 0}})
        return 0
    settings = settings_for(stored, os.environ, store=store, endpoints=endpoints, ca_file=ca_file)
    return exit_code(resume_and_print(rest, settings, as_json, cluster, metrics), allow_failed)
