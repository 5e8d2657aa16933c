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
import inspect
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from types import TracebackType
from typing import Any, TypeVar

from workbench.units import NS_PER_S

__all__ = ["Pacer", "run"]

_T = TypeVar("_T")

TICK_NS = 250_000
"""What falls due within a quarter of a millisecond leaves together: half the CPU at thousands of sessions."""

EXACT_SESSIONS = 200
"""Up to so many sessions every due time has a wake-up of its own."""

_CLOCK_MONOTONIC = 1
_TFD_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC
_TFD_TIMER_ABSTIME = 1


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run ``main`` to its end, on uvloop where that is installed (extra ``load``), else on asyncio's own loop.

    A turn of the loop is two to three times cheaper on uvloop; stamps and due times gain what the turn does not take.
    """
    try:
        import uvloop
    except ImportError:
        factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    else:
        factory = uvloop.new_event_loop
    try:
        with _closing_may_be_interrupted(), asyncio.Runner(loop_factory=factory) as runner:
            return runner.run(main)
    finally:
        if inspect.getcoroutinestate(main) == inspect.CORO_CREATED:  # Ctrl-C came first: Python would complain of it
            main.close()


@contextlib.contextmanager
def _closing_may_be_interrupted() -> Iterator[None]:
    """Keep the thread that waits for a loop's executor quiet where Ctrl-C closes the loop under it.

    Whoever presses Ctrl-C a second time while something still loads in a thread does not wait for it; the loops know no
    way to tell that thread, which ends with "Event loop is closed" and would print where it was.
    """
    if threading.current_thread() is not threading.main_thread():  # no other is interrupted
        yield
        return
    said = threading.excepthook

    def hook(args: threading.ExceptHookArgs) -> None:
        if not (args.exc_type is RuntimeError and str(args.exc_value) == "Event loop is closed"):
            said(args)

    threading.excepthook = hook
    interrupted = False
    try:
        yield
    except KeyboardInterrupt:
        interrupted = True  # the thread may end after this block
        raise
    finally:
        if not interrupted:
            threading.excepthook = said


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


class _Wait:
    """One sleeping task."""

    __slots__ = ("done",)

    def __init__(self, done: asyncio.Future[None]) -> None:
        self.done = done

    def fire(self, now_ns: int) -> int | None:
        if not self.done.done():
            self.done.set_result(None)
        return None

    def cancel(self) -> None:
        self.done.cancel()


class _Call:
    """A single call."""

    __slots__ = ("do",)

    def __init__(self, do: Callable[[], None]) -> None:
        self.do = do

    def fire(self, now_ns: int) -> int | None:
        try:
            self.do()
        except Exception as error:  # noqa: BLE001  nobody waits; said where exceptions of callbacks are
            asyncio.get_running_loop().call_exception_handler({"message": "in a call at its time", "exception": error})
        return None

    def cancel(self) -> None:
        """Nobody waits for it."""


class _Stream:
    """One session's schedule: calls ``send`` for each chunk that is due."""

    __slots__ = ("done", "index", "offsets_ns", "send", "start_ns")

    def __init__(
        self, start_ns: int, offsets_ns: Sequence[int], send: Callable[[int], None], done: asyncio.Future[None]
    ) -> None:
        self.start_ns = start_ns
        self.offsets_ns = offsets_ns
        self.send = send
        self.done = done
        self.index = 0

    def fire(self, now_ns: int) -> int | None:
        """Send everything that is due; returns when the next chunk is."""
        offsets_ns, index, done = self.offsets_ns, self.index, self.done
        while not done.done():
            try:
                self.send(index)
            except Exception as error:  # noqa: BLE001  handed to the session that awaits the stream
                done.set_exception(error)
                break
            self.index = index = index + 1
            if index == len(offsets_ns):
                if not done.done():
                    done.set_result(None)
                break
            due_ns = self.start_ns + offsets_ns[index]
            if due_ns > now_ns:
                return due_ns
        return None

    def cancel(self) -> None:
        self.done.cancel()


