"""From a question to a stored run: play, store, score; play what is left of one; and score stored runs again.

This is what the command line, the app and the notebooks call. Scoring happens after the timed phase, never in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from workbench.asked import question_of, run_manifest
from workbench.client.kernel_stamps import KernelStamps
from workbench.errors import StoreError
from workbench.executors import OnShard, connected, play_on_cluster, require_shared
from workbench.pacing import run
from workbench.question import Question, blocks, prepare_jobs, session_keys
from workbench.recording import Outcome, SessionKey, SessionRecord
from workbench.runner import Job, Service, play_many
from workbench.scored import RunResult, load_result, rescore, result_of
from workbench.scoring import SessionScore, score_session
from workbench.settings import Settings
from workbench.shards import Shard
from workbench.stopping import Stop
from workbench.store import RunWriter, StoredRun, open_run
from workbench.target import DEMO_CREDENTIALS, fitted, learn_speech, open_service, ready_jobs, service_name

__all__ = [
    "DEMO_CREDENTIALS",
    "OnSession",
    "Rest",
    "RunResult",
    "evaluate",
    "evaluate_on_cluster",
    "fitted",
    "load_result",
    "open_service",
    "rescore",
    "resume",
    "resume_on_cluster",
    "run_manifest",
    "unplayed",
]

OnSession = Callable[[SessionRecord, int], object]
"""Called with each finished record and how many have finished."""


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
    await learn_speech(settings, jobs)
    async with open_service(settings, question.transport, question.dialect) as (service, recogniser):
        # Login and templates come before the run directory: what is wrong with them leaves no empty run behind.
        jobs = await ready_jobs(question, service, jobs)
        manifest = run_manifest(question, service.address.name, recogniser, len(jobs), settings, shard)
        with RunWriter.create(settings.store, manifest) as writer:
            complete = await _play(writer, jobs, service, question, on_session, stop)
            found = _scored(writer, question, complete)
    return result_of(open_run(settings.store, writer.path), found, [c.name for c in question.cells], complete)


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
        await learn_speech(settings, jobs)
        async with open_service(settings, question.transport, question.dialect) as (service, _):
            jobs = await ready_jobs(question, service, jobs)
            with _reopened(rest, settings) as writer:
                complete = await _play(writer, jobs, service, question, on_session, stop)
                found = _scored(writer, question, complete)
    else:  # killed between its last session and the commit
        with _reopened(rest, settings) as writer:
            found = _scored(writer, question, complete)
    return result_of(open_run(settings.store, writer.path), found, [c.name for c in question.cells], complete)


def evaluate_on_cluster(
    question: Question,
    settings: Settings,
    address: str,
    *,
    shard: Shard | None = None,
    on_shard: OnShard | None = None,
    stop: Stop | None = None,
) -> RunResult:
    """As :func:`evaluate`, played by the workers of a Dask cluster.

    Args:
        question: what to play; its sessions at a time are those of each worker.
        settings: endpoint, store and limits; credentials are read from each worker's environment.
        address: of the scheduler, such as ``tcp://scheduler:8786``.
        shard: play only this part.
        on_shard: called with how many shards are done, and of how many.
        stop: ends it early from outside; Ctrl-C does in any case.

    Raises:
        InputError: a store that is no folder.
        ServiceError: no scheduler, or no worker.
        WorkbenchError: what a worker could not do.
    """
    require_shared(settings.store)
    keys = session_keys(question, shard)
    manifest = run_manifest(question, *service_name(settings), len(keys), settings, shard)
    with connected(address) as client, RunWriter.create(settings.store, manifest) as writer:
        parts = blocks(question, keys)
        play_on_cluster(client, writer.path, settings.endpoint, parts, stop=stop or Stop(), on_shard=on_shard)
        found, complete = _collected(writer, question, keys)
    return result_of(open_run(settings.store, writer.path), found, [c.name for c in question.cells], complete)


def resume_on_cluster(
    rest: Rest, settings: Settings, address: str, *, on_shard: OnShard | None = None, stop: Stop | None = None
) -> RunResult:
    """As :func:`resume`, played by the workers of a Dask cluster; see :func:`evaluate_on_cluster`."""
    require_shared(settings.store)
    question = rest.question
    with connected(address) as client, _reopened(rest, settings) as writer:
        parts = blocks(question, rest.missing)
        play_on_cluster(client, writer.path, settings.endpoint, parts, stop=stop or Stop(), on_shard=on_shard)
        found, complete = _collected(writer, question, rest.missing)
    return result_of(open_run(settings.store, writer.path), found, [c.name for c in question.cells], complete)


def _collected(writer: RunWriter, question: Question, keys: Sequence[SessionKey]) -> tuple[list[SessionScore], bool]:
    """Take in what the workers wrote; scores of it, and whether all of ``keys`` were played to their end."""
    writer.collect(in_flight=True)
    ends: dict[tuple[str, str, int], Outcome] = {}
    for key, outcome in sorted(writer.outcomes().items()):
        ends[key.cell, key.utterance, key.repeat] = outcome
    asked = [(key.cell, key.utterance, key.repeat) for key in keys]
    complete = all(ends.get(key, Outcome.CANCELLED) is not Outcome.CANCELLED for key in asked)
    return _scored(writer, question, complete), complete


def _reopened(rest: Rest, settings: Settings) -> RunWriter:
    writer = RunWriter.resume(rest.run.path)
    if writer.outcomes() == rest.seen:
        if writer.manifest.asked is not None:  # the service may have moved to another port
            writer.manifest.asked.endpoint = settings.endpoint
        return writer
    with writer:
        raise StoreError("the run has changed meanwhile", item=rest.run.run_id, action="Resume it again")


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

    if question.kernel_stamps:
        service = replace(service, kernel=KernelStamps())
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
