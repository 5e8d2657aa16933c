"""``workbench case``: recordings that went wrong, in one file for whoever runs the service."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.options import json_option, store_option
from workbench.cli.screen import echo, note, print_json

__all__ = ["case"]


@click.command(epilog="Example: workbench case last vitals-02-rms -o case.zip --redact")
@click.argument("run")
@click.argument("utterances", nargs=-1, required=True, metavar="UTTERANCE...")
@click.option(
    "--output", "-o", metavar="FILE", type=click.Path(path_type=Path), help="File to write.  [default: case-RUN.zip]"
)
@click.option("--configuration", "cell", metavar="NAME", help="Configuration of the recordings.  [default: the first]")
@click.option("--redact", is_flag=True, help="Leave out sound and transcripts; keep times and ids.")
@store_option
@json_option
def case(
    run: str,
    utterances: tuple[str, ...],
    output: Path | None,
    cell: str | None,
    redact: bool,
    store: Path | None,
    as_json: bool,
) -> None:
    """Write recordings of RUN as a case for a vendor: one ZIP file for a support ticket.

    The file has index.html, which states in plain English which words are wrong or late, the sound as it was sent,
    reference, transcript, a timeline, every frame with its times, the service's session ids, and versions. No
    credentials are in it. It contains speech and transcripts (patient data) unless --redact is given.
    """
    import os

    from workbench.reporting.case import write_case
    from workbench.reporting.session import find_session
    from workbench.runs.result import load_result
    from workbench.settings import load_settings
    from workbench.store import open_run

    result = load_result(open_run(load_settings(os.environ, store=store).store, run))
    sessions = [find_session(result.run, result.scores, one, cell, 0) for one in dict.fromkeys(utterances)]
    path = output or Path(f"case-{result.run.run_id}.zip")
    written = write_case(path, sessions, redact=redact)
    for name, why in written.silent.items():
        note(f"{name} is without its sound: {why}")
    if as_json:
        facts = {"run_id": result.run.run_id, "path": str(path), "bytes": written.size, "files": written.files}
        print_json({**facts, "redacted": redact, "without_sound": written.silent})
        return
    echo(str(path))
    held = "" if redact else ", with speech and transcripts: treat it as patient data"
    note(f"{written.size / 1000:.0f} kB{held}")
