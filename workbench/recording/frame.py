"""What one recorded wire event is, and who keeps it while its session is in flight."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, TypeAlias

__all__ = ["UNSET", "Frame", "FrameBuffer", "FrameKind", "FrameListener", "WritableBuffer"]

UNSET = -1
"""Stands for "no such stamp" in the integer columns; becomes None when a frame is read."""


class FrameKind(Enum):
    """What one recorded wire event was."""

    AUDIO = "audio"
    CONTROL = "control"
    TEXT = "text"
    BINARY = "binary"
    CLOSE = "close"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Frame:
    """One recorded wire event.

    A REST frame is a request of ours with its answer, one frame a try; its text is the JSON object ``{"call": name of
    the endpoint, "status": HTTP status or null, "body": the answer's own JSON or null}``. It never holds a token. A
    notification is one too: ``call`` is ``webhook``, and nothing was sent.

    Attributes:
        sent: True when we sent it, False when it arrived.
        kind: what it was.
        chunk: index of the audio chunk, None for other frames.
        end_sample: audio position at the end of the chunk, None for other frames.
        due_ns, sent_ns, flushed_ns: when it should leave, when send was called, when that returned.
        hold_ns: how long a network profile held the chunk back on purpose; never part of our lateness. None for
            frames that are not audio.
        received_ns: arrival.
        wire_bytes: payload length in bytes.
        text: the frame as it came (received) or as it was sent (control frames); None for audio, whose bytes the
            plan holds.
    """

    sent: bool
    kind: FrameKind
    chunk: int | None
    end_sample: int | None
    due_ns: int | None
    sent_ns: int | None
    flushed_ns: int | None
    hold_ns: int | None
    received_ns: int | None
    wire_bytes: int
    text: str | None = field(repr=False)


WritableBuffer: TypeAlias = bytearray | mmap.mmap


class FrameBuffer(Protocol):
    """Where a log's rows and texts lie, so that a killed process loses none; see ``FrameLog.buffer_in``.

    Everything here runs inside the timed phase and must take microseconds.
    """

    def block(self) -> tuple[WritableBuffer, int] | None:
        """Room for the next ``FrameLog.BLOCK_BYTES`` of rows, zeroed: a buffer and where in it they begin.

        The native ``I`` right before says how many bytes of them are whole; the log keeps it up to date.

        Returns:
            None if there is no room; the log then keeps its rows itself.
        """
        ...

    def streaming(self) -> None:
        """The first chunk is about to be recorded."""
        ...

    def wide(self, at: int, columns: tuple[int, ...]) -> None:
        """Keep the columns of the row at ``at`` of the newest block, which could not hold them."""
        ...

    def keep(self, text: str) -> int:
        """Keep a text.

        Returns:
            Where it lies, or ``UNSET`` for one that the log must keep itself.
        """
        ...

    def text(self, place: int) -> str:
        """The text that lies at ``place``."""
        ...


FrameListener: TypeAlias = Callable[[bytes, "tuple[int, ...] | None", "str | None"], object]
"""Is told of every frame as it is recorded: its row, its columns where the row could not hold them, its text."""
