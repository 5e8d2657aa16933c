"""From a resolved run to a stored one: play, store, score; play what is left of one; and score stored runs again.

This is what the command line, the app and the notebooks call. Scoring happens after the timed phase, never in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.client.kernel_stamps import KernelStamps
from workbench.playing.job import Job
from workbench.playing.pacer import run
from workbench.playing.runner import play_many
from workbench.playing.slots import OnSlots
from workbench.playing.stop import Stop
from workbench.recording.record import Outcome, SessionRecord
from workbench.runs.manifest import run_manifest
from workbench.runs.offline_baseline import with_baseline
from workbench.runs.order import Shard, session_keys
from workbench.runs.prepare import prepare_jobs
from workbench.runs.resolved_run import ResolvedRun
from workbench.runs.result import RunResult, result_of
from workbench.runs.service import (
    Services,
    cap_concurrency,
    logged_in,
    open_services,
    predecode,
    prepare_service_jobs,
)
from workbench.scoring.session import SessionScore, score_session
from workbench.settings import Settings
from workbench.store import RunWriter, open_run
from workbench.store.labels import RunLabel, check_label, label_run

__all__ = ["OnSession", "evaluate", "play_into", "score_stored"]

OnSession = Callable[[SessionRecord, int], object]
"""Called with each finished record and how many have finished."""

OnBegin = Callable[[SessionRecord], object]
"""Called with the empty record of a session before it streams."""


def evaluate(
    resolved: ResolvedRun,
    settings: Settings,
    *,
    jobs: Sequence[Job] | None = None,
    on_session: OnSession | None = None,
    on_begin: OnBegin | None = None,
    on_predecode: Callable[[int, int], object] | None = None,
    shard: Shard | None = None,
    stop: Stop | None = None,
    on_slots: OnSlots | None = None,
    label: RunLabel | None = None,
) -> RunResult:
    """Play a run against ``settings.endpoint`` and store and score what happened.

    Args:
        resolved: what to play.
        settings: endpoint, credentials, store and limits.
        jobs: prepared by :func:`prepare_jobs`; prepared here where not given.
        on_session: called with each finished record and how many have finished.
        on_begin: called with the empty record of each session before it streams.
        on_predecode: where answers are replayed, called with how many chunks are decoded beforehand, and of how many.
        shard: play only this part; the run is then one to merge.
        stop: ends it early from outside; Ctrl-C does in any case.
        on_slots: called when fewer sessions are played at a time, or as many as before again, and why.
        label: name, note and tags that the run has from its beginning; None or an empty one for none.

    Returns:
        The committed run; of a run that was stopped, what there is, ``complete`` False.

    Raises:
        WorkbenchError: wrong credentials, no service, no disk; never for a session that failed.
    """
    label = label or RunLabel()
    if label != RunLabel():
        check_label(settings.store, label)
    settings = logged_in(resolved, settings)
    resolved = cap_concurrency(resolved, settings)
    jobs = prepare_jobs(resolved, keys=session_keys(resolved, shard)) if jobs is None else jobs
    jobs = with_baseline(resolved, settings, jobs)
    return run(
        _evaluate(resolved, settings, jobs, on_session, on_begin, on_predecode, shard, stop or Stop(), on_slots, label)
    )


async def _evaluate(
    resolved: ResolvedRun,
    settings: Settings,
    jobs: Sequence[Job],
    on_session: OnSession | None,
    on_begin: OnBegin | None,
    on_predecode: Callable[[int, int], object] | None,
    shard: Shard | None,
    stop: Stop,
    on_slots: OnSlots | None,
    label: RunLabel,
) -> RunResult:
    await predecode(resolved, settings, jobs, on_predecode)
    async with open_services(resolved, settings) as services:
        # Login and templates come before the run directory: what is wrong with them leaves no empty run behind.
        jobs = await prepare_service_jobs(resolved, services.first, jobs, services.own)
        manifest = run_manifest(resolved, services.name, services.recogniser, len(jobs), settings, shard)
        with RunWriter.create(settings.store, manifest) as writer:
            if label != RunLabel():
                label_run(settings.store, manifest.run_id, label)
            complete = await play_into(writer, jobs, services, resolved, on_session, stop, on_begin, on_slots)
            scores = score_stored(writer, resolved, complete)
    return result_of(open_run(settings.store, writer.path), scores, [c.name for c in resolved.cells], complete)


async def play_into(
    writer: RunWriter,
    jobs: Sequence[Job],
    services: Services,
    resolved: ResolvedRun,
    on_session: OnSession | None,
    stop: Stop,
    on_begin: OnBegin | None = None,
    on_slots: OnSlots | None = None,
) -> bool:
    """Play into ``writer``; whether every job was played to its own end."""
    done = whole = 0
    lowest = resolved.spec.concurrency

    def changed(limit: int, why: str) -> None:
        nonlocal lowest
        lowest = min(lowest, limit)
        writer.manifest.settings["lowest_concurrency"] = lowest
        if on_slots is not None:
            on_slots(limit, why)

    def finished(record: SessionRecord) -> None:
        nonlocal done, whole
        writer.add(record)
        done += 1
        whole += record.outcome is not Outcome.CANCELLED
        if on_session is not None:
            on_session(record, done)

    def begun(record: SessionRecord) -> None:
        writer.begin(record)
        if on_begin is not None:
            on_begin(record)

    kernel = KernelStamps() if resolved.spec.kernel_stamps else None
    with stop.listening() as stopped:
        playing = play_many(
            jobs,
            replace(services.first, kernel=kernel),
            concurrency=resolved.spec.concurrency,
            own={cell: replace(service, kernel=kernel) for cell, service in services.own.items()},
            on_begin=begun,
            on_done=finished,
            stop=stopped,
            realtime_priority=resolved.spec.realtime,
            on_slots=changed,
        )
        try:
            writer.manifest.settings["pacer"] = await playing
        except asyncio.CancelledError:
            stop.acknowledge()
    return whole == len(jobs)


def score_stored(writer: RunWriter, resolved: ResolvedRun, complete: bool) -> list[SessionScore]:
    """Scores of all that is stored; commits them where the run is complete."""
    scores = [score_session(record, resolved.normaliser) for record in writer.iter_records()]
    if complete:
        writer.commit([score.to_row() for score in scores])
    return scores
