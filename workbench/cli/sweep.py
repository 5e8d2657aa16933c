"""``workbench sweep``: the same utterances under many configurations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.playing import cluster_option, exit_code, play_and_print, shard_option
from workbench.cli.screen import json_option, note, print_json

if TYPE_CHECKING:
    from workbench.question import Question
    from workbench.settings import Settings
    from workbench.sweep import Sweep

__all__ = ["sweep"]


@click.command(
    epilog="Example: workbench sweep --vary snr_db=inf,30,20 --vary chunk_ms=50,100,200 --limit 12 --dry-run"
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--vary", multiple=True, metavar="KEY=V,V,…", help="A setting and its values; several make a grid.")
@click.option("--corpus", help="Built-in name, folder or manifest.  [default: clinic, or the file's]")
@click.option("--endpoint", help="simulator (started for the run), staging, production or a base URL.")
@click.option("--model", help="Of the simulator that is started: general, vocabulary, lite or a dictionary file.")
@click.option(
    "--recogniser", type=click.Choice(["pocketsphinx", "replay"]), default="pocketsphinx", show_default=True,
    help="Of the simulator that is started: decode as it streams, or replay what was decoded before.",
)  # fmt: skip
@click.option("--concurrency", type=click.IntRange(1), help="Sessions at a time.  [default: 4]")
@click.option("--repeats", type=click.IntRange(1), help="Play each session this often; 2 give the noise floor.")
@click.option("--limit", type=click.IntRange(1), help="Play only so many utterances, drawn by seed.")
@shard_option
@cluster_option
@click.option("--seed", type=int, help="Of noise, order and bootstrap.  [default: 0]")
@click.option("--pilot", help="Stored run whose spread tells the smallest detectable difference.  [default: newest]")
@click.option("--dry-run", is_flag=True, help="Say what would be played, and play nothing.")
@click.option("--allow-failed", default=0, show_default=True, help="Sessions that may fail before the exit code is 3.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@json_option
def sweep(
    file: Path | None,
    vary: tuple[str, ...],
    endpoint: str | None,
    model: str | None,
    recogniser: str,
    pilot: str | None,
    dry_run: bool,
    shard: str | None,
    cluster: str | None,
    allow_failed: int,
    store: Path | None,
    as_json: bool,
    **chosen: Any,  # noqa: ANN401  corpus, concurrency, repeats, limit, seed: flags that override the file
) -> int:
    """Play the same utterances under many configurations, interleaved, and compare them pairwise.

    FILE is TOML: `corpus`, `concurrency`, `repeats`, `seed`, `limit`, a table `[base]`, and either `[vary]` with lists
    of values or `[[cells]]`. Without a file, --vary makes the grid.
    """
    import os

    from workbench.corpus import find_corpus, load_corpus
    from workbench.metrics.normalize import normaliser
    from workbench.question import Question, select
    from workbench.settings import load_settings
    from workbench.shards import Shard

    part = None if shard is None else Shard.parse(shard)
    asked = _asked(file, vary, {key: value for key, value in chosen.items() if value is not None})
    settings = load_settings(os.environ, endpoint=endpoint, store=store, model=model, recogniser=recogniser)
    corpus = load_corpus(find_corpus(asked.corpus))
    question = Question(
        corpus=corpus,
        utterances=select(corpus, asked.limit, asked.seed),
        cells=asked.cells,
        repeats=asked.repeats,
        seed=asked.seed,
        concurrency=asked.concurrency,
        normaliser=normaliser(asked.normaliser),
    )
    plan = _plan(question, settings, pilot)
    if dry_run:
        if as_json:
            print_json(plan)
        else:
            click.echo("\n".join(_lines(plan)))
        return 0
    for line in _lines(plan):
        note(line)
    result = play_and_print(question, settings, as_json, {"plan": plan}, part, cluster)
    return exit_code(result, allow_failed)


def _asked(file: Path | None, vary: tuple[str, ...], flags: dict[str, Any]) -> Sweep:
    from workbench.errors import InputError
    from workbench.sweep import Sweep, grid, load_sweep, unique, vary_from_flags

    if file is not None and vary:
        raise InputError("both a file and --vary", item=str(file), expected="one of them")
    if file is not None:
        return replace(load_sweep(file), **flags)
    if not vary:
        raise InputError("nothing to vary", item="sweep", expected="FILE or --vary KEY=VALUE,VALUE")
    return Sweep(unique(grid(vary_from_flags(vary), {}, item="--vary", from_text=True)), **flags)


def _plan(question: Question, settings: Settings, pilot: str | None) -> dict[str, Any]:
    """What would be played, and what it could find."""
    from workbench.detectable import detectable_difference

    speech_s = sum(u.duration_s for u in question.utterances) * len(question.cells) * question.repeats
    found, reason = detectable_difference(settings.store, question, pilot)
    return {
        "corpus": question.corpus.name,
        "utterances": len(question.utterances),
        "cells": [{"name": cell.name, "settings": cell.settings()} for cell in question.cells],
        "repeats": question.repeats,
        "sessions": question.sessions,
        "speech_minutes": speech_s / 60,
        "minutes": speech_s / 60 / question.concurrency,
        "concurrency": question.concurrency,
        "seed": question.seed,
        "smallest_detectable_wer": found,
        "smallest_detectable_reason": reason,
    }


def _lines(plan: dict[str, Any]) -> list[str]:
    detectable, why = plan["smallest_detectable_wer"], plan["smallest_detectable_reason"]
    shape = f"{len(plan['cells'])} cells x {plan['utterances']} utterances x {plan['repeats']}"
    return [
        f"{shape} = {plan['sessions']} sessions",
        *(f"  {cell['name']}" for cell in plan["cells"]),
        f"{plan['speech_minutes']:.1f} min of speech, about {plan['minutes']:.1f} min, {plan['concurrency']} at a time",
        f"smallest detectable difference of WER: {'unknown' if detectable is None else f'{detectable:.1%}'} ({why})",
    ]
