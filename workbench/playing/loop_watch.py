"""How long arrivals may have waited for this process: the event loop looks at itself.

A message is stamped when the loop gets to it. While something else holds the loop, or the machine holds the process,
arrivals wait unseen, and their stamps are late by as much. A heartbeat on the loop is late by just that.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from types import TracebackType

from workbench.units import NS_PER_MS

__all__ = ["LoopWatch"]

_BEAT_NS = 5 * NS_PER_MS
# Pauses shorter than this move no stamp by what anybody would see, and would only fill the memory.
_PAUSE_NS = 5 * NS_PER_MS
_KEPT = 20_000


class LoopWatch:
    """Notes when the running event loop was blocked, from entering to leaving."""

    def __init__(self) -> None:
        self._pauses: deque[tuple[int, int]] = deque(maxlen=_KEPT)
        self._due_ns = 0
        self._handle: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> LoopWatch:
        self._next()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def longest_ns(self, begin_ns: int, end_ns: int) -> int:
        """The longest that an arrival between two moments may have waited; 0 if the loop was never blocked."""
        held = [
            min(to, end_ns) - max(since, begin_ns) for since, to in self._pauses if since < end_ns and to > begin_ns
        ]
        # The loop is blocked now if its heartbeat is late.
        now = min(time.perf_counter_ns(), end_ns)
        return max(0, now - max(self._due_ns, begin_ns), *held)

    def _next(self) -> None:
        self._due_ns = time.perf_counter_ns() + _BEAT_NS
        self._handle = asyncio.get_running_loop().call_later(_BEAT_NS / 1e9, self._beat)

    def _beat(self) -> None:
        now_ns = time.perf_counter_ns()
        if now_ns - self._due_ns > _PAUSE_NS:
            self._pauses.append((self._due_ns, now_ns))
        self._next()
