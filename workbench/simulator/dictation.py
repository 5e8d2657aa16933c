"""``/ws/transcribe``: one dictation stream from handshake to close.

Three things run side by side: reading the client, writing what the recogniser hears, and a stop that REST end may
set. The first to end decides how the socket is closed.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.errors import RemoteProtocolError
from workbench.protocol.messages import (
    Audio,
    EndOfAudio,
    EndOfResults,
    Final,
    Partial,
    Product,
    ServerMessage,
    TranscriptWord,
    UnknownMessage,
)
from workbench.protocol.states import DictationEvent
from workbench.protocol.stream import Role, StreamSession, StreamState
from workbench.simulator.decoding import SPEAKER, Heard
from workbench.simulator.identifiers import new_transcript_id
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.recognisers import RecogniserStream, StreamFailed
from workbench.simulator.sessions import ConnectionLog, DictationSession

__all__ = ["DictationStream"]

_CLOSE_AFTER_S = 0.005
"""From the terminal frame to the close, which the service does "shortly after" (S-94)."""

_MAX_IGNORED = 100


@dataclass(frozen=True, slots=True)
class _Ending:
    """Why a stream ended and how the socket is closed; ``code`` None when there is no socket any more."""

    reason: str
    code: int | None
    terminal: bool = False


class DictationStream:
    """One accepted socket of a dictation session.

    Args:
        websocket: accepted.
        session: already RUNNING.
        recognition: a fresh stream of the recogniser.
        limits: idle time.
    """

    def __init__(
        self, websocket: WebSocket, session: DictationSession, recognition: RecogniserStream, limits: SimulatorLimits
    ) -> None:
        self._websocket = websocket
        self._session = session
        self._recognition = recognition
        self._limits = limits
        self._protocol = StreamSession(Role.SERVER, Product.DICTATION, session_id=session.id)
        self._stop = asyncio.Event()
        session.stop = self._stop
        self._log = ConnectionLog(time.perf_counter_ns())
        session.connections.append(self._log)

    async def run(self) -> bool:
        """Serve the stream until it is over. True when it was drained, so that the session is free at once."""
        tasks = [asyncio.create_task(part()) for part in (self._write, self._read, self._stopped)]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            ending = next(task.result() for task in tasks if task.done())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._recognition.drop()
        self._log.ending = ending.reason
        if ending.terminal:
            # The session accepts the next stream as soon as the client can know that this one is over.
            self._session.stop = None
            self._session.apply(DictationEvent.DRAINED)
        await self._close(ending)
        if self._session.stop is self._stop:
            self._session.stop = None
        return ending.terminal

    async def _read(self) -> _Ending:
        """Take messages until the client leaves, breaks the contract or is silent for too long."""
        loop = asyncio.get_running_loop()
        deadline: float | None = loop.time() + self._limits.idle_s
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    event = await self._websocket.receive()
            except TimeoutError:
                return _Ending(f"no audio for {self._limits.idle_s:g} s", 1008)
            arrived_ns = time.perf_counter_ns()
            if event["type"] == "websocket.disconnect":
                return _Ending("client left", None)
            try:
                raw = event.get("text")
                message = self._protocol.receive_client(raw if raw is not None else event["bytes"])
            except RemoteProtocolError as error:
                return _Ending(str(error), error.close_code)
            if await self._take(message, arrived_ns):
                deadline = loop.time() + self._limits.idle_s
            if self._protocol.state is StreamState.DRAINING:
                deadline = None  # the turn to speak is ours

    async def _take(self, message: object, arrived_ns: int) -> bool:
        """Act on a message; True when it was audio."""
        match message:
            case Audio(pcm):
                self._session.audio_bytes += len(pcm)
                previous = self._log.arrivals[-1][0] if self._log.arrivals else 0
                self._log.arrivals.append((previous + len(pcm), arrived_ns))
                await self._recognition.feed(pcm, arrived_ns)
                return True
            case EndOfAudio():
                self._recognition.finish(arrived_ns)
            case UnknownMessage(reason) if len(self._log.ignored) < _MAX_IGNORED:
                self._log.ignored.append(reason)
        return False

    async def _write(self) -> _Ending:
        """Send what is heard until the recogniser has nothing more to say."""
        try:
            async for heard in self._recognition.results():
                if heard.is_final:
                    self._session.finals.append(heard.text)
                await self._send(_transcript(heard), "final" if heard.is_final else "partial")
        except StreamFailed as error:
            self._session.failed = True
            return _Ending(error.problem, 1011)
        except WebSocketDisconnect:
            return _Ending("client left", None)
        return _Ending("drained", 1000, terminal=True)

    async def _stopped(self) -> _Ending:
        await self._stop.wait()
        return _Ending("session ended", 1000, terminal=True)

    async def _send(self, message: ServerMessage, kind: str) -> None:
        text = self._protocol.send(message).decode()
        self._log.emissions.append((kind, time.perf_counter_ns()))
        await self._websocket.send({"type": "websocket.send", "text": text})

    async def _close(self, ending: _Ending) -> None:
        if ending.code is None:
            return
        try:
            if ending.terminal:
                await self._send(EndOfResults(), "terminal")
                await asyncio.sleep(_CLOSE_AFTER_S)
            # RFC 6455 leaves 123 bytes for the reason.
            await self._websocket.close(ending.code, ending.reason.encode()[:123].decode("utf-8", "ignore"))
        except (WebSocketDisconnect, RuntimeError):
            self._log.ending = "client left"


def _transcript(heard: Heard) -> Partial | Final:
    if not heard.is_final:
        return Partial(heard.text, new_transcript_id())
    return Final(heard.text, tuple(TranscriptWord(word, SPEAKER) for word in heard.words), new_transcript_id())
