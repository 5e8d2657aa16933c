"""``workbench report``: a run, or a comparison of runs, as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.options import json_option, run_argument, store_option
from workbench.cli.screen import echo, note, print_json

if TYPE_CHECKING:
    from workbench.runs.result import RunResult

__all__ = ["report"]


@click.command(epilog="Example: workbench report last -o report.html --redact")
@run_argument
@click.argument("candidates", nargs=-1)
@click.option(
    "--output", "-o", metavar="FILE", type=click.Path(path_type=Path), help="File to write.  [default: RUN.html]"
)
@click.option("--redact", is_flag=True, help="Replace transcripts with word counts.")
@click.option("--light", is_flag=True, help="Write a file without scripts, under 300 kB, for mail.")
@click.option("--audio", is_flag=True, help="Include the sound of the sessions that are shown, as it was streamed.")
@store_option
@json_option
def report(
    run: str,
    candidates: tuple[str, ...],
    output: Path | None,
    redact: bool,
    light: bool,
    audio: bool,
    store: Path | None,
    as_json: bool,
) -> None:
    """Write RUN as one HTML file that needs no network, no server and no other file.

    With CANDIDATES, the file compares them with RUN: the verdict, the recordings that changed most word by word, and
    every metric in an appendix. The file contains transcripts (patient data) unless --redact is given, and sound only
    with --audio (one run only).
    """
    import os

    from workbench.instrument.calibration import load_calibration
    from workbench.reporting.html_report import write_report
    from workbench.runs.result import load_result
    from workbench.settings import load_settings
    from workbench.store import open_run

    if candidates and audio:
        raise click.UsageError("--audio belongs to the report of one run; a comparison has no sound")
    root = load_settings(os.environ, store=store).store
    results = [load_result(open_run(root, name)) for name in (run, *candidates)]
    names = [result.run.run_id for result in results]
    if candidates:
        path = output or Path(f"{names[1]}-against-{names[0]}.html")
        size = _comparison(path, results, root, redact, light)
    else:
        path = output or Path(f"{names[0]}.html")
        calibration = load_calibration(root)
        resolution_ms = calibration.applied_ms if calibration else None
        size = write_report(path, results[0], redact=redact, light=light, audio=audio, resolution_ms=resolution_ms)
    if as_json:
        more = {"against": names[1:]} if candidates else {}
        facts = {"run_id": names[0], **more, "path": str(path), "bytes": size, "redacted": redact, "light": light}
        print_json(facts)
    else:
        echo(str(path))
        held = "transcripts and sound" if audio else "transcripts"
        note(f"{size / 1000:.0f} kB" + ("" if redact else f", with {held}: treat it as patient data"))


def _comparison(path: Path, results: list[RunResult], root: Path, redact: bool, light: bool) -> int:
    from workbench.comparing.runs import compare_runs
    from workbench.reporting.comparison_report import write_comparison

    compared = compare_runs(results, root)
    for line in compared.warnings:
        note(f"warning: {line}")
    return write_comparison(path, compared, results, redact=redact, light=light)
