"""Sans-I/O stream session: the order of messages on one socket, for both ends.

House rules: bytes and text come in as arguments and go out as return values; no socket, clock or loop is known
here. The same tables serve both roles. What we send in a wrong order is our fault and raises LocalProtocolError;
what a client sends in a wrong order is refused by the server role with RemoteProtocolError; what a server sends in
a wrong order is kept and counted by the client role, because a measurement must not die of it.
"""

from __future__ import annotations

from enum import Enum

from workbench.errors import LocalProtocolError, RemoteProtocolError
from workbench.protocol import asyncapi, live
from workbench.protocol.messages import (
    Audio,
    ClientMessage,
    Codec,
    Dialect,
    EndOfAudio,
    EndOfResults,
    Event,
    EventName,
    Final,
    Partial,
    Product,
    ServerMessage,
    StartTime,
    UnknownMessage,
)

__all__ = ["Role", "Step", "StreamSession", "StreamState", "codec_for", "is_terminal_text"]


_MAX_VIOLATIONS = 1_000
"""As many breaches are listed; a peer that never stops would otherwise fill the memory."""


class Role(Enum):
    """Which end of the socket this is."""

    CLIENT = "client"
    SERVER = "server"


class StreamState(Enum):
    """Where one connection stands."""

    __hash__ = object.__hash__  # a member is only ever itself; the order is looked up for every frame

    OPEN = "open"
    STREAMING = "streaming"
    PAUSED = "paused"
    DRAINING = "draining"
    DONE = "done"
    CLOSED = "closed"


class Step(Enum):
    """A message, reduced to what matters for order."""

    __hash__ = object.__hash__

    START_TIME = "START_TIME"
    AUDIO = "AUDIO"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    KEEP_ALIVE = "KEEP_ALIVE"
    CANCEL = "CANCEL"
    ABORT = "ABORT"
    END_OF_AUDIO = "end of audio"
    TRANSCRIPT = "transcript"
    END_OF_RESULTS = "terminal frame"


_S, _T = StreamState, Step
_CLIENT, _STREAMING = Role.CLIENT, StreamState.STREAMING  # looked up for every frame, and a member takes a call

DICTATION_ORDER: dict[tuple[StreamState, Step], StreamState] = {
    (_S.OPEN, _T.AUDIO): _S.STREAMING,
    (_S.OPEN, _T.END_OF_AUDIO): _S.DRAINING,
    (_S.STREAMING, _T.AUDIO): _S.STREAMING,
    (_S.STREAMING, _T.END_OF_AUDIO): _S.DRAINING,
    (_S.OPEN, _T.TRANSCRIPT): _S.OPEN,
    (_S.STREAMING, _T.TRANSCRIPT): _S.STREAMING,
    (_S.DRAINING, _T.TRANSCRIPT): _S.DRAINING,
    # A service may end results early, for instance when REST end cut the stream off (S-111).
    (_S.OPEN, _T.END_OF_RESULTS): _S.DONE,
    (_S.STREAMING, _T.END_OF_RESULTS): _S.DONE,
    (_S.DRAINING, _T.END_OF_RESULTS): _S.DONE,
}

STREAM_ORDER: dict[tuple[StreamState, Step], StreamState] = {
    (_S.OPEN, _T.START_TIME): _S.STREAMING,
    (_S.STREAMING, _T.AUDIO): _S.STREAMING,
    (_S.STREAMING, _T.PAUSE): _S.PAUSED,
    (_S.STREAMING, _T.RESUME): _S.STREAMING,
    (_S.STREAMING, _T.KEEP_ALIVE): _S.STREAMING,
    (_S.STREAMING, _T.CANCEL): _S.DONE,
    (_S.STREAMING, _T.ABORT): _S.DONE,
    (_S.STREAMING, _T.END_OF_AUDIO): _S.DRAINING,
    (_S.PAUSED, _T.PAUSE): _S.PAUSED,
    (_S.PAUSED, _T.RESUME): _S.STREAMING,
    (_S.PAUSED, _T.KEEP_ALIVE): _S.PAUSED,
    (_S.PAUSED, _T.CANCEL): _S.DONE,
    (_S.PAUSED, _T.ABORT): _S.DONE,
    (_S.PAUSED, _T.END_OF_AUDIO): _S.DRAINING,
}

_ENDED = "after the end of audio"
_END_ONCE = "End the audio once, after the last chunk"

_AFTER_THE_END = {
    (_S.DRAINING, _T.AUDIO): (f"AUDIO {_ENDED}", _END_ONCE),
    (_S.DRAINING, _T.END_OF_AUDIO): (f"a second end of audio {_ENDED}", _END_ONCE),
}

DICTATION_TOLERATED: dict[tuple[StreamState, Step], tuple[str, str]] = _AFTER_THE_END
"""Messages out of turn that a service ignores and reports: what is wrong and what to do (S-208).

One frame too many must not cost the utterance before it.
"""

STREAM_TOLERATED: dict[tuple[StreamState, Step], tuple[str, str]] = {
    **_AFTER_THE_END,
    (_S.PAUSED, _T.AUDIO): ("AUDIO while the stream is paused", "Send RESUME before audio"),
    (_S.OPEN, _T.KEEP_ALIVE): ("KEEP_ALIVE before START_TIME", "Send START_TIME first"),
}
"""Likewise on ``/ws/stream`` (S-208, S-210)."""

