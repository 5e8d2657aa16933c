"""What a process may ask of the system for exact times: priority, and processors that are awake.

Both are off unless somebody asks, and what was granted is part of a run's facts.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["realtime", "sleepless"]

_LATENCY_REQUEST = "/dev/cpu_dma_latency"


@contextlib.contextmanager
def realtime(wanted: bool) -> Iterator[str]:
    """Run the block under SCHED_FIFO, and with processors that do not sleep, where that is wanted and granted.

    A busy neighbour on the core costs milliseconds of lateness whatever the nice value; real-time priority does not
    (sched(7)). A processor that sleeps takes 0.1 to 0.3 ms to wake on a virtual machine; while somebody holds
    ``/dev/cpu_dma_latency`` at zero, it does not (the kernel's PM QoS interface, as cyclictest uses it). Threads and
    processes that are started meanwhile do not inherit the priority.

    Yields:
        What to say of it in a run's facts: nothing, or what was granted and what refused.
    """
    if not wanted:
        yield ""
        return
    with sleepless() as awake, _first() as first:
        yield f"{first}, {awake}"


@contextlib.contextmanager
def _first() -> Iterator[str]:
    """SCHED_FIFO for this thread."""
    try:
        before = os.sched_getscheduler(0), os.sched_getparam(0)
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except (AttributeError, OSError) as error:
        yield f"SCHED_FIFO refused: {getattr(error, 'strerror', None) or 'not on this system'}"
        return
    try:
        yield "SCHED_FIFO"
    finally:
        os.sched_setscheduler(0, *before)


@contextlib.contextmanager
def sleepless() -> Iterator[str]:
    """Processors that wait for work instead of sleeping, for the whole machine; says whether that was granted."""
    try:
        held = os.open(_LATENCY_REQUEST, os.O_WRONLY | os.O_CLOEXEC)
    except OSError as error:
        yield f"processors may sleep: {error.strerror}"
        return
    try:
        os.write(held, bytes(4))  # a wish of 0 us, as long as the file is open
        yield "processors do not sleep"
    finally:
        os.close(held)
