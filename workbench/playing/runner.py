"""Play one plan; play many, bounded and interleaved. A failed session is a result.

One task group per session with two children, a paced sender and a receiver. Every wait is bounded. Nothing here
decides what a number means: it records.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from workbench.errors import WorkbenchError
from workbench.playing.job import Job
from workbench.playing.loop_watch import LoopWatch
from workbench.playing.pacer import EXACT_SESSIONS, TICK_NS, Pacer
from workbench.playing.priority import realtime, sleepless
from workbench.playing.service import Service
from workbench.playing.session import create_session, end_session, play_dictation, play_note, play_utterance
from workbench.playing.slots import OnSlots, Slots
from workbench.playing.stream import SessionFailed
from workbench.protocol.messages import Product
from workbench.recording.anchor import Anchor
from workbench.recording.record import Outcome, SessionRecord
from workbench.units import NS_PER_MS

__all__ = ["Ready", "new_record", "play_many", "play_session", "quiet_collector", "recorded"]

Ready = Callable[[SessionRecord], Awaitable[None]]
"""Waited for by a dictation whose socket is open, before its first chunk: sessions that are to begin together."""

_OLDER_EVERY = 16
"""Sessions between two collections of the middle generation; it holds what these sessions left behind."""


def new_record(job: Job) -> SessionRecord:
    """An empty record of a session that is about to be played."""
    plan = job.plan
    return SessionRecord(
        key=job.key,
        product=plan.product,
        dialect=plan.dialect,
        plan_hash=plan.hash,
        sample_rate_hz=plan.sample_rate_hz,
        samples=plan.ends[-1] if plan.ends else 0,
        chunk_samples=plan.chunk_samples,
        reference=plan.reference,
        speaker=plan.speaker,
        tags=plan.tags,
        facts=dict(plan.facts),
        remote_id=job.session_id,
    )


async def play_session(
    record: SessionRecord, job: Job, service: Service, pacer: Pacer, ready: Ready | None = None
) -> None:
    """Play ``job`` into ``record``. Never raises for what the service does; only cancellation passes through.

    A dictation waits for ``ready`` between its open socket and its first chunk.
    """
    if job.plan.product is Product.DICTATION:
        await recorded(record, play_dictation(record, job, service, pacer, ready))
    else:
        await recorded(record, play_note(record, job, service, pacer))


async def recorded(record: SessionRecord, work: Awaitable[None]) -> None:
    """Run ``work`` between two anchors and turn whatever happens into the record's outcome."""
    begin = Anchor.now()
    record.mono_start_ns, record.wall_start_ns = begin.monotonic_ns, begin.wall_ns
    try:
        await work
        record.outcome = Outcome.COMPLETED
    except SessionFailed as failed:
        record.outcome, record.error = failed.outcome, str(failed)
    except asyncio.CancelledError:
        record.outcome, record.error = Outcome.CANCELLED, "stopped before its end"
        raise
    except Exception as error:  # noqa: BLE001  a fault of ours in one session must not cost the others their record
        record.outcome = Outcome.CRASHED
        record.error = f"{type(error).__name__} inside the workbench; please report it"
    finally:
        end = Anchor.now()
        record.mono_end_ns, record.wall_end_ns = end.monotonic_ns, end.wall_ns


async def _play_talk(
    jobs: Sequence[Job],
    service: Service,
    pacer: Pacer,
    on_begin: Callable[[SessionRecord], object],
    on_done: Callable[[SessionRecord], None],
    stopped: Callable[[], bool],
) -> None:
    """Play several utterances as connections of one dictation session, one record each (S-99, S-103).

    Each record is scored on its own finals, so none of them gets the session's whole transcript; it stays in the log
    of the last one. The session ends once, after the last utterance (S-56), also when utterances failed.
    """
    session_id, url = jobs[0].session_id, None
    created = streamed = False
    last = len(jobs) - 1

    async def utterance(place: int, record: SessionRecord) -> None:
        nonlocal session_id, url, created, streamed
        if not created:
            url = await create_session(record, service, pacer)
            session_id, created = record.remote_id, True
        try:
            await play_utterance(record, jobs[place], service, pacer, url, again=streamed)
        except SessionFailed:
            if place == last or stopped():
                with contextlib.suppress(SessionFailed):
                    await end_session(record, service, pacer)
            raise
        finally:
            streamed = True
        if place == last or stopped():
            await end_session(record, service, pacer)

    for place, job in enumerate(jobs):
        record = new_record(job)
        record.remote_id = session_id
        on_begin(record)
        try:
            await recorded(record, utterance(place, record))
        finally:
            on_done(record)
        if stopped() and place != last:
            return


