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
from workbench.simulator.dictation_sessions import ConnectionLog, DictationSession
from workbench.simulator.identifiers import new_transcript_id
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.recognition.decoding import SPEAKER, Hypothesis
from workbench.simulator.recognition.recognisers import RecogniserStream, StreamFailed
from workbench.simulator.sockets.direct import stream_socket
from workbench.simulator.sockets.endings import Ending
from workbench.simulator.sockets.mistakes import Mistakes
from workbench.units import NS_PER_S

__all__ = ["DictationStream"]

_DRAINED = "drained"
_LOST = 1011
"""The recogniser lost the stream: there is nothing to finalise."""

_LONGEST_CHUNK_S = 1
"""Chunks of a dictation are small, the documents say without a number; this is no small one any more."""

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

    Attributes:
        drained: done when everything that was heard is in the session; that may be after the socket is gone (S-209).
    """

    __slots__ = (
        "_audio_ns", "_ending", "_finished", "_held", "_idle", "_limits", "_log", "_longest_chunk", "_mistakes",
        "_protocol", "_recognition", "_session", "_socket", "_stop", "drained",
    )  # fmt: skip

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
        self._mistakes = Mistakes(session.id, strict=limits.strict)
        self._longest_chunk = 2 * session.sample_rate_hz * _LONGEST_CHUNK_S
        self._stop = asyncio.Event()
        session.stop = self._stop
        loop = asyncio.get_running_loop()
        self._ending: asyncio.Future[Ending] = loop.create_future()
        self.drained: asyncio.Future[None] = loop.create_future()
        session.draining = self.drained
        self._idle: asyncio.TimerHandle | None = None
        self._held = False
        self._finished = False
        self._audio_ns = time.perf_counter_ns()
        self._log = ConnectionLog(self._audio_ns)
        session.connections.append(self._log)

    async def run(self) -> bool:
        """Serve the stream until it is over. True when it was drained, so that the session is free at once.

        A stream that is lost or broken off is recognised to its end behind the socket (S-209).
        """
        stopping = asyncio.create_task(self._stopped())
        self._recognition.listen(self)
        self._socket.attach(self)
        self._watch()
        ending = Ending("fault", 1011)
        try:
            ending = await self._ending
        finally:
            stopping.cancel()
            if self._idle is not None:
                self._idle.cancel()
            if ending.terminal or ending.code == _LOST:
                self._settle()
            else:
                self._finish(time.perf_counter_ns())
        self._log.ending = ending.reason
        self._mistakes.close()
        self._session.stop = None
        if ending.terminal:
            # The session accepts the next stream as soon as the client can know that this one is over.
            self._session.apply(DictationEvent.DRAINED)
        await self._close(ending)
        return ending.terminal

    # -- called by the socket ---------------------------------------------------------------------------------

    def arrived(self, raw: str | bytes, arrived_ns: int) -> None:
        """Act on a message."""
        self._mistakes.frame += 1
        if self._ending.done():
            self._late()
            return
        try:
            message = self._protocol.receive_client(raw)
        except RemoteProtocolError as error:
            self._end(self._mistakes.refused(error))
            return
        if isinstance(message, Audio):
            pcm, log = message.pcm, self._log
            size = len(pcm)
            if not log.arrived_ns or size > self._longest_chunk:
                self._look_at(pcm)
            self._session.audio_bytes += size
            log.arrived(size, arrived_ns)
            self._audio_ns = arrived_ns
            if not self._recognition.feed(pcm, arrived_ns):
                self._held = True
                self._socket.hold()
        elif isinstance(message, EndOfAudio):
            self._finish(arrived_ns)
        elif isinstance(message, UnknownMessage):
            self._log.ignore(message.reason)
            self._suspect(message.reason, message.remedy)

    def left(self, code: int | None = None) -> None:
        """The client is gone, or was sent away with ``code``."""
        if not self._ending.done():
            streaming = self._protocol.state is StreamState.STREAMING
            self._end(self._mistakes.left(code, Product.DICTATION, streaming=streaming))

    def _look_at(self, pcm: bytes) -> None:
        """Report audio that is none, or too much of it at once."""
        if not self._log.arrived_ns and pcm.startswith(b"RIFF"):
            self._suspect("audio begins with a WAV header", "Send raw PCM: leave the header out", done="taken as sound")
        if len(pcm) > self._longest_chunk:
            self._suspect("a chunk longer than a second", "Send chunks of 100 ms as they are spoken", done="taken")

    def _suspect(self, problem: str, remedy: str, *, done: str = "ignored") -> None:
        ending = self._mistakes.suspect(problem, remedy, done=done)
        if ending is not None:
            self._end(ending)

    def _late(self) -> None:
        """A frame after the end; while REST end cuts a stream off, the client cannot know of it."""
        if self._ending.result().reason == _DRAINED:
            self._mistakes.suspect("a frame after the terminal frame", "Open a new connection for the next utterance")

    # -- called by the recogniser -----------------------------------------------------------------------------

    def heard(self, heard: Hypothesis) -> None:
        """Send a hypothesis; behind a socket that is gone, finals still belong to the session."""
        if self.drained.done():
            return
        if heard.is_final:
            self._session.finals.append(heard.text)
        if self._ending.done():
            return
        self._send(_transcript(heard), "final" if heard.is_final else "partial")

    def room(self) -> None:
        """Read on; the client's silence meanwhile was ours."""
        if self._ending.done():
            return
        self._held, self._audio_ns = False, time.perf_counter_ns()
        self._socket.resume()

    def over(self, failure: StreamFailed | None) -> None:
        """Nothing more will be heard."""
        if failure is not None and not self.drained.done():
            self._session.failed = True
        if self._ending.done():
            self._settle()
        elif failure is None:
            self._end(Ending(_DRAINED, 1000, terminal=True))
        else:
            self._end(Ending(failure.problem, _LOST))

    def _finish(self, now_ns: int) -> None:
        """No more audio: the recogniser says what it still has."""
        if not self._finished:
            self._finished = True
            self._recognition.finish(now_ns)

    def _settle(self) -> None:
        """Nothing more of this stream goes into the session."""
        self._recognition.drop()
        if not self.drained.done():
            self.drained.set_result(None)

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
            reason = f"no audio for {self._limits.idle_s:g} s"
            self._mistakes.ended(reason, "End each utterance with AUDIO_END and connect again for the next")
            self._end(Ending(reason, 1008))
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


def _transcript(heard: Hypothesis) -> Partial | Final:
    if not heard.is_final:
        return Partial(heard.text, new_transcript_id())
    return Final(heard.text, tuple(TranscriptWord(word, SPEAKER) for word in heard.words), new_transcript_id())
