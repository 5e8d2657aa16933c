"""Typed messages of both directions, free of any dialect.

A message says what was meant, a codec says how a dialect writes it. Audio and transcript text never appear in a repr,
only their lengths. Messages are made for every frame, so they are structs of msgspec: a frozen dataclass takes five
times as long to make.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol, TypeAlias

import msgspec

__all__ = [
    "Audio",
    "ClientMessage",
    "Codec",
    "Dialect",
    "EndOfAudio",
    "EndOfResults",
    "Event",
    "EventName",
    "Final",
    "Partial",
    "Product",
    "ServerMessage",
    "StartTime",
    "StreamStatus",
    "TranscriptWord",
    "UnknownMessage",
]


class Product(Enum):
    """What a session is for; decides path, handshake and result."""

    DICTATION = "dictation"
    AMBIENT = "ambient"
    FORM_FILLING = "form-filling"

    @property
    def streams_transcripts(self) -> bool:
        """Whether transcripts come back on the socket (dictation) or later by REST."""
        return self is Product.DICTATION


class Dialect(Enum):
    """How messages are written: the vendor's live documentation, or the AsyncAPI 1.0.0 document."""

    LIVE = "live"
    ASYNCAPI = "asyncapi"


class EventName(Enum):
    """Control events of ``/ws/stream`` (S-157)."""

    PAUSE = "PAUSE"
    RESUME = "RESUME"
    KEEP_ALIVE = "KEEP_ALIVE"
    CANCEL = "CANCEL"
    ABORT = "ABORT"


class StartTime(msgspec.Struct, frozen=True):
    """First message of an ambient or form-filling segment: wall-clock start, RFC 3339 text (S-148…S-150)."""

    at: str


class Audio(msgspec.Struct, frozen=True):
    """A chunk of audio: mono PCM_S16LE bytes, an even count (S-77, S-78)."""

    pcm: bytes

    def __repr__(self) -> str:
        """Length only: speech is patient data."""
        return f"Audio({len(self.pcm)} bytes)"


class Event(msgspec.Struct, frozen=True):
    """A control event of ``/ws/stream``."""

    name: EventName


class EndOfAudio(msgspec.Struct, frozen=True):
    """No more audio on this connection: ``AUDIO_END`` for dictation, the ``RU9G`` marker elsewhere."""


class TranscriptWord(msgspec.Struct, frozen=True):
    """One entry of ``words`` in a final.

    Attributes:
        text: the word.
        speaker: speaker label such as ``S1``, or None.
    """

    text: str
    speaker: str | None = None

    def __repr__(self) -> str:
        """Length only."""
        return f"TranscriptWord({len(self.text)} chars, speaker={self.speaker!r})"


class Partial(msgspec.Struct, frozen=True):
    """A hypothesis that may still change; replaces the partial before it (S-91)."""

    text: str
    transcript_id: str | None = None

    def __repr__(self) -> str:
        """Length only."""
        return f"Partial({len(self.text)} chars)"


class Final(msgspec.Struct, frozen=True):
    """A segment that will not be revised (S-93). ``words`` need not cover every word of the text (S-88)."""

    text: str
    words: tuple[TranscriptWord, ...] = ()
    transcript_id: str | None = None

    def __repr__(self) -> str:
        """Length only."""
        return f"Final({len(self.text)} chars, {len(self.words)} words)"


class EndOfResults(msgspec.Struct, frozen=True):
    """Terminal frame: nothing more comes on this connection (S-94…S-98)."""


class StreamStatus(msgspec.Struct, frozen=True):
    """Status event of the AsyncAPI dialect on ambient and form-filling sockets.

    Attributes:
        kind: STATUS, ERROR, READY or ENDED.
        message: the service's own words, not a transcript.
    """

    kind: str
    message: str = ""


class UnknownMessage(msgspec.Struct, frozen=True):
    """A frame that is none of the above: kept, counted, never fatal (S-6, S-102).

    Attributes:
        reason: why it was not understood, free of content.
        raw: the frame as it came.
        remedy: what a client should send instead; empty for frames of a service.
    """

    reason: str
    raw: str | bytes
    remedy: str = ""

    def __repr__(self) -> str:
        """Without the frame."""
        return f"UnknownMessage(reason={self.reason!r})"


ClientMessage: TypeAlias = StartTime | Audio | Event | EndOfAudio
ServerMessage: TypeAlias = Partial | Final | EndOfResults | StreamStatus | UnknownMessage


class Codec(Protocol):
    """What a dialect module offers: text in, messages out, and back."""

    def encode_audio(self, pcm: bytes, product: Product) -> bytes:
        """The AUDIO frame for ``pcm`` as UTF-8 bytes; the hot path, done once per plan."""
        ...

    def encode_client(self, message: ClientMessage, product: Product) -> bytes:
        """A client message as UTF-8 bytes."""
        ...

    def decode_client(self, raw: str | bytes, product: Product) -> ClientMessage | UnknownMessage:
        """A client's frame. Raises RemoteProtocolError where the contract refuses it."""
        ...

    def encode_server(self, message: ServerMessage, session_id: str) -> bytes:
        """A server message as UTF-8 bytes."""
        ...

    def decode_server(self, raw: str | bytes) -> ServerMessage:
        """A server's frame; never raises, an unreadable one is an :class:`UnknownMessage`."""
        ...
