"""What a recogniser is to the simulator: streams that take audio and give hypotheses.

Two kinds exist. ``pocketsphinx`` (:mod:`workbench.simulator.pool`) decodes the audio it receives, in worker
processes; its words are lower case and without punctuation, because that is what it recognises. ``scripted``
(:mod:`workbench.simulator.scripted`) says what a script says, when the script says so. Nothing in between pretends
to be either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from workbench.errors import ServiceError
from workbench.simulator.decoding import Heard

__all__ = ["Recogniser", "RecogniserStream", "StreamFailed", "busy"]


class StreamFailed(ServiceError):  # noqa: N818  an event of a stream, as Closed is one of a socket
    """The recogniser lost a stream; what it had said before stands."""


def busy(reason: str) -> ServiceError:
    """The refusal of a new stream when the recogniser could not keep up with one more."""
    return ServiceError(f"recogniser_busy: {reason}", status=503, error_id="recogniser_busy")


class RecogniserStream(Protocol):
    """One stream of audio."""

    async def feed(self, pcm: bytes, arrived_ns: int) -> None:
        """Take a chunk; waits when too much of this stream is undecoded, so that the sender feels it."""
        ...

    def finish(self, arrived_ns: int) -> None:
        """No more audio will come."""
        ...

    def results(self) -> AsyncIterator[Heard]:
        """Hypotheses in order; ends when everything fed has been decoded. Raises StreamFailed."""
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

    def health(self) -> dict[str, object]:
        """Load and bounds, for people and tests."""
        ...
