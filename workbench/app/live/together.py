"""Lanes that begin at one moment, so that all of them stand on one clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from workbench.units import NS_PER_S

__all__ = ["Together"]

_WAIT_S = 20.0
"""A lane that is not connected by then begins later than the others, and is shown so."""


class Together:
    """One start for several lanes: when each of them is connected or has failed.

    Args:
        lanes: places of the lanes.
        count_in_s: from then to the start.
        announce: told when the start will be, monotonic ns, as soon as that is known.
    """

    def __init__(self, lanes: tuple[int, ...], count_in_s: float, announce: Callable[[int], None]) -> None:
        self._awaited = set(lanes)
        self._count_in_s = count_in_s
        self._announce = announce
        self._known = asyncio.Event()
        self._start_ns = 0

    def leave(self, lane: int) -> None:
        """A lane is not waited for any longer: it is there, or it will never be."""
        self._awaited.discard(lane)
        if not self._awaited:
            self._set()

    async def ready(self, lane: int) -> None:
        """A lane is connected: return at the common start, at once if that has passed."""
        self.leave(lane)
        try:
            async with asyncio.timeout(_WAIT_S):
                await self._known.wait()
        except TimeoutError:
            self._set()
        await asyncio.sleep((self._start_ns - time.perf_counter_ns()) / NS_PER_S)

    def _set(self) -> None:
        if not self._known.is_set():
            self._start_ns = time.perf_counter_ns() + round(self._count_in_s * NS_PER_S)
            self._known.set()
            self._announce(self._start_ns)
