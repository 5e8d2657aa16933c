"""What a bare timer and a bare loop see of this machine while a test measures: its time is judged against theirs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

__all__ = ["Bare", "bare"]

# In a process of its own, which knows nothing of what is tested: every 10 ms a wake-up and a millisecond of arithmetic.
_LOOK = """
import json, sys, threading, time
late_ns, wall_ns, cpu_ns, over = [0], 1, 1, threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
print("ready", flush=True)
while not over.is_set():
    due = time.perf_counter_ns() + 10_000_000
    time.sleep(0.01)
    begun, used = time.perf_counter_ns(), time.thread_time_ns()
    late_ns.append(begun - due)
    while time.thread_time_ns() - used < 1_000_000:
        pass
    wall_ns, cpu_ns = wall_ns + time.perf_counter_ns() - begun, cpu_ns + time.thread_time_ns() - used
late_ns.sort()
print(json.dumps({"late_max_ns": late_ns[-1], "late_p99_ns": late_ns[len(late_ns) * 99 // 100],
    "late_p50_ns": late_ns[len(late_ns) // 2], "stretch": wall_ns / cpu_ns}))
"""


@dataclass
class Bare:
    """Once the block is over.

    Attributes:
        late_max_ns, late_p99_ns, late_p50_ns: how late the timer woke up.
        stretch: time on the clock for each second of work, 1.0 on an idle machine.
    """

    late_max_ns: int = 0
    late_p99_ns: int = 0
    late_p50_ns: int = 0
    stretch: float = 1.0


@contextmanager
def bare() -> Iterator[Bare]:
    """Watch the machine during the block."""
    seen = Bare()
    with subprocess.Popen(
        [sys.executable, "-c", _LOOK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline() == "ready\n"
        try:
            yield seen
        finally:
            said = msgspec.json.decode(watching.communicate()[0], type=Bare)
            seen.late_max_ns, seen.late_p99_ns, seen.late_p50_ns = said.late_max_ns, said.late_p99_ns, said.late_p50_ns
            seen.stretch = max(1.0, said.stretch)