_EVENT_STEP = {name: Step[name.name] for name in EventName}
_MESSAGE_STEP: dict[type, Step] = {
    Audio: Step.AUDIO,
    EndOfAudio: Step.END_OF_AUDIO,
    StartTime: Step.START_TIME,
    Partial: Step.TRANSCRIPT,
    Final: Step.TRANSCRIPT,
    EndOfResults: Step.END_OF_RESULTS,
}


def codec_for(dialect: Dialect) -> Codec:
    """The codec of a dialect."""
    return {Dialect.LIVE: live, Dialect.ASYNCAPI: asyncapi}[dialect]


def _step(message: ClientMessage | ServerMessage) -> Step | None:
    """Which step of the order a message is; None for those that order does not concern."""
    if isinstance(message, Event):
        return _EVENT_STEP[message.name]
    return _MESSAGE_STEP.get(type(message))


def is_terminal_text(message: ServerMessage, dialect: Dialect) -> bool:
    """Whether a transcript that came after the end of audio is the terminal frame in disguise (S-220).

    It says ``EOF`` and has no words, whatever members it has besides. Before the end of audio a speaker may have said
    it.
    """
    if dialect is not Dialect.LIVE or not isinstance(message, Partial | Final) or message.text != "EOF":
        return False
    return isinstance(message, Partial) or not message.words


class StreamSession:
    """One connection of one product, seen from one end.

    Attributes:
        state: where the connection stands.
        violations: what the peer did against the contract, one clause each, free of content (client role); the first
            thousand of them.
    """

    __slots__ = (
        "_codec", "_dialect", "_has_transcripts", "_order", "_tolerated", "product", "role", "session_id", "state",
        "violations",
    )  # fmt: skip

    def __init__(self, role: Role, product: Product, dialect: Dialect = Dialect.LIVE, session_id: str = "") -> None:
        self.role = role
        self.product = product
        self.session_id = session_id
        self.state = StreamState.OPEN
        self.violations: list[str] = []
        self._dialect = dialect
        self._codec = codec_for(dialect)
        self._order = DICTATION_ORDER if product is Product.DICTATION else STREAM_ORDER
        self._tolerated = DICTATION_TOLERATED if product is Product.DICTATION else STREAM_TOLERATED
        self._has_transcripts = product.streams_transcripts

    def send(self, message: ClientMessage | ServerMessage) -> bytes:
        """The frame to write for ``message``. Raises LocalProtocolError when it is not its turn."""
        # Encoded first: the codec refuses what this end does not say, and the connection stays where it was.
        if self.role is _CLIENT:
            frame = self._codec.encode_client(message, self.product)  # type: ignore[arg-type]
        else:
            frame = self._codec.encode_server(message, self.session_id)  # type: ignore[arg-type]
        self._advance_local(_step(message), type(message).__name__)
        return frame

    def audio_sent(self) -> None:
        """Account for an AUDIO frame that the plan had encoded already."""
        if self.state is not _STREAMING:  # where AUDIO changes nothing, for every product
            self._advance_local(Step.AUDIO, "Audio")

    def receive_client(self, raw: str | bytes) -> ClientMessage | UnknownMessage:
        """Server role: a client's frame; one out of turn that is tolerated is an UnknownMessage.

        Raises:
            RemoteProtocolError: for what the contract refuses.
        """
        message = self._codec.decode_client(raw, self.product)
        if isinstance(message, Audio) and self.state is _STREAMING:  # where AUDIO changes nothing, for every product
            return message
        step = _step(message)
        if step is not None:
            try:
                self.state = self._order[self.state, step]
            except KeyError:
                tolerated = self._tolerated.get((self.state, step))
                if tolerated is not None:
                    return UnknownMessage(tolerated[0], raw, tolerated[1])
                raise RemoteProtocolError(
                    f"{step.value} is not allowed here",
                    got=f"a connection that is {self.state.value}",
                    expected=self._expected(),
                    close_code=1002,
                ) from None
        return message

    def receive_server(self, raw: str | bytes) -> ServerMessage:
        """Client role: a server's frame; never raises, a breach is added to ``violations``."""
        message = self._codec.decode_server(raw)
        if self.state is StreamState.DRAINING and is_terminal_text(message, self._dialect):
            message = EndOfResults()
        if isinstance(message, UnknownMessage):
            self._breach(f"unknown message: {message.reason}")
            return message
        step = _step(message)
        if step is not None and self._has_transcripts:
            try:
                self.state = self._order[self.state, step]
            except KeyError:
                self._breach(f"{step.value} on a connection that is {self.state.value}")
        return message

    def _breach(self, what: str) -> None:
        if len(self.violations) < _MAX_VIOLATIONS:
            self.violations.append(what)

    def close(self) -> bool:
        """The socket is closed. True when the stream had come to its proper end (S-100, S-170)."""
        clean = self.state is StreamState.DONE or (
            self.state is StreamState.DRAINING and not self.product.streams_transcripts
        )
        self.state = StreamState.CLOSED
        return clean

    def _advance_local(self, step: Step | None, name: str) -> None:
        if step is None and self.state is not StreamState.CLOSED:
            return
        try:
            self.state = self._order[self.state, step]  # type: ignore[index]
        except KeyError:
            raise LocalProtocolError(
                f"{name} may not be sent now",
                item=f"{self.product.value} {self.role.value}",
                got=f"a connection that is {self.state.value}",
                expected=self._expected(),
            ) from None

    def _expected(self) -> str:
        steps = [step.value for state, step in self._order if state is self.state]
        return " or ".join(steps) if steps else "nothing more on this connection"
