"""From create to result, for each product; what goes wrong becomes an outcome.

Dictation: create, one connection for each utterance, end (S-40…S-57, S-106). Ambient and form filling: create, seed
the context, stream, close, end, poll, fetch (S-136, S-146, S-169).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from workbench.client.calls import SessionCalls, default_context, form_counts, joined_transcript
from workbench.client.polling import poll_intervals, wait_for_status
from workbench.client.webhooks import Arrival
from workbench.errors import ConfigurationError, WorkbenchError
from workbench.playing.connect import open_socket
from workbench.playing.job import Job
from workbench.playing.pacer import Pacer
from workbench.playing.service import Service
from workbench.playing.stream import SessionFailed, StreamPlayer
from workbench.protocol.messages import EventName, Product
from workbench.recording.record import Outcome, SessionRecord

__all__ = ["create_session", "end_session", "play_dictation", "play_note", "play_utterance"]

_T = TypeVar("_T")


async def _timed(pacer: Pacer, work: Awaitable[_T], outcome: Outcome) -> tuple[_T, int]:
    """The result of a REST step and its duration in ns; its failure as an outcome."""
    begun_ns = pacer.now_ns()
    try:
        result = await work
    except ConfigurationError as error:
        raise SessionFailed(Outcome.LOGIN_FAILED, error) from None
    except WorkbenchError as error:
        raise SessionFailed(outcome, error) from None
    return result, pacer.now_ns() - begun_ns


# -- dictation ------------------------------------------------------------------------------------------------------


async def play_dictation(
    record: SessionRecord,
    job: Job,
    service: Service,
    pacer: Pacer,
    ready: Callable[[SessionRecord], Awaitable[None]] | None = None,
) -> None:
    """Create, stream, end. REST end is called once, also when the stream failed (S-56).

    ``ready`` is waited for between the open socket and the first chunk.
    """
    url = await create_session(record, service, pacer)
    begin = None if ready is None else partial(ready, record)
    try:
        await play_utterance(record, job, service, pacer, url, ready=begin)
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
        pacer: pacer of the process.
        url: where to stream; None is the fixed path of the product.
        again: the session has streamed before, so a refused handshake means "not yet" and is tried again (S-106).
        ready: waited for between the open socket and the first chunk, by sessions that are to begin together.
    """
    stream = StreamPlayer(record, job.plan, pacer, job.pauses, job.capture, job.cut_off, service.rest.secrets)
    socket = await open_socket(record, job.plan, service, stream, url, again=again)
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
        arrival = service.webhooks.notified(session_id)
        arrival.add_done_callback(log)
        return arrival

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
    if "end_unconfirmed" in record.facts and not (record.final_transcript or record.facts.get("forms_generated")):
        # Too little was heard, and nothing says that the audio ever arrived: neither the service's doing nor a success.
        raise SessionFailed(
            Outcome.HALF_OPEN, f"the service says {status} without a result and never answered the close of the stream"
        )


_SAYS = {"failed": "failed", "aborted": "was aborted"}


# -- the socket -----------------------------------------------------------------------------------------------------