async def play_many(
    jobs: Sequence[Job],
    service: Service,
    *,
    concurrency: int,
    on_done: Callable[[SessionRecord], None],
    on_begin: Callable[[SessionRecord], object] = lambda record: None,
    stop: asyncio.Event | None = None,
    realtime_priority: bool = False,
    on_slots: OnSlots = lambda limit, why: None,
    ready: Ready | None = None,
    own: Mapping[str, Service] = MappingProxyType({}),
) -> str:
    """Play jobs in order, ``concurrency`` at a time; ``on_done`` gets each record, failed and cut-off ones too.

    Where the recogniser has no room for as many or falls behind, fewer are played (:mod:`workbench.playing.slots`).

    The login happens first: wrong credentials are the user's to mend, not a failed session.

    Args:
        jobs: sessions in the order of playing.
        service: where to play.
        concurrency: sessions at a time.
        own: services of configurations that have their own, by name of the configuration.
        on_done: called in the event loop when a session ends.
        on_begin: called with the empty record before a session begins.
        stop: when set, sessions in flight are finished and no new one begins.
        on_slots: called with how many are played at a time from then on, and why, when that changes.
        ready: what each dictation waits for between its open socket and its first chunk.
        realtime_priority: ask for SCHED_FIFO and for processors that do not sleep while sessions are played.

    Returns:
        What drove the pacing: ``timerfd`` or ``loop``, in ticks or not, with which priority.

    Raises:
        ConfigurationError: login refused.
        ServiceError: the service could not be reached for the login.
        WorkbenchError: what ``on_begin`` or ``on_done`` raised; the other sessions are ended and handed over first.
    """
    for one in (service, *own.values()):
        await one.rest.token()
    slots = Slots(concurrency, on_slots)
    service = replace(service, slots=slots)
    own = {name: replace(one, slots=slots) for name, one in own.items()}
    groups = [list(group) for _, group in itertools.groupby(enumerate(jobs), key=_group)]
    queue = iter(groups)
    stagger_ns = 100 * NS_PER_MS // max(1, concurrency)
    tick_ns = 0 if concurrency <= EXACT_SESSIONS else TICK_NS
    async with Pacer(tick_ns) as pacer, quiet_collector(), LoopWatch() as watch:
        begin_ns, counted = pacer.now_ns(), itertools.count(1)

        def stopped() -> bool:
            return stop is not None and stop.is_set()

        def ended(record: SessionRecord) -> None:
            slots.judge(record, pacer.now_ns())
            # The kernel's stamps do not wait for this process.
            begun_ns = record.start_ns or record.mono_start_ns
            if service.kernel is None:
                record.facts["loop_blocked_us"] = watch.longest_ns(begun_ns, record.mono_end_ns) // 1_000
            on_done(record)

        async def work(worker: int) -> None:
            await pacer.sleep_until_ns(begin_ns + worker * stagger_ns)
            for group in queue:
                await slots.take()
                try:
                    if stopped():
                        return
                    first = group[0][1]
                    where = own.get(first.key.cell, service)
                    if first.talk is not None:
                        await _play_talk([job for _, job in group], where, pacer, on_begin, ended, stopped)
                    else:
                        await _play_one(first, where, pacer, on_begin, ended, ready)
                finally:
                    slots.give()
                # What was in use when a young collection came by is garbage only an older one finds.
                gc.collect(0 if next(counted) % _OLDER_EVERY else 1)

        failure: WorkbenchError | None = None
        try:
            with sleepless(realtime_priority) as awake, realtime(realtime_priority) as priority:
                async with asyncio.TaskGroup() as workers:
                    for worker in range(min(concurrency, len(groups))):
                        workers.create_task(work(worker))
        except* WorkbenchError as failures:
            # A full disk stops every worker; the first one to notice says all there is to say.
            failure = next(error for error in failures.exceptions if isinstance(error, WorkbenchError))
        if failure is not None:
            raise failure
        ticks = f"ticks of {tick_ns / NS_PER_MS:g} ms" if tick_ns else ""
        return ", ".join(filter(None, (pacer.driver, ticks, priority, awake)))


def _group(numbered: tuple[int, Job]) -> tuple[str, str | int]:
    """Utterances of one session stay together; any other job stands alone."""
    place, job = numbered
    return ("alone", place) if job.talk is None else ("talk", job.talk)


async def _play_one(
    job: Job,
    service: Service,
    pacer: Pacer,
    on_begin: Callable[[SessionRecord], object],
    on_done: Callable[[SessionRecord], None],
    ready: Ready | None,
) -> None:
    record = new_record(job)
    on_begin(record)
    try:
        await play_session(record, job, service, pacer, ready)
    finally:
        on_done(record)


@contextlib.asynccontextmanager
async def quiet_collector() -> AsyncIterator[None]:
    """No full garbage collection while chunks are due: with 1,000 sessions it costs 3.6 ms of lateness p99.

    A process that has frozen its heap keeps it so: whoever did that did not want those objects looked at again.
    """
    was_enabled, was_frozen = gc.isenabled(), gc.get_freeze_count() > 0
    gc.collect()
    if not was_frozen:
        gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        if not was_frozen:
            gc.unfreeze()
        if was_enabled:
            gc.enable()
