"""How late a bare timer is on this machine: nothing but sleeping to the next of many moments.

Usage: python benchmarks/timer.py [--seconds 2] [--json]

No client can be more punctual than this without real-time priority: it stands beside every figure of lateness.
"""

from __future__ import annotations

import argparse
import time

from figures import Figure, percentile_ms, show

EVERY_NS = 2_000_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    asked = parser.parse_args()
    late, begun = [], time.perf_counter_ns()
    for number in range(1, int(asked.seconds * 1e9 / EVERY_NS)):
        due = begun + number * EVERY_NS
        time.sleep(max(0, due - time.perf_counter_ns()) / 1e9)
        late.append(time.perf_counter_ns() - due)
    rows = (("p50", 50), ("p99", 99), ("max", 100))
    show("Bare timer", [Figure(f"lateness {name}", percentile_ms(late, p), "ms") for name, p in rows])


if __name__ == "__main__":
    main()
