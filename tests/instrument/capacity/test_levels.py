"""What a level says: who gave way, and how sure its figures are."""

from collections import Counter
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.instrument.capacity.level import Measured, Objective, judge, last_held
from workbench.instrument.capacity.ramp import _CLOSE_ENOUGH, _Search
from workbench.units import NS_PER_MS, NS_PER_S

GOOD = Measured(
    sessions=100,
    played=100,
    window_ns=(0, 10 * NS_PER_S),
    lateness_ns=np.arange(10_000) * 100,
    slopes_ns_per_s=np.full(100, 500.0),
    faults=[],
    block_max_ns=0,
    finalisation_ns=np.arange(1, 101) * NS_PER_MS,
    outcomes=Counter(),
    replies=5_000,
    cpu_s=0.5,
    service_cpu_s=1.0,
    peak_memory_mb=100.0,
    pacer="timerfd, exact",
    transport="picows",
)


def test_a_level_that_holds_says_what_it_cost():
    """Per chunk, as shares, and with intervals; nobody gave way."""
    level = judge(GOOD, Objective())
    assert (level.held, level.valid, level.valid_sessions, level.gave_way) == (True, True, 100, None)
    assert (level.cpu_us_per_frame, level.cpu_share, level.service_cpu_share) == (50.0, 0.05, 0.1)
    assert (level.lateness_p99_ms, level.lateness_max_ms, level.drift_ppm) == (0.9899, 0.9999, 0.5)
    assert level.finalisation_p95_ms == 95
    low, high = level.finalisation_p95_interval_ms
    assert low < 95 < high
    assert level.error_share_interval == pytest.approx((0, 0.037), abs=1e-3)


@pytest.mark.parametrize(
    ("change", "who", "what"),
    [
        ({"finalisation_ns": np.full(100, 2 * NS_PER_S)}, "service", "2000 ms behind"),
        ({"outcomes": Counter({"handshake refused": 3})}, "service", "3.0 % of the sessions failed, most: handshake"),
        ({"finalisation_ns": np.full(100, 2 * NS_PER_S), "cpu_s": 9.9}, "client", "2000 ms behind"),
        ({"faults": ["drift"], "outcomes": Counter({"handshake refused": 50})}, "client", "1 of 100 sessions"),
    ],
)
def test_whoever_gave_way_is_named(change, who, what):
    """The service is judged only where our own pacing was valid and we had processor time left."""
    level = judge(replace(GOOD, **change), Objective())
    assert (level.held, level.gave_way) == (False, who)
    assert what in level.reason


def test_processes_add_up():
    """Counts and columns add; shares are of all cores together."""
    both = judge(GOOD + replace(GOOD, faults=["late"], peak_memory_mb=150.0), Objective())
    assert (both.sessions, both.frames, both.processes, both.peak_memory_mb) == (200, 20_000, 2, 150.0)
    assert (both.cpu_us_per_frame, both.cpu_share, both.valid_sessions) == (50.0, 0.05, 199)


def test_nothing_sent_is_not_valid():
    """A level whose sessions all failed before the steady stretch shows nothing."""
    empty = np.array([], np.int64)
    dead = replace(
        GOOD, lateness_ns=empty, finalisation_ns=empty, slopes_ns_per_s=empty, outcomes=Counter({"unreachable": 100})
    )
    level = judge(dead, Objective())
    assert (level.valid, level.lateness_p99_ms, level.cpu_us_per_frame, level.finalisation_p95_ms) == (False,) + (
        None,
    ) * 3
    assert last_held([level]) is None


@given(limit=st.integers(0, 5_000), most=st.integers(1, 4_000))
def test_a_ramp_ends_close_to_what_holds(limit, most):
    """Whatever the limit: within a tenth of it, at the most that was allowed, or at the first level."""
    search, played = _Search(most), []
    while (sessions := search.following()) is not None:
        played.append(sessions)
        search.note(replace_held(sessions, sessions <= limit))
    assert len(played) < 20
    assert len(set(played)) == len(played)
    assert search.held <= limit
    if search.broke is None:
        assert search.held == most
    elif search.held:
        assert search.broke <= search.held * _CLOSE_ENOUGH or search.broke - search.held == 1
    else:
        assert played == [min(50, most)]


def replace_held(sessions, held):
    level = judge(replace(GOOD, sessions=sessions), Objective())
    return msgspec.structs.replace(level, held=held)
