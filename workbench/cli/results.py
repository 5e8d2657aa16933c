"""What verbs print of a played run: its table or JSON object, what was asked of its columns, and its exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.screen import hint, note, print_json, print_table, say, store_flag
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.comparing.paired import NoiseFloor
    from workbench.reporting.tables.table import Table
    from workbench.runs.result import RunResult
    from workbench.scoring.metric import Face, Metric
    from workbench.settings import Settings

__all__ = [
    "asked_metrics",
    "cost_json",
    "exit_code",
    "list_results",
    "print_metrics",
    "print_result",
    "result_json",
    "say_cost",
    "show_played",
]


def show_played(
    result: RunResult,
    settings: Settings,
    as_json: bool,
    more: dict[str, Any] | None,
    metrics: Sequence[Metric],
    *,
    baseline: bool,
) -> None:
    """The result of a run on stdout, and where to look again.

    Args:
        result: the run.
        settings: whose store may hold a calibration.
        as_json: print JSON.
        more: further keys of the JSON object.
        metrics: columns of the table; empty for the usual ones.
        baseline: say what streaming cost, too.
    """
    from workbench.comparing.streaming import streaming_costs
    from workbench.reporting.tables.comparison import streaming_table

    costs = streaming_costs(result) if baseline and result.complete else []
    if as_json:
        shown = {"streaming_cost": list(streaming_table(costs).rows)} if costs else {}
        print_json(
            result_json(result, metrics) | cost_json(result, settings) | _noise_floor(result) | shown | (more or {})
        )
        return
    print_result(result, settings, metrics)
    for cost in costs:
        say(str(cost))
    say_cost(result, settings)
    if result.complete:
        hint(f"Stored as {result.run.path}. Look again: workbench show {result.run.run_id}{store_flag()}")


def cost_json(result: RunResult, settings: Settings) -> dict[str, Any]:
    """Cost of a run as ``--json`` gives it; nothing where nothing is known of it."""
    from workbench.runs.cost import paid

    cost = paid(result, settings.price_per_minute)
    return {} if cost is None else {"cost": cost.to_json()}


def say_cost(result: RunResult, settings: Settings) -> None:
    """One line where there is a price."""
    from workbench.runs.cost import paid

    if cost := paid(result, settings.price_per_minute):
        say(f"cost {cost}")


def asked_metrics(columns: str | None, percentiles: str | None, face: Face) -> list[Metric]:
    """Columns that ``--columns`` and ``--percentiles`` ask for; none if neither was given.

    Args:
        columns: names of metrics.
        percentiles: numbers; without ``columns`` they take the place of those in the usual table.
        face: the usual table.
    """
    if columns is None and percentiles is None:
        return []
    from workbench.reporting.tables.chosen import chosen_metrics, percentile_metrics, with_percentiles
    from workbench.reporting.tables.chosen import percentiles as parsed

    wanted = () if percentiles is None else parsed(percentiles, item="percentiles")
    if columns is None:
        return with_percentiles(face, wanted)
    return [*chosen_metrics(columns, item="columns"), *(percentile_metrics(wanted) if wanted else ())]


def list_results(
    store: Path, found: Sequence[Any], table: Callable[[Sequence[Any]], Table], key: str, *, verb: str, as_json: bool
) -> None:
    """Print the results that are stored next to the runs, for ``--list``.

    Args:
        store: folder of the runs.
        found: results, newest last.
        table: makes their table.
        key: of the list in the JSON object.
        verb: that measures one.
        as_json: print JSON.
    """
    import msgspec

    if as_json:
        print_json({"store": str(store), key: msgspec.to_builtins(found)})
    elif found:
        print_table(table(found))
    else:
        note(f"No result is stored in {store}. Make one: workbench {verb}{store_flag()}")


def print_metrics() -> None:
    """What ``--columns`` takes."""
    from workbench.reporting.tables.chosen import metrics_table

    print_table(metrics_table())


def print_result(result: RunResult, settings: Settings, metrics: Sequence[Metric] = ()) -> None:
    """The table of a run that was played, and of an A/A run its noise floor; ``metrics`` are its columns, if any."""
    from workbench.reporting.tables.cells import summary_table
    from workbench.reporting.tables.chosen import chosen_table
    from workbench.reporting.tables.differences import floor_text_table

    table = chosen_table(result, metrics) if metrics else summary_table(result.cells)
    print_table(table, store=settings.store)
    if floor := _floor(result):
        title = "A/A: differences between two plays of the same sessions"
        print_table(floor_text_table(floor), title=title, store=settings.store)


def _floor(result: RunResult) -> NoiseFloor | None:
    """Differences between the repeats of an A/A run; None for any other run, or where nothing completed twice."""
    from workbench.comparing.paired import noise_floor

    if result.run.manifest.settings.get("kind") != "aa":
        return None
    return noise_floor(result.scores, result.run.manifest.seed)


def _noise_floor(result: RunResult) -> dict[str, Any]:
    from workbench.reporting.tables.comparison import differences_table

    floor = _floor(result)
    return {} if floor is None else {"noise_floor": list(differences_table(floor.differences).rows)}


def result_json(result: RunResult, metrics: Sequence[Metric] = ()) -> dict[str, Any]:
    """A run as ``--json`` gives it; ``metrics`` come with their intervals behind the usual keys of a configuration."""
    from workbench.reporting.tables.cells import cell_json
    from workbench.reporting.tables.chosen import chosen_json

    manifest = result.run.manifest
    return {
        "run_id": result.run.run_id,
        "path": str(result.run.path),
        "status": result.run.status,
        "corpus": manifest.corpus.name,
        "endpoint": manifest.endpoint,
        "recogniser": manifest.recogniser,
        "seed": manifest.seed,
        "sessions": len(result.scores),
        "failed": sum(score.failed for score in result.scores),
        "cells": [
            cell_json(cell) | (chosen_json(result, cell.cell, metrics) if metrics else {}) for cell in result.cells
        ],
    }


def exit_code(result: RunResult, allow_failed: int) -> int:
    """130 when stopped, 3 when more sessions failed than allowed, 0 otherwise."""
    failed = sum(score.failed for score in result.scores)
    if not result.complete:
        planned, whole = result.run.manifest.counts.planned, sum(s.outcome != "cancelled" for s in result.scores)
        note(
            f"workbench: stopped with {whole} of {counted(planned, 'session')} played to their end; nothing recorded "
            f"is lost. Play the rest: workbench resume {result.run.run_id}{_at(result)}{store_flag()}"
        )
        return 130
    if failed > allow_failed:
        first, sessions = next(s for s in result.scores if s.failed), counted(len(result.scores), "session")
        note(
            f"workbench: {failed} of {sessions} failed, first {first.key}: {first.outcome}. "
            f"See workbench show {result.run.run_id} --sessions{store_flag()}; play them again with workbench resume "
            f"{result.run.run_id} --retry-failed{_at(result)}{store_flag()}"
        )
        return 3
    return 0


def _at(result: RunResult) -> str:
    """The option that names the service again: a run may not do that."""
    request = result.run.manifest.request
    endpoint = request.spec.get("endpoint") if request is not None else None
    named = dict.fromkeys(cell.config.get("service", endpoint) for cell in result.run.manifest.cells)
    return "".join(f" --endpoint {one}" for one in named if one not in (None, "simulator"))
