"""Play one plan; play many, bounded and interleaved. A failed session is a result.

One task group per session with two children, a paced sender and a receiver. Every wait is bounded. Nothing here
decides what a number means: it records.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from workbench.client.rest import SukiRest
from workbench.client.stream import Closed, Socket, connect_socket
from workbench.clock import Anchor, Clock
from workbench.errors import ConfigurationError, ServiceError, WorkbenchError
from workbench.pacing import Pacer
from workbench.plan import SessionPlan
from workbench.protocol.endpoints import SOCKET_PATHS
from workbench.protocol.messages import EndOfAudio, EndOfResults
from workbench.protocol.stream import Role, StreamSession
from workbench.recording import Outcome, SessionKey, SessionRecord
from workbench.settings import Limits, ServiceAddress
from workbench.units import NS_PER_MS, NS_PER_S

__all__ = ["Job", "Service", "new_record", "play_many", "play_session"]

_LEAD_NS = 5 * NS_PER_MS
"""Between the opened socket and time zero, so that the two tasks stand before the first chunk can be due."""


@dataclass(frozen=True, slots=True)
class Job:
    """One session to play."""

    key: SessionKey
    plan: SessionPlan


@dataclass(frozen=True, slots=True)
class Service:
    """The service to play against.

    Attributes:
        address: base addresses.
        rest: logged-in REST client.
        tls: context for ``wss``.
        limits: bounded waits.
    """

    address: ServiceAddress
    rest: SukiRest
    tls: ssl.SSLContext | None = None
    limits: Limits = field(default_factory=Limits)


class _Failed(Exception):  # noqa: N818  internal: carries the outcome to the one place that records it
    def __init__(self, outcome: Outcome, error: object) -> None:
        super().__init__(str(error))
        self.outcome = outcome


def new_record(job: Job) -> SessionRecord:
    """An empty record of a session that is about to be played."""
    plan = job.plan
    return SessionRecord(
        key=job.key,
        product=plan.product,
        dialect=plan.dialect,
        plan_hash=plan.hash,
        sample_rate_hz=plan.sample_rate_hz,
        samples=plan.ends[-1],
        chunk_samples=plan.chunk_samples,
        reference=plan.reference,
        speaker=plan.speaker,
        tags=plan.tags,
        facts=dict(plan.facts),
    )


async def play_session(record: SessionRecord, plan: SessionPlan, service: Service, clock: Clock) -> None:
    """Play ``plan`` into ``record``. Never raises for what the service does; only cancellation passes through."""
    begin = Anchor.now()
    record.mono_start_ns, record.wall_start_ns = begin.monotonic_ns, begin.wall_ns
    try:
        await _dictation(record, plan, service, clock)
        record.outcome = Outcome.COMPLETED
    except _Failed as failed:
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


async def _dictation(record: SessionRecord, plan: SessionPlan, service: Service, clock: Clock) -> None:
    """Create, stream, end (S-40…S-57). REST end is called once, also when the stream failed (S-56)."""
    begun_ns = clock.now_ns()
    try:
        record.remote_id = await service.rest.create_dictation(plan.sample_rate_hz)
    except ConfigurationError as error:
        raise _Failed(Outcome.LOGIN_FAILED, error) from None
    except WorkbenchError as error:
        raise _Failed(Outcome.CREATE_FAILED, error) from None
    record.create_ns = clock.now_ns() - begun_ns
    try:
        await _connect_and_stream(record, plan, service, clock)
    except _Failed:
        with contextlib.suppress(WorkbenchError):
            await _end(record, service, clock)
        raise
    try:
        await _end(record, service, clock)
    except WorkbenchError as error:
        raise _Failed(Outcome.END_FAILED, error) from None


async def _end(record: SessionRecord, service: Service, clock: Clock) -> None:
    begun_ns = clock.now_ns()
    result = await service.rest.end_dictation(record.remote_id or "")
    record.end_ns = clock.now_ns() - begun_ns
    record.final_transcript = result.final_transcript


async def _connect_and_stream(record: SessionRecord, plan: SessionPlan, service: Service, clock: Clock) -> None:
    socket = await _connect(record, plan, service)
    session = StreamSession(Role.CLIENT, plan.product, plan.dialect, record.remote_id or "")
    try:
        await _stream(record, plan, session, socket, service.limits, clock)
        await _drain(record, socket, service.limits, clock)
    except BaseException:
        socket.abort()
        raise
    finally:
        record.violations = tuple(session.violations)
        await socket.close()


async def _connect(record: SessionRecord, plan: SessionPlan, service: Service) -> Socket:
    token = await service.rest.token()
    headers = {"sdp_suki_token": token, "transcription_session_id": record.remote_id or ""}
    headers |= service.rest.provider_header()
    url = service.address.ws_url + SOCKET_PATHS[plan.product]
    try:
        async with asyncio.timeout(service.limits.connect_s):
            return await connect_socket(
                url, headers, tls=service.tls, phases=record.connect, close_timeout_s=service.limits.close_s
            )
    except TimeoutError:
        waited = f"the socket was not open after {service.limits.connect_s:g} s"
        raise _Failed(Outcome.CONNECT_TIMEOUT, waited) from None
    except ServiceError as error:
        outcome = Outcome.UNREACHABLE if error.status is None else Outcome.REFUSED
        raise _Failed(outcome, error) from None


async def _stream(
    record: SessionRecord, plan: SessionPlan, session: StreamSession, socket: Socket, limits: Limits, clock: Clock
) -> None:
    """Send and receive until the terminal frame. Raises _Failed; the first failing child decides."""
    waiting = asyncio.timeout(None)
    failure: _Failed | None = None
    try:
        async with asyncio.TaskGroup() as group:
            receiver = group.create_task(_receive(record, session, socket, limits, waiting, clock))
            await _send(record, plan, session, socket, limits, clock)
            if not receiver.done():
                waiting.reschedule(asyncio.get_running_loop().time() + limits.terminal_s)
    except* _Failed as failures:
        failure = next(error for error in failures.exceptions if isinstance(error, _Failed))
    if failure is not None:
        raise failure


async def _send(
    record: SessionRecord, plan: SessionPlan, session: StreamSession, socket: Socket, limits: Limits, clock: Clock
) -> None:
    """Send each chunk at its due time, then the end of audio at once."""
    start_ns = record.start_ns = clock.now_ns() + _LEAD_NS
    log, last_due_ns = record.frames, start_ns + plan.due_offsets_ns[-1]
    bound_s = (last_due_ns + plan.holds_ns[-1] - clock.now_ns()) / NS_PER_S + limits.stall_s
    schedule = zip(plan.frames, plan.due_offsets_ns, plan.holds_ns, strict=True)
    chunk = 0
    try:
        async with asyncio.timeout(bound_s):
            for chunk, (frame, offset_ns, hold_ns) in enumerate(schedule):
                due_ns = start_ns + offset_ns
                await clock.sleep_until_ns(due_ns + hold_ns)
                session.audio_sent()
                sent_ns = clock.now_ns()
                await socket.send(frame)
                log.audio_sent(chunk, plan.ends[chunk], due_ns, sent_ns, clock.now_ns(), len(frame), hold_ns)
            frame = session.send(EndOfAudio())
            sent_ns = clock.now_ns()
            await socket.send(frame)
            log.control_sent(frame.decode(), last_due_ns, sent_ns, clock.now_ns())
    except Closed:
        # The receiver drains what had arrived before the close and reports it.
        return
    except TimeoutError:
        problem = f"the service stopped reading at chunk {chunk + 1} of {len(plan.frames)}"
        raise _Failed(Outcome.STALLED, f"{problem}; gave up {limits.stall_s:g} s behind schedule") from None


async def _receive(
    record: SessionRecord,
    session: StreamSession,
    socket: Socket,
    limits: Limits,
    waiting: asyncio.Timeout,
    clock: Clock,
) -> None:
    """Record arrivals until the terminal frame."""
    try:
        async with waiting:
            while True:
                raw, received_ns = await socket.receive()
                record.frames.received(raw, received_ns)
                if isinstance(session.receive_server(raw), EndOfResults):
                    break
    except Closed as closed:
        record.frames.closed(closed.code, closed.reason, clock.now_ns())
        sent = sum(1 for kind in record.frames.chunk if kind >= 0)
        raise _Failed(
            Outcome.CLOSED_EARLY,
            f"the service closed the socket before the terminal frame (code {closed.code} {closed.reason!r}, "
            f"{sent} of {_chunks(record)} chunks sent)",
        ) from None
    except TimeoutError:
        waited = f"no terminal frame within {limits.terminal_s:g} s after the end of audio"
        raise _Failed(Outcome.NO_TERMINAL, waited) from None
    if len(record.frames.chunk) and max(record.frames.end_sample) < record.samples:
        raise _Failed(Outcome.PROTOCOL_ERROR, "the service ended its results before the audio had ended")


def _chunks(record: SessionRecord) -> int:
    return -(-record.samples // record.chunk_samples)


async def _drain(record: SessionRecord, socket: Socket, limits: Limits, clock: Clock) -> None:
    """Record what still comes between the terminal frame and the close (S-94, S-95)."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limits.close_s):
            try:
                while True:
                    raw, received_ns = await socket.receive()
                    record.frames.received(raw, received_ns)
            except Closed as closed:
                record.frames.closed(closed.code, closed.reason, clock.now_ns())


