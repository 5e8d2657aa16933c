"""``workbench calibrate``: the instrument's own error."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.options import json_option, quiet_option, spec_option, store_option
from workbench.cli.results import list_results
from workbench.cli.screen import hint, print_json, print_table, store_flag
from workbench.units import counted

__all__ = ["calibrate"]


@click.command(epilog="Example: workbench calibrate --sessions 50 --json")
@click.option(
    "--sessions",
    metavar="N",
    default=10,
    show_default=True,
    type=click.IntRange(1, 2000),
    help="Number of concurrent sessions.",
)
@click.option("--seed", metavar="N", default=0, show_default=True, help="Random seed for delays, revisions and errors.")
@spec_option("transport", default=True)
@spec_option("realtime", default=True)
@spec_option("kernel_stamps", default=True)
@click.option("--list", "listed", is_flag=True, help="List earlier results and measure nothing.")
@quiet_option
@store_option
@json_option
def calibrate(
    sessions: int,
    seed: int,
    transport: str,
    realtime: bool,
    kernel_stamps: bool,
    listed: bool,
    store: Path | None,
    as_json: bool,
) -> int:
    """Play sessions with known delays, revisions and errors, and report the measurement error.

    The result is stored with the runs: later tables show no more digits than it supports. Exit code 6 if a count is
    wrong.
    """
    import os

    import msgspec

    from workbench.client.kernel_stamps import KernelStamps
    from workbench.instrument.calibration import save_calibration
    from workbench.instrument.calibration.calibrate import calibrate as measure
    from workbench.instrument.calibration.result import stored_calibrations
    from workbench.playing.pacer import run
    from workbench.reporting.tables.calibration import calibration_table, calibrations_table
    from workbench.settings import load_settings

    settings = load_settings(os.environ, store=store)
    if listed:
        list_results(
            settings.store, stored_calibrations(settings.store), calibrations_table, "calibrations",
            verb="calibrate", as_json=as_json,
        )  # fmt: skip
        return 0
    hint(f"{counted(sessions, 'concurrent scripted session')}, about 15 s")
    kernel = KernelStamps() if kernel_stamps else None
    calibration = run(measure(sessions, seed=seed, transport=transport, realtime_priority=realtime, kernel=kernel))
    path = save_calibration(settings.store, calibration)
    if as_json:
        print_json(msgspec.to_builtins(calibration))
    else:
        print_table(calibration_table(calibration))
        hint(f"Stored as {path}. List all: workbench calibrate --list{store_flag()}")
    return 0 if calibration.counts_exact else 6
