"""``workbench compare``: paired differences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.screen import json_option, note, print_json, print_table

if TYPE_CHECKING:
    from workbench.pipeline import RunResult

__all__ = ["compare"]


@click.command(epilog="Example: workbench compare last   (its first configuration against each of the others)")
@click.argument("base", default="last")
@click.argument("candidates", nargs=-1)
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@json_option
def compare(base: str, candidates: tuple[str, ...], store: Path | None, as_json: bool) -> None:
    """Compare runs, or the configurations of one run, paired on the utterance.

    With one run, its first configuration is the baseline of the others. With several, configurations of the same
    name are compared; runs of one configuration each are compared whatever their names.
    """
    import os

    from workbench.compare import compare_scores
    from workbench.errors import InputError
    from workbench.pipeline import load_result
    from workbench.settings import load_settings
    from workbench.store import open_run
    from workbench.tables import comparison_table

    root = load_settings(os.environ, store=store).store
    results = [load_result(open_run(root, name)) for name in (base, *candidates)]
    pairs = _pairs(results)
    if not pairs:
        raise InputError(
            "nothing to compare",
            item=base,
            got="one configuration" if not candidates else "no configuration that both runs have",
            action="Name a second run, or a run with several configurations",
        )
    payload = []
    for baseline, candidate, ours, theirs in pairs:
        found = compare_scores(ours, theirs, seed=results[0].run.manifest.seed)
        table = comparison_table(found)
        payload.append(
            {"baseline": baseline, "candidate": candidate, "pairs": found.n, "metrics": list(table.rows)}
            | {"notes": list(table.notes)}
        )
        if not as_json:
            print_table(table, title=f"{candidate} against {baseline}, {found.n} utterances paired")
    warnings = _warnings(results)
    for line in warnings:
        note(f"warning: {line}")
    if as_json:
        print_json({"comparisons": payload, "warnings": warnings})


def _pairs(results: list[RunResult]) -> list[tuple[str, str, Any, Any]]:
    """(baseline name, candidate name, baseline scores, candidate scores) of every comparison."""
    by_cell = [
        {cell.cell: [s for s in result.scores if s.cell == cell.cell] for cell in result.cells} for result in results
    ]
    base, rest = by_cell[0], by_cell[1:]
    if not rest:
        first, *others = base
        return [(first, other, base[first], base[other]) for other in others]
    pairs = []
    for result, cells in zip(results[1:], rest, strict=True):
        names = [(name, name) for name in base if name in cells]
        if not names and len(base) == len(cells) == 1:
            names = [(next(iter(base)), next(iter(cells)))]
        pairs += [
            (f"{ours} of {results[0].run.run_id}", f"{theirs} of {result.run.run_id}", base[ours], cells[theirs])
            for ours, theirs in names
        ]
    return pairs


def _warnings(results: list[RunResult]) -> list[str]:
    """What makes a comparison of runs unfair."""
    first = results[0].run.manifest
    found = []
    for result in results[1:]:
        other = result.run.manifest
        for what, ours, theirs in (
            ("corpus", first.corpus.hash, other.corpus.hash),
            ("endpoint", first.endpoint, other.endpoint),
            ("recogniser", first.recogniser, other.recogniser),
            ("seed", first.seed, other.seed),
        ):
            if ours != theirs:
                found.append(f"{result.run.run_id} differs from {first.run_id} in {what}")
    return found
