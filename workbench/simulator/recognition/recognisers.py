"""What a recogniser is to the simulator: streams that take audio and give hypotheses.

Two kinds exist. ``live`` (:mod:`workbench.simulator.recognition.pool`) decodes the audio it receives, in worker
processes, with Whisper or pocketsphinx. ``scripted`` (:mod:`workbench.simulator.recognition.scripted`) says what a
script says, when the script says so. Nothing in between pretends to be either; ``replay`` says what live decoding once
said of the same audio.
"""

from __future__ import annotations

from typing import Protocol

from workbench.errors import ServiceError
from workbench.simulator.recognition.decoding import Hypothesis

__all__ = ["Listener", "Recogniser", "RecogniserStream", "StreamFailed", "busy"]


class StreamFailed(ServiceError):  # noqa: N818  an event of a stream, as Closed is one of a socket
    """The recogniser lost a stream; what it had said before stands."""


def busy(reason: str) -> ServiceError:
    """The refusal of a new stream when the recogniser could not keep up with one more."""
    return ServiceError(f"recogniser_busy: {reason}", status=503, error_id="recogniser_busy")


class Listener(Protocol):
    """Who hears what a stream says; called in the event loop, never before the stream was fed or finished."""

    def heard(self, heard: Hypothesis) -> None:
        """The next hypothesis."""
        ...

    def room(self) -> None:
        """A stream that had no room for more audio has it again."""
        ...

    def over(self, failure: StreamFailed | None) -> None:
        """Everything that was fed has been said, or the stream was lost; said once, and not after a drop."""
        ...


class RecogniserStream(Protocol):
    """One stream of audio."""

    def listen(self, listener: Listener) -> None:
        """Who hears; said once, before the first chunk."""
        ...

    def feed(self, pcm: bytes, arrived_ns: int) -> bool:
        """Take a chunk. False when too much of this stream is undecoded: its sender is to wait until ``room``."""
        ...

    def finish(self, arrived_ns: int) -> None:
        """No more audio will come."""
        ...

    def drop(self) -> None:
        """Give up the stream; safe to call at any time and more than once."""
        ...


class Recogniser(Protocol):
    """A source of streams."""

    @property
    def name(self) -> str:
        """As in ``--recogniser``."""
        ...

    async def start(self) -> None:
        """Return when streams can be opened."""
        ...

    async def close(self) -> None:
        """End everything that was started."""
        ...

    def open(self, session_id: str, sample_rate_hz: int) -> RecogniserStream:
        """A new stream. Raises ServiceError with a status when there is no room for it or nothing to say."""
        ...

    def backlog_ms(self, session_id: str) -> int | None:
        """Largest backlog of a session so far, ms of audio that waited to be decoded; None if none was measured."""
        ...

    def health(self) -> dict[str, object]:
        """Load and bounds, for people and tests."""
        ...