class Pacer:
    """Monotonic time in integer nanoseconds, waits that are exact, and a player of schedules.

    Use as ``async with Pacer() as pacer``.

    Args:
        tick_ns: 0 wakes for every due time (exact); ``TICK_NS`` gathers what falls due within a quarter of a
            millisecond, which halves the CPU at thousands of sessions.

    Attributes:
        driver: ``timerfd`` or ``loop``; part of a run's facts.
    """

    def __init__(self, tick_ns: int = 0) -> None:
        self._heap: list[tuple[int, int, _Wait | _Call | _Stream]] = []
        self._order = itertools.count()
        self._timer: _TimerFd | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._armed_ns: int | None = None
        self._firing = False
        self._tick_ns = tick_ns
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
        for _, _, entry in self._heap:
            entry.cancel()
        self._heap.clear()

    def now_ns(self) -> int:
        """Monotonic now, in ns."""
        return time.perf_counter_ns()

    async def sleep_until_ns(self, due_ns: int) -> None:
        """Return at ``due_ns`` or as soon after it as the machine allows, never before."""
        if due_ns <= time.perf_counter_ns():
            return
        done: asyncio.Future[None] = self._loop.create_future()
        self._push(due_ns, _Wait(done))
        await done

    def call_at_ns(self, due_ns: int, do: Callable[[], None]) -> None:
        """Call ``do`` at ``due_ns`` or as soon after it as the machine allows, from the pacer's own callback.

        What ``do`` raises goes to the loop's exception handler. When the pacer closes, calls that are still due are
        not made.
        """
        self._push(due_ns, _Call(do))

    def play(self, start_ns: int, offsets_ns: Sequence[int], send: Callable[[int], None]) -> asyncio.Future[None]:
        """Call ``send(i)`` at ``start_ns + offsets_ns[i]``, in order, from the pacer's own callback.

        Args:
            start_ns: monotonic.
            offsets_ns: due times from there, non-decreasing; at least one. Kept, not copied: streams may share them.
            send: must not block; an exception ends this stream and no other.

        Returns:
            Done after the last call; carries what ``send`` raised. Cancelling it stops the stream.
        """
        done: asyncio.Future[None] = self._loop.create_future()
        self._push(start_ns + offsets_ns[0], _Stream(start_ns, offsets_ns, send, done))
        return done

    def _push(self, due_ns: int, entry: _Wait | _Call | _Stream) -> None:
        heapq.heappush(self._heap, (due_ns, next(self._order), entry))
        if not self._firing and (self._armed_ns is None or due_ns < self._armed_ns):
            self._arm(due_ns)

    def _arm(self, due_ns: int) -> None:
        if self._tick_ns:
            due_ns = -(-due_ns // self._tick_ns) * self._tick_ns
        self._armed_ns = due_ns
        if self._timer is not None:
            self._timer.arm(due_ns)
            return
        if self._handle is not None:
            self._handle.cancel()
        delay_s = (due_ns - time.perf_counter_ns()) / NS_PER_S
        self._handle = self._loop.call_later(max(delay_s, 0.0), self._fire)

    def _fire(self) -> None:
        heap, self._firing = self._heap, True
        now_ns = time.perf_counter_ns()
        # One reading for the whole round: what falls due meanwhile waits for the next turn of the loop, so that
        # arrivals are never starved. A loop timer may fire early; what is not due yet is armed again below.
        while heap and heap[0][0] <= now_ns:
            item = heap[0]
            _, order, entry = item
            next_ns = entry.fire(now_ns)
            if heap[0] is not item:  # something that is due even earlier came meanwhile
                heap.remove(item)
                heapq.heapify(heap)
                if next_ns is not None:
                    heapq.heappush(heap, (next_ns, order, entry))
            elif next_ns is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (next_ns, order, entry))
        self._firing = False
        self._armed_ns = None
        if heap:
            self._arm(heap[0][0])  # a timerfd that is set has nothing to read any more (timerfd_create(2))
        elif self._timer is not None:
            self._timer.acknowledge()
