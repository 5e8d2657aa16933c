"""From a question to a stored run: play, store, score; play what is left of one; and score stored runs again.

This is what the command line, the app and the notebooks call. Scoring happens after the timed phase, never in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbench.asked import normaliser_facts, question_of, run_manifest
from workbench.client.context import with_templates
from workbench.errors import StoreError
from workbench.metrics.inference import smallest_detectable
from workbench.metrics.normalize import Normaliser, normaliser
from workbench.pacing import run
from workbench.protocol.messages import Product
from workbench.question import Question, prepare_jobs, session_keys
from workbench.recording import Outcome, SessionKey, SessionRecord
from workbench.runner import Job, Service, play_many
from workbench.scoring import CellScore, SessionScore, score_run, score_session
from workbench.settings import Settings
from workbench.shards import Shard
from workbench.simulator.local import decodable_streams
from workbench.stopping import Stop
from workbench.store import RunWriter, StoredRun, list_runs, open_run
from workbench.target import DEMO_CREDENTIALS, open_service

__all__ = [
    "DEMO_CREDENTIALS",
    "OnSession",
    "Rest",
    "RunResult",
    "detectable_difference",
    "evaluate",
    "fitted",
    "load_result",
    "open_service",
    "rescore",
    "resume",
    "run_manifest",
    "unplayed",
]

OnSession = Callable[[SessionRecord, int], object]
"""Called with each finished record and how many have finished."""


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


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left to play of a stored run.

    Attributes:
        run: on disk.
        question: what it was asked.
        missing: sessions to play, in the order of the run.
        seen: how every stored session ended, earlier attempts included.
        kept: sessions that stay as they are.
        failed: of these; a failure is a result.
        again: of ``missing``, those that had begun before: theirs is a new attempt, the old one stays in the record.
    """

    run: StoredRun
    question: Question
    missing: tuple[SessionKey, ...] = field(repr=False)
    seen: dict[SessionKey, Outcome] = field(repr=False)
    kept: int
    failed: int
    again: int


def fitted(question: Question, settings: Settings) -> Question:
    """The question with no more sessions at a time than the simulator started for it can decode in real time."""
    if settings.endpoint != "simulator":
        return question
    return replace(question, concurrency=min(question.concurrency, decodable_streams()))


def evaluate(
    question: Question,
    settings: Settings,
    *,
    jobs: Sequence[Job] | None = None,
    on_session: OnSession | None = None,
    shard: Shard | None = None,
    stop: Stop | None = None,
) -> RunResult:
    """Play a question against ``settings.endpoint`` and store and score what happened.

    Args:
        question: what to play.
        settings: endpoint, credentials, store and limits.
        jobs: prepared by :func:`prepare_jobs`; prepared here where not given.
        on_session: called with each finished record and how many have finished.
        shard: play only this part; the run is then one to merge.
        stop: ends it early from outside; Ctrl-C does in any case.

    Returns:
        The committed run; of a run that was stopped, what there is, ``complete`` False.

    Raises:
        WorkbenchError: wrong credentials, no service, no disk; never for a session that failed.
    """
    jobs = prepare_jobs(question, keys=session_keys(question, shard)) if jobs is None else jobs
    return run(_evaluate(question, settings, jobs, on_session, shard, stop or Stop()))


async def _evaluate(
    question: Question,
    settings: Settings,
    jobs: Sequence[Job],
    on_session: OnSession | None,
    shard: Shard | None,
    stop: Stop,
) -> RunResult:
    async with open_service(settings, question.transport, question.dialect) as (service, recogniser):
        # Login and templates come before the run directory: what is wrong with them leaves no empty run behind.
        jobs = await _checked(question, service, jobs)
        manifest = run_manifest(question, service.address.name, recogniser, len(jobs), settings, shard)
        with RunWriter.create(settings.store, manifest) as writer:
            complete = await _play(writer, jobs, service, question, on_session, stop)
            found = _scored(writer, question, complete)
    return _result(open_run(settings.store, writer.path), found, [c.name for c in question.cells], complete)


def unplayed(run: StoredRun, *, retry_failed: bool = False) -> Rest:
    """What is left to play of a run: sessions that never began, and those that were cut off.

    Args:
        run: interrupted, killed, or committed before it was complete.
        retry_failed: those that failed, too.

    Raises:
        InputError: it was stored before runs could be resumed, or a setting means something else by now.
        CorpusError: its corpus is gone or changed.
    """
    question, shard = question_of(run.manifest)
    seen = run.outcomes()
    last = {(key.cell, key.utterance, key.repeat): key for key in sorted(seen)}
    missing, kept = [], []
    for key in session_keys(question, shard):
        before = last.get((key.cell, key.utterance, key.repeat))
        if before is None:
            missing.append(key)
        elif seen[before] is Outcome.CANCELLED or (retry_failed and seen[before].failed):
            missing.append(replace(key, attempt=before.attempt + 1))
        else:
            kept.append(seen[before])
    return Rest(
        run=run,
        question=question,
        missing=tuple(missing),
        seen=seen,
        kept=len(kept),
        failed=sum(outcome.failed for outcome in kept),
        again=sum(key.attempt > 0 for key in missing),
    )


def resume(
    rest: Rest,
    settings: Settings,
    *,
    jobs: Sequence[Job] | None = None,
    on_session: OnSession | None = None,
    stop: Stop | None = None,
) -> RunResult:
    """Play what is left of a run, with its seed and in its order, and commit it.

    Args:
        rest: from :func:`unplayed`.
        settings: from :func:`workbench.asked.settings_of`.
        jobs: of ``rest.missing``, prepared by :func:`prepare_jobs`; prepared here where not given.
        on_session: called with each finished record and how many have finished.
        stop: ends it early from outside; Ctrl-C does in any case.

    Raises:
        StoreError: somebody else writes the run.
        WorkbenchError: as of :func:`evaluate`.
    """
    jobs = prepare_jobs(rest.question, keys=rest.missing) if jobs is None else jobs
    return run(_resume(rest, settings, jobs, on_session, stop or Stop()))


