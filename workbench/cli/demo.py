"""``workbench demo``: the main job on the built-in corpora."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.options import (
    columns_option,
    json_option,
    percentiles_option,
    quiet_option,
    spec_option,
    store_option,
)
from workbench.cli.playing import play_and_print
from workbench.cli.results import asked_metrics, exit_code, print_metrics
from workbench.cli.screen import hint, note, say

if TYPE_CHECKING:
    from workbench.runs.result import RunResult
    from workbench.settings import Settings

__all__ = ["demo", "print_verdicts"]

CELLS = (
    {"name": "clean 16 kHz"},
    {"name": "pink noise 20 dB", "noise": "pink", "snr_db": 20},
    {"name": "8 kHz", "sample_rate_hz": 8000},
)


@click.command(epilog="Example: workbench demo --json --no-app --seed 7")
@click.option(
    "--corpus",
    "corpora",
    multiple=True,
    metavar="CORPUS",
    default=("librivox", "clinic"),
    show_default=True,
    help="Corpus to play: built-in name, folder or manifest (repeatable).",
)
@spec_option("limit", instead=24)
@spec_option("seed", default=True)
@spec_option("concurrency", instead=3)
@spec_option("model")
@columns_option
@percentiles_option
@quiet_option
@store_option
@click.option("--no-app", is_flag=True, help="Print no hint to open the app at the end.")
@json_option
def demo(
    corpora: tuple[str, ...],
    limit: int,
    seed: int,
    concurrency: int,
    model: str | None,
    columns: str | None,
    percentiles: str | None,
    store: Path | None,
    no_app: bool,
    as_json: bool,
) -> int:
    """Stream real and synthetic dictation to the simulator under three audio configurations and compare them.

    The simulator runs on this machine and decodes the audio it receives. Needs no credentials and no network. For
    other configurations and settings: `workbench sweep`.
    """
    from workbench.corpus import find_corpus, load_corpus
    from workbench.corpus.join import join
    from workbench.runs.order import select
    from workbench.runs.resolve import resolve
    from workbench.runs.spec_fields import make_spec
    from workbench.settings import load_settings

    if columns == "help":
        print_metrics()
        return 0
    metrics = asked_metrics(columns, percentiles, "summary")
    settings = load_settings(os.environ, endpoint="simulator", store=store, model=model)
    settings = settings if model else _with_a_model(settings)
    loaded = [load_corpus(find_corpus(name)) for name in corpora[:limit]]
    share = limit // len(loaded)
    chosen = [u for corpus in loaded[:-1] for u in select(corpus, share, seed)]
    chosen += select(loaded[-1], limit - len(chosen), seed)
    spec = make_spec({"cells": CELLS, "seed": seed, "concurrency": concurrency, "model": model})
    resolved = resolve(spec, corpus=join(loaded), utterances=tuple(chosen))
    hint(f"Starting a local simulator; its transcripts come from decoding the audio it receives ({settings.model}).")
    result = play_and_print(resolved, settings, as_json, metrics=metrics)
    if not as_json and result.complete:
        print_verdicts(result)
    if not no_app and not as_json:
        hint(f"See it in a browser: workbench app --store {shlex.quote(str(settings.store))}")
    return exit_code(result, 0)


def _with_a_model(settings: Settings) -> Settings:
    """The settings, with the recogniser that needs no weights if those of the default one are not on this machine."""
    from workbench.errors import ConfigurationError
    from workbench.simulator.recognition.models import check_model

    try:
        check_model(settings.model)
    except ConfigurationError as error:
        note(f"{error}. This demo uses the model general, which writes plain lower-case words.")
        return replace(settings, model="general")
    return settings


def print_verdicts(result: RunResult) -> None:
    """Compare the other configurations with the first, as `workbench compare` does, and print the verdicts."""
    from workbench.comparing.runs import compare_runs

    pairs = compare_runs([result]).pairs
    if not pairs:
        say("Nothing to compare: too few sessions completed.")
    for pair in pairs:
        say(f"{pair.candidate} against {pair.baseline}: {pair.verdict}")
