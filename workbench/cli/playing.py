"""Play a question with progress and print what came of it; shared by the verbs that play."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.cli.screen import note, print_json, print_table, session_progress

if TYPE_CHECKING:
    from workbench.pipeline import RunResult
    from workbench.question import Question
    from workbench.settings import Settings
    from workbench.tables import Table

__all__ = ["exit_code", "noise_floor_table", "play_and_print", "result_json"]


def play_and_print(question: Question, settings: Settings, as_json: bool, more: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
    """Play with progress, then print the table or the JSON object; returns the RunResult."""
    from workbench.pipeline import evaluate, fitted
    from workbench.question import prepare_jobs
    from workbench.tables import summary_table

    asked, question = question.concurrency, fitted(question, settings)
    if question.concurrency < asked:
        note(
            f"The simulator decodes {question.concurrency} streams at a time here; not {asked}, but as many are played."
        )
    seconds = sum(u.duration_s for u in question.utterances) * len(question.cells) * question.repeats
    note(
        f"{question.sessions} sessions, {seconds:.0f} s of speech in real time, {question.concurrency} at a time: "
        f"about {seconds / question.concurrency + 5:.0f} s"
    )
    jobs = prepare_jobs(question)
    with session_progress(len(jobs)) as advance:
        result = evaluate(question, settings, jobs=jobs, on_session=advance)
    if as_json:
        print_json(result_json(result) | _noise_floor(result) | (more or {}))
    else:
        print_table(summary_table(result.cells), store=settings.store)
        if floor := noise_floor_table(result):
            print_table(floor, title="A/A: differences between two plays of the same sessions", store=settings.store)
        note(f"Stored as {result.run.path}. Look again: workbench show {result.run.run_id}")
    return result


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
