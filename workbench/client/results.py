"""Waiting for what is made after the end of a session: its status, and recordings that are not there yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from workbench.client.calls import SessionCalls
from workbench.client.rest import SukiRest
from workbench.errors import ServiceError
from workbench.protocol.endpoints import RECORDING
from workbench.settings import Limits, ServiceAddress, is_loopback

__all__ = ["FINAL_STATUSES", "RecordingLink", "fetch_recordings", "poll_intervals", "wait_for_status"]

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
    """Poll until the status is final; None where it is not within ``limit_s``.

    Args:
        calls: of the session.
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


class _Link(msgspec.Struct):
    recording_id: str = ""
    presigned_url: str = ""
    expires_at: float | None = None
    sequence_number: int = 0
    is_streamable: bool | None = None


class _Recordings(msgspec.Struct):
    """The answer with the flag in either of the two places that documents give it."""

    recordings: list[_Link] = []
    is_streamable: bool | None = None


@dataclass(frozen=True, slots=True)
class RecordingLink:
    """Where a recording can be fetched for a while.

    Attributes:
        recording_id: at the service.
        sequence_number: place among the session's recordings.
        expires_at_s: Unix seconds, or None.
        is_streamable: None where the service does not say.
    """

    recording_id: str
    url: str
    sequence_number: int
    expires_at_s: float | None
    is_streamable: bool | None

    def __repr__(self) -> str:
        """Without the address: whoever has it can hear the visit."""
        return f"RecordingLink({self.recording_id!r}, {self.sequence_number})"


async def fetch_recordings(
    rest: SukiRest, session_id: str, limits: Limits, intervals_s: Iterator[float], *, download: bool = False
) -> list[RecordingLink]:
    """Links to the recordings of an ambient or form-filling session, in order (S-142).

    404 means "still being processed" and is asked again until ``limits.result_s`` is over; 410 is final (S-141).

    Raises:
        ServiceError: refused, gone, or not there in time.
    """
    loop = asyncio.get_running_loop()
    until_s = loop.time() + limits.result_s
    while True:
        try:
            found: _Recordings = await rest.call(
                RECORDING, query={"download": True} if download else None, answer=_Recordings,
                ambient_session_id=session_id,
            )  # fmt: skip
            break
        except ServiceError as error:
            wait_s = next(intervals_s)
            if error.status != 404 or loop.time() + wait_s > until_s:
                raise
        await asyncio.sleep(wait_s)
    return [
        RecordingLink(
            link.recording_id,
            link.presigned_url,
            link.sequence_number,
            link.expires_at,
            found.is_streamable if found.is_streamable is not None else link.is_streamable,  # S-143
        )
        for link in sorted(found.recordings, key=lambda link: link.sequence_number)
    ]
