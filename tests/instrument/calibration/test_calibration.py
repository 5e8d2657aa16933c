"""The instrument against sessions whose every message is known."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bare import bare
from workbench.errors import StoreError
from workbench.instrument.calibration import load_calibration, save_calibration
from workbench.instrument.calibration.calibrate import _round_up, calibrate
from workbench.instrument.calibration.known_session import known_session


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(6, 40))
def test_a_known_session_is_consistent(seed, words):
    """Words do not overlap, messages come in order, counts add up."""
    known = known_session(seed, words)
    spoken = known.reference.words
    assert len({w.text for w in spoken}) == words
    assert all(a.end_sample <= b.start_sample for a, b in itertools.pairwise(spoken))
    assert known.hits + known.substitutions + known.deletions == words
    due = [m.at_ms + m.delay_ms for m in known.messages]
    assert all(later - earlier >= 24.9 for earlier, later in itertools.pairwise(due))
    assert sum(m.final for m in known.messages) == 2
    assert known.final_tokens == words - known.deletions + known.insertions
    assert known_session(seed, words) == known


@pytest.mark.timing
async def test_counts_are_exact_and_every_latency_is_close(tmp_path):
    """Words, errors, erasure and flicker come out as they went in; medians within a bare timer's lateness and 20 ms.

    Where chunks reach the simulator late and together, what it says of the second may overtake what it says of the
    first: then the counts differ, too.
    """
    with bare() as reference:
        found = await calibrate(8, seed=3)
    assert found.failed == 0
    assert found.counts_exact, found.count_errors
    wanted = {
        "first partial", "finalisation", "last byte to final", "end of results", "word latency", "word emission",
        "word finality", "unsafe flicker", "time to stable",
    }  # fmt: skip
    assert set(found.metrics) == wanted
    assert all(facts.n > 0 for facts in found.metrics.values())
    save_calibration(tmp_path / "runs", found)
    assert load_calibration(tmp_path / "runs") == found
    assert load_calibration(tmp_path) is None
    for name, facts in found.metrics.items():
        assert facts.p50_ms < 20 + 3 * reference.late_p50_ns / 1e6, name


def test_a_damaged_calibration_says_how_to_make_a_new_one(tmp_path):
    """One clear line."""
    (tmp_path / "calibration.json").write_text(json.dumps({"sessions": "many"}))
    with pytest.raises(StoreError, match="workbench calibrate"):
        load_calibration(tmp_path)


def test_the_resolution_is_rounded_up_to_one_two_or_five():
    """A stated resolution never promises more than was seen."""
    assert [_round_up(v) for v in (0.0, 0.1, 0.11, 0.3, 0.51, 1.0, 6.0)] == [None, 0.1, 0.2, 0.5, 1.0, 1.0, 10.0]
