"""Stored runs with their scores: loaded, and scored again.

House rules: reading results needs nothing that plays; this imports no client, no simulator and no socket, so that a
comparison starts in half of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.metrics.normalize import Normaliser, normaliser
from workbench.scoring import CellScore, SessionScore, score_run, score_session
from workbench.store import NormaliserFacts, StoredRun

__all__ = ["RunResult", "load_result", "normaliser_facts", "rescore", "result_of"]


@dataclass(frozen=True, slots=True)
class RunResult:
    """A stored run with its scores.

    Attributes:
        run: on disk.
        scores: one a session.
        cells: one a configuration, in the order in which they were asked for.
        complete: False when the run was stopped before every session was played.
    """

    run: StoredRun
    scores: list[SessionScore] = field(repr=False)
    cells: list[CellScore]
    complete: bool = True


def normaliser_facts(which: Normaliser) -> NormaliserFacts:
    """As manifests and scores keep it."""
    return NormaliserFacts(name=which.name, version=which.version, hash=which.hash)


def result_of(run: StoredRun, scores: list[SessionScore], cells: Sequence[str], complete: bool = True) -> RunResult:
    """A run and its scores as one: its cells in the order of ``cells``."""
    rank = {name: place for place, name in enumerate(cells)}
    scored = score_run(scores, seed=run.manifest.seed)
    return RunResult(run, scores, sorted(scored, key=lambda cell: rank.get(cell.cell, len(rank))), complete)


def load_result(run: StoredRun) -> RunResult:
    """A stored run with the scores that lie beside it; a run that was never committed is scored from its journal."""
    names = [cell.name for cell in run.manifest.cells]
    if not run.committed:
        facts = run.manifest.normaliser
        which = normaliser(facts.name if facts else "basic")
        return result_of(run, [score_session(record, which) for record in run.iter_records()], names, complete=False)
    return result_of(run, [SessionScore.from_row(row) for row in run.scores()], names)


def rescore(run: StoredRun, which: Normaliser) -> RunResult:
    """Score a stored run again; replaces its scores and nothing else."""
    scores = [score_session(record, which) for record in run.iter_records()]
    if run.committed:
        run.replace_scores([score.to_row() for score in scores], normaliser_facts(which))
    return result_of(run, scores, [cell.name for cell in run.manifest.cells], run.committed)
