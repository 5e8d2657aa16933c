"""What the app and its player say to each other: MessagePack behind a length, over the player's pipes."""

from __future__ import annotations

import msgspec

from workbench.app.live.request import Clip, Microphone
from workbench.child_process import framed

__all__ = [
    "Begun",
    "Command",
    "Done",
    "Down",
    "Event",
    "Framed",
    "Over",
    "Play",
    "Ready",
    "Refused",
    "Silence",
    "Sound",
    "Stop",
    "Zero",
    "decode_command",
    "decode_event",
    "encode",
]


class Play(msgspec.Struct, frozen=True, tag="play"):
    """Begin session ``id``; of its lanes those at ``places``."""

    id: str
    ask: Clip | Microphone
    places: tuple[int, ...]


class Sound(msgspec.Struct, frozen=True, tag="sound"):
    """Samples of a microphone: int16, little-endian."""

    id: str
    pcm: bytes


class Silence(msgspec.Struct, frozen=True, tag="silence"):
    """The microphone is off: send what is left and end the audio."""

    id: str


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """End the session now; what was recorded stays."""

    id: str


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The service answers.

    Attributes:
        endpoint: its name.
        recogniser: recogniser of the simulator that was started; None for any other service.
    """

    endpoint: str
    recogniser: str | None


class Down(msgspec.Struct, frozen=True, tag="down"):
    """The service cannot be used; the player ends."""

    problem: str


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """A lane is about to be played.

    Attributes:
        id: id of the session.
        lane: its place.
        record: still empty.
        peaks: of what will be heard: min and max in turn.
        endpoint: name of who answers.
        recogniser: recogniser of a simulator that the player started; None for any other service.
    """

    id: str
    lane: int
    record: bytes
    peaks: tuple[int, ...]
    endpoint: str
    recogniser: str | None


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """A lane cannot be played; the others go on. ``problem`` is one clear line."""

    id: str
    lane: int
    problem: str


class Zero(msgspec.Struct, frozen=True, tag="zero"):
    """The lanes of a clip begin together at ``at_ns``, monotonic; it may still be ahead."""

    id: str
    at_ns: int


class Framed(msgspec.Struct, frozen=True, tag="framed"):
    """One frame as a :data:`workbench.recording.frame.FrameListener` is told of it: row, wide columns, text."""

    id: str
    lane: int
    row: bytes
    wide: tuple[int, ...] | None
    text: str | None


class Done(msgspec.Struct, frozen=True, tag="done"):
    """A lane has ended; ``record`` is whole."""

    id: str
    lane: int
    record: bytes


class Over(msgspec.Struct, frozen=True, tag="over"):
    """The session has ended.

    Attributes:
        id: id of the session.
        problem: one clear line if it could not be played at all.
        audio: file that holds what a microphone sent.
    """

    id: str
    problem: str | None = None
    audio: str | None = None


Command = Play | Sound | Silence | Stop
Event = Ready | Down | Begun | Refused | Zero | Framed | Done | Over

_encoder = msgspec.msgpack.Encoder()
_commands: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_events: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


def encode(message: Command | Event) -> bytes:
    """A message with its length in front."""
    return framed(_encoder.encode(message))


def decode_command(body: bytes) -> Command:
    """What the app said."""
    return _commands.decode(body)


def decode_event(body: bytes) -> Event:
    """What the player said."""
    return _events.decode(body)
