"""``workbench compare``: paired differences."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.screen import json_option, note, print_json, print_table

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

    from workbench.comparisons import compare_runs
    from workbench.delta_tables import changed_table, comparison_json, pair_table, settings_table
    from workbench.scored import load_result
    from workbench.settings import load_settings
    from workbench.store import open_run

    root = load_settings(os.environ, store=store).store
    found = compare_runs([load_result(open_run(root, name)) for name in (base, *candidates)], root)
    for line in found.warnings:
        note(f"warning: {line}")
    if as_json:
        print_json(comparison_json(found))
        return
    for pair in found.pairs:
        click.echo(f"{pair.candidate} against {pair.baseline}, {pair.comparison.n} utterances paired")
        click.echo(f"Verdict: {pair.verdict}")
        if pair.settings:
            print_table(settings_table(pair), title="Settings that differ")
        print_table(pair_table(pair, found.floor), title="Differences, candidate - baseline", store=root)
        if pair.changed:
            print_table(changed_table(pair), title="Utterances that changed most", store=root)
    click.echo(f"Noise floor: {found.floor_origin}" + (f", {found.floor.n} utterances" if found.floor else ""))
