"""What a process may ask of the system for exact times: priority, and processors that are awake.

What was granted is part of a run's facts.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["realtime", "sleepless"]

_LATENCY_REQUEST = "/dev/cpu_dma_latency"


@contextlib.contextmanager
def realtime(wanted: bool) -> Iterator[str]:
    """Run the block under SCHED_FIFO where that is wanted and the system grants it (sched(7)).

    A busy neighbour on the core costs milliseconds of lateness whatever the nice value; real-time priority does not.
    Threads and processes that are started meanwhile do not inherit it.

    Yields:
        What to say of it in a run's facts: nothing, ``SCHED_FIFO``, or that it was refused.
    """
    if not wanted:
        yield ""
        return
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
def sleepless(wanted: bool = True) -> Iterator[str]:
    """Keep the processors of this machine from sleeping while the block runs, where that is wanted and granted.

    A processor that sleeps takes 0.1 to 0.3 ms to wake on a virtual machine, and whoever wakes it pays, too. While
    somebody holds ``/dev/cpu_dma_latency`` at zero it waits awake instead (PM QoS, as cyclictest uses it), and takes
    the power of a busy one.

    Yields:
        What to say of it in a run's facts: nothing, ``processors awake``, or that they may sleep.
    """
    if not wanted:
        yield ""
        return
    try:
        held = os.open(_LATENCY_REQUEST, os.O_WRONLY | os.O_CLOEXEC)
    except OSError as error:
        yield f"processors may sleep: {error.strerror}"
        return
    try:
        os.write(held, bytes(4))  # a wish of 0 us, for as long as the file is open
        yield "processors awake"
    finally:
        os.close(held)
