"""``/ws/transcribe``: one dictation stream from handshake to close.

Everything happens in calls: the socket hands over messages, the recogniser hypotheses, REST end sets a stop. The
first that ends the stream decides how the socket is closed. No task is woken for a frame: with 2,000 sessions that
alone takes more than a core.
"""

from __future__ import annotations

import asyncio
import time

from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.errors import RemoteProtocolError
from workbench.protocol.messages import (
    Audio,
    Dialect,
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
from workbench.simulator.direct import stream_socket
from workbench.simulator.endings import Ending
from workbench.simulator.identifiers import new_transcript_id
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.recognisers import RecogniserStream, StreamFailed
from workbench.simulator.sessions import ConnectionLog, DictationSession
from workbench.units import NS_PER_S

__all__ = ["DictationStream"]

_CLOSE_AFTER_S = 0.005
"""From the terminal frame to the close, which the service does "shortly after" (S-94)."""


class DictationStream:
    """One accepted socket of a dictation session.

    Args:
        websocket: accepted.
        session: already RUNNING.
        recognition: a fresh stream of the recogniser.
        limits: idle time.
        dialect: how messages are written.
    """

    def __init__(
        self,
        websocket: WebSocket,
        session: DictationSession,
        recognition: RecogniserStream,
        limits: SimulatorLimits,
        dialect: Dialect = Dialect.LIVE,
    ) -> None:
        self._socket = stream_socket(websocket)
        self._session = session
        self._recognition = recognition
        self._limits = limits
        self._protocol = StreamSession(Role.SERVER, Product.DICTATION, dialect, session.id)
        self._stop = asyncio.Event()
        session.stop = self._stop
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._idle: asyncio.TimerHandle | None = None
        self._held = False
        self._audio_ns = time.perf_counter_ns()
        self._log = ConnectionLog(self._audio_ns)
        session.connections.append(self._log)

    async def run(self) -> bool:
        """Serve the stream until it is over. True when it was drained, so that the session is free at once."""
        stopping = asyncio.create_task(self._stopped())
        self._recognition.listen(self)
        self._socket.attach(self)
        self._watch()
        try:
            ending = await self._ending
        finally:
            stopping.cancel()
            if self._idle is not None:
                self._idle.cancel()
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

    # -- called by the socket ---------------------------------------------------------------------------------

    def arrived(self, raw: str | bytes, arrived_ns: int) -> None:
        """Act on a message."""
        if self._ending.done():
            return
        try:
            message = self._protocol.receive_client(raw)
        except RemoteProtocolError as error:
            self._end(Ending(str(error), error.close_code))
            return
        if isinstance(message, Audio):
            pcm = message.pcm
            self._session.audio_bytes += len(pcm)
            self._log.arrived(len(pcm), arrived_ns)
            self._audio_ns = arrived_ns
            if not self._recognition.feed(pcm, arrived_ns):
                self._held = True
                self._socket.hold()
        elif isinstance(message, EndOfAudio):
            self._recognition.finish(arrived_ns)
        elif isinstance(message, UnknownMessage):
            self._log.ignore(message.reason)

    def left(self) -> None:
        """The client is gone."""
        self._end(Ending("client left", None))

    # -- called by the recogniser -----------------------------------------------------------------------------

    def heard(self, heard: Heard) -> None:
        """Send a hypothesis."""
        if self._ending.done():
            return
        if heard.is_final:
            self._session.finals.append(heard.text)
        self._send(_transcript(heard), "final" if heard.is_final else "partial")

    def room(self) -> None:
        """Read on; the client's silence meanwhile was ours."""
        self._held, self._audio_ns = False, time.perf_counter_ns()
        self._socket.resume()

    def over(self, failure: StreamFailed | None) -> None:
        """Nothing more will be heard."""
        if failure is None:
            self._end(Ending("drained", 1000, terminal=True))
        elif not self._ending.done():
            self._session.failed = True
            self._end(Ending(failure.problem, 1011))

    # -- endings ----------------------------------------------------------------------------------------------

    def _end(self, ending: Ending) -> None:
        """The first ending holds."""
        if not self._ending.done():
            self._ending.set_result(ending)

    async def _stopped(self) -> None:
        await self._stop.wait()
        self._end(Ending("session ended", 1000, terminal=True))

    def _watch(self) -> None:
        """End a silent stream. One timer a stream looks at the last audio when it fires; none is set for each chunk."""
        if self._protocol.state is StreamState.DRAINING:
            return  # the turn to speak is ours
        now_ns = time.perf_counter_ns()
        left_s = self._limits.idle_s - (0 if self._held else now_ns - self._audio_ns) / NS_PER_S
        if left_s <= 0:
            self._end(Ending(f"no audio for {self._limits.idle_s:g} s", 1008))
        else:
            self._idle = asyncio.get_running_loop().call_later(left_s, self._watch)

    def _send(self, message: ServerMessage, kind: str) -> None:
        self._log.sent(kind, self._socket.send(self._protocol.send(message)))

    async def _close(self, ending: Ending) -> None:
        try:
            if ending.terminal:
                self._send(EndOfResults(), "terminal")
                await asyncio.sleep(_CLOSE_AFTER_S)
            await self._socket.close(ending)
        except (WebSocketDisconnect, RuntimeError):
            self._log.ending = "client left"


def _transcript(heard: Heard) -> Partial | Final:
    if not heard.is_final:
        return Partial(heard.text, new_transcript_id())
    return Final(heard.text, tuple(TranscriptWord(word, SPEAKER) for word in heard.words), new_transcript_id())
