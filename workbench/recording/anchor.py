"""Both clocks of a machine, read together.

Durations are measured on one monotonic clock, the one that every process of a machine shares, so that stamps of the
workbench and of the local simulator can be subtracted. Wall-clock time appears once per session, as an anchor.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

__all__ = ["Anchor"]


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
