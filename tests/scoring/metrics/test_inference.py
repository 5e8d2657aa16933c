"""Matched pairs, adjusted p-values, margins and power: hand-computed cases."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from workbench.scoring.metrics.inference import (
    benjamini_hochberg,
    error_track,
    holm,
    mapsswe,
    matched_segments,
    non_inferiority,
    pairs_needed,
    smallest_detectable,
)
from workbench.scoring.metrics.stats import Interval

P = st.lists(st.floats(0, 1), max_size=12)


def track(words):
    """A track from marks: ``.`` correct, ``x`` wrong, ``+`` one insertion at this place."""
    found = [0]
    for mark in words:
        if mark == "+":
            found[-1] += 1
        else:
            found += [int(mark == "x"), 0]
    return found


@pytest.mark.parametrize(
    ("ours", "theirs", "segments"),
    [
        ("......", "......", []),
        ("x.....", "......", [(1, 0)]),
        ("x.x...", "......", [(2, 0)]),
        ("x..x..", "......", [(1, 0), (1, 0)]),
        ("x.....", "..x...", [(1, 1)]),
        ("x.....", "...x..", [(1, 0), (0, 1)]),
        (".+.x..", ".....", [(2, 0)]),
        ("..+...", "...x.", [(1, 1)]),
        ("+......", "......+", [(1, 0), (0, 1)]),
        ("xxxxxx", "x....x", [(6, 2)]),
    ],
)
def test_segments_are_bounded_by_two_words_correct_in_both(ours, theirs, segments):
    """One correct word between two errors joins them, two part them."""
    assert matched_segments(track(ours), track(theirs)) == segments


def test_mapsswe_equals_the_hand_computation():
    """Differences 1, 1, 0, -1, 2: mean 0.6, sd 1.140175, W = 1.17670, p = 0.23932."""
    found = mapsswe([(0, 1), (1, 2), (1, 1), (1, 0), (0, 2)])
    assert found.segments == 5
    assert found.mean == pytest.approx(0.6)
    assert found.statistic == pytest.approx(1.17670, abs=5e-6)
    assert found.p_value == pytest.approx(0.23932, abs=5e-6)
    assert found.reason == "approximate: needs 50 segments; 5 here"


def test_mapsswe_follows_the_published_algorithm_step_by_step():
    """Gillick and Cox, equations (7)-(9), written out with sums for 80 segments."""
    rng = np.random.default_rng(4)
    segments = [(int(a), int(b)) for a, b in rng.poisson((1.0, 1.3), (80, 2))]
    z = [b - a for a, b in segments]
    mean = sum(z) / 80
    variance = sum((x - mean) ** 2 for x in z) / 79
    w = mean / math.sqrt(variance / 80)
    p = 2 * (1 - 0.5 * (1 + math.erf(abs(w) / math.sqrt(2))))
    found = mapsswe(segments)
    assert (found.statistic, found.p_value) == (pytest.approx(w, abs=5e-4), pytest.approx(p, abs=5e-4))
    assert found.reason is None


@pytest.mark.parametrize(
    ("segments", "p", "reason"),
    [
        ([], None, "0 segments with errors: nothing to test"),
        ([(1, 0)], None, "1 segments with errors: nothing to test"),
        ([(1, 1), (2, 2)], 1.0, None),
        ([(0, 1), (0, 1)], None, "every segment differs by the same count: no variance to test with"),
    ],
)
def test_mapsswe_without_enough_to_test_says_why(segments, p, reason):
    """Unknown is None with a reason, never NaN."""
    found = mapsswe(segments)
    assert (found.p_value, found.reason) == (p, reason)


@given(st.lists(st.sampled_from(".x+"), max_size=20), st.integers(0, 5))
def test_every_error_is_in_exactly_one_segment(marks, seed):
    """Segments neither lose nor double an error."""
    ours = track("".join(marks))
    rng = np.random.default_rng(seed)
    theirs = [int(v) for v in rng.integers(0, 2, len(ours))]
    segments = matched_segments(ours, theirs)
    assert sum(a for a, _ in segments) == sum(ours)
    assert sum(b for _, b in segments) == sum(theirs)


def test_a_track_places_insertions_before_their_word():
    """Insertions before, between and after; an unaligned word is deleted."""
    assert error_track(3, [(0, 1), (2, 2)], [True, True], 5) == [1, 0, 0, 1, 0, 0, 2]
    assert error_track(0, [], [], 2) == [2]


def test_holm_and_benjamini_hochberg_give_the_textbook_values():
    """Benjamini and Hochberg (1995), table of 15 p-values: four are rejected at 5 %, three by Holm."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.0,
    ]
    assert sum(q <= 0.05 for q in benjamini_hochberg(p)) == 4
    assert sum(q <= 0.05 for q in holm(p)) == 3


@given(P)
def test_adjusted_values_are_ordered_and_never_smaller(p):
    """BH lies between the p-value and Holm; order is kept; nothing exceeds 1."""
    for raw, bh, h in zip(p, benjamini_hochberg(p), holm(p), strict=True):
        assert raw <= bh + 1e-12
        assert bh <= h + 1e-12
        assert h <= 1
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff([holm(p)[i] for i in order]) >= 0)


def test_the_smallest_detectable_difference_shrinks_with_the_root_of_n():
    """1.96 + 0.8416 standard errors for many pairs, scipy's t quantiles for few; and back to the number of pairs."""
    assert smallest_detectable(1.5, 10_000) == pytest.approx(2.8016 * 1.5 / 100, abs=1e-4)
    few = t.ppf(0.995, 19) + t.ppf(0.9, 19)
    assert smallest_detectable(1.5, 20, error=0.01, power=0.9) == pytest.approx(few * 1.5 / math.sqrt(20))
    assert (smallest_detectable(1.0, 5), smallest_detectable(1.0, 1)) == (None, None)
    for difference in (0.01, 0.02, 0.05, 3.0):
        n = pairs_needed(0.13, difference)
        assert smallest_detectable(0.13, n) <= difference
        assert n == 6 or smallest_detectable(0.13, n - 1) > difference
    assert pairs_needed(0.13, 1e-9) is None


@pytest.mark.parametrize(("high", "shown"), [(0.004, True), (0.005, False), (0.02, False)])
def test_non_inferiority_needs_the_whole_interval_below_the_margin(high, shown):
    """At the margin it is not shown."""
    assert non_inferiority(Interval(-0.01, high), 0.005).shown is shown


def test_non_inferiority_without_an_interval_is_unknown():
    """No bound, no verdict."""
    assert non_inferiority(None, 0.005) is None
    assert non_inferiority(Interval(0.0, None), 0.005) is None
