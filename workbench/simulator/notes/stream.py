"""``/ws/stream``: one segment of an ambient or form-filling session, from handshake to close.

No data frame is sent on it (S-172); sockets of the AsyncAPI dialect are of the same kind and carry status events. The
socket is closed as soon as the end marker is there (S-170); what is still to be recognised goes on behind it, and the
making of the result waits for that.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.errors import RemoteProtocolError
from workbench.protocol.messages import (
    Audio,
    Dialect,
    EndOfAudio,
    Event,
    EventName,
    StartTime,
    StreamStatus,
    UnknownMessage,
)
from workbench.protocol.states import NoteEvent
from workbench.protocol.stream import Role, StreamSession, StreamState
from workbench.simulator.dictation_sessions import ConnectionLog
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.notes.segments import RATE_HZ, Segment, Utterance, instant_of
from workbench.simulator.notes.store import NoteSession
from workbench.simulator.recognition.decoding import Hypothesis
from workbench.simulator.recognition.recognisers import RecogniserStream, StreamFailed
from workbench.simulator.sockets.direct import stream_socket
from workbench.simulator.sockets.endings import Ending
from workbench.simulator.sockets.mistakes import Mistakes
from workbench.units import NS_PER_S

__all__ = ["NoteStream"]

_CHUNK_BYTES = 2 * RATE_HZ // 10
"""100 ms, the one length that the documents know on this socket; the last chunk may be shorter."""

_PROGRESS_BYTES = 2 * RATE_HZ
"""A second of audio: so often the dialect's STATUS events say how much has come."""

_END_OF_AUDIO = "end of audio"
_GRACE_S = 0.5
"""A KEEP_ALIVE that is sent in time may be on its way for this long."""


class _Patience:
    """When a silent client is given up (S-163…S-165); KEEP_ALIVE does not prolong a stream that is not paused."""

    def __init__(self, limits: SimulatorLimits, now_s: float) -> None:
        self._limits = limits
        self._audio_s = now_s
        self._paused_s: float | None = None
        self._kept_s = now_s

    def audio(self, now_s: float) -> None:
        self._audio_s = now_s

    def event(self, name: EventName, now_s: float) -> None:
        if name is EventName.PAUSE and self._paused_s is None:
            self._paused_s = self._kept_s = now_s
        elif name is EventName.RESUME:
            self._paused_s, self._audio_s = None, now_s
        elif name is EventName.KEEP_ALIVE:
            self._kept_s = now_s

    def deadline(self) -> tuple[float, str]:
        limits = self._limits
        if self._paused_s is None:
            return self._audio_s + limits.idle_s, f"no audio for {limits.idle_s:g} s"
        alive = self._kept_s + limits.keep_alive_s + _GRACE_S, f"paused, no KEEP_ALIVE for {limits.keep_alive_s:g} s"
        paused = self._paused_s + limits.paused_s, f"paused for {limits.paused_s:g} s"
        return min(alive, paused)


