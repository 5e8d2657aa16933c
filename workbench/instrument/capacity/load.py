"""Play a level: so many sessions at the same time for so long, each on the path of every other session.

A level that is *held* creates all sessions and opens all sockets first, then starts them within two seconds, lets all
of them stream through the steady stretch, and ends them when the last one has streamed: calls of REST and handshakes
cost both ends milliseconds each and would be all that is seen. A level of *arrivals* is an open model: sessions come
at random moments, whatever became of those before, live for an utterance and are gone; their calls are part of the
load. What a level finds is a bound of the client or the service, not of processors that take their time to wake: where
the system lets us, they are kept awake, and every level says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from workbench.instrument.capacity.measure import CpuClock, Played
from workbench.instrument.capacity.speech import CHUNK_MS, SENTENCE_MS
from workbench.playing.job import Job
from workbench.playing.pacer import EXACT_SESSIONS, TICK_NS, Pacer
from workbench.playing.plan import SessionPlan
from workbench.playing.priority import realtime, sleepless
from workbench.playing.runner import new_record, play_session, quiet_collector, recorded
from workbench.playing.service import Service
from workbench.playing.session import create_session, end_session, play_utterance
from workbench.playing.stream import SessionFailed
from workbench.recording.record import Outcome, SessionKey, SessionRecord
from workbench.units import NS_PER_S

__all__ = ["SETTLE_S", "LevelRun", "arrive", "hold", "spread_s", "start_offset_ns"]

_BETWEEN_STARTS_S = 0.005
"""A start costs a millisecond or two; closer ones would wait for each other and then chunks would be due in bursts."""

_GOLDEN = 0.618033988749895
"""Multiples of it fill a circle evenly however many there are: the phases of the sessions within a chunk."""

SETTLE_S = 1.0
"""From the last start to the steady stretch, and how much longer than it sessions stream."""

_HANDSHAKES_PER_S = 250

_CALLS = 16
"""Calls of REST at a time."""


@dataclass(frozen=True, slots=True)
class LevelRun:
    """Where and how a level is played.

    Attributes:
        service: service to play against.
        plans: what sessions send, in turn.
        service_pid: process id of the simulator, if it is ours.
        on_begin: gets every empty record, for a journal.
        start: waited for when everything is ready; returns the moment at which the first session starts.
        realtime: ask for real-time priority while sessions stream.
    """

    service: Service
    plans: Sequence[SessionPlan]
    service_pid: int | None
    on_begin: Callable[[SessionRecord], object]
    start: Callable[[], Awaitable[int]]
    realtime: bool = False


def _job(stage: LevelRun, place: int) -> Job:
    plan = stage.plans[place % len(stage.plans)]
    return Job(SessionKey("capacity", plan.utterance_id, place), plan, str(uuid.uuid4()))


def _pacer(sessions: int) -> tuple[Pacer, str]:
    exact = sessions <= EXACT_SESSIONS
    return Pacer(0 if exact else TICK_NS), "exact" if exact else "ticks"


def spread_s(sessions: int) -> float:
    """From the first start of a level to its last: whole sentences of the script, so that no moment is special."""
    sentence_s = SENTENCE_MS / 1000
    return sentence_s * math.ceil(max(1.0, sessions * _BETWEEN_STARTS_S) / sentence_s)


def start_offset_ns(place: int, sessions: int) -> int:
    """When a session of a level starts, behind the first one."""
    offset_s = place * spread_s(sessions) / sessions + place * _GOLDEN % 1 * CHUNK_MS / 1000
    return round(offset_s * NS_PER_S)


class _Barrier:
    """Sessions that have come to a point; whoever waits goes on when all have."""

    def __init__(self, sessions: int) -> None:
        self._missing = set(range(sessions))
        self.all_here = asyncio.Event()

    def here(self, place: int) -> None:
        self._missing.discard(place)
        if not self._missing:
            self.all_here.set()


async def hold(stage: LevelRun, sessions: int, seconds: float) -> Played:
    """Let ``sessions`` stream together for ``seconds``. The plans must last as long as starts, settling and that."""
    jobs = [_job(stage, place) for place in range(sessions)]
    records = [new_record(job) for job in jobs]
    created, opened, streamed = (_Barrier(sessions) for _ in range(3))
    begun, calls = asyncio.Event(), asyncio.Semaphore(_CALLS)
    pacer, mode = _pacer(sessions)
    open_ns = start_ns = 0

    async def begin(place: int) -> None:
        opened.here(place)
        await begun.wait()
        await pacer.sleep_until_ns(start_ns + start_offset_ns(place, sessions))

    async def stream(place: int) -> None:
        nonlocal open_ns
        job, record, service = jobs[place], records[place], stage.service
        try:
            async with calls:
                url = await create_session(record, service, pacer)
            created.here(place)
            await created.all_here.wait()
            open_ns = open_ns or pacer.now_ns()
            await pacer.sleep_until_ns(open_ns + round(place * NS_PER_S / _HANDSHAKES_PER_S))
            await play_utterance(record, job, service, pacer, url, ready=partial(begin, place))
        finally:
            for muster in (created, opened, streamed):  # whoever failed is not waited for
                muster.here(place)

    async def session(place: int) -> None:
        record = records[place]
        try:
            await stream(place)
        except SessionFailed as failed:
            await streamed.all_here.wait()
            if failed.outcome is not Outcome.CREATE_FAILED:
                async with calls:
                    with contextlib.suppress(SessionFailed):
                        await end_session(record, stage.service, pacer)
            raise
        await streamed.all_here.wait()
        async with calls:
            record.final_transcript = await end_session(record, stage.service, pacer)

    async with pacer, asyncio.TaskGroup() as group:
        for place, record in enumerate(records):
            stage.on_begin(record)
            group.create_task(recorded(record, session(place)))
        await opened.all_here.wait()
        async with quiet_collector():
            start_ns = await stage.start()
            window_ns = _window(start_ns, spread_s(sessions) + SETTLE_S, seconds)
            with sleepless() as awake, realtime(stage.realtime) as priority:
                begun.set()
                used = await _used(pacer, window_ns, CpuClock(stage.service_pid))
                await streamed.all_here.wait()
    return Played(sessions, records, window_ns, *used, _said(pacer, mode, priority, awake), stage.service.transport)


async def arrive(stage: LevelRun, sessions: int, seconds: float, seed: int) -> Played:
    """Let sessions arrive so often that ``sessions`` of them stream at a time, and look at ``seconds`` of that."""
    live_s = sum(plan.due_offsets_ns[-1] for plan in stage.plans) / len(stage.plans) / NS_PER_S
    whole_s = live_s + SETTLE_S + seconds
    gaps = np.random.default_rng(seed).exponential(live_s / sessions, round(2 * whole_s * sessions / live_s) + 100)
    moments_s = [float(moment) for moment in np.cumsum(gaps) if moment < whole_s] or [0.0]
    records: list[SessionRecord] = []
    pacer, mode = _pacer(sessions)

    async def session(place: int, due_ns: int) -> None:
        await pacer.sleep_until_ns(due_ns)
        job = _job(stage, place)
        record = new_record(job)
        records.append(record)
        stage.on_begin(record)
        await play_session(record, job, stage.service, pacer)

    async with pacer, quiet_collector():
        start_ns = await stage.start()
        window_ns = _window(start_ns, live_s + SETTLE_S, seconds)
        with sleepless() as awake, realtime(stage.realtime) as priority:
            async with asyncio.TaskGroup() as group:
                for place, moment_s in enumerate(moments_s):
                    group.create_task(session(place, start_ns + round(moment_s * NS_PER_S)))
                used = await _used(pacer, window_ns, CpuClock(stage.service_pid))
    return Played(sessions, records, window_ns, *used, _said(pacer, mode, priority, awake), stage.service.transport)


def _window(start_ns: int, after_s: float, seconds: float) -> tuple[int, int]:
    begin_ns = start_ns + round(after_s * NS_PER_S)
    return begin_ns, begin_ns + round(seconds * NS_PER_S)


async def _used(pacer: Pacer, window_ns: tuple[int, int], clock: CpuClock) -> tuple[float, float | None]:
    """Processor time in the window, ours and the simulator's."""
    await pacer.sleep_until_ns(window_ns[0])
    own_s, service_s = clock.read()
    await pacer.sleep_until_ns(window_ns[1])
    own_end_s, service_end_s = clock.read()
    spent = None if service_s is None or service_end_s is None else service_end_s - service_s
    return own_end_s - own_s, spent


def _said(pacer: Pacer, *more: str) -> str:
    return ", ".join(filter(None, (pacer.driver, *more)))
