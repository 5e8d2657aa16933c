"""``workbench demo``: the main job on the built-in corpora."""

from __future__ import annotations

import os
from pathlib import Path

import click

from workbench.cli.run import exit_code, play_and_print
from workbench.cli.screen import json_option, note

__all__ = ["demo"]

CELLS = (
    {"name": "clean 16 kHz"},
    {"name": "pink noise 20 dB", "noise": "pink", "snr_db": 20},
    {"name": "8 kHz", "sample_rate_hz": 8000},
)
UTTERANCES = 12


@click.command(epilog="Example: workbench demo --json --no-app --seed 7")
@click.option(
    "--corpus", "corpora", multiple=True, default=("librivox", "clinic"), show_default=True, help="May be repeated."
)
@click.option("--seed", default=0, show_default=True, help="Which utterances, and the noise.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@click.option("--no-app", is_flag=True, help="Do not offer the app at the end.")
@json_option
def demo(corpora: tuple[str, ...], seed: int, store: Path | None, no_app: bool, as_json: bool) -> int:
    """Stream real and synthetic dictation to the simulator under three audio configurations and compare them.

    The simulator runs on this machine and recognises the audio it receives; no credentials, no network.
    """
    from workbench.corpus import find_corpus, load_corpus
    from workbench.question import Question, join, select
    from workbench.settings import load_settings
    from workbench.sweep import cell_from

    settings = load_settings(os.environ, endpoint="simulator", store=store)
    loaded = [load_corpus(find_corpus(name)) for name in corpora]
    share = max(1, UTTERANCES // len(loaded) // 2)
    # Half of a share from every corpus but the last, which fills up: a few real voices, more dictation.
    chosen = [u for corpus in loaded[:-1] for u in select(corpus, share, seed)]
    chosen += select(loaded[-1], UTTERANCES - len(chosen), seed)
    question = Question(
        corpus=join(loaded),
        utterances=tuple(chosen),
        cells=tuple(cell_from(settings_of, item="demo") for settings_of in CELLS),
        seed=seed,
        concurrency=3,
    )
    note("A simulator with a real recogniser starts on this machine; what it hears is what it writes.")
    result = play_and_print(question, settings, as_json)
    if not no_app and not as_json:
        note(f"See it in a browser: workbench app --store {settings.store}")
    return exit_code(result, 0)
