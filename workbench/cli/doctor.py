"""``workbench doctor``: is everything in place?"""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.screen import json_option, note, print_json

__all__ = ["doctor"]


@click.command(epilog="Example: workbench doctor --endpoint staging")
@click.option("--endpoint", help="simulator (started for the check), staging, production or a base URL.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@click.option("--ca-file", type=click.Path(path_type=Path), help="Further certificate authority, PEM.")
@json_option
def doctor(endpoint: str | None, store: Path | None, ca_file: Path | None, as_json: bool) -> int:
    """Check this machine and the way to the service, and say what to do where something fails.

    It logs in and creates nothing. The exit code is that of the first check that failed: 1 storage, 4 installation,
    configuration or credentials, 5 service not reachable, 6 measuring would be invalid.
    """
    import os
    from dataclasses import asdict

    from workbench.doctor import State, diagnose, exit_code
    from workbench.settings import load_settings

    settings = load_settings(os.environ, endpoint=endpoint, store=store, ca_file=ca_file)
    note("About five seconds; two of them measure this machine's pacing.")
    checks = diagnose(settings)
    status = exit_code(checks)
    if as_json:
        rows = [asdict(check) | {"state": check.state.value} for check in checks]
        print_json({"good": status == 0, "exit_code": status, "checks": rows})
        return status
    width = max(len(check.name) for check in checks)
    for check in checks:
        click.echo(f"{check.state.value:<8} {check.name:<{width}}  {check.found}")
        if check.action is not None:
            click.echo(f"{'':<8} {'':<{width}}  → {check.action}")
    failed = sum(check.state is State.FAILED for check in checks)
    click.echo("All that is needed is in place." if not failed else f"{failed} of {len(checks)} checks failed.")
    return status
