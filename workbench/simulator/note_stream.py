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
from workbench.protocol.stream import Role, StreamSession
from workbench.simulator.endings import Ending
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.notes import NoteSession
from workbench.simulator.recognisers import RecogniserStream, StreamFailed
from workbench.simulator.segments import Segment, Utterance, instant_of
from workbench.simulator.sessions import ConnectionLog

__all__ = ["NoteStream"]

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
        kept = self._kept_s + limits.keep_alive_s + _GRACE_S, f"paused, no KEEP_ALIVE for {limits.keep_alive_s:g} s"
        paused = self._paused_s + limits.paused_s, f"paused for {limits.paused_s:g} s"
        return min(kept, paused)


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
        self._websocket = websocket
        self._session = session
        self._recognition = recognition
        self._patience = _Patience(limits, asyncio.get_running_loop().time())
        self._protocol = StreamSession(Role.SERVER, session.product, dialect, session.id)
        self._dialect = dialect
        self._segment = Segment(datetime.now(UTC))
        self._stop = session.stop or asyncio.Event()
        self._log = ConnectionLog(time.perf_counter_ns())
        session.connections.append(self._log)

    async def run(self) -> None:
        """Serve the segment until it is over; audio that came is recognised to its end unless it was cancelled."""
        session = self._session
        hearing = asyncio.create_task(self._hear())
        session.draining.add(hearing)
        hearing.add_done_callback(session.draining.discard)
        tasks = [asyncio.create_task(part()) for part in (self._read, self._stopped)]
        ending = Ending("fault", 1011)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            ending = next(task.result() for task in tasks if task.done())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._log.ending = ending.reason
            if ending.cancelled:
                hearing.cancel()
                session.segments.clear()
            else:
                self._recognition.finish(time.perf_counter_ns())
                session.segment_over()
        await self._close(ending)

    async def _read(self) -> Ending:
        """Take messages until the segment ends, the client leaves, breaks the contract or is silent for too long."""
        try:
            await self._say("READY")
        except WebSocketDisconnect:
            return Ending("client left", None)
        while True:
            due_s, why = self._patience.deadline()
            try:
                async with asyncio.timeout_at(due_s):
                    event = await self._websocket.receive()
            except TimeoutError:
                return Ending(why, 1008)
            arrived_ns = time.perf_counter_ns()
            if event["type"] == "websocket.disconnect":
                return Ending("client left", None)
            try:
                raw = event.get("text")
                message = self._protocol.receive_client(raw if raw is not None else event["bytes"])
                ending = await self._take(message, arrived_ns)
            except RemoteProtocolError as error:
                return Ending(str(error), error.close_code)
            if ending is not None:
                return ending

    async def _take(self, message: object, arrived_ns: int) -> Ending | None:
        """Act on a message; how the segment ends, if it does."""
        now_s = asyncio.get_running_loop().time()
        match message:
            case StartTime(at):
                self._segment.started_at = instant_of(at)
            case Audio(pcm):
                self._patience.audio(now_s)
                await self._audio(pcm, arrived_ns)
            case EndOfAudio():
                return Ending("end of audio", 1000)
            case Event(EventName.CANCEL):
                self._session.apply(NoteEvent.CANCEL)
                return Ending("cancelled", 1000, cancelled=True)
            case Event(EventName.ABORT):
                return Ending("interrupted", 1000)
            case Event(name):
                self._patience.event(name, now_s)
            case UnknownMessage(reason):
                self._log.ignore(reason)
        return None

    async def _audio(self, pcm: bytes, arrived_ns: int) -> None:
        if self._stop.is_set():
            return  # the session was ended while this was on its way
        self._session.apply(NoteEvent.AUDIO)
        if not self._segment.audio_bytes:
            self._session.segments.append(self._segment)
        self._segment.add(pcm)
        self._log.arrivals.append((self._segment.audio_bytes, arrived_ns))
        await self._recognition.feed(pcm, arrived_ns)

    async def _hear(self) -> None:
        """Collect what is recognised until there is nothing more to say."""
        try:
            async for heard in self._recognition.results():
                if heard.is_final:
                    self._segment.utterances.append(Utterance(heard.text, heard.start_ms, heard.end_ms))
        except StreamFailed:
            self._session.failed = True
        finally:
            self._recognition.drop()

    async def _stopped(self) -> Ending:
        await self._stop.wait()
        return Ending("session ended", 1000)

    async def _say(self, kind: str, message: str = "") -> None:
        """A status event, where the dialect has them."""
        if self._dialect is Dialect.LIVE:
            return
        event = self._protocol.send(StreamStatus(kind, message)).decode()
        self._log.emissions.append((kind, time.perf_counter_ns()))
        await self._websocket.send({"type": "websocket.send", "text": event})

    async def _close(self, ending: Ending) -> None:
        if ending.code is None:
            return
        try:
            await self._say("ERROR" if ending.is_fault else "ENDED", ending.reason)
            await ending.close(self._websocket)
        except (WebSocketDisconnect, RuntimeError):
            self._log.ending = "client left"
