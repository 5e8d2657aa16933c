"""The clock, as a parameter.

Durations are measured on one monotonic clock, the one that every process of a machine shares, so that stamps of the
workbench and of the local simulator can be subtracted. Wall-clock time appears once per session, as an anchor.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Anchor", "Clock", "MonotonicClock"]


class Clock(Protocol):
    """Monotonic time in integer nanoseconds, and a wait against an absolute due time."""

    def now_ns(self) -> int:
        """Monotonic now, in ns."""
        ...

    async def sleep_until_ns(self, due_ns: int) -> None:
        """Return at ``due_ns`` or as soon after it as the machine allows, never before."""
        ...


@dataclass(frozen=True, slots=True)
class Anchor:
    """The same instant on both clocks: ties a recording to the calendar.

    Attributes:
        monotonic_ns: ``time.perf_counter_ns`` reading.
        wall_ns: Unix time in ns.
    """

    monotonic_ns: int
    wall_ns: int

    @classmethod
    def now(cls) -> Anchor:
        """Read both clocks, one right after the other."""
        return cls(time.perf_counter_ns(), time.time_ns())


class MonotonicClock:
    """``time.perf_counter_ns`` and the event loop's own timer.

    The loop's timer is rounded to a millisecond by the selector, which is good enough for polling and back-off;
    audio is paced by :mod:`workbench.pacing`.
    """

    def now_ns(self) -> int:
        """Monotonic now, in ns."""
        return time.perf_counter_ns()

    async def sleep_until_ns(self, due_ns: int) -> None:
        """Sleep until ``due_ns``; loops because a timer may fire up to one resolution early."""
        while (left := due_ns - time.perf_counter_ns()) > 0:  # noqa: ASYNC110  waits for time, not for an event
            await asyncio.sleep(left / 1e9)
