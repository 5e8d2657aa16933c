"""``workbench capacity``: how many sessions at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.screen import json_option, note, print_json

if TYPE_CHECKING:
    from workbench.capacity import Level

__all__ = ["capacity"]


@click.command(epilog="Example: workbench capacity --sessions 1000 --seconds 20 --json")
@click.option("--endpoint", help="simulator (started for the run), or a base URL.")
@click.option("--sessions", type=click.IntRange(1), help="Hold this level.  [default: ramp until something gives way]")
@click.option("--seconds", default=20.0, show_default=True, help="Steady stretch of a level.")
@click.option("--max-sessions", default=4000, show_default=True, type=click.IntRange(1), help="Where a ramp ends.")
@click.option("--arrivals", is_flag=True, help="Sessions come at random moments and go; default: all stay.")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="Of the client.")
@click.option(
    "--transport", type=click.Choice(["auto", "websockets", "picows"]), default="auto", show_default=True,
    help="auto takes picows above 200 sessions.",
)  # fmt: skip
@click.option(
    "--recogniser", type=click.Choice(["scripted", "replay"]), default="scripted", show_default=True,
    help="Of the simulator that is started.",
)  # fmt: skip
@click.option("--corpus", help="What is said to anything but the scripted recogniser.  [default: clinic]")
@click.option("--finalisation-ms", default=1000.0, show_default=True, help="Objective: p95 of finals behind speech.")
@click.option("--errors", default=0.01, show_default=True, help="Objective: share of sessions that may fail.")
@click.option("--realtime", is_flag=True, help="Ask for SCHED_FIFO while sessions stream.")
@click.option("--seed", default=0, show_default=True, help="Of the arrivals.")
@click.option("--i-own-this-endpoint", "owned", is_flag=True, help="Load another machine's service.")
@click.option("--ca-file", type=click.Path(path_type=Path), help="Further certificate authority, PEM.")
@json_option
def capacity(
    endpoint: str | None,
    sessions: int | None,
    seconds: float,
    max_sessions: int,
    arrivals: bool,
    processes: int,
    transport: str,
    recogniser: str,
    corpus: str | None,
    finalisation_ms: float,
    errors: float,
    realtime: bool,
    seed: int,
    owned: bool,
    ca_file: Path | None,
    as_json: bool,
) -> int:
    """Find out how many sessions at a time hold, and whether the client or the service gives way.

    Levels grow until the p95 of finals, the share of failed sessions or the client's own pacing breaks. Exit code 1
    where a level that was asked for did not hold.
    """
    import os

    import msgspec

    from workbench.capacity import LoadPlan, Objective, find_capacity
    from workbench.corpus import find_corpus
    from workbench.pacing import run
    from workbench.settings import load_settings

    load = LoadPlan(
        sessions, seconds, max_sessions, arrivals, processes, transport, recogniser, find_corpus(corpus or "clinic"),
        realtime, seed, owned,
    )  # fmt: skip
    settings = load_settings(os.environ, endpoint=endpoint, ca_file=ca_file)
    found = run(find_capacity(settings, load, Objective(finalisation_ms, errors), _show))
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        for level in found.levels:
            click.echo(_line(level))
        after = f"; beyond that the {found.gave_way} gives way" if found.gave_way else ""
        click.echo(f"Held: {found.held_sessions or 'no level'}{after}")
    return 1 if sessions is not None and not found.levels[0].held else 0


def _show(level: Level) -> None:
    note(_line(level))


def _line(level: Level) -> str:
    """A level in one line."""

    def ms(value: Any) -> str:  # noqa: ANN401  a number, or None
        return "unknown" if value is None else f"{value:.3g} ms"

    said = (
        f"{level.sessions} sessions: sent late p99 {ms(level.lateness_p99_ms)}, max {ms(level.lateness_max_ms)}; "
        f"{level.cpu_us_per_frame or 0:.0f} us of CPU a frame; finals p95 {ms(level.finalisation_p95_ms)}; "
        f"{level.errors} failed"
    )
    return said + (f"; the {level.gave_way} gave way: {level.reason}" if level.gave_way else "")
