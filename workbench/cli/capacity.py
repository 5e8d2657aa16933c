"""``workbench capacity``: how many sessions at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.options import cluster_option, json_option, quiet_option, spec_option, store_option
from workbench.cli.results import list_results
from workbench.cli.screen import hint, print_json, print_table, say, store_flag
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.instrument.capacity import Capacity, Level

__all__ = ["capacity", "print_capacity"]


@click.command(epilog="Example: workbench capacity --sessions 1000 --seconds 20 --json")
@spec_option("endpoint")
@click.option(
    "--sessions",
    metavar="N",
    type=click.IntRange(1),
    help="Try only this number of sessions.  [default: grow until a level fails]",
)
@click.option(
    "--seconds",
    metavar="SECONDS",
    default=20.0,
    show_default=True,
    help="Seconds to hold each level once every session is streaming.",
)
@click.option(
    "--max-sessions",
    metavar="N",
    default=4000,
    show_default=True,
    type=click.IntRange(1),
    help="Highest number of sessions to try.",
)
@click.option(
    "--arrivals",
    is_flag=True,
    help="Open-loop load: sessions start at random times and end.  [default: all stay connected]",
)
@click.option(
    "--processes",
    metavar="N",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Number of client processes.",
)
@cluster_option
@spec_option("transport", default=True)
@click.option(
    "--recogniser", type=click.Choice(["scripted", "replay"]), default="scripted", show_default=True,
    help="Recogniser of the local simulator: scripted texts, or cached decodings.",
)  # fmt: skip
@click.option(
    "--corpus", metavar="CORPUS", help="Corpus to stream (not used by the scripted recogniser).  [default: clinic]"
)
@click.option(
    "--finalisation-ms",
    metavar="MS",
    default=1000.0,
    show_default=True,
    help="Largest p95 delay of finals to accept (ms).",
)
@click.option(
    "--errors", metavar="RATIO", default=0.01, show_default=True,
    help="Largest share of failed sessions to accept, 0 to 1.",
)  # fmt: skip
@spec_option("realtime", default=True)
@click.option("--seed", metavar="N", default=0, show_default=True, help="Random seed for the arrivals of sessions.")
@click.option("--i-own-this-endpoint", "owned", is_flag=True, help="Confirm that this remote service is yours to load.")
@spec_option("ca_file")
@click.option("--list", "listed", is_flag=True, help="List earlier results and measure nothing.")
@quiet_option
@store_option
@json_option
def capacity(
    endpoint: str | None,
    sessions: int | None,
    seconds: float,
    max_sessions: int,
    arrivals: bool,
    processes: int,
    cluster: str | None,
    transport: str,
    recogniser: str,
    corpus: str | None,
    finalisation_ms: float,
    errors: float,
    realtime: bool,
    seed: int,
    owned: bool,
    ca_file: Path | None,
    listed: bool,
    store: Path | None,
    as_json: bool,
) -> int:
    """Find how many concurrent sessions work, and whether client or service is the limit.

    The number of sessions grows until finals are too late, too many sessions fail, or the client sends audio late.
    Results are stored with the runs. Exit code 1 if the level of --sessions failed.
    """
    import os

    import msgspec

    from workbench.corpus import find_corpus
    from workbench.instrument.capacity import Capacity, LoadPlan, Objective, find_capacity
    from workbench.instrument.capacity.ramp import HISTORY
    from workbench.instrument.history import append_result, stored_results
    from workbench.playing.pacer import run
    from workbench.reporting.tables.capacity import capacities_table
    from workbench.settings import load_settings

    if listed:
        root = load_settings(os.environ, store=store).store
        found = stored_results(root, HISTORY, Capacity)
        list_results(root, found, capacities_table, "results", verb="capacity", as_json=as_json)
        return 0
    load = LoadPlan(
        sessions, seconds, max_sessions, arrivals, processes, transport, recogniser, find_corpus(corpus or "clinic"),
        realtime, seed, owned,
    )  # fmt: skip
    settings = load_settings(os.environ, endpoint=endpoint, ca_file=ca_file, store=store)
    objective = Objective(finalisation_ms, errors)
    if cluster is None:
        result = run(find_capacity(settings, load, objective, _note_level))
    else:
        from workbench.runs.cluster_capacity import capacity_on_cluster

        result = capacity_on_cluster(settings, load, objective, cluster, _note_level)
    path = append_result(settings.store, HISTORY, result)
    if as_json:
        print_json(msgspec.to_builtins(result))
    else:
        print_capacity(result)
        hint(f"Stored in {path}. List all: workbench capacity --list{store_flag()}")
    return 1 if sessions is not None and not result.levels[0].held else 0


def print_capacity(result: Capacity) -> None:
    """The levels as a table, and the result in a sentence."""
    from workbench.reporting.tables.capacity import capacity_sentence, capacity_table

    print_table(capacity_table(result))
    say(capacity_sentence(result))


def _note_level(level: Level) -> None:
    outcome = "passed" if level.held else f"failed, the {level.gave_way} was the bottleneck: {level.reason}"
    hint(f"{counted(level.sessions, 'session')}: {outcome}")