async def play_many(
    jobs: Sequence[Job],
    service: Service,
    *,
    concurrency: int,
    on_done: Callable[[SessionRecord], None],
    stop: asyncio.Event | None = None,
) -> str:
    """Play jobs in order, ``concurrency`` at a time; ``on_done`` gets each record, failed and cut-off ones too.

    The login happens first: wrong credentials are the user's to mend, not a failed session.

    Args:
        jobs: in the order of playing.
        service: where to play.
        concurrency: sessions at a time.
        on_done: called in the event loop when a session ends.
        stop: when set, sessions in flight are finished and no new one begins.

    Returns:
        What drove the pacing: ``timerfd`` or ``loop``.

    Raises:
        ConfigurationError: login refused.
        ServiceError: the service could not be reached for the login.
    """
    await service.rest.token()
    queue: Iterator[Job] = iter(jobs)
    stagger_ns = 100 * NS_PER_MS // max(1, concurrency)
    async with Pacer() as pacer, _quiet_collector():
        begin_ns = pacer.now_ns()

        async def work(worker: int) -> None:
            await pacer.sleep_until_ns(begin_ns + worker * stagger_ns)
            for job in queue:
                if stop is not None and stop.is_set():
                    return
                record = new_record(job)
                try:
                    await play_session(record, job.plan, service, pacer)
                finally:
                    on_done(record)
                gc.collect(0)

        async with asyncio.TaskGroup() as group:
            for worker in range(min(concurrency, len(jobs))):
                group.create_task(work(worker))
        return pacer.driver


@contextlib.asynccontextmanager
async def _quiet_collector() -> AsyncIterator[None]:
    """No full garbage collection while chunks are due: with 1,000 sessions it costs 3.6 ms of lateness p99."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()
