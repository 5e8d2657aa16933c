"""What clients do against the contract, named on standard error: session, frame, what was wrong, what to do (S-214).

A service swallows much of it without a word, and an integrator then looks for hours for the utterance that was never
heard. Nothing of a frame's content is ever in such a line.
"""

from __future__ import annotations

import logging

from workbench.errors import RemoteProtocolError, ServiceError
from workbench.protocol.messages import Product
from workbench.protocol.mistakes import end_marker
from workbench.simulator.sockets.endings import Ending

__all__ = ["Mistakes", "report_refusal", "report_request"]

_log = logging.getLogger(__name__)

_POLICY = 1008
"""Strict refusals close with it; frames that the contract itself refuses have codes of their own."""

_TOO_BIG, _GOING_AWAY = 1009, 1012
"""Codes of the WebSocket layer: a message over the bound; the simulator ends."""

_REMEDIES = {
    400: "Correct the member that is named",
    401: "Log in, and send the bare token in the header sdp_suki_token",
    403: "Use a session that this partner and provider created",
    404: "Create the session first and use the id of the answer",
    405: "Use a method of /openapi.json",
    409: "Leave the id out, or take a new one",
    410: "Do not ask again",
    412: "Follow the order create, context, stream, end, status, results",
    413: "Send less at a time",
    426: "Open a WebSocket",
}
_OTHER = "See /docs"


class Mistakes:
    """The mistakes of one connection. Each kind is said once, with the number of its first frame.

    Args:
        session_id: whose connection it is.
        strict: whether frames that would be ignored end the stream.

    Attributes:
        frame: number of frames so far, the one at hand included.
    """

    __slots__ = ("_counts", "_session_id", "_strict", "frame")

    def __init__(self, session_id: str, *, strict: bool) -> None:
        self._session_id = session_id
        self._strict = strict
        self._counts: dict[str, int] = {}
        self.frame = 0

    def suspect(self, problem: str, remedy: str, *, done: str = "ignored") -> Ending | None:
        """A frame that the contract forbids and the service takes; how the stream ends with it, if it does.

        Args:
            problem: one clause, the same for frames of the same kind, free of content.
            remedy: an imperative sentence.
            done: what becomes of the frame.
        """
        self._say(problem, remedy, "refused" if self._strict else done)
        return Ending(problem, _POLICY) if self._strict else None

    def refused(self, error: RemoteProtocolError) -> Ending:
        """A frame that the contract refuses."""
        got = f" (got {error.got})" if error.got is not None else ""
        remedy = f"Expected was {error.expected}" if error.expected else _OTHER
        self._say(f"{error.problem}{got}", remedy, f"refused with {error.close_code}")
        return Ending(str(error), error.close_code)

    def ended(self, problem: str, remedy: str) -> None:
        """A connection that ends as it should not."""
        self._say(problem, remedy, "the stream is over")

    def left(self, code: int | None, product: Product, *, streaming: bool) -> Ending:
        """The client is gone, or was sent away; how the stream ends then.

        Args:
            code: code of the WebSocket layer that it was sent away with; None if it left.
            product: whose end of audio it should have sent.
            streaming: whether its audio had not ended.
        """
        if code == _TOO_BIG:
            self.ended("a message larger than message_bytes", "Send chunks of 100 ms")
        elif code != _GOING_AWAY and streaming:
            self.ended("the client left before the end of audio", f"Send {end_marker(product)}")
        return Ending("client left", None)

    def close(self) -> None:
        """Say of which kinds there were more."""
        for problem, count in self._counts.items():
            if count > 1:
                _log.warning("session %s: %d frames in all: %s", self._session_id, count, problem)
        self._counts.clear()

    def _say(self, problem: str, remedy: str, done: str) -> None:
        count = self._counts[problem] = self._counts.get(problem, 0) + 1
        if count == 1:
            _log.warning("session %s, frame %d: %s; %s. %s", self._session_id, self.frame, problem, done, remedy)


def report_request(session_id: str | None, request: str, problem: str, remedy: str) -> None:
    """A request, or a handshake, that is taken although the contract forbids it.

    Args:
        session_id: which session it is about, None if none.
        request: method and path template, never the path itself.
        problem: one clause, free of content.
        remedy: an imperative sentence.
    """
    _log.warning("session %s, %s: %s. %s", session_id or "-", request, problem, remedy)


def report_refusal(session_id: str | None, request: str, error: ServiceError) -> None:
    """A request or handshake that was refused for what the client did; faults of the service are not reported here."""
    status = error.status or 500
    if status < 500:
        remedy = error.action or _REMEDIES.get(status, _OTHER)
        report_request(session_id, request, f"refused with {status}, {error.problem}", remedy)
