"""The pacer: never early, in order, whatever drives it."""

import asyncio
import inspect
import subprocess
import sys
import threading
import time

import pytest

from workbench.playing import pacer as pacing
from workbench.playing.pacer import Pacer


@pytest.fixture(params=["system", "loop"])
def driver(request, monkeypatch):
    """The system's timer, and the event loop's as on systems without a timerfd."""
    if request.param == "loop":
        monkeypatch.setattr(pacing, "_open_timer", lambda: None)
    return request.param


async def test_a_wait_never_returns_before_its_due_time(driver):
    """Early would send a chunk before its last sample could exist."""
    async with Pacer() as pacer:
        begin = pacer.now_ns()
        dues = [begin + k * 700_000 for k in range(1, 60)]
        early = []

        async def wait(due):
            await pacer.sleep_until_ns(due)
            early.append(due - time.perf_counter_ns())

        await asyncio.gather(*(wait(due) for due in reversed(dues)))
    assert len(early) == len(dues)
    assert max(early) <= 0


async def test_waits_end_in_the_order_of_their_due_times(driver):
    """A session that was asked later but is due earlier goes first."""
    order = []
    async with Pacer() as pacer:
        begin = pacer.now_ns()

        async def wait(name, delay_ms):
            await pacer.sleep_until_ns(begin + delay_ms * 1_000_000)
            order.append(name)

        await asyncio.gather(wait("third", 30), wait("first", 5), wait("second", 15))
    assert order == ["first", "second", "third"]


async def test_a_due_time_in_the_past_returns_at_once(driver):
    """A late session catches up without sleeping."""
    async with Pacer() as pacer:
        await pacer.sleep_until_ns(pacer.now_ns() - 1)
        await pacer.sleep_until_ns(0)


async def test_a_cancelled_wait_does_not_hold_up_the_others(driver):
    """One session that ends early leaves the ring intact."""
    async with Pacer() as pacer:
        begin = pacer.now_ns()
        dropped = asyncio.create_task(pacer.sleep_until_ns(begin + 5_000_000))
        kept = asyncio.create_task(pacer.sleep_until_ns(begin + 10_000_000))
        await asyncio.sleep(0)
        dropped.cancel()
        await kept
        assert pacer.now_ns() >= begin + 10_000_000


async def test_leaving_the_pacer_cancels_what_still_waits(driver):
    """No wait outlives the run."""
    async with Pacer() as pacer:
        waiting = asyncio.create_task(pacer.sleep_until_ns(pacer.now_ns() + 10**12))
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_the_driver_is_reported():
    """Part of the facts of a run."""
    async with Pacer() as pacer:
        assert pacer.driver in ("timerfd", "loop")


async def test_a_schedule_is_played_in_order_and_never_early(driver):
    """Every chunk once, at or after its due time."""
    async with Pacer() as pacer:
        begin = pacer.now_ns()
        offsets = range(2_000_000, 60_000_000, 2_000_000)
        played = []
        await pacer.play(begin, offsets, lambda chunk: played.append((chunk, time.perf_counter_ns())))
    assert [chunk for chunk, _ in played] == list(range(29))
    assert all(at >= begin + offset for (_, at), offset in zip(played, offsets, strict=True))


async def test_chunks_that_are_overdue_leave_at_once(driver):
    """A burst is a schedule in the past."""
    async with Pacer() as pacer:
        played = []
        await pacer.play(pacer.now_ns(), [0] * 5, played.append)
    assert played == [0, 1, 2, 3, 4]


async def test_a_send_that_raises_ends_its_own_stream_only(driver):
    """Other sessions go on."""
    async with Pacer() as pacer:
        due = pacer.now_ns() + 3_000_000

        def fails(chunk):
            raise RuntimeError(str(chunk))

        played = []
        bad, good = pacer.play(due, [0, 1], fails), pacer.play(due, [0, 2_000_000], played.append)
        await good
        with pytest.raises(RuntimeError, match="0"):
            await bad
    assert played == [0, 1]


