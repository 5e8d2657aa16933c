"""``workbench doctor``: is everything in place?"""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.options import json_option, spec_option, store_option, text_in_flags
from workbench.cli.screen import echo, note, print_json, print_named

__all__ = ["doctor"]


@click.command(epilog="Example: workbench doctor --endpoint staging")
@spec_option("endpoint")
@store_option
@spec_option("ca_file")
@json_option
def doctor(endpoint: str | None, store: Path | None, ca_file: Path | None, as_json: bool) -> int:
    """Check this machine and the connection to the service, with a fix for every failure.

    It logs in and creates nothing. The exit code is that of the first check that failed: 1 storage, 4 installation,
    configuration or credentials, 5 service not reachable, 6 measurements would be invalid.
    """
    import os
    from dataclasses import asdict

    from workbench.instrument.doctor import State, diagnose, exit_code
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
        print_named(f"{check.state.value:<8} {check.name:<{width}}  ", check.found)
        if check.action is not None:
            print_named(f"{'':<8} {'':<{width}}  → ", text_in_flags(check.action, doctor))
    failed = sum(check.state is State.FAILED for check in checks)
    echo("All checks passed." if not failed else f"{failed} of {len(checks)} checks failed.")
    return status
