"""The clock: never early, tied to the calendar by anchors."""

from __future__ import annotations

import time

from tests.fakes import JumpingClock
from workbench.clock import Anchor, MonotonicClock


async def test_it_never_returns_before_the_due_time():
    """A chunk may be late, never early."""
    clock = MonotonicClock()
    for wait_ns in (0, 200_000, 1_700_000):
        due_ns = clock.now_ns() + wait_ns
        await clock.sleep_until_ns(due_ns)
        assert clock.now_ns() >= due_ns


async def test_a_due_time_in_the_past_returns_at_once():
    """Nothing is waited for twice."""
    clock = MonotonicClock()
    before_ns = clock.now_ns()
    await clock.sleep_until_ns(before_ns - 10**12)
    assert clock.now_ns() - before_ns < 10**9


async def test_the_fake_clock_jumps_forward_only():
    """Tests wait for nothing, and time does not go back."""
    clock = JumpingClock(100)
    await clock.sleep_until_ns(500)
    await clock.sleep_until_ns(300)
    assert (clock.now_ns(), clock.slept) == (500, [500, 300])


def test_an_anchor_ties_both_clocks_together():
    """Two anchors agree on how much time passed, to a few milliseconds."""
    one = Anchor.now()
    while time.perf_counter_ns() - one.monotonic_ns < 1_000_000:
        pass
    other = Anchor.now()
    monotonic_ns, wall_ns = other.monotonic_ns - one.monotonic_ns, other.wall_ns - one.wall_ns
    # The wall clock may be slewed, and the process may be put aside between the two readings.
    assert abs(monotonic_ns - wall_ns) < 500_000_000
