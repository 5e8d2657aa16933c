"""When something is tried again, how often, and what never is: the whole policy, in one place.

``POLICY`` says it in words and the rest of this module does it, with the REST client's back-off. Every try of a REST
call is a frame of the event log; refused handshakes are counted in the record's facts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from workbench.errors import ServiceError
from workbench.settings import Limits

__all__ = ["POLICY", "HandshakePatience", "is_transient", "retry_after_s"]

POLICY: tuple[tuple[str, str], ...] = (
    (
        "REST: 429, 5xx, lost or late answers",
        "`rest_attempts` times in all, 0.25 s doubling to 8 s with jitter, or as `Retry-After` says, at most 60 s "
        "(S-35)",
    ),
    ("REST: 401", "once, after one login (S-37)"),
    ("REST: other 4xx, bad TLS, unknown host", "never (S-34); 402 is reported as used-up quota (S-36)"),
    (
        "create: 409 after an attempt whose answer was lost",
        "counts as created if this client chose the id: the lost answer was its 201",
    ),
    (
        "first handshake of a session: 429, 5xx",
        "`rest_attempts` times in all if `Retry-After` says when; without it the refusal is the result",
    ),
    (
        "handshake: 503 `recogniser_busy`",
        "when another session of the run has ended, from then on with concurrency lowered by one; as any other 503 "
        "if no other session of the run is playing",
    ),
    ("first handshake of a session: 401", "once, after one login"),
    (
        "later handshake of the same session",
        '"not yet" until `reconnect_s` is over, 0.25 s doubling to 4 s (S-65, S-106); never after 402, 403, 404',
    ),
    (
        "lost or stalled socket",
        "never: audio is not sent twice in one record. Playing the utterance again is a new attempt, with a separate "
        "key and record, counted separately",
    ),
)
"""What, and when it is tried again."""

_MAX_WAIT_S = 60.0
_FIRST_S, _GREATEST_S = 0.25, 4.0
_FOR_GOOD = frozenset({401, 402, 403, 404})


def is_transient(status: int) -> bool:
    """Whether the same request may be answered otherwise a little later.

    >>> [is_transient(status) for status in (404, 412, 429, 500, 503)]
    [False, False, True, True, True]
    """
    return status == 429 or status >= 500


def retry_after_s(value: str | None, wall_s: Callable[[], float] = time.time) -> float | None:
    """Seconds to wait by a ``Retry-After`` header, at most a minute; None if it says nothing that can be read.

    Args:
        value: seconds, or an HTTP date (RFC 9110, 10.2.3).
        wall_s: Unix time; a date is measured by it.

    >>> retry_after_s("2"), retry_after_s("Thu, 01 Jan 1970 00:00:05 GMT", lambda: 2.0), retry_after_s("soon")
    (2.0, 3.0, None)
    """
    if value is None:
        return None
    try:
        wait_s = float(value)
    except ValueError:
        try:
            wait_s = parsedate_to_datetime(value).timestamp() - wall_s()
        except (ValueError, OverflowError):
            return None
    # "nan" is a float, too, and compares with nothing.
    return min(max(wait_s, 0.0), _MAX_WAIT_S) if wait_s == wait_s else None


class HandshakePatience:
    """How long to wait for the next handshake of one connection.

    Args:
        limits: tries and time.
        again: the session has streamed before, so that a refusal means "not yet".
        now_s: monotonic seconds.
    """

    def __init__(self, limits: Limits, now_s: float, *, again: bool) -> None:
        self._until_s = now_s + limits.reconnect_s
        self._tries_left = limits.rest_attempts - 1
        self._again = again
        self._wait_s = _FIRST_S

    def wait_s(self, refused: ServiceError, now_s: float) -> float | None:
        """Seconds to the next try; None if there is none."""
        status = refused.status or 0
        if self._again:
            asked_s = refused.retry_after_s
            wait_s, self._wait_s = self._wait_s, min(self._wait_s * 2, _GREATEST_S)
            wait_s = wait_s if asked_s is None else asked_s
            final = status in _FOR_GOOD
        else:
            wait_s = refused.retry_after_s or 0.0
            final = refused.retry_after_s is None or not is_transient(status) or self._tries_left <= 0
            self._tries_left -= 1
        return None if final or now_s + wait_s > self._until_s else wait_s
