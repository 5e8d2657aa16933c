"""Play a question with progress and print what came of it; shared by the verbs that play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.screen import note, print_json, print_table, session_progress
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.pipeline import Rest, RunResult
    from workbench.question import Question
    from workbench.recording import SessionKey
    from workbench.settings import Settings
    from workbench.shards import Shard
    from workbench.tables import Table

__all__ = [
    "cluster_option",
    "exit_code",
    "noise_floor_table",
    "play_and_print",
    "result_json",
    "resume_and_print",
    "shard_option",
]

cluster_option = click.option(
    "--cluster", metavar="ADDRESS", help="Play on the workers of a Dask scheduler, such as tcp://scheduler:8786."
)

shard_option = click.option(
    "--shard", metavar="I/N", help="Play only part I of N, to be put together with workbench runs merge."
)


def play_and_print(
    question: Question,
    settings: Settings,
    as_json: bool,
    more: dict[str, Any] | None = None,
    shard: Shard | None = None,
    cluster: str | None = None,
) -> Any:  # noqa: ANN401
    """Play with progress, then print the table or the JSON object; returns the RunResult."""
    from workbench.pipeline import evaluate, evaluate_on_cluster
    from workbench.question import prepare_jobs, session_keys
    from workbench.stopping import Stop

    stop, keys = Stop(_say_stop), session_keys(question, shard)
    if cluster is not None:
        sessions = counted(len(keys), "session")
        note(f"{sessions} on the cluster at {cluster}, {question.concurrency} at a time on each worker")
        result = evaluate_on_cluster(question, settings, cluster, shard=shard, on_shard=_say_shard, stop=stop)
    else:
        question = _fitted(question, settings)
        _announce(question, keys, f"Shard {shard}: " if shard else "")
        jobs = prepare_jobs(question, keys=keys)
        with session_progress(len(jobs)) as advance:
            result = evaluate(question, settings, jobs=jobs, on_session=advance, shard=shard, stop=stop)
    _show(result, settings, as_json, more)
    return result


def resume_and_print(rest: Rest, settings: Settings, as_json: bool, cluster: str | None = None) -> Any:  # noqa: ANN401
    """Play what is left with progress, say what was kept, then print as :func:`play_and_print`."""
    from workbench.pipeline import resume, resume_on_cluster
    from workbench.question import prepare_jobs
    from workbench.stopping import Stop

    again = f", {rest.again} of them again, from their beginning" if rest.again else ""
    failed = f", {rest.failed} of them failed" if rest.failed else ""
    note(f"Run {rest.run.run_id}: {rest.kept} sessions are kept{failed}; {len(rest.missing)} are missing{again}")
    if cluster is not None and rest.missing:
        result = resume_on_cluster(rest, settings, cluster, on_shard=_say_shard, stop=Stop(_say_stop))
    else:
        rest = replace(rest, question=_fitted(rest.question, settings))
        if rest.missing:
            _announce(rest.question, rest.missing)
        jobs = prepare_jobs(rest.question, keys=rest.missing)
        with session_progress(len(jobs)) as advance:
            result = resume(rest, settings, jobs=jobs, on_session=advance, stop=Stop(_say_stop))
    resumed = {"kept": rest.kept, "kept_failed": rest.failed, "played": len(rest.missing), "played_again": rest.again}
    _show(result, settings, as_json, {"resumed": resumed})
    return result


def _fitted(question: Question, settings: Settings) -> Question:
    from workbench.pipeline import fitted

    asked, question = question.concurrency, fitted(question, settings)
    if question.concurrency < asked:
        note(
            f"The simulator decodes {question.concurrency} streams at a time here; not {asked}, but as many are played."
        )
    return question


def _announce(question: Question, keys: Sequence[SessionKey], prefix: str = "") -> None:
    length_s = {utterance.id: utterance.duration_s for utterance in question.utterances}
    seconds = sum(length_s[key.utterance] for key in keys)
    note(
        f"{prefix}{counted(len(keys), 'session')}, {seconds:.0f} s of speech in real time, "
        f"{question.concurrency} at a time: about {seconds / question.concurrency + 5:.0f} s"
    )


def _say_shard(done: int, shards: int) -> None:
    note(f"  {done} of {shards} shards")


def _say_stop(asked: int) -> None:
    if asked == 1:
        note("Stopping after the sessions in flight; Ctrl-C again stops now")


def _show(result: RunResult, settings: Settings, as_json: bool, more: dict[str, Any] | None) -> None:
    from workbench.tables import summary_table

    if as_json:
        print_json(result_json(result) | _noise_floor(result) | (more or {}))
        return
    print_table(summary_table(result.cells), store=settings.store)
    if floor := noise_floor_table(result):
        print_table(floor, title="A/A: differences between two plays of the same sessions", store=settings.store)
    if result.complete:
        note(f"Stored as {result.run.path}. Look again: workbench show {result.run.run_id}")


def noise_floor_table(result: RunResult) -> Table | None:
    """Differences between the repeats of an A/A run; None for any other run, or where nothing completed twice."""
    from workbench.compare import noise_floor
    from workbench.tables import differences_table

    if result.run.manifest.settings.get("kind") != "aa":
        return None
    floor = noise_floor(result.scores, result.run.manifest.seed)
    if floor is None:
        return None
    return differences_table(floor.differences)


def _noise_floor(result: RunResult) -> dict[str, Any]:
    table = noise_floor_table(result)
    return {} if table is None else {"noise_floor": list(table.rows)}


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
        planned, whole = result.run.manifest.counts.planned, sum(s.outcome != "cancelled" for s in result.scores)
        note(
            f"workbench: stopped with {whole} of {planned} sessions played to their end; nothing recorded is lost. "
            f"Play the rest: workbench resume {result.run.run_id}"
        )
        return 130
    if failed > allow_failed:
        first = next(score for score in result.scores if score.failed)
        note(
            f"workbench: {failed} of {len(result.scores)} sessions failed, first {first.key}: {first.outcome}. "
            f"See workbench show {result.run.run_id} --sessions; play them again with workbench resume "
            f"{result.run.run_id} --retry-failed"
        )
        return 3
    return 0
