"""``workbench calibrate``: the instrument's own error."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.screen import json_option, kernel_stamps_option, note, print_json, realtime_option, transport_option

__all__ = ["calibrate"]


@click.command(epilog="Example: workbench calibrate --sessions 50 --json")
@click.option("--sessions", default=10, show_default=True, type=click.IntRange(1, 2000), help="At the same time.")
@click.option("--seed", default=0, show_default=True, help="Of delays, revisions and errors.")
@transport_option
@realtime_option
@kernel_stamps_option
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@json_option
def calibrate(
    sessions: int, seed: int, transport: str, realtime: bool, kernel_stamps: bool, store: Path | None, as_json: bool
) -> int:
    """Play sessions whose delays, revisions and errors are known, and state what was measured wrong.

    The result is kept beside the runs: later tables show no more digits than it supports.
    """
    import os

    import msgspec

    from workbench.calibration import calibrate as measure
    from workbench.calibration import save_calibration
    from workbench.client.kernel_stamps import KernelStamps
    from workbench.delta_tables import calibration_table
    from workbench.pacing import run
    from workbench.settings import load_settings

    settings = load_settings(os.environ, store=store)
    note(f"{sessions} scripted sessions at the same time, about 15 s")
    kernel = KernelStamps() if kernel_stamps else None
    found = run(measure(sessions, seed=seed, transport=transport, realtime_priority=realtime, kernel=kernel))
    path = save_calibration(settings.store, found)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        from workbench.cli.screen import print_table

        print_table(calibration_table(found))
        note(f"Stored as {path}")
    return 0 if found.counts_exact else 6
