"""From create to result, for each product; what goes wrong becomes an outcome.

Dictation: create, one connection for each utterance, end (S-40…S-57, S-106). Ambient and form filling: create, seed
the context, stream, close, end, poll, fetch (S-136, S-146, S-169).
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlsplit

from workbench.capture import Capture
from workbench.client.calls import Context, SessionCalls, default_context, form_counts, joined_transcript
from workbench.client.kernel_stamps import KernelStamps
from workbench.client.rest import SukiRest
from workbench.client.results import poll_intervals, wait_for_status
from workbench.client.retries import HandshakePatience
from workbench.client.stream import Sink, Socket
from workbench.client.webhooks import Arrival, WebhookReceiver
from workbench.client.websockets_socket import open_websockets
from workbench.errors import ConfigurationError, InputError, ServiceError, WorkbenchError
from workbench.pacing import Pacer
from workbench.plan import SessionPlan
from workbench.protocol.endpoints import SOCKET_PATHS
from workbench.protocol.messages import Dialect, EventName, Product
from workbench.recording import Connect, Outcome, SessionKey, SessionRecord
from workbench.settings import Limits, ServiceAddress
from workbench.streaming import SessionFailed, StreamPlayer
from workbench.units import NS_PER_MS

__all__ = [
    "Job",
    "Service",
    "create_session",
    "end_session",
    "play_dictation",
    "play_note",
    "play_utterance",
    "transport_for",
]

_T = TypeVar("_T")

_WEBSOCKETS_SESSIONS = 200

_CUTS = (EventName.CANCEL, EventName.ABORT)


@dataclass(frozen=True, slots=True)
class Job:
    """One session to play, or one utterance of a session.

    Attributes:
        key: which session of the run.
        plan: what it sends.
        session_id: id to ask the service for; None lets the service choose.
        talk: neighbouring jobs of the same name are utterances of one dictation session, each on a connection of its
            own (push-to-talk); None is a session of its own.
        context: what an ambient or form-filling session is told before it streams; None is the least there is.
        encounter_id: UUID that ambient sessions of one visit share (S-118).
        pauses: (place in the audio in ms, length in ms) each, of ambient and form filling.
        cut_off: (place in the audio in ms, event) that ends the stream early, of ambient and form filling: after
            ABORT a result is made of what was sent (S-167), after CANCEL there is none (S-166).
        capture: where the audio comes from while it is streamed; ``plan`` is then its growing plan.

    Raises:
        InputError: something that the product does not have, or a pause behind the audio.
    """

    key: SessionKey
    plan: SessionPlan
    session_id: str | None = None
    talk: str | None = None
    context: Context | None = field(default=None, repr=False)
    encounter_id: str | None = None
    pauses: tuple[tuple[int, int], ...] = ()
    cut_off: tuple[int, EventName] | None = None
    capture: Capture | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        dictation = self.plan.product is Product.DICTATION
        for given, what in ((self.pauses, "pauses"), (self.context, "a context"), (self.encounter_id, "an encounter"),
                            (self.cut_off, "an end before its own")):  # fmt: skip
            if given and dictation:
                raise InputError(
                    f"dictation has no {what.split()[-1]}",
                    item=str(self.key),
                    got=what,
                    expected="an ambient or form-filling session",
                )
        if (self.pauses or self.cut_off) and self.plan.dialect is not Dialect.LIVE:
            raise InputError(
                "the dialect has no control events",
                item=str(self.key),
                got=self.plan.dialect.value,
                expected=Dialect.LIVE.value,
            )
        if self.talk is not None and not dictation:
            raise InputError(
                "push-to-talk is for dictation",
                item=str(self.key),
                got=self.plan.product.value,
                expected=Product.DICTATION.value,
            )
        last_ns = self.plan.due_offsets_ns[-2] if len(self.plan.due_offsets_ns) > 1 else 0
        for at_ms, for_ms in self.pauses:
            if not 0 < at_ms * NS_PER_MS <= last_ns or for_ms <= 0:
                raise InputError(
                    "a pause must begin within the audio and last",
                    item=str(self.key),
                    got=f"{for_ms} ms at {at_ms} ms",
                    expected=f"a place up to {last_ns // NS_PER_MS} ms",
                )
        if self.cut_off is not None and not (0 < self.cut_off[0] * NS_PER_MS <= last_ns and self.cut_off[1] in _CUTS):
            raise InputError(
                "a stream is cut off within its audio",
                item=str(self.key),
                got=f"{self.cut_off[1].value} at {self.cut_off[0]} ms",
                expected=f"CANCEL or ABORT at a place up to {last_ns // NS_PER_MS} ms",
            )


@dataclass(frozen=True, slots=True)
class Service:
    """The service to play against.

    Attributes:
        address: base addresses.
        rest: logged-in REST client.
        tls: context for ``wss``.
        limits: bounded waits.
        transport: ``websockets`` or ``picows``.
        webhooks: receives notifications of results; None polls only.
        kernel: stamps arrivals in place of this process; None for our own stamps.
    """

    address: ServiceAddress
    rest: SukiRest
    tls: ssl.SSLContext | None = None
    limits: Limits = field(default_factory=Limits)
    transport: str = "websockets"
    webhooks: WebhookReceiver | None = None
    kernel: KernelStamps | None = None


async def _timed(pacer: Pacer, work: Awaitable[_T], outcome: Outcome) -> tuple[_T, int]:
    """The result of a REST step and its duration in ns; its failure as an outcome."""
    begun_ns = pacer.now_ns()
    try:
        found = await work
    except ConfigurationError as error:
        raise SessionFailed(Outcome.LOGIN_FAILED, error) from None
    except WorkbenchError as error:
        raise SessionFailed(outcome, error) from None
    return found, pacer.now_ns() - begun_ns


# -- dictation ------------------------------------------------------------------------------------------------------


async def play_dictation(record: SessionRecord, job: Job, service: Service, pacer: Pacer) -> None:
    """Create, stream, end. REST end is called once, also when the stream failed (S-56)."""
    url = await create_session(record, service, pacer)
    try:
        await play_utterance(record, job, service, pacer, url)
    except SessionFailed:
        with contextlib.suppress(SessionFailed):
            await end_session(record, service, pacer)
        raise
    record.final_transcript = await end_session(record, service, pacer)


async def create_session(
    record: SessionRecord, service: Service, pacer: Pacer, encounter_id: str | None = None
) -> str | None:
    """Create the session of ``record``, which keeps its id (S-48); returns where to stream, where that is said."""
    calls = SessionCalls(service.rest, record)
    created, record.create_ns = await _timed(pacer, calls.create(encounter_id), Outcome.CREATE_FAILED)
    record.remote_id = created.session_id
    return created.socket_url


async def end_session(record: SessionRecord, service: Service, pacer: Pacer) -> str | None:
    """End the session of ``record`` (S-51, S-112); returns the transcript of a dictation."""
    calls = SessionCalls(service.rest, record)
    transcript, record.end_ns = await _timed(pacer, calls.end(), Outcome.END_FAILED)
    return transcript


async def play_utterance(
    record: SessionRecord,
    job: Job,
    service: Service,
    pacer: Pacer,
    url: str | None,
    *,
    again: bool = False,
    ready: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Connect and stream.

    Args:
        record: gets every frame.
        job: what to send.
        service: where to.
        pacer: of the process.
        url: where to stream; None is the fixed path of the product.
        again: the session has streamed before, so a refused handshake means "not yet" and is tried again (S-106).
        ready: waited for between the open socket and the first chunk, by sessions that are to begin together.
    """
    stream = StreamPlayer(record, job.plan, pacer, job.pauses, job.capture, job.cut_off)
    socket = await _connect(record, job.plan, service, stream, url, again=again)
    try:
        if ready is not None:
            await ready()
        await stream.run(socket, service.limits)
    except BaseException:
        socket.abort()
        raise
    finally:
        await socket.close()
        stream.finish()
        if job.capture is not None:
            job.capture.settle(record)