class NoteStream:
    """One accepted socket of an ambient or form-filling session.

    Args:
        websocket: accepted.
        session: in a state in which it may stream, and without another socket.
        recognition: a fresh stream of the recogniser.
        limits: idle and paused time.
        dialect: how messages are written; that of the AsyncAPI document has status events.
    """

    def __init__(
        self,
        websocket: WebSocket,
        session: NoteSession,
        recognition: RecogniserStream,
        limits: SimulatorLimits,
        dialect: Dialect = Dialect.LIVE,
    ) -> None:
        self._socket = stream_socket(websocket)
        self._session = session
        self._recognition = recognition
        self._patience = _Patience(limits, time.perf_counter_ns() / NS_PER_S)
        self._protocol = StreamSession(Role.SERVER, session.product, dialect, session.id)
        self._mistakes = Mistakes(session.id, strict=limits.strict)
        self._is_short = False
        self._dialect = dialect
        self._segment = Segment(datetime.now(UTC))
        self._stop = session.stop or asyncio.Event()
        loop = asyncio.get_running_loop()
        self._ending: asyncio.Future[Ending] = loop.create_future()
        self._drained: asyncio.Future[None] = loop.create_future()
        self._idle: asyncio.TimerHandle | None = None
        self._held = False
        self._log = ConnectionLog(time.perf_counter_ns())
        session.connections.append(self._log)

    async def run(self) -> None:
        """Serve the segment until it is over; audio that came is recognised to its end unless it was cancelled."""
        session = self._session
        session.draining.add(self._drained)
        self._drained.add_done_callback(session.draining.discard)
        stopping = asyncio.create_task(self._stopped())
        self._recognition.listen(self)
        self._socket.attach(self)
        self._say("READY")
        self._watch()
        ending = Ending("fault", 1011)
        try:
            ending = await self._ending
        finally:
            stopping.cancel()
            if self._idle is not None:
                self._idle.cancel()
            self._log.ending = ending.reason
            self._mistakes.close()
            if ending.cancelled:
                self._recognition.drop()
                self._drained.cancel()
                session.segments.clear()
            else:
                self._recognition.finish(time.perf_counter_ns())
                session.segment_over()
        await self._close(ending)

    # -- called by the socket ---------------------------------------------------------------------------------

    def arrived(self, raw: str | bytes, arrived_ns: int) -> None:
        """Act on a message."""
        self._mistakes.frame += 1
        if self._ending.done():
            if self._ending.result().reason == _END_OF_AUDIO:
                self._mistakes.suspect("a frame after the end of audio", "Close the socket, then end the session")
            return
        try:
            ending = self._take(self._protocol.receive_client(raw), arrived_ns)
        except RemoteProtocolError as error:
            ending = self._mistakes.refused(error)
        if ending is not None:
            self._end(ending)

    def left(self, code: int | None = None) -> None:
        """The client is gone, or was sent away with ``code``."""
        if not self._ending.done():
            streaming = self._protocol.state in (StreamState.STREAMING, StreamState.PAUSED)
            self._end(self._mistakes.left(code, self._session.product, streaming=streaming))

    def _take(self, message: object, arrived_ns: int) -> Ending | None:
        """How the segment ends, if it does with this message."""
        match message:
            case StartTime(at):
                self._segment.started_at = instant_of(at)
                self._say("STATUS", "the start time was received")
            case Audio(pcm):
                self._patience.audio(arrived_ns / NS_PER_S)
                return self._audio(pcm, arrived_ns)
            case EndOfAudio():
                return Ending(_END_OF_AUDIO, 1000)
            case Event(EventName.CANCEL):
                self._session.apply(NoteEvent.CANCEL)
                return Ending("cancelled", 1000, cancelled=True)
            case Event(EventName.ABORT):
                return Ending("interrupted", 1000)
            case Event(name):
                self._patience.event(name, arrived_ns / NS_PER_S)
                self._watch()  # a pause may end sooner than silence would
            case UnknownMessage(reason, _, remedy):
                self._log.ignore(reason)
                return self._mistakes.suspect(reason, remedy)
        return None

    def _audio(self, pcm: bytes, arrived_ns: int) -> Ending | None:
        if self._stop.is_set():
            return None  # the session was ended while this was on its way
        ending = self._look_at(pcm)
        if ending is not None:
            return ending
        self._session.apply(NoteEvent.AUDIO)
        if not self._segment.audio_bytes:
            self._session.segments.append(self._segment)
        before = self._segment.audio_bytes // _PROGRESS_BYTES
        self._segment.add(pcm)
        self._log.arrived(len(pcm), arrived_ns)
        if not self._recognition.feed(pcm, arrived_ns):
            self._held = True
            self._socket.hold()
        seconds = self._segment.audio_bytes // _PROGRESS_BYTES
        if seconds > before:
            self._say("STATUS", f"{seconds} s of audio were received")
        return None

    def _look_at(self, pcm: bytes) -> Ending | None:
        """Report audio that is none, or not of 100 ms; the last chunk may be shorter, so the one after it tells."""
        if not self._segment.audio_bytes and pcm.startswith(b"RIFF"):
            remedy = "Send raw PCM: leave the header out"
            ending = self._mistakes.suspect("audio begins with a WAV header", remedy, done="taken as sound")
            if ending is not None:
                return ending
        was_short, self._is_short = self._is_short, len(pcm) < _CHUNK_BYTES
        if was_short or len(pcm) > _CHUNK_BYTES:
            remedy = f"Send {_CHUNK_BYTES} bytes at a time; only the last chunk may be shorter"
            return self._mistakes.suspect("a chunk that is not of 100 ms", remedy, done="taken")
        return None

    # -- called by the recogniser, also behind a socket that is closed already -----------------------------------

    def heard(self, heard: Hypothesis) -> None:
        """Collect what is recognised."""
        if heard.is_final:
            self._segment.utterances.append(Utterance(heard.text, heard.start_ms, heard.end_ms))

    def room(self) -> None:
        """Read on; the client's silence meanwhile was ours."""
        self._held = False
        self._patience.audio(time.perf_counter_ns() / NS_PER_S)
        self._socket.resume()

    def over(self, failure: StreamFailed | None) -> None:
        """There is nothing more to say."""
        if failure is not None:
            self._session.failed = True
        self._recognition.drop()
        if not self._drained.done():
            self._drained.set_result(None)

    # -- endings ----------------------------------------------------------------------------------------------

    def _end(self, ending: Ending) -> None:
        """The first ending holds."""
        if not self._ending.done():
            self._ending.set_result(ending)

    async def _stopped(self) -> None:
        await self._stop.wait()
        self._end(Ending("session ended", 1000))

    def _watch(self) -> None:
        """Give up a silent client; one timer a stream, which looks when it fires whether the time has come."""
        if self._idle is not None:
            self._idle.cancel()
        now_s = time.perf_counter_ns() / NS_PER_S
        if self._held:
            self._patience.audio(now_s)
        due_s, why = self._patience.deadline()
        if due_s <= now_s:
            self._mistakes.ended(why, "While nothing is said, send PAUSE and then KEEP_ALIVE every 5 s")
            self._end(Ending(why, 1008))
        else:
            self._idle = asyncio.get_running_loop().call_later(due_s - now_s, self._watch)

    def _say(self, kind: str, message: str = "") -> None:
        """A status event, where the dialect has them."""
        if self._dialect is not Dialect.LIVE:
            self._log.sent(kind, self._socket.send(self._protocol.send(StreamStatus(kind, message))))

    async def _close(self, ending: Ending) -> None:
        try:
            if ending.code is not None:
                self._say("ERROR" if ending.is_fault else "ENDED", ending.reason)
            await self._socket.close(ending)
        except (WebSocketDisconnect, RuntimeError):
            self._log.ending = "client left"
