"""Real-time priority and processors that do not sleep: asked for, said, given back."""

from __future__ import annotations

import errno
import os
import threading

import pytest

from workbench.playing import priority
from workbench.playing.priority import realtime, sleepless


@pytest.mark.skipif(not hasattr(os, "SCHED_FIFO"), reason="this system has no SCHED_FIFO")
def test_realtime_priority_is_asked_for_and_given_back():
    """What the system says to it is part of a run's facts; nothing else of the process is changed."""
    before = os.sched_getscheduler(0)
    with realtime(False) as said:
        assert said == ""
        assert os.sched_getscheduler(0) == before
    with realtime(True) as said:
        granted = os.sched_getscheduler(0) & os.SCHED_FIFO == os.SCHED_FIFO
        assert said == "SCHED_FIFO" if granted else said.startswith("SCHED_FIFO refused: ")
        inherited = []
        thread = threading.Thread(target=lambda: inherited.append(os.sched_getscheduler(0)))
        thread.start()
        thread.join()
        assert inherited[0] & os.SCHED_FIFO == 0, "threads that are started meanwhile do not inherit it"
    assert os.sched_getscheduler(0) == before


@pytest.mark.skipif(not hasattr(os, "SCHED_FIFO"), reason="this system has no SCHED_FIFO")
def test_realtime_priority_that_is_refused_is_said(monkeypatch):
    """A run goes on without it."""

    def refused(*_):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("workbench.playing.priority.os.sched_setscheduler", refused)
    with realtime(True) as said:
        assert said == "SCHED_FIFO refused: Operation not permitted"


def test_processors_are_kept_awake_while_it_lasts(tmp_path, monkeypatch):
    """A wish of zero microseconds is written and held; it is over when the file is closed."""
    wish = tmp_path / "cpu_dma_latency"
    wish.touch()
    monkeypatch.setattr(priority, "_LATENCY_REQUEST", str(wish))
    with sleepless(False) as said:
        assert (said, wish.read_bytes()) == ("", b"")
    with sleepless() as said:
        assert said == "processors awake"
        assert wish.read_bytes() == bytes(4)
        held = os.open(wish, os.O_RDONLY)
        os.close(held)
    again = os.open(wish, os.O_RDONLY)
    os.close(again)
    assert again < held, "the file was open meanwhile and is closed"


def test_a_system_that_does_not_take_the_wish_is_named(tmp_path, monkeypatch):
    """Without the right, or without such a file, a run goes on."""
    monkeypatch.setattr(priority, "_LATENCY_REQUEST", str(tmp_path / "none"))
    with sleepless() as said:
        assert said == "processors may sleep: No such file or directory"
