"""``workbench run``: play a corpus, store what happened, print the scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.screen import json_option, note, print_json, print_table, session_progress

if TYPE_CHECKING:
    from workbench.pipeline import RunResult
    from workbench.question import Question
    from workbench.settings import Settings

__all__ = ["play_and_print", "result_json", "run"]


@click.command(
    epilog="Example: workbench run --corpus datasets/clinic --endpoint simulator --sample-rate 16000 "
    "--chunk-ms 100 --concurrency 4"
)
@click.option("--corpus", required=True, help="Built-in name (clinic, librivox), folder or manifest.")
@click.option("--endpoint", help="simulator (started for the run), staging, production or a base URL.")
@click.option("--sample-rate", default="16000", show_default=True, help="Rate of the stream in Hz.")
@click.option("--chunk-ms", default="100", show_default=True, help="Length of a chunk in ms.")
@click.option("--set", "more", multiple=True, metavar="KEY=VALUE", help="Further setting, such as snr_db=20.")
@click.option("--concurrency", default=4, show_default=True, type=click.IntRange(1), help="Sessions at a time.")
@click.option("--repeats", default=1, show_default=True, type=click.IntRange(1), help="Play each session this often.")
@click.option("--limit", type=click.IntRange(1), help="Play only so many utterances, drawn by seed.")
@click.option("--seed", default=0, show_default=True, help="Of noise, order and bootstrap.")
@click.option("--normaliser", "normaliser_name", default="basic", show_default=True, help="Of the scores.")
@click.option("--transport", type=click.Choice(["websockets", "picows"]), default="websockets", show_default=True)
@click.option("--allow-failed", default=0, show_default=True, help="Sessions that may fail before the exit code is 3.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@click.option("--ca-file", type=click.Path(path_type=Path), help="Further certificate authority, PEM.")
@json_option
def run(
    corpus: str,
    endpoint: str | None,
    sample_rate: str,
    chunk_ms: str,
    more: tuple[str, ...],
    concurrency: int,
    repeats: int,
    limit: int | None,
    seed: int,
    normaliser_name: str,
    transport: str,
    allow_failed: int,
    store: Path | None,
    ca_file: Path | None,
    as_json: bool,
) -> int:
    """Play a corpus to Suki or to the simulator and store what happened.

    Credentials are read from SUKI_PARTNER_ID and SUKI_PARTNER_TOKEN. The run is stored even where sessions fail.
    """
    import os

    from workbench.corpus import find_corpus, load_corpus
    from workbench.errors import InputError
    from workbench.metrics.normalize import normaliser
    from workbench.question import Question, select
    from workbench.settings import load_settings
    from workbench.sweep import cell_from

    settings = load_settings(os.environ, endpoint=endpoint, store=store, ca_file=ca_file)
    values = {"sample_rate_hz": sample_rate, "chunk_ms": chunk_ms}
    for text in more:
        key, equals, value = text.partition("=")
        if not equals:
            raise InputError("not a setting", item="--set", got=text, expected="KEY=VALUE")
        values[key] = value
    cell = cell_from(values, item="--set", from_text=True)
    loaded = load_corpus(find_corpus(corpus))
    question = Question(
        corpus=loaded,
        utterances=select(loaded, limit, seed),
        cells=(cell,),
        repeats=repeats,
        seed=seed,
        concurrency=concurrency,
        normaliser=normaliser(normaliser_name),
        transport=transport,
    )
    result = play_and_print(question, settings, as_json)
    return exit_code(result, allow_failed)


def play_and_print(question: Question, settings: Settings, as_json: bool, more: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
    """Play with progress, then print the table or the JSON object; returns the RunResult."""
    from workbench.pipeline import evaluate
    from workbench.question import prepare_jobs
    from workbench.tables import summary_table

    seconds = sum(u.duration_s for u in question.utterances) * len(question.cells) * question.repeats
    note(
        f"{question.sessions} sessions, {seconds:.0f} s of speech in real time, {question.concurrency} at a time: "
        f"about {seconds / question.concurrency + 5:.0f} s"
    )
    jobs = prepare_jobs(question)
    with session_progress(len(jobs)) as advance:
        result = evaluate(question, settings, jobs=jobs, on_session=advance)
    if as_json:
        print_json(result_json(result) | (more or {}))
    else:
        print_table(summary_table(result.cells))
        note(f"Stored as {result.run.path}. Look again: workbench show {result.run.run_id}")
    return result


def result_json(result: RunResult) -> dict[str, Any]:
    """A run as ``--json`` gives it."""
    from workbench.tables import cell_json

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
        "cells": [cell_json(cell) for cell in result.cells],
    }


def exit_code(result: RunResult, allow_failed: int) -> int:
    """130 when stopped, 3 when more sessions failed than allowed, 0 otherwise."""
    failed = sum(score.failed for score in result.scores)
    if not result.complete:
        note(f"Stopped after {len(result.scores)} sessions; nothing recorded is lost: {result.run.path}")
        return 130
    if failed > allow_failed:
        first = next(score for score in result.scores if score.failed)
        note(
            f"workbench: {failed} of {len(result.scores)} sessions failed, first {first.key}: {first.outcome}. "
            f"See workbench show {result.run.run_id} --sessions"
        )
        return 3
    return 0