# -- ambient and form filling ---------------------------------------------------------------------------------------


async def play_note(record: SessionRecord, job: Job, service: Service, pacer: Pacer) -> None:
    """Create, seed, stream, end, wait for the result and fetch it."""
    context = job.context
    if context is None:
        if record.product is Product.FORM_FILLING:  # its end would be refused
            raise SessionFailed(Outcome.CONTEXT_FAILED, "no form template was chosen")
        context = default_context()
    url = await create_session(record, service, pacer, job.encounter_id)
    calls = SessionCalls(service.rest, record)
    try:
        # The socket is opened after the context is known, never before (S-146).
        await _timed(pacer, calls.seed(context), Outcome.CONTEXT_FAILED)
        await play_utterance(record, job, service, pacer, url)
    except SessionFailed:
        with contextlib.suppress(SessionFailed):
            await end_session(record, service, pacer)
        raise
    if job.cut_off is not None:
        record.facts |= {"cut_off_ms": job.cut_off[0], "cut_off_by": job.cut_off[1].value}
    cancelled = job.cut_off is not None and job.cut_off[1] is EventName.CANCEL
    if not cancelled:  # a cancelled session has ended already
        await end_session(record, service, pacer)
    await _result(record, calls, service, pacer, cancelled=cancelled)


async def _result(
    record: SessionRecord, calls: SessionCalls, service: Service, pacer: Pacer, *, cancelled: bool
) -> None:
    session_id, limits = record.remote_id or "", service.limits

    def log(done: asyncio.Future[Arrival]) -> None:
        if not done.cancelled():
            calls.arrived(done.result().text, done.result().received_ns)

    def notified() -> asyncio.Future[Arrival]:
        assert service.webhooks is not None  # noqa: S101  called only where there is one
        found = service.webhooks.notified(session_id)
        found.add_done_callback(log)
        return found

    status, _ = await _timed(
        pacer,
        wait_for_status(
            calls,
            poll_intervals(limits, service.address),
            limits.result_s,
            notified if service.webhooks is not None else None,
        ),
        Outcome.RESULT_FAILED,
    )
    record.facts["result_status"] = status
    if status is None:
        raise SessionFailed(Outcome.RESULT_TIMEOUT, f"not completed {limits.result_s:g} s after the session's end")
    if status == "aborted" and cancelled:
        return  # as it was asked to
    if status in ("failed", "aborted"):
        raise SessionFailed(Outcome.RESULT_FAILED, f"the service says that the session {_SAYS[status]}")
    if status == "completed":  # skipped is a success without a note (S-135)
        results, _ = await _timed(pacer, calls.results(), Outcome.RESULT_FAILED)
        record.final_transcript = joined_transcript(results)
        record.facts |= form_counts(results)


