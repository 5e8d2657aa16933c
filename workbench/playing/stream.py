"""One utterance on one socket: chunks out at their due times, arrivals in, all of it recorded.

Chunks are written in the pacer's callback and arrivals recorded in the transport's, so no task has to be scheduled
for either. The task group around them only waits: one child for the last chunk, one for the terminal frame. On
``/ws/stream`` nothing is waited for: whatever arrives is recorded, and the end marker ends the stream (S-169, S-171).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from workbench.client.live_secrets import LiveSecrets
from workbench.client.transport import Closed, Socket
from workbench.playing.microphone import Capture
from workbench.playing.pacer import Pacer
from workbench.playing.plan import SessionPlan
from workbench.protocol.messages import ClientMessage, EndOfAudio, EndOfResults, Event, EventName, StartTime
from workbench.protocol.stream import Role, StreamSession
from workbench.recording.frame import UNSET
from workbench.recording.record import Outcome, SessionRecord
from workbench.settings import Limits
from workbench.units import NS_PER_MS, NS_PER_S

__all__ = ["SessionFailed", "StreamPlayer", "schedule"]

_LEAD_NS = 5 * NS_PER_MS
"""Between the opened socket and time zero, so that both children wait before the first chunk can be due."""

_NO_CODE = 1006
"""The connection ended without a close frame of the peer, or has not ended (RFC 6455 7.1.5)."""


MOST_BYTES = 64 * 1024 * 1024
"""What one connection may say in all; an hour of dictation takes some 15 MB."""

MOST_MESSAGES = 500_000
"""The same in messages; an hour of dictation takes some 15,000."""

_TOO_MUCH = f"the service sent more than {MOST_MESSAGES} messages or {MOST_BYTES} bytes"


class SessionFailed(Exception):  # noqa: N818  carries an outcome to the one place that records it
    """A session ended in another way than it should.

    Attributes:
        outcome: one of the closed list.
    """

    def __init__(self, outcome: Outcome, error: object) -> None:
        super().__init__(str(error))
        self.outcome = outcome


Step = int | EventName
"""What is due: a chunk by its index, or an event."""


def schedule(
    plan: SessionPlan,
    pauses: Sequence[tuple[int, int]],
    keep_alive_ns: int,
    cut_off: tuple[int, EventName] | None = None,
) -> tuple[Sequence[Step], Sequence[int], dict[int, int]]:
    """What is sent in which order, when each step is due, and by how much chunks are put off.

    A stream that is neither paused nor cut off shares its plan's own: a thousand sessions of ten minutes would have
    six million due times each in its own place in memory.

    A pause begins with the first chunk that reaches its place; what follows is put off by its length, so that all of
    the audio is sent. While it lasts, KEEP_ALIVE comes every ``keep_alive_ns`` (S-162).

    Args:
        plan: the chunks.
        pauses: (place in the audio in ms, length in ms) each, in order.
        keep_alive_ns: from PAUSE to the first KEEP_ALIVE, and between two.
        cut_off: (place in the audio in ms, CANCEL or ABORT): the last step, after the first chunk that reaches it.

    Returns:
        Steps; due offsets from the start of the stream, ns, with what the network holds back; delay of each chunk that
        is put off, ns.
    """
    if not pauses and cut_off is None and not any(plan.holds_ns):
        return range(len(plan.frames)), plan.due_offsets_ns, {}
    steps: list[Step] = []
    dues_ns: list[int] = []
    delays_ns: dict[int, int] = {}
    waiting = deque((at_ms * NS_PER_MS, for_ms * NS_PER_MS) for at_ms, for_ms in sorted(pauses))
    delay_ns = 0
    for chunk, (offset_ns, hold_ns) in enumerate(zip(plan.due_offsets_ns, plan.holds_ns, strict=True)):
        steps.append(chunk)
        dues_ns.append(offset_ns + hold_ns + delay_ns)
        if delay_ns:
            delays_ns[chunk] = delay_ns
        while waiting and waiting[0][0] <= offset_ns:
            begin_ns, length_ns = dues_ns[-1], waiting.popleft()[1]
            beats = range(begin_ns + keep_alive_ns, begin_ns + length_ns, keep_alive_ns)
            steps += [EventName.PAUSE, *[EventName.KEEP_ALIVE] * len(beats), EventName.RESUME]
            dues_ns += [begin_ns, *beats, begin_ns + length_ns]
            delay_ns += length_ns
        if cut_off is not None and cut_off[0] * NS_PER_MS <= offset_ns:
            steps.append(cut_off[1])
            dues_ns.append(dues_ns[-1])
            break
    return steps, dues_ns, delays_ns


class StreamPlayer:
    """Plays one plan on one socket into one record; the socket's sink.

    Args:
        record: gets every frame.
        plan: what to send and when.
        pacer: calls back when a chunk is due.
        pauses: (place in the audio in ms, length in ms) each; only ``/ws/stream`` has them.
        capture: gives the chunks of ``plan`` as they come into being; None if all of them are there already.
        cut_off: (place in the audio in ms, CANCEL or ABORT) that ends the stream in place of the end of audio.
        secrets: cut out of what arrives before it is recorded.
    """

    __slots__ = (
        "_all_sent", "_awaited", "_capture", "_close_code", "_closed", "_cut_off", "_delays_ns", "_heard",
        "_heard_bytes", "_log", "_offsets_ns", "_pacer", "_pauses", "_plan", "_record", "_secrets", "_session",
        "_socket", "_start_ns", "_steps", "_terminal", "_unflushed", "_unsent",
    )  # fmt: skip

    def __init__(
        self,
        record: SessionRecord,
        plan: SessionPlan,
        pacer: Pacer,
        pauses: Sequence[tuple[int, int]] = (),
        capture: Capture | None = None,
        cut_off: tuple[int, EventName] | None = None,
        secrets: LiveSecrets | None = None,
    ) -> None:
        self._record = record
        self._secrets = secrets or LiveSecrets()
        self._heard_bytes = self._heard = 0
        self._log = record.frames
        self._plan = plan
        self._pacer = pacer
        self._session = StreamSession(Role.CLIENT, plan.product, plan.dialect, record.remote_id or "")
        self._socket: Socket | None = None
        self._awaited = "the terminal frame" if plan.product.streams_transcripts else "the end of audio"
        self._start_ns = 0
        self._pauses = pauses
        self._capture = capture
        self._cut_off = cut_off
        self._steps: Sequence[Step] = ()
        self._offsets_ns: Sequence[int] = ()
        self._delays_ns: dict[int, int] = {}
        self._unsent: deque[tuple[int, int]] = deque()
        self._unflushed: tuple[int, int] | None = None
        loop = asyncio.get_running_loop()
        self._all_sent: asyncio.Future[None] = loop.create_future()
        self._terminal: asyncio.Future[None] = loop.create_future()
        self._closed: asyncio.Future[None] = loop.create_future()
        self._close_code = _NO_CODE

    # -- called by the pacer ----------------------------------------------------------------------------------

    def _due(self, place: int) -> None:
        """A step is due: write it, or queue it behind those that the peer has not taken."""
        now_ns = time.perf_counter_ns()
        if self._unflushed is not None or self._unsent:
            self._unsent.append((place, now_ns))
        else:
            self._write(place, now_ns)

    def _write(self, place: int, sent_ns: int) -> None:
        socket, step = self._socket, self._steps[place]
        if socket is None or self._closed.done() or self._terminal.done():
            return  # after the terminal frame nothing may be sent; who waits for it says that it came too early
        if isinstance(step, EventName):
            self._control(Event(step), self._start_ns + self._offsets_ns[place], sent_ns)
            if step in (EventName.CANCEL, EventName.ABORT):
                self._over()
            return
        try:
            blocked = socket.write(self._plan.frames[step])
        except Closed:
            return  # the close itself arrives at the sink and decides
        self._session.audio_sent()
        if blocked:
            self._unflushed = (step, sent_ns)
        else:
            self._sent(step, sent_ns, time.perf_counter_ns())

    def _control(self, message: ClientMessage, due_ns: int, sent_ns: int) -> None:
        frame = self._session.send(message)
        with contextlib.suppress(Closed):
            if self._socket is not None:
                self._socket.write(frame)
                self._log.control_sent(frame.decode(), due_ns, sent_ns, self._pacer.now_ns())

    def _sent(self, chunk: int, sent_ns: int, flushed_ns: int) -> None:
        plan = self._plan
        due_ns = self._chunk_due_ns(chunk)
        self._log.audio_sent(
            chunk, plan.ends[chunk], due_ns, sent_ns, flushed_ns, len(plan.frames[chunk]), plan.holds_ns[chunk]
        )
        if chunk == len(plan.frames) - 1 and (self._capture is None or self._capture.ended):
            self._end_audio(due_ns)

    def _chunk_due_ns(self, chunk: int) -> int:
        """When the chunk's last sample existed: without what a network held back, with the pauses before it."""
        return self._start_ns + self._plan.due_offsets_ns[chunk] + self._delays_ns.get(chunk, 0)

    def _end_audio(self, due_ns: int) -> None:
        """End of audio follows the last chunk at once (S-81, S-159)."""
        if self._terminal.done():
            return
        self._control(EndOfAudio(), due_ns, self._pacer.now_ns())
        self._over()

    def _over(self) -> None:
        """Everything is sent."""
        if not self._all_sent.done():
            self._all_sent.set_result(None)
        if not self._plan.product.streams_transcripts and not self._terminal.done():
            self._terminal.set_result(None)  # S-171: no answer is needed

    # -- called by the socket ---------------------------------------------------------------------------------

    def drained(self) -> None:
        """The peer takes frames again: what waited goes out in order."""
        if self._unflushed is not None:
            (chunk, sent_ns), self._unflushed = self._unflushed, None
            self._sent(chunk, sent_ns, self._pacer.now_ns())
        while self._unsent and self._unflushed is None:
            self._write(*self._unsent.popleft())

    def arrived(self, raw: str | bytes, received_ns: int) -> None:
        """Record a message; the terminal frame ends the wait, and so does more than any session has."""
        self._heard += 1
        self._heard_bytes += len(raw)
        if self._heard > MOST_MESSAGES or self._heard_bytes > MOST_BYTES:
            if not self._terminal.done():
                self._terminal.set_exception(SessionFailed(Outcome.PROTOCOL_ERROR, _TOO_MUCH))
            return
        raw = self._secrets.cut(raw) if isinstance(raw, str) else self._secrets.cut_bytes(raw)
        self._log.received(raw, received_ns)
        message = self._session.receive_server(raw)
        if isinstance(message, EndOfResults) and not self._terminal.done():
            self._terminal.set_result(None)

    def closed(self, code: int, reason: str, received_ns: int) -> None:
        """Record the close."""
        reason = self._secrets.cut(reason)
        self._log.closed(code, reason, received_ns)
        self._close_code = code
        if not self._closed.done():
            self._closed.set_result(None)
        if not self._terminal.done():
            sent = self._log.chunks_sent
            self._terminal.set_exception(
                SessionFailed(
                    Outcome.CLOSED_EARLY,
                    f"the service closed the socket before {self._awaited} "
                    f"(code {code} {reason!r}, {sent} of {len(self._plan.frames)} chunks sent)",
                )
            )

    # -- called by the session --------------------------------------------------------------------------------

    async def run(self, socket: Socket, limits: Limits) -> None:
        """Stream the whole plan and wait for the terminal frame and the close.

        Raises:
            SessionFailed: the first thing that went wrong.
        """
        self._socket = socket
        failure: SessionFailed | None = None
        try:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(self._send(limits))
                group.create_task(self._receive(sending, limits))
        except* SessionFailed as failures:
            failure = next(error for error in failures.exceptions if isinstance(error, SessionFailed))
        if failure is not None:
            raise failure
        if not self._plan.product.streams_transcripts:
            return  # it is for us to close (S-169)
        with contextlib.suppress(TimeoutError):  # what still comes until the close is recorded (S-94, S-95)
            async with asyncio.timeout(limits.close_s):
                await self._closed

    async def _send(self, limits: Limits) -> None:
        if self._capture is not None:
            await self._send_captured(self._capture, limits)
            return
        plan = self._plan
        keep_alive_ns = max(1, round(limits.keep_alive_s * NS_PER_S))
        self._steps, self._offsets_ns, self._delays_ns = schedule(plan, self._pauses, keep_alive_ns, self._cut_off)
        now_ns = self._pacer.now_ns()
        start_ns = self._start_ns = self._record.start_ns = now_ns + _LEAD_NS
        if not plan.product.streams_transcripts:  # S-148, S-149: first, and once a connection
            self._control(StartTime(_rfc3339(time.time_ns() + _LEAD_NS)), now_ns, now_ns)
        bound_s = (start_ns + self._offsets_ns[-1] - self._pacer.now_ns()) / NS_PER_S + limits.stall_s
        playing = self._pacer.play(start_ns, self._offsets_ns, self._due)
        try:
            async with asyncio.timeout(bound_s):
                await playing
                await self._all_sent
        except TimeoutError:
            sent = self._log.chunks_sent
            raise SessionFailed(
                Outcome.STALLED,
                f"the service stopped reading after chunk {sent} of {len(plan.frames)}; "
                f"gave up {limits.stall_s:g} s behind schedule",
            ) from None
        finally:
            playing.cancel()

    async def _send_captured(self, capture: Capture, limits: Limits) -> None:
        """Send chunks as they come into being; only a peer that stops reading is given up."""
        plan = self._plan
        steps: list[Step] = []
        self._steps = steps
        self._offsets_ns = plan.due_offsets_ns  # grows with the capture

        def there(chunk: int) -> None:
            offset_ns = plan.due_offsets_ns[chunk]
            if chunk == 0:
                self._start_ns = self._record.start_ns = capture.arrivals_ns[0] - offset_ns
            steps.append(chunk)
            self._due(chunk)

        def over() -> None:
            # The last chunk ends the audio when it is sent; a capture may also end on a chunk that is sent already.
            if not (self._all_sent.done() or self._unsent or self._unflushed is not None):
                last = len(plan.frames) - 1
                self._end_audio(self._chunk_due_ns(last) if last >= 0 else self._pacer.now_ns())

        capture.follow(there, over)
        behind = max(1, round(limits.stall_s * plan.sample_rate_hz / plan.chunk_samples))
        while not self._all_sent.done():
            await asyncio.wait((self._all_sent,), timeout=1.0)
            if len(self._unsent) > behind:
                raise SessionFailed(
                    Outcome.STALLED, f"the service stopped reading; gave up {limits.stall_s:g} s behind the microphone"
                )

    async def _receive(self, sending: asyncio.Task[None], limits: Limits) -> None:
        await asyncio.wait((sending, self._terminal), return_when=asyncio.FIRST_COMPLETED)
        try:
            async with asyncio.timeout(limits.terminal_s):
                await self._terminal
        except TimeoutError:
            waited = f"no terminal frame within {limits.terminal_s:g} s after the end of audio"
            raise SessionFailed(Outcome.NO_TERMINAL, waited) from None
        if not self._all_sent.done():
            raise SessionFailed(Outcome.PROTOCOL_ERROR, "the service ended its results before the audio had ended")

    def finish(self) -> None:
        """Hand over what only shows at the end: a chunk that never left this process, breaches of the contract."""
        if self._unflushed is not None:
            chunk, sent_ns = self._unflushed
            self._unflushed = None
            plan = self._plan
            due_ns = self._chunk_due_ns(chunk)
            size, hold_ns = len(plan.frames[chunk]), plan.holds_ns[chunk]
            self._log.audio_sent(chunk, plan.ends[chunk], due_ns, sent_ns, UNSET, size, hold_ns)
        violations = self._session.violations
        if self._terminal.done() and not self._terminal.cancelled():
            failed = self._terminal.exception()  # looked at, so that an unawaited failure is not reported twice
            if failed is None and not self._plan.product.streams_transcripts and self._close_code == _NO_CODE:
                # The one answer that there is: without it nobody knows whether the service had the end of the audio.
                violations = [*violations, "close was not answered (RFC 6455 5.5.1): the end of the audio may be lost"]
                self._record.facts["end_unconfirmed"] = 1
        self._record.violations = tuple(violations)


def _rfc3339(wall_ns: int) -> str:
    """Unix time as RFC 3339 text in UTC, to the millisecond (S-150)."""
    return datetime.fromtimestamp(wall_ns / NS_PER_S, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
