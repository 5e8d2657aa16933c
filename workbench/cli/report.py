"""``workbench report``: a run as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.screen import json_option, note, print_json

__all__ = ["report"]


@click.command(epilog="Example: workbench report last -o report.html --redact")
@click.argument("run", default="last")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File to write.  [default: RUN.html]")
@click.option("--redact", is_flag=True, help="Numbers of words instead of transcripts.")
@click.option("--light", is_flag=True, help="No scripts, under 300 kB: for mail.")
@click.option("--audio", is_flag=True, help="The sound of the sessions that are shown, as it was streamed.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@json_option
def report(
    run: str, output: Path | None, redact: bool, light: bool, audio: bool, store: Path | None, as_json: bool
) -> None:
    """Write RUN as one HTML file that needs no network, no server and no other file.

    It holds transcripts, which are patient data, unless --redact is given; sound only with --audio.
    """
    import os

    from workbench.calibration import load_calibration
    from workbench.report import write_report
    from workbench.scored import load_result
    from workbench.settings import load_settings
    from workbench.store import open_run

    root = load_settings(os.environ, store=store).store
    result = load_result(open_run(root, run))
    path = output or Path(f"{result.run.run_id}.html")
    calibration = load_calibration(root)
    resolution_ms = calibration.resolution_ms if calibration else None
    size = write_report(path, result, redact=redact, light=light, audio=audio, resolution_ms=resolution_ms)
    if as_json:
        print_json({"run_id": result.run.run_id, "path": str(path), "bytes": size, "redacted": redact, "light": light})
    else:
        click.echo(str(path))
        held = "transcripts and sound" if audio else "transcripts"
        note(f"{size / 1000:.0f} kB" + ("" if redact else f", with {held}: treat it as patient data"))
