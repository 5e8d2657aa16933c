"""``workbench compare``: paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.options import columns_option, json_option, percentiles_option, store_option
from workbench.cli.results import print_metrics
from workbench.cli.screen import echo, note, print_json, print_table, say
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.runs.result import RunResult
    from workbench.scoring.metric import Metric

__all__ = ["compare"]


@click.command(epilog="Example: workbench compare last")
@click.argument("base", default="last")
@click.argument("candidates", nargs=-1)
@click.option("--by-speaker", is_flag=True, help="Use speakers instead of utterances as the units of the tests.")
@click.option("--offline-baseline", is_flag=True, help="Report what streaming costs in WER.")
@columns_option
@percentiles_option
@store_option
@json_option
def compare(
    base: str,
    candidates: tuple[str, ...],
    by_speaker: bool,
    offline_baseline: bool,
    columns: str | None,
    percentiles: str | None,
    store: Path | None,
    as_json: bool,
) -> int:
    """Compare runs, or the configurations of one run, utterance by utterance.

    With one run, its first configuration is the baseline of the others. With several runs, configurations of the same
    name are compared; runs of one configuration each are compared whatever their names. --offline-baseline compares a
    run on the simulator with the same whisper model that decodes each recording as a whole. --columns and --percentiles
    add other metrics, with intervals and without a test. Exit code 6: the runs cannot be compared.
    """
    import os

    from workbench.comparing.further import further_differences
    from workbench.comparing.runs import compare_runs
    from workbench.reporting.tables.comparison import changed_table, comparison_json
    from workbench.reporting.tables.differences import (
        further_json,
        further_text_table,
        pair_text_table,
        settings_text_table,
    )
    from workbench.runs.result import load_result
    from workbench.settings import load_settings
    from workbench.store import open_run

    if columns == "help":
        print_metrics()
        return 0
    asked = _asked(columns, percentiles)
    root = load_settings(os.environ, store=store).store
    results = [load_result(open_run(root, name)) for name in (base, *candidates)]
    if offline_baseline:
        _streaming(results, as_json)
        return 0
    comparison = compare_runs(results, root, by_speaker=by_speaker)
    for line in comparison.warnings:
        note(f"warning: {line}")
    seed = results[0].run.manifest.seed
    further = [
        {key: further_differences(pair, metrics, seed=seed, by_speaker=by_speaker) for key, metrics in asked.items()}
        for pair in comparison.pairs
    ]
    if as_json:
        payload = comparison_json(comparison)
        for row, found in zip(payload["comparisons"], further, strict=True):
            row |= {key: further_json(differences, asked[key]) for key, differences in found.items()}
        print_json(payload)
        return comparison.exit_code
    for place, (pair, found) in enumerate(zip(comparison.pairs, further, strict=True)):
        if place:
            echo("")
        say(f"{pair.candidate} against {pair.baseline}, {counted(pair.comparison.n, 'utterance')} paired")
        say(f"Verdict: {pair.verdict}")
        if pair.settings:
            print_table(settings_text_table(pair), title="Settings that differ")
        print_table(pair_text_table(pair, comparison.floor), title="Differences, candidate - baseline", store=root)
        for key, differences in found.items():
            title = f"{_TITLES[key]}, candidate - baseline; not part of the tests"
            print_table(further_text_table(differences, asked[key]), title=title, store=root)
        if pair.changed:
            print_table(changed_table(pair), title="Utterances that changed most", store=root)
    paired = f", {counted(comparison.floor.n, 'utterance')}" if comparison.floor else ""
    say(f"Noise floor: {comparison.floor_origin}{paired}")
    return comparison.exit_code


_TITLES = {"columns": "Metrics that were asked for", "percentiles": "Percentiles of latencies"}


def _asked(columns: str | None, percentiles: str | None) -> dict[str, list[Metric]]:
    """What is compared on request, by its key in JSON."""
    from workbench.reporting.tables.chosen import chosen_metrics, percentile_metrics
    from workbench.reporting.tables.chosen import percentiles as parsed

    asked: dict[str, list[Metric]] = {}
    if columns is not None:
        asked["columns"] = chosen_metrics(columns, item="columns")
    if percentiles is not None:
        asked["percentiles"] = percentile_metrics(parsed(percentiles, item="percentiles"))
    return asked


def _streaming(results: Sequence[RunResult], as_json: bool) -> None:
    from workbench.cli.screen import item_progress
    from workbench.comparing.runs import excluded_warnings
    from workbench.comparing.streaming import streaming_costs
    from workbench.reporting.tables.comparison import streaming_table

    with item_progress("decoding whole", "recordings") as advance:
        costs = [(result, streaming_costs(result, advance)) for result in results]
    for line in (line for result in results for line in excluded_warnings(result)):
        note(f"warning: {line}")
    if as_json:
        rows = [
            {
                "run_id": result.run.run_id,
                "streaming_cost": list(streaming_table(found).rows),
                "excluded": result.excluded,
            }
            for result, found in costs
        ]
        print_json({"runs": rows})
        return
    for result, found in costs:
        echo(result.run.run_id)
        for cost in found:
            say(f"  {cost}")
