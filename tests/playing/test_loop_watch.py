"""The event loop looks at itself: what blocks it is found, and nothing else."""

import asyncio
import time

from workbench.playing.loop_watch import LoopWatch
from workbench.units import NS_PER_MS


def hold(ms):
    """Block the event loop."""
    until = time.perf_counter_ns() + ms * NS_PER_MS
    while time.perf_counter_ns() < until:
        pass


def test_a_blocked_loop_is_found_with_its_length():
    """60 ms, in the stretch that holds it and in no other."""

    async def main():
        async with LoopWatch() as watch:
            begin = time.perf_counter_ns()
            await asyncio.sleep(0.02)
            before = time.perf_counter_ns()
            hold(60)
            at_once = watch.longest_ns(before, time.perf_counter_ns())
            await asyncio.sleep(0.02)
            return at_once, watch.longest_ns(before, time.perf_counter_ns()), watch.longest_ns(begin - 100, begin)

    at_once, later, outside = asyncio.run(main())
    assert at_once >= 50 * NS_PER_MS
    assert later >= 50 * NS_PER_MS
    assert outside == 0
