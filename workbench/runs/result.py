"""Stored runs with their scores: loaded, and scored again.

Reading results needs nothing that plays; this imports no client, no simulator and no socket, so that a comparison
starts in half of the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from workbench.errors import StoreError
from workbench.recording.record import SessionKey, SessionRecord
from workbench.scoring.cells import CellScore, latest_attempts, score_run
from workbench.scoring.metrics.normalize import Normaliser, normaliser
from workbench.scoring.session import SessionScore, score_session
from workbench.store import NormaliserFacts, StoredRun, query
from workbench.store.labels import flagged, reference_mark
from workbench.store.parquet import SCORES, SESSIONS

__all__ = [
    "RunResult",
    "begun",
    "excluded_utterances",
    "load_result",
    "normaliser_facts",
    "references",
    "rescore",
    "result_of",
]


@dataclass(frozen=True, slots=True)
class RunResult:
    """A stored run with its scores.

    Attributes:
        run: on disk.
        scores: one a session.
        cells: one a configuration, in the order in which they were asked for.
        complete: False when the run was stopped before every session was played.
        excluded: utterances whose reference is marked as wrong; their sessions are not among the scores.
        excluded_sessions: how many were played of these, repeats counted, earlier attempts not.

    >>> wb.load("last").result.excluded
    ()
    """

    run: StoredRun
    scores: list[SessionScore] = field(repr=False)
    cells: list[CellScore]
    complete: bool = True
    excluded: tuple[str, ...] = ()
    excluded_sessions: int = 0

    def iter_records(self) -> Iterator[SessionRecord]:
        """Records of the sessions that count: those whose reference is marked as wrong are left out."""
        return (record for record in self.run.iter_records() if record.key.utterance not in self.excluded)


def normaliser_facts(which: Normaliser) -> NormaliserFacts:
    """As manifests and scores keep it."""
    return NormaliserFacts(name=which.name, version=which.version, hash=which.hash)


def result_of(run: StoredRun, scores: list[SessionScore], cells: Sequence[str], complete: bool = True) -> RunResult:
    """A run and its scores as one: its cells in the order of ``cells``."""
    rank = {name: place for place, name in enumerate(cells)}
    scored = score_run(scores, seed=run.manifest.seed)
    return RunResult(run, scores, sorted(scored, key=lambda cell: rank.get(cell.cell, len(rank))), complete)


def load_result(run: StoredRun) -> RunResult:
    """A stored run with the scores that lie beside it; a run that was never committed is scored from its journal.

    Sessions whose reference is marked as wrong are left out, see :mod:`workbench.store.labels`.

    Raises:
        StoreError: it is damaged.
    """
    result = _load_whole(run)
    wrong = excluded_utterances(run)
    if not wrong:
        return result
    kept = [score for score in result.scores if score.utterance not in wrong]
    names = [cell.name for cell in run.manifest.cells]
    rest = result_of(run, kept, names, result.complete)
    sessions = len(latest_attempts(result.scores)) - len(latest_attempts(kept))
    return replace(rest, excluded=tuple(sorted(wrong)), excluded_sessions=sessions)


def excluded_utterances(run: StoredRun) -> set[str]:
    """Utterances of a run whose reference, as it was played, is marked as wrong.

    Raises:
        StoreError: the run or the file of marks is damaged.
    """
    marks = flagged(run.path.parent, run.manifest.corpus.name)
    if not marks:
        return set()
    return {name for name, reference in references(run).items() if marks.get(name) == reference_mark(reference)}


def references(run: StoredRun) -> dict[str, str]:
    """Written reference of every utterance of a run, as it was played.

    Raises:
        StoreError: the run is damaged.
    """
    if run.committed:
        return dict(query([run.path], "SELECT DISTINCT utterance, reference_written FROM sessions").fetchall())
    return {record.key.utterance: record.reference.written for record in run.iter_records()}


def _load_whole(run: StoredRun) -> RunResult:
    names = [cell.name for cell in run.manifest.cells]
    if not run.committed:
        facts = run.manifest.normaliser
        which = normaliser(facts.name if facts else "clinical")
        return result_of(run, [score_session(record, which) for record in run.iter_records()], names, complete=False)
    rows = run.scores()
    try:
        return result_of(run, [SessionScore.from_row(row) for row in rows], names)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        # Of the kind alone: a row holds what was said.
        raise StoreError(
            "the scores cannot be read",
            item=str(run.path / SCORES),
            got=type(error).__name__,
            action="Run `workbench score` on the run",
        ) from None


def rescore(run: StoredRun, which: Normaliser) -> RunResult:
    """Score a stored run again; replaces its scores and nothing else."""
    scores = [score_session(record, which) for record in run.iter_records()]
    if run.committed:
        run.replace_scores([score.to_row() for score in scores], normaliser_facts(which))
    return result_of(run, scores, [cell.name for cell in run.manifest.cells], run.committed)


def begun(run: StoredRun) -> dict[SessionKey, int]:
    """When each session of a run began, monotonic ns; sessions that never began are left out."""
    if not (run.path / SESSIONS).exists():
        return {record.key: record.mono_start_ns for record in run.iter_records()}
    rows = query([run.path], "SELECT cell, utterance, repeat, attempt, mono_start_ns FROM sessions").fetchall()
    return {SessionKey(*row[:4]): row[4] for row in rows if row[4] is not None}
