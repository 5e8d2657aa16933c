"""Send timing and the pacing certificate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.metrics.records import CHUNK, START_NS, session, untimed
from workbench.scoring.metrics.instrument import instrument
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_MS


def paced(lateness_ms, **kwargs):
    """A record whose chunk ``i`` left ``lateness_ms[i]`` after it was due."""
    record = session(untimed("a"), [], chunks=0, **kwargs)
    for i, late in enumerate(lateness_ms):
        due = START_NS + (i + 1) * 100 * NS_PER_MS
        sent = due + round(late * NS_PER_MS)
        record.frames.audio_sent(i, (i + 1) * CHUNK, due, sent, sent + 2 * NS_PER_MS, 4_300)
    return record


def test_a_session_within_budget_is_certified():
    """Lateness under every budget gives a valid certificate without a reason."""
    found = instrument(SessionView(paced([0.1, 0.2, 0.1, 0.3, 0.1])))
    assert (found.pacing_valid, found.pacing_reason) == (True, None)
    assert found.lateness_ns == (100_000, 200_000, 100_000, 300_000, 100_000)
    assert (found.lateness_percentile_ns(50), found.lateness_percentile_ns(99)) == (100_000, 300_000)
    assert (found.block_p50_ns, found.block_max_ns) == (2 * NS_PER_MS, 2 * NS_PER_MS)


def test_negative_lateness_is_kept():
    """A chunk that left early is shown as early."""
    assert instrument(SessionView(paced([-1.0, 0.0]))).lateness_ns == (-NS_PER_MS, 0)


@pytest.mark.parametrize(
    ("lateness", "reason"),
    [
        ([11.0] * 5, "p99 lateness 11.0 ms > 10 ms"),
        ([0.0] * 200 + [51.0] + [0.0] * 200, "largest lateness 51.0 ms > 50 ms"),
        ([0.02 * i for i in range(100)], "drift +0.20 ms/s beyond 0.1 ms/s"),
        ([-0.05 * i for i in range(100)], "drift -0.50 ms/s beyond 0.1 ms/s"),
    ],
)
def test_each_budget_can_break_the_certificate(lateness, reason):
    """p99, maximum and drift are each enough, and the reason says which."""
    found = instrument(SessionView(paced(lateness)))
    assert (found.pacing_valid, found.pacing_reason) == (False, reason)


def test_drift_is_the_least_squares_slope():
    """Lateness that grows by 0.02 ms in each 100 ms chunk drifts by 0.2 ms/s."""
    assert instrument(SessionView(paced([0.02 * i for i in range(100)]))).drift_ns_per_s == 200_000


def test_one_late_chunk_in_a_short_session_is_not_drift():
    """A hiccup tilts the fitted line; within two standard errors that is no drift."""
    found = instrument(SessionView(paced([0.1] * 29 + [6.0])))
    assert found.drift_ns_per_s > 100_000
    assert found.pacing_valid is True


def test_what_a_network_profile_held_back_is_not_our_lateness():
    """Hold time is subtracted before the budgets are applied."""
    record = session(untimed("a"), [], chunks=0)
    due = START_NS + 100 * NS_PER_MS
    record.frames.audio_sent(0, CHUNK, due, due + 80 * NS_PER_MS, due + 80 * NS_PER_MS, 4_300, hold_ns=79 * NS_PER_MS)
    assert instrument(SessionView(record)).lateness_ns == (NS_PER_MS,)


def test_a_plan_faster_than_speech_is_invalid():
    """Latencies at twice the pace do not describe a microphone."""
    found = instrument(SessionView(session(untimed("a"), [], pace=2.0)))
    assert found.pacing_valid is False
    assert found.pacing_reason == "not real time: 1.00 s of speech were due in 0.50 s"


def test_without_audio_there_is_no_certificate():
    """Nothing sent is unknown, with the reason."""
    found = instrument(SessionView(session(untimed("a"), [], chunks=0)))
    assert (found.pacing_valid, found.pacing_reason) == (None, "no audio was sent")
    assert (found.lateness_ns, found.lateness_percentile_ns(99), found.overhead) == ((), None, None)


def test_wire_overhead_is_wire_bytes_over_pcm_bytes():
    """Base64 and JSON make 4,300 bytes out of 3,200."""
    assert instrument(SessionView(paced([0.0, 0.0]))).overhead == pytest.approx(4_300 / 3_200)


@given(st.lists(st.floats(-5, 9), min_size=1, max_size=40), st.floats(0, 5))
def test_a_constant_delay_moves_lateness_and_not_drift(lateness, delay):
    """Drift looks at change alone."""
    one, two = (
        instrument(SessionView(paced(lateness))),
        instrument(SessionView(paced([late + delay for late in lateness]))),
    )
    if one.drift_ns_per_s is None:
        assert two.drift_ns_per_s is None
    else:
        # Stamps are rounded to whole nanoseconds.
        assert abs(one.drift_ns_per_s - two.drift_ns_per_s) <= 40


@pytest.mark.parametrize(
    ("backlog_ms", "reason"),
    [(None, None), (0, None), (500, None), (501, "recogniser up to 0.5 s behind on this machine"),
     (6_240, "recogniser up to 6.2 s behind on this machine")],
)  # fmt: skip
def test_a_recogniser_that_this_machine_starved_breaks_the_certificate(backlog_ms, reason):
    """Over half a second of audio that waited: the latencies are this machine's, the words stay."""
    record = paced([0.1, 0.2, 0.1])
    if backlog_ms is not None:
        record.facts["recogniser_backlog_ms"] = backlog_ms
    found = instrument(SessionView(record))
    assert (found.pacing_valid, found.pacing_reason) == (reason is None, reason)
