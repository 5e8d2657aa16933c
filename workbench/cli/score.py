"""``workbench score``: score a stored run again, or texts that were never played here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.options import json_option, store_option
from workbench.cli.results import result_json
from workbench.cli.screen import echo, note, print_json, print_table
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.scoring.explained import Same
    from workbench.store import StoredRun

__all__ = ["score"]

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog="Example: workbench score last --normaliser raw")
@click.argument("run", required=False)
@click.option(
    "--normaliser",
    "name",
    metavar="NAME",
    default="clinical",
    show_default=True,
    help="Text normaliser used for scoring; all compares all of them.",
)
@click.option(
    "--explain", is_flag=True, help="List different texts that the normaliser counts as the same (patient data)."
)
@click.option(
    "--text", metavar="FILE", type=_FILE, help="Pairs of texts to score instead of a run (JSON lines), or references."
)
@click.option(
    "--hypothesis", metavar="FILE", type=_FILE,
    help="Transcripts for the references of --text: .trn, .ctm, .stm or SegLST (.json).",
)  # fmt: skip
@store_option
@json_option
def score(
    run: str | None,
    name: str,
    explain: bool,
    text: Path | None,
    hypothesis: Path | None,
    store: Path | None,
    as_json: bool,
) -> None:
    """Score a stored run again from its recorded frames; nothing but its scores is changed.

    --normaliser all shows how much the choice matters and stores nothing. --text scores pairs of texts without audio
    and without a run: JSON lines, each with reference and hypothesis and optionally id, spoken and terms; or a file of
    references, with the transcripts in --hypothesis.
    """
    import os

    from workbench.scoring.metrics.normalize import normaliser
    from workbench.settings import load_settings
    from workbench.store import open_run

    if run is not None and text is not None:
        raise click.UsageError("a run and --text exclude each other")
    if hypothesis is not None and text is None:
        raise click.UsageError("--hypothesis needs --text with the references")
    if text is not None:
        _texts(text, hypothesis, explain=explain, as_json=as_json)
        return
    root = load_settings(os.environ, store=store).store
    stored = open_run(root, run or "last")
    if name == "all":
        _panel(stored, as_json)
        return
    _rescore(stored, normaliser(name).name, root, explain=explain, as_json=as_json)


def _rescore(stored: StoredRun, name: str, root: Path, *, explain: bool, as_json: bool) -> None:
    from workbench.reporting.tables.cells import summary_table
    from workbench.runs.result import rescore
    from workbench.scoring.explained import same_in_meaning
    from workbench.scoring.metrics.normalize import normaliser

    which = normaliser(name)
    result = rescore(stored, which)
    same = [
        (str(record.key), same_in_meaning(record.reference.written, record.hypothesis()))
        for record in (stored.iter_records() if explain else ())
        if record.unscorable() is None
    ]
    if as_json:
        facts = {"name": which.name, "version": which.version, "hash": which.hash}
        print_json(result_json(result) | {"normaliser": facts} | ({"same": _same_json(same)} if explain else {}))
        return
    print_table(summary_table(result.cells), store=root)
    scored = counted(len(result.scores), "session")
    note(f"Scored {scored} of {stored.run_id} with normaliser {which.name}, version {which.version}")
    if explain:
        _print_same(same)


def _texts(path: Path, hypothesis: Path | None, *, explain: bool, as_json: bool) -> None:
    from workbench.reporting.tables.cells import accuracy_table, cell_json
    from workbench.scoring.cells import score_run
    from workbench.scoring.text import score_pair
    from workbench.scoring.text_pairs import load_pairs

    scored = [score_pair(pair) for pair in load_pairs(path, hypothesis)]
    (cell,) = score_run([one.score for one in scored], seed=0)
    same = [(one.id, one.same) for one in scored]
    if as_json:
        pairs = [one.to_json() for one in scored]
        for row, (_, stretches) in zip(pairs, same, strict=True):
            if explain:
                row["same"] = [{"said": s.said, "heard": s.heard} for s in stretches]
        wanted = ("audio", "failed", "pacing", "left_out")
        total = {key: value for key, value in cell_json(cell).items() if key not in wanted and not key.endswith("_ms")}
        print_json({"pairs": pairs, "total": total})
        return
    table = accuracy_table([cell])
    print_table(replace(table, columns=table.columns[1:], names=0), turned=True)
    note(f"Scored {counted(len(scored), 'pair')} with normaliser {cell.normaliser}")
    if explain:
        _print_same(same)


def _same_json(same: Sequence[tuple[str, Sequence[Same]]]) -> list[dict[str, Any]]:
    return [{"id": name, "said": s.said, "heard": s.heard} for name, stretches in same for s in stretches]


def _print_same(same: Sequence[tuple[str, Sequence[Same]]]) -> None:
    echo("Counted as the same:")
    for name, stretches in same:
        for one in stretches:
            echo(f"  {name}: {one.said} = {one.heard}")


def _panel(stored: StoredRun, as_json: bool) -> None:
    """The sensitivity panel: every configuration under every normaliser."""
    from workbench.reporting.tables.cells import accuracy_table, cell_json
    from workbench.scoring.cells import score_run
    from workbench.scoring.metrics.normalize import NORMALISERS
    from workbench.scoring.session import score_session

    records = stored.records()
    cells = [
        cell
        for which in NORMALISERS.values()
        for cell in score_run([score_session(record, which) for record in records], seed=stored.manifest.seed)
    ]
    order = [cell.name for cell in stored.manifest.cells]
    cells.sort(key=lambda cell: order.index(cell.cell))
    if as_json:
        facts = [{"name": n.name, "version": n.version, "hash": n.hash} for n in NORMALISERS.values()]
        print_json({"run_id": stored.run_id, "normalisers": facts, "cells": [cell_json(cell) for cell in cells]})
    else:
        print_table(replace(accuracy_table(cells), names=2), turned=True)
