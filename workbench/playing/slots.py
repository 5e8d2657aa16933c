"""How many sessions are played at a time: as many as were asked for, or fewer where the recogniser cannot keep up.

A session that is refused because a recogniser is busy waits until another one of ours has ended, and is tried again;
from then on one fewer is played. A recogniser that falls behind, which only a simulator tells, costs a place as well,
down to half of what was asked for. Places come back after a row of sessions that it kept up with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from workbench.errors import ServiceError
from workbench.recording.record import BACKLOG_MS, SessionRecord

__all__ = ["OnSlots", "Slots", "is_busy"]

OnSlots = Callable[[int, str], object]
"""Called with how many sessions are played at a time from now on, and why."""

_KEPT_UP = 8
"""Sessions in a row after which a place comes back; twice as many after each time that it was too much."""


def is_busy(error: ServiceError) -> bool:
    """Whether a handshake was refused because the recogniser has no room, which is none of the session's doing."""
    return error.status == 503 and error.error_id == "recogniser_busy"


class Slots:
    """Places for sessions.

    Args:
        most: how many were asked for.
        on_change: told of each change.

    Attributes:
        limit: sessions that may be in flight now.
    """

    def __init__(self, most: int, on_change: OnSlots = lambda limit, why: None) -> None:
        self._most = self.limit = most
        self._on_change = on_change
        self._taken = self._waiting = 0
        self._changed = asyncio.Event()
        self._lowered_ns = 0
        self._kept_up, self._needed = 0, _KEPT_UP

    async def take(self) -> None:
        """Wait for a place."""
        while self._taken >= self.limit:
            await self._changed.wait()
        self._taken += 1

    def give(self) -> None:
        """A session has ended."""
        self._taken -= 1
        self._wake()

    async def wait_refused(self) -> bool:
        """A session in flight was refused as busy: wait until another one has ended.

        Returns:
            False if no other session is being heard: then whoever keeps the recogniser busy is not ours.
        """
        heard = self._taken - self._waiting - 1
        if heard < 1:
            return False
        if heard < self.limit:
            self._lower(heard, "the recogniser has no room for more")
        self._waiting += 1
        try:
            await self._changed.wait()
        finally:
            self._waiting -= 1
        return True

    def judge(self, record: SessionRecord, now_ns: int) -> None:
        """What the session that ended says of the recogniser; nothing from a service that tells no backlog."""
        backlog_ms = record.facts.get("recogniser_backlog_ms")
        if not isinstance(backlog_ms, int):
            return
        if backlog_ms <= BACKLOG_MS:
            self._kept_up += 1
            if self._kept_up >= self._needed and self.limit < self._most:
                self._kept_up = 0
                self.limit += 1
                self._on_change(self.limit, "the recogniser keeps up")
                self._wake()
        elif record.mono_start_ns >= self._lowered_ns:  # those that began before the last change say nothing about it
            self._kept_up = 0
            if self.limit > (self._most + 1) // 2:
                self._lowered_ns, self._needed = now_ns, 2 * self._needed
                self._lower(self.limit - 1, f"the recogniser fell {backlog_ms / 1000:.1f} s behind on this machine")

    def _lower(self, limit: int, why: str) -> None:
        self.limit, self._kept_up = limit, 0
        self._on_change(limit, why)

    def _wake(self) -> None:
        """Whoever waits looks again."""
        self._changed.set()
        self._changed = asyncio.Event()
