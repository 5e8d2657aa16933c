"""Play one plan; play many, bounded and interleaved. A failed session is a result.

One task group per session with two children, a paced sender and a receiver. Every wait is bounded. Nothing here
decides what a number means: it records.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from workbench.client.rest import SukiRest
from workbench.client.stream import Sink, Socket
from workbench.client.websockets_socket import open_websockets
from workbench.clock import Anchor
from workbench.errors import ConfigurationError, ServiceError, WorkbenchError
from workbench.pacing import Pacer
from workbench.plan import SessionPlan
from workbench.protocol.endpoints import SOCKET_PATHS
from workbench.recording import Outcome, SessionKey, SessionRecord
from workbench.settings import Limits, ServiceAddress
from workbench.streaming import SessionFailed, StreamPlayer
from workbench.units import NS_PER_MS

__all__ = ["Job", "Service", "new_record", "play_many", "play_session"]


@dataclass(frozen=True, slots=True)
class Job:
    """One session to play.

    Attributes:
        key: which session of the run.
        plan: what it sends.
        session_id: id to ask the service for; None lets the service choose.
    """

    key: SessionKey
    plan: SessionPlan
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """The service to play against.

    Attributes:
        address: base addresses.
        rest: logged-in REST client.
        tls: context for ``wss``.
        limits: bounded waits.
        transport: ``websockets`` or ``picows``.
    """

    address: ServiceAddress
    rest: SukiRest
    tls: ssl.SSLContext | None = None
    limits: Limits = field(default_factory=Limits)
    transport: str = "websockets"


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
        remote_id=job.session_id,
    )


async def play_session(record: SessionRecord, plan: SessionPlan, service: Service, pacer: Pacer) -> None:
    """Play ``plan`` into ``record``. Never raises for what the service does; only cancellation passes through."""
    begin = Anchor.now()
    record.mono_start_ns, record.wall_start_ns = begin.monotonic_ns, begin.wall_ns
    try:
        await _dictation(record, plan, service, pacer)
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


async def _dictation(record: SessionRecord, plan: SessionPlan, service: Service, pacer: Pacer) -> None:
    """Create, stream, end (S-40…S-57). REST end is called once, also when the stream failed (S-56)."""
    begun_ns = pacer.now_ns()
    try:
        record.remote_id = await service.rest.create_dictation(plan.sample_rate_hz, record.remote_id)
    except ConfigurationError as error:
        raise SessionFailed(Outcome.LOGIN_FAILED, error) from None
    except WorkbenchError as error:
        raise SessionFailed(Outcome.CREATE_FAILED, error) from None
    record.create_ns = pacer.now_ns() - begun_ns
    try:
        await _connect_and_stream(record, plan, service, pacer)
    except SessionFailed:
        with contextlib.suppress(WorkbenchError):
            await _end(record, service, pacer)
        raise
    try:
        await _end(record, service, pacer)
    except WorkbenchError as error:
        raise SessionFailed(Outcome.END_FAILED, error) from None


async def _end(record: SessionRecord, service: Service, pacer: Pacer) -> None:
    begun_ns = pacer.now_ns()
    result = await service.rest.end_dictation(record.remote_id or "")
    record.end_ns = pacer.now_ns() - begun_ns
    record.final_transcript = result.final_transcript


async def _connect_and_stream(record: SessionRecord, plan: SessionPlan, service: Service, pacer: Pacer) -> None:
    stream = StreamPlayer(record, plan, pacer)
    socket = await _connect(record, plan, service, stream)
    try:
        await stream.run(socket, service.limits)
    except BaseException:
        socket.abort()
        raise
    finally:
        await socket.close()
        stream.finish()


def _opener(transport: str) -> Callable[..., Awaitable[Socket]]:
    if transport == "picows":
        from workbench.client.picows_socket import open_picows  # the extra ``load``

        return open_picows
    return open_websockets


async def _connect(record: SessionRecord, plan: SessionPlan, service: Service, sink: Sink) -> Socket:
    token = await service.rest.token()
    headers = {"sdp_suki_token": token, "transcription_session_id": record.remote_id or ""}
    headers |= service.rest.provider_header()
    url = service.address.ws_url + SOCKET_PATHS[plan.product]
    limits = service.limits
    try:
        async with asyncio.timeout(limits.connect_s):
            return await _opener(service.transport)(
                url, headers, sink, tls=service.tls, phases=record.connect, close_timeout_s=limits.close_s
            )
    except TimeoutError:
        waited = f"the socket was not open after {limits.connect_s:g} s"
        raise SessionFailed(Outcome.CONNECT_TIMEOUT, waited) from None
    except ServiceError as error:
        outcome = Outcome.UNREACHABLE if error.status is None else Outcome.REFUSED
        raise SessionFailed(outcome, error) from None


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
