"""Intervals, percentiles and p-values: hand-computed cases and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics.stats import (
    block_sums,
    percentile,
    percentile_interval,
    rate_draws,
    rate_interval,
    thin,
    two_sided_p,
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
    assert thin(58, 95) == "thin sample: n=58 < 59"
    assert thin(59, 95) is None
    assert (thin(298, 99), thin(299, 99)) == ("thin sample: n=298 < 299", None)


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


def test_identical_utterances_have_an_interval_without_width():
    """No variation between blocks, no uncertainty from them."""
    found = rate_interval([1] * 10, [10] * 10, seed=1)
    assert (found.low, found.high) == (0.1, 0.1)


@pytest.mark.parametrize("distinct", [True, False])
def test_both_ways_of_drawing_have_the_moments_of_the_bootstrap(distinct):
    """Grouped and plain draws: mean n·mean(x) and variance n·var(x) of the resampled sum."""
    rng = np.random.default_rng(0)
    x = np.arange(200) if distinct else rng.integers(0, 5, 200)
    sums = rate_draws(x[:, None], np.random.default_rng(1), 20_000)[:, 0]
    assert sums.mean() == pytest.approx(x.sum(), rel=0.01)
    assert sums.std() == pytest.approx(np.sqrt(200) * x.std(), rel=0.03)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=50))
def test_a_p_value_is_a_probability_that_is_never_zero(draws):
    """Between 1/(n+1) and 1, and 1 where every draw is 0."""
    draws = np.array(draws)
    assert 1 / (len(draws) + 1) <= two_sided_p(draws, 20) <= 1
    assert two_sided_p(np.zeros(len(draws)), 20) == 1.0


@given(st.integers(0, 10_000), st.floats(-3, 3), st.floats(0.0, 2.0))
def test_p_value_and_interval_of_the_same_draws_agree(seed, centre, skew):
    """No interval without 0 beside a p-value above 5 %, however skewed the draws are."""
    rng = np.random.default_rng(seed)
    draws = centre + rng.normal(size=999) + skew * rng.exponential(size=999)
    low, high = np.percentile(draws, (2.5, 97.5), method="inverted_cdf")
    if low > 0 or high < 0:
        assert two_sided_p(draws, 60) <= 0.0521  # one draw more than the interval's tail
    if two_sided_p(draws, 60) < 0.048:
        assert low > 0 or high < 0


@pytest.mark.parametrize(("blocks", "least"), [(2, 0.5), (3, 0.25), (6, 0.03125)])
def test_a_handful_of_blocks_is_never_significant_by_itself(blocks, least):
    """Three utterances that all got slower may be chance: one in four."""
    assert two_sided_p(np.full(999, 5.0), blocks) == least
