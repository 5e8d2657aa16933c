"""Both clocks, tied together by anchors."""

from __future__ import annotations

import time

from workbench.recording.anchor import Anchor


def test_an_anchor_ties_both_clocks_together():
    """Two anchors agree on how much time passed, to a few milliseconds."""
    one = Anchor.now()
    while time.perf_counter_ns() - one.monotonic_ns < 1_000_000:
        pass
    other = Anchor.now()
    monotonic_ns, wall_ns = other.monotonic_ns - one.monotonic_ns, other.wall_ns - one.wall_ns
    # The wall clock may be slewed, and the process may be put aside between the two readings.
    assert abs(monotonic_ns - wall_ns) < 500_000_000
