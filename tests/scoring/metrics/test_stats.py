"""Intervals, percentiles and p-values: hand-computed cases and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, bootstrap

from workbench.scoring.metrics.stats import (
    bca_tails,
    block_sums,
    percentile,
    percentile_interval,
    rate_draws,
    rate_interval,
    thin,
)

VALUES = st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=60)


@given(VALUES, st.sampled_from([1, 5, 50, 90, 95, 99, 99.9, 100]))
def test_a_percentile_is_a_value_with_enough_values_at_or_below_it(values, p):
    """The definition: the smallest such value."""
    found = percentile(values, p)
    assert found in values
    needed = len(values) * round(p * 10) / 1000
    assert sum(v <= found for v in values) >= needed
    below = [v for v in values if v < found]
    assert len(below) < needed or not below


def test_a_percentile_of_nothing_is_unknown():
    """No values, no percentile, no interval."""
    assert percentile([], 50) is None
    assert percentile_interval([], 50) is None


@pytest.mark.parametrize(("n", "low", "high"), [(6, 1, 6), (10, 2, 9), (25, 8, 18), (100, 40, 61)])
def test_the_interval_of_a_median_has_the_ranks_of_the_published_tables(n, low, high):
    """Ranks for a 95 % interval of the median (Conover, Practical Nonparametric Statistics, table A3)."""
    found = percentile_interval(range(1, n + 1), 50)
    assert (found.low, found.high) == (low, high)


def test_an_end_that_the_sample_cannot_bound_is_unknown():
    """Five values do not bound a median on either side, and ten do not bound a P95 from above."""
    five = percentile_interval(range(5), 50)
    assert (five.low, five.high) == (None, None)
    assert percentile_interval(range(10), 95).high is None


def test_thin_samples_are_named():
    """59 blocks for a P95, 299 for a P99."""
    assert thin(58, 95) == "needs 59 recordings; 58 here"
    assert thin(59, 95) is None
    assert (thin(298, 99), thin(299, 99)) == ("needs 299 recordings; 298 here", None)


def test_blocks_are_summed_in_order_of_first_appearance():
    """Two sessions of one speaker become one block."""
    errors, words = block_sums([1, 2, 4], [10, 20, 40], ["x", "y", "x"])
    assert (errors.tolist(), words.tolist()) == ([5, 2], [50, 20])


def test_the_same_seed_gives_the_same_interval():
    """Draws are seeded; another seed moves the ends a little."""
    errors, words = [0, 1, 2, 3, 5, 8] * 5, [*range(11, 41)]
    one, two = (rate_interval(errors, words, seed=7) for _ in range(2))
    assert one == two
    assert one.low < sum(errors) / sum(words) < one.high
    assert rate_interval(errors, words, seed=8) != one


@pytest.mark.parametrize(("errors", "words"), [([], []), ([1], [10]), ([0, 0], [0, 0])])
def test_too_little_gives_no_interval(errors, words):
    """None, one block, or no words: unknown."""
    assert rate_interval(errors, words, seed=1) is None


def test_one_block_of_many_sessions_gives_no_interval():
    """Blocks count, not sessions."""
    assert rate_interval([1, 2], [10, 10], seed=1, blocks=["a", "a"]) is None


def test_identical_utterances_have_an_interval_all_the_same():
    """No variation between blocks: the exact limits of ten errors in a hundred words (scipy's, independently)."""
    found = rate_interval([1] * 10, [10] * 10, seed=1)
    exact = binomtest(10, 100).proportion_ci(0.95, "exact")
    assert (found.low, found.high) == (pytest.approx(exact.low), pytest.approx(exact.high))


@pytest.mark.parametrize("n", [2, 12, 200])
def test_no_error_at_all_is_bounded(n):
    """0 of 120 words is 0.0 % (0.0 to 3.0 %), however the words are divided; so is its opposite."""
    words = [120 // n] * n if n < 120 else [1] * 120 + [0] * 80
    exact = binomtest(0, 120).proportion_ci(0.95, "exact")
    found = rate_interval([0] * n, words, seed=1)
    assert (found.low, found.high) == (0, pytest.approx(exact.high))
    assert round(100 * found.high, 1) == 3.0
    assert rate_interval(words, words, seed=1).low == pytest.approx(1 - exact.high)


def test_the_ends_are_those_of_scipys_bca():
    """With the reach of the normal distribution, as scipy has it, on its own draws."""
    rng = np.random.default_rng(4)
    errors, words = rng.binomial(20, 0.15, 60), rng.integers(18, 23, 60)
    theirs = bootstrap(
        (errors, words), lambda e, w, axis=-1: e.sum(axis=axis) / w.sum(axis=axis), paired=True, vectorized=True,
        n_resamples=20_000, method="BCa", rng=np.random.default_rng(1),
    )  # fmt: skip
    low, high = np.quantile(
        theirs.bootstrap_distribution, bca_tails(theirs.bootstrap_distribution, errors, words, 0.95)
    )
    ends = theirs.confidence_interval
    assert (low, high) == (pytest.approx(ends.low, abs=2e-4), pytest.approx(ends.high, abs=2e-4))


def test_the_order_of_sessions_does_not_matter():
    """The same draws, whichever ended first."""
    errors, words = [0, 1, 2, 3, 5, 8] * 5, [*range(11, 41)]
    assert rate_interval(errors[::-1], words[::-1], seed=7) == rate_interval(errors, words, seed=7)


@pytest.mark.parametrize("distinct", [True, False])
def test_both_ways_of_drawing_have_the_moments_of_the_bootstrap(distinct):
    """Grouped and plain draws: mean n·mean(x) and variance n·var(x) of the resampled sum."""
    rng = np.random.default_rng(0)
    x = np.arange(200) if distinct else rng.integers(0, 5, 200)
    sums = rate_draws(x[:, None], np.random.default_rng(1), 20_000)[:, 0]
    assert sums.mean() == pytest.approx(x.sum(), rel=0.01)
    assert sums.std() == pytest.approx(np.sqrt(200) * x.std(), rel=0.03)
