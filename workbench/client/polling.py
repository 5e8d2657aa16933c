"""Waiting for what is made after the end of a session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from workbench.client.calls import SessionCalls
from workbench.settings import Limits, ServiceAddress, is_loopback

__all__ = ["FINAL_STATUSES", "poll_intervals", "wait_for_status"]

FINAL_STATUSES = frozenset({"completed", "skipped", "failed", "aborted"})
"""After these nothing changes any more; every other string means "not yet" (S-134)."""

_GROWTH = 1.5


def poll_intervals(limits: Limits, address: ServiceAddress) -> Iterator[float]:
    """Seconds from one poll to the next, growing: politely for a service, quickly for this machine.

    >>> from itertools import islice
    >>> [round(s, 2) for s in islice(poll_intervals(Limits(), ServiceAddress("x", "https://x", "wss://x")), 4)]
    [5.0, 7.5, 11.25, 16.88]
    """
    here = is_loopback(urlsplit(address.rest_url).hostname or "")
    interval_s = limits.poll_first_s if limits.poll_first_s is not None else (0.25 if here else 5.0)
    greatest_s = limits.poll_max_s if limits.poll_max_s is not None else (1.0 if here else 30.0)
    while True:
        yield min(interval_s, greatest_s)
        interval_s *= _GROWTH


async def wait_for_status(
    calls: SessionCalls,
    intervals_s: Iterator[float],
    limit_s: float,
    notified: Callable[[], asyncio.Future[Any]] | None = None,
) -> str | None:
    """Poll until the status is final; None if it is not within ``limit_s``.

    Args:
        calls: REST calls of the session.
        intervals_s: waits between polls.
        limit_s: bound on the whole wait.
        notified: gives a future that is done when a notification came: the next poll then follows at once.
    """
    waiting = notified() if notified is not None else None
    try:
        async with asyncio.timeout(limit_s):
            for interval_s in intervals_s:
                if waiting is None:
                    await asyncio.sleep(interval_s)
                elif (await asyncio.wait((waiting,), timeout=interval_s))[0]:
                    waiting = None  # a notification is confirmed by the status it announces (S-197)
                status = await calls.status()
                if status in FINAL_STATUSES:
                    return status
    except TimeoutError:
        pass
    finally:
        if waiting is not None:
            waiting.cancel()
    return None