@pytest.mark.parametrize("more", [True, False], ids=["set again", "nothing left"])
async def test_a_timer_that_fired_is_quiet_until_the_next_due_time(driver, more, monkeypatch):
    """It is set again or read; it would wake the loop over and over otherwise."""
    woken = []
    fire = Pacer._fire
    monkeypatch.setattr(Pacer, "_fire", lambda self: (woken.append(self), fire(self)))
    async with Pacer() as pacer:
        if more:
            pacer.call_at_ns(pacer.now_ns() + 3_600_000_000_000, lambda: None)
        await pacer.sleep_until_ns(pacer.now_ns() + 2_000_000)
        before = len(woken)
        assert before
        for _ in range(50):
            await asyncio.sleep(0.0002)
    assert len(woken) == before


async def test_ticks_gather_what_falls_due_together_and_are_never_early(driver):
    """Tick mode trades a quarter of a millisecond for fewer wake-ups."""
    async with Pacer(tick_ns=250_000) as pacer:
        begin = pacer.now_ns()
        late = []

        def play(offset):
            due = begin + 5_000_000 + offset
            return pacer.play(due, [0], lambda _: late.append(pacer.now_ns() - due))

        await asyncio.gather(*(play(offset * 10_000) for offset in range(50)))
    assert len(late) == 50
    assert min(late) >= 0


async def test_single_calls_are_made_in_order_and_one_that_raises_is_told(driver):
    """A call may ask for one that is due even earlier; nobody waits, so the loop's handler hears of errors."""
    made, told = [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(str(context["exception"])))

    def fails():
        raise RuntimeError("no")

    async with Pacer() as pacer:
        due = pacer.now_ns() + 3_000_000

        def first():
            made.append("first")
            pacer.call_at_ns(due - 1_000_000, lambda: made.append("overdue"))

        pacer.call_at_ns(due + 1_000_000, fails)
        pacer.call_at_ns(due + 2_000_000, lambda: made.append("last"))
        pacer.call_at_ns(due, first)
        pacer.call_at_ns(due + 3_600_000_000_000, lambda: made.append("never"))
        await pacer.sleep_until_ns(due + 5_000_000)
    assert (made, told) == (["first", "overdue", "last"], ["no"])


async def test_a_stream_goes_on_behind_calls_that_it_made_and_that_are_overdue(driver):
    """Its own place in the order is not lost to them."""
    async with Pacer() as pacer:
        begin, sent, called = pacer.now_ns(), [], []

        def send(chunk):
            sent.append(chunk)
            pacer.call_at_ns(begin - 1, lambda: called.append(chunk))

        await pacer.play(begin, [1_000_000, 2_000_000, 3_000_000], send)
        await pacer.sleep_until_ns(begin + 5_000_000)
    assert sent == called == [0, 1, 2]


_CLOSED_UNDER_A_THREAD = """
import asyncio, os, signal, threading, time
from workbench.playing.pacer import run

def interrupts():
    for _ in range(2):
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

async def main():
    threading.Thread(target=interrupts).start()
    await asyncio.to_thread(time.sleep, 0.8)

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell leaves what is in the background deaf to it
try:
    run(main())
except KeyboardInterrupt:
    print("interrupted")
"""


def test_a_loop_closed_by_ctrl_c_under_its_executor_says_nothing():
    """The first Ctrl-C cancels, the second takes the loop from the thread that waits for what still loads."""
    began = subprocess.run(
        [sys.executable, "-c", _CLOSED_UNDER_A_THREAD], capture_output=True, text=True, check=False, timeout=300
    )
    assert (began.stdout, began.stderr) == ("interrupted\n", "")


def test_what_ctrl_c_keeps_from_beginning_is_closed(monkeypatch):
    """A coroutine that nobody awaits would be complained of when it is thrown away."""

    async def main():
        return 1

    def stopped(*_, **__):
        raise KeyboardInterrupt

    coroutine = main()
    monkeypatch.setattr(asyncio.Runner, "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        pacing.run(coroutine)
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CLOSED


def test_after_a_run_threads_say_again_what_ended_them():
    """Only where Ctrl-C ended it the thread of the loop may still want to speak."""

    async def nothing():
        return threading.excepthook

    before = threading.excepthook
    assert pacing.run(nothing()) is not before
    assert threading.excepthook is before
    with pytest.raises(ZeroDivisionError):
        pacing.run(failing())
    assert threading.excepthook is before


async def failing():
    return 1 / 0
