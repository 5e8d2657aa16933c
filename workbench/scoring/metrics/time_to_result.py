"""Time to result: from the end of a session to what was made of it.

Derived from the REST frames of the record alone. Polling knows an interval, a notification a point.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from workbench.protocol.endpoints import AMBIENT_STATUS, END_AMBIENT, END_FORM, FORM_STATUS
from workbench.protocol.messages import Product
from workbench.recording.frame import FrameKind
from workbench.recording.record import WEBHOOK
from workbench.scoring.view import SessionView

__all__ = ["RestFrame", "TimeToResult", "rest_frames", "time_to_result"]

_ENDS = frozenset({END_AMBIENT.name, END_FORM.name})
_POLLS = frozenset({AMBIENT_STATUS.name, FORM_STATUS.name})
_DONE = frozenset({"completed", "complete"})  # the latter in the AsyncAPI dialect
_OTHER_ENDS = frozenset({"skipped", "failed", "aborted"})


@dataclass(frozen=True, slots=True)
class TimeToResult:
    """When the result was there, ns after REST end was sent.

    Attributes:
        low_ns, high_ns: between the last poll that missed it and the first that found it: it was not there yet when
            the former was sent, and was when the latter was answered. Equal where a notification tells the point.
        source: ``polling`` or ``webhook``.
        polls: status requests that were answered.
        reason: why it is unknown; None if it is known, and for dictation, which has no later result.
    """

    low_ns: int | None = None
    high_ns: int | None = None
    source: str | None = None
    polls: int | None = None
    reason: str | None = None


class _Body(msgspec.Struct):
    status: str | None = None


class RestFrame(msgspec.Struct):
    """Text of a REST frame.

    Attributes:
        call: name of the endpoint, or ``webhook``.
        status: HTTP status, None if no answer came.
        body: the answer as it came.
    """

    call: str
    status: int | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def said(self) -> str | None:
        """The ``status`` that the body names, in lower case."""
        try:
            body = msgspec.json.decode(self.body, type=_Body | None)
        except (msgspec.DecodeError, RecursionError):
            return None
        return body.status.lower() if body is not None and body.status is not None else None


def rest_frames(view: SessionView) -> list[tuple[RestFrame, int | None, int | None]]:
    """REST frames with their ``sent_ns`` and ``received_ns``; one that cannot be read is left out."""
    frames = []
    for frame in view.frames:
        if frame.kind is FrameKind.REST and frame.text is not None:
            try:
                frames.append((msgspec.json.decode(frame.text, type=RestFrame), frame.sent_ns, frame.received_ns))
            except (msgspec.DecodeError, RecursionError):
                continue
    return frames


def time_to_result(view: SessionView) -> TimeToResult:
    """From REST end to ``completed``, or its reason to be unknown.

    Definition: the making of results begins with REST end, so zero is when that request was sent, in the try that
    succeeded. No REST frames: everything None with a reason.
    """
    if view.record.product is Product.DICTATION:
        return TimeToResult()
    frames = rest_frames(view)
    ended_ns = next((sent for f, sent, _ in frames if f.call in _ENDS and f.status == 200), None)
    polls = [(f.said, sent, received) for f, sent, received in frames if f.call in _POLLS and f.status == 200]
    if ended_ns is None:
        return TimeToResult(reason="the session was not ended", polls=len(polls))
    webhook_ns = next((at for f, _, at in frames if f.call == WEBHOOK and f.said == "success"), None)
    if webhook_ns is not None:
        return TimeToResult(webhook_ns - ended_ns, webhook_ns - ended_ns, WEBHOOK, len(polls))
    missed_ns = ended_ns
    for status, sent_ns, received_ns in polls:
        if status in _DONE and received_ns is not None:
            return TimeToResult(missed_ns - ended_ns, received_ns - ended_ns, "polling", len(polls))
        if status in _OTHER_ENDS:
            return TimeToResult(reason=f"the session ended as {status}", polls=len(polls))
        missed_ns = sent_ns if sent_ns is not None else missed_ns
    return TimeToResult(reason="not completed when polling stopped", polls=len(polls))