_SAYS = {"failed": "failed", "aborted": "was aborted"}


# -- the socket -----------------------------------------------------------------------------------------------------


def transport_for(sessions: int) -> str:
    """The transport for so many sessions at a time: picows, where it is installed, beyond what websockets carries well.

    With 500 sessions on websockets, stamps and chunks begin to wait for each other; picows costs a quarter of the CPU.
    """
    if sessions <= _WEBSOCKETS_SESSIONS or importlib.util.find_spec("picows") is None:
        return "websockets"
    return "picows"


def _opener(transport: str) -> Callable[..., Awaitable[Socket]]:
    if transport == "picows":
        from workbench.client.picows_socket import open_picows  # the extra ``load``

        return open_picows
    return open_websockets


def _session_header(product: Product) -> str:
    return "transcription_session_id" if product is Product.DICTATION else "ambient_session_id"


async def _connect(
    record: SessionRecord, plan: SessionPlan, service: Service, sink: Sink, given: str | None, *, again: bool
) -> Socket:
    """Open the socket; what is refused is tried again where :mod:`workbench.client.retries` says so, and counted."""
    loop = asyncio.get_running_loop()
    patience = HandshakePatience(service.limits, loop.time(), again=again)
    token = await _token(service.rest.token())
    renewed = False
    while True:
        record.connect = Connect()
        try:
            return await _handshake(record, plan, service, sink, given, token)
        except ServiceError as error:
            if error.status is None:
                raise SessionFailed(Outcome.UNREACHABLE, error) from None
            record.facts["handshakes_refused"] = int(record.facts.get("handshakes_refused") or 0) + 1
            if error.status == 401 and not renewed:
                token, renewed = await _token(service.rest.token_after(token)), True
                continue
            wait_s = patience.wait_s(error, loop.time())
            if wait_s is None:
                raise SessionFailed(Outcome.REFUSED, error) from None
        await asyncio.sleep(wait_s)


async def _token(asked: Awaitable[str]) -> str:
    try:
        return await asked
    except ConfigurationError as error:
        raise SessionFailed(Outcome.LOGIN_FAILED, error) from None
    except ServiceError as error:
        raise SessionFailed(Outcome.UNREACHABLE, error) from None


async def _handshake(
    record: SessionRecord, plan: SessionPlan, service: Service, sink: Sink, given: str | None, token: str
) -> Socket:
    """One try to open the socket. Raises ServiceError where it is refused or not reached."""
    headers = {"sdp_suki_token": token, _session_header(plan.product): record.remote_id or ""}
    headers |= service.rest.provider_header() if plan.dialect is Dialect.LIVE else {}
    url = _socket_url(plan.product, service.address, given)
    limits = service.limits
    try:
        async with asyncio.timeout(limits.connect_s):
            return await _opener(service.transport)(
                url,
                headers,
                sink,
                tls=service.tls,
                phases=record.connect,
                close_timeout_s=limits.close_s,
                kernel=service.kernel,
            )
    except TimeoutError:
        waited = f"the socket was not open after {limits.connect_s:g} s"
        raise SessionFailed(Outcome.CONNECT_TIMEOUT, waited) from None


def _socket_url(product: Product, address: ServiceAddress, given: str | None) -> str:
    """The fixed path, or the address that create gave; a token never goes to another host than its own (S-2)."""
    if given is None:
        return address.ws_url + SOCKET_PATHS[product]
    if urlsplit(given)[:2] != urlsplit(address.ws_url)[:2]:
        where = urlsplit(given)
        raise SessionFailed(
            Outcome.PROTOCOL_ERROR, f"create gave a socket at another host: {where.scheme}://{where.hostname}"
        )
    return given
