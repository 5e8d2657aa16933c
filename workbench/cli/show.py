"""``workbench show``: a stored run again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.options import SLICES, columns_option, json_option, percentiles_option, run_argument, store_option
from workbench.cli.results import asked_metrics, cost_json, print_metrics, result_json, say_cost
from workbench.cli.screen import echo, print_json, print_table, say
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.reporting.tables.table import Table
    from workbench.runs.result import RunResult
    from workbench.scoring.breakdown import Grouping
    from workbench.scoring.metric import Metric
    from workbench.store.labels import RunLabel

__all__ = ["show"]

_OF_PARTS = ("wer", "word_latency_p95")


@click.command(epilog="Example: workbench show last --columns wer,clinical,stability")
@run_argument
@click.option("--sessions", is_flag=True, help="One row per session instead of one per configuration.")
@click.option("--by", type=click.Choice(SLICES), help="One row per group of recordings and configuration.")
@click.option("--delays", is_flag=True, help="Show the components of the median word latency; they add up to it.")
@click.option("--curve", is_flag=True, help="Show WER by the time waited after each word.")
@click.option(
    "--plot",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the figures to FILE (.svg, .png or .html).",
)
@click.option("--text", is_flag=True, help="Print reference and transcript of each session (patient data).")
@columns_option
@percentiles_option
@store_option
@json_option
def show(
    run: str,
    sessions: bool,
    by: Grouping | None,
    delays: bool,
    curve: bool,
    plot: Path | None,
    text: bool,
    columns: str | None,
    percentiles: str | None,
    store: Path | None,
    as_json: bool,
) -> None:
    """Show a stored run: RUN is its id or the beginning of it, its folder, or `last`."""
    import os

    from workbench.reporting.tables.sessions import sessions_table
    from workbench.runs.result import load_result
    from workbench.settings import load_settings
    from workbench.store import open_run
    from workbench.store.labels import RunLabel, run_labels

    if columns == "help":
        print_metrics()
        return
    metrics = asked_metrics(columns, percentiles, "sessions" if sessions else "cells")
    settings = load_settings(os.environ, store=store)
    root = settings.store
    stored = open_run(root, run)
    result = load_result(stored)
    if plot is not None:
        from workbench.reporting.run_figures import write_plot

        write_plot(plot, result)
    views = _views(result, metrics, by, delays=delays) | (_curves(result) if curve else {})
    texts = [
        {"session": str(r.key), "error": r.error, "reference": r.reference.written, "transcript": r.hypothesis()}
        for r in (stored.iter_records() if text else ())
    ]
    label = run_labels(stored.path.parent).get(stored.run_id, RunLabel())
    if as_json:
        payload = (
            result_json(result, metrics) | cost_json(result, settings) | {"label": label, "excluded": result.excluded}
        )
        payload |= {name: list(table.rows) for name, table in views.items()} | _throughput_json(result)
        if sessions:
            payload["session_scores"] = list(sessions_table(result.scores).rows)
        if text:
            payload["texts"] = texts
        print_json(payload)
        return
    _print_head(result, label)
    _print_tables(result, views, metrics, root, sessions=sessions)
    say_cost(result, settings)
    if plot is not None:
        say(f"figures written to {plot}")
    for item in texts:
        echo(f"{item['session']}\n  reference   {item['reference']}\n  transcript  {item['transcript']}")
        if item["error"]:
            echo(f"  error       {item['error']}")


def _views(result: RunResult, metrics: Sequence[Metric], by: Grouping | None, *, delays: bool) -> dict[str, Table]:
    """The tables that were asked for, by their names in JSON."""
    from workbench.scoring.measures import METRICS

    views: dict[str, Table] = {}
    cells = [cell.cell for cell in result.cells]
    if by is not None:
        from workbench.reporting.tables.groups import groups_table

        shown = metrics or [METRICS[key] for key in _OF_PARTS]
        # Configuration and group name a row, in every block of columns.
        views["parts"] = replace(groups_table(result.scores, by, shown, result.run.manifest.seed, cells), names=2)
    if delays:
        from workbench.reporting.tables.analysis import delay_parts_table
        from workbench.scoring.delay_parts import median_words

        views["delay_parts"] = delay_parts_table(median_words(result.scores, cells))
    return views


def _throughput_json(result: RunResult) -> dict[str, object]:
    from workbench.runs.throughput import throughput
    from workbench.units import NS_PER_S

    played = throughput(result.run)
    if played is None:
        return {"throughput": None}
    seconds = {"audio_s": played.audio_ns / NS_PER_S, "wall_s": played.wall_ns / NS_PER_S}
    return {"throughput": {**seconds, "times_real_time": played.times_real_time}}


def _curves(result: RunResult) -> dict[str, Table]:
    from workbench.reporting.tables.curves import over_time_table, wait_table
    from workbench.scoring.curves import curves

    found = curves(result.iter_records(), result.scores, result.run.manifest.seed)
    # Configuration and time name a row, in every block of columns.
    return {
        "curve": replace(wait_table(found.waits), names=2),
        "over_time": replace(over_time_table(found.instants), names=2),
    }


def _print_head(result: RunResult, label: RunLabel) -> None:
    stored = result.run
    manifest = stored.manifest
    say(
        f"run {stored.run_id} ({stored.status}), {manifest.created}: corpus {manifest.corpus.name}, "
        f"endpoint {manifest.endpoint}, recogniser {manifest.recogniser or 'of the service'}, seed {manifest.seed}, "
        f"normaliser {result.scores[0].normaliser if result.scores else '-'}"
    )
    for line in filter(None, (label.text, label.note)):
        say(line)
    if result.excluded:
        wrong = counted(len(result.excluded), "utterance")
        say(f"{wrong} excluded, because the reference is marked as wrong: {', '.join(result.excluded)}")
    echo("")


def _print_tables(
    result: RunResult, views: dict[str, Table], metrics: Sequence[Metric], root: Path, *, sessions: bool
) -> None:
    from workbench.reporting.tables.cells import cells_table, readable
    from workbench.reporting.tables.chosen import chosen_sessions_table, chosen_table
    from workbench.reporting.tables.sessions import sessions_table
    from workbench.reporting.tables.table import without_results
    from workbench.runs.throughput import throughput

    if sessions:
        every = chosen_sessions_table(result.scores, metrics) if metrics else sessions_table(result.scores)
        print_table(without_results(every), store=root)
    elif metrics and "parts" not in views:
        print_table(chosen_table(result, metrics), store=root)
        if played := throughput(result.run):
            say(f"The whole run: {played}")
    elif not views:
        print_table(readable(cells_table(result.cells), result.cells), store=root)
    for table in views.values():
        print_table(table, store=root)