async def _resume(
    rest: Rest, settings: Settings, jobs: Sequence[Job], on_session: OnSession | None, stop: Stop
) -> RunResult:
    question, complete = rest.question, True
    if jobs:
        async with open_service(settings, question.transport, question.dialect) as (service, _):
            jobs = await _checked(question, service, jobs)
            with _reopened(rest) as writer:
                complete = await _play(writer, jobs, service, question, on_session, stop)
                found = _scored(writer, question, complete)
    else:  # killed between its last session and the commit
        with _reopened(rest) as writer:
            found = _scored(writer, question, complete)
    return _result(open_run(settings.store, writer.path), found, [c.name for c in question.cells], complete)


def _reopened(rest: Rest) -> RunWriter:
    writer = RunWriter.resume(rest.run.path)
    if writer.outcomes() == rest.seen:
        return writer
    with writer:
        raise StoreError("the run has changed meanwhile", item=rest.run.run_id, action="Resume it again")


async def _checked(question: Question, service: Service, jobs: Sequence[Job]) -> Sequence[Job]:
    """Log in, and put the chosen templates into the jobs of form filling."""
    await service.rest.token()
    if question.product is not Product.FORM_FILLING:
        return jobs
    forms = await with_templates(service.rest, question.context, question.form_templates)
    return [replace(job, context=forms) for job in jobs]


async def _play(
    writer: RunWriter,
    jobs: Sequence[Job],
    service: Service,
    question: Question,
    on_session: OnSession | None,
    stop: Stop,
) -> bool:
    """Play into ``writer``; whether every job was played to its own end."""
    done = whole = 0

    def finished(record: SessionRecord) -> None:
        nonlocal done, whole
        writer.add(record)
        done += 1
        whole += record.outcome is not Outcome.CANCELLED
        if on_session is not None:
            on_session(record, done)

    with stop.listening() as stopped:
        playing = play_many(
            jobs,
            service,
            concurrency=question.concurrency,
            on_begin=writer.begin,
            on_done=finished,
            stop=stopped,
            realtime_priority=question.realtime,
        )
        try:
            writer.manifest.settings["pacer"] = await playing
        except asyncio.CancelledError:
            stop.taken()
    return whole == len(jobs)


def _scored(writer: RunWriter, question: Question, complete: bool) -> list[SessionScore]:
    """Scores of all that is stored; commits them where the run is complete."""
    scores = [score_session(record, question.normaliser) for record in writer.iter_records()]
    if complete:
        writer.commit([score.to_row() for score in scores])
    return scores


def _result(run: StoredRun, scores: list[SessionScore], cells: Sequence[str], complete: bool = True) -> RunResult:
    rank = {name: place for place, name in enumerate(cells)}
    scored = score_run(scores, seed=run.manifest.seed)
    return RunResult(run, scores, sorted(scored, key=lambda cell: rank.get(cell.cell, len(rank))), complete)


def load_result(run: StoredRun) -> RunResult:
    """A stored run with the scores that lie beside it; a run that was never committed is scored from its journal."""
    names = [cell.name for cell in run.manifest.cells]
    if not run.committed:
        facts = run.manifest.normaliser
        which = normaliser(facts.name if facts else "basic")
        return _result(run, [score_session(record, which) for record in run.iter_records()], names, complete=False)
    return _result(run, [SessionScore.from_row(row) for row in run.scores()], names)


def rescore(run: StoredRun, which: Normaliser) -> RunResult:
    """Score a stored run again; replaces its scores and nothing else."""
    scores = [score_session(record, which) for record in run.iter_records()]
    if run.committed:
        run.replace_scores([score.to_row() for score in scores], normaliser_facts(which))
    return _result(run, scores, [cell.name for cell in run.manifest.cells], run.committed)


def detectable_difference(store: Path, question: Question, pilot: str | None = None) -> tuple[float | None, str]:
    """Smallest difference of WER between two cells that ``question`` would find with a power of 80 %.

    Args:
        store: folder of the runs.
        question: the planned run.
        pilot: run whose paired differences tell the spread; None takes the newest with two cells on this corpus.

    Returns:
        The difference, or None; and where it comes from, or why it is unknown.
    """
    if pilot is not None:
        candidates = [open_run(store, pilot)]
    else:
        candidates = [
            run
            for run in reversed(list_runs(store))
            if run.committed and len(run.manifest.cells) > 1 and run.manifest.corpus.name == question.corpus.name
        ]
    if not candidates:
        return None, f"no pilot: no stored run of {question.corpus.name} with two cells"
    result = load_result(candidates[0])
    differences = _paired_differences(result)
    found = smallest_detectable(differences, len(question.utterances))
    if found is None:
        return None, f"pilot {result.run.run_id} has fewer than two paired utterances"
    return found, f"at 80 % power, from {len(differences)} pairs of {result.run.run_id}"


def _paired_differences(result: RunResult) -> list[float]:
    """Per utterance, errors of the second cell minus the first over the mean words of an utterance."""
    first, second = (
        {s.utterance: s.words for s in result.scores if s.cell == cell.cell and not s.failed}
        for cell in result.cells[:2]
    )
    both = [u for u in first if u in second]
    words = sum(first[u].reference for u in both) / len(both) if both else 0
    return [(second[u].errors - first[u].errors) / words for u in both] if words else []
