"""What the app and its player say to each other: MessagePack behind a length, over the player's pipes."""

from __future__ import annotations

import struct
from typing import BinaryIO

import msgspec

from workbench.app.live.asking import Clip, Microphone

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
    "Silence",
    "Sound",
    "Stop",
    "decode_command",
    "decode_event",
    "encode",
    "read_frame",
]

_HEAD = struct.Struct(">I")


class Play(msgspec.Struct, frozen=True, tag="play"):
    """Begin session ``id``."""

    id: str
    ask: Clip | Microphone


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
        recogniser: of the simulator that was started; None for any other service.
    """

    endpoint: str
    recogniser: str | None


class Down(msgspec.Struct, frozen=True, tag="down"):
    """The service cannot be used; the player ends."""

    problem: str


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """A lane is about to be played; ``record`` is still empty. ``peaks`` of what will be heard: min and max in turn."""

    id: str
    lane: int
    record: bytes
    peaks: tuple[int, ...]


class Framed(msgspec.Struct, frozen=True, tag="framed"):
    """One frame as a :data:`workbench.frames.Teller` is told of it: packed row, columns of a wide one, text."""

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
        id: of the session.
        problem: one clear line where it could not be played at all.
        audio: file that holds what a microphone sent.
    """

    id: str
    problem: str | None = None
    audio: str | None = None


Command = Play | Sound | Silence | Stop
Event = Ready | Down | Begun | Framed | Done | Over

_encoder = msgspec.msgpack.Encoder()
_commands: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_events: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


def encode(message: Command | Event) -> bytes:
    """A message with its length in front."""
    body = _encoder.encode(message)
    return _HEAD.pack(len(body)) + body


def read_frame(source: BinaryIO) -> bytes | None:
    """The next message, or None where the other end is gone."""
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    (length,) = _HEAD.unpack(head)
    body = source.read(length)
    return body if len(body) == length else None


def decode_command(body: bytes) -> Command:
    """What the app said."""
    return _commands.decode(body)


def decode_event(body: bytes) -> Event:
    """What the player said."""
    return _events.decode(body)
