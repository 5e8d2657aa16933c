"""Percentiles of values in blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.scoring.metrics.clustered import clustered_percentile_interval, percentile_draws
from workbench.scoring.metrics.stats import percentile, percentile_interval


def test_a_clustered_draw_is_the_percentile_of_the_drawn_blocks():
    """Against plain resampling of the blocks with the same draws."""
    values = np.array([5, 1, 9, 3, 3, 7])
    owner = np.array([0, 0, 1, 1, 2, 2])
    drawn = percentile_draws([(values, owner)], 3, 50, np.random.default_rng(3), 50)[:, 0]
    weights = np.random.default_rng(3).multinomial(3, [1 / 3] * 3, 50)
    expected = [percentile(np.repeat(values, w[owner]), 50) for w in weights]
    assert drawn.tolist() == expected


def test_a_draw_without_values_is_not_a_number_and_is_left_out():
    """A block may hold no values; a draw of such blocks alone has no percentile."""
    drawn = percentile_draws([(np.array([4]), np.array([0]))], 2, 50, np.random.default_rng(0), 200)[:, 0]
    assert np.isnan(drawn).any()
    assert set(drawn[~np.isnan(drawn)]) == {4.0}


def test_values_alone_in_their_blocks_have_nearly_the_plain_interval():
    """Without clustering the effective size is the size, and the ranks differ by one or two."""
    values = np.random.default_rng(1).permutation(200)
    clustered, plain = clustered_percentile_interval(values, range(200), 50), percentile_interval(values, 50)
    assert abs(clustered.low - plain.low) <= 2
    assert abs(clustered.high - plain.high) <= 2


def test_values_that_say_the_same_count_once():
    """Ten equal values a block are worth one value a block."""
    values = np.arange(60)
    one = clustered_percentile_interval(values, values, 50)
    ten = clustered_percentile_interval(np.repeat(values, 10), np.repeat(values, 10), 50)
    assert (ten.low, ten.high) == pytest.approx((one.low, one.high), abs=1)


def test_a_thin_sample_does_not_bound_its_p95_from_above():
    """Twenty blocks: the upper end is unknown, not the largest value."""
    found = clustered_percentile_interval(np.arange(20), np.arange(20), 95)
    assert found.high is None
    assert found.low is not None


@pytest.mark.parametrize(("values", "blocks"), [([], []), ([1, 2, 3], [0, 0, 0])])
def test_fewer_than_two_blocks_have_no_interval(values, blocks):
    """One session says nothing about another."""
    assert clustered_percentile_interval(values, blocks, 50) is None


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 5)), min_size=2, max_size=60), st.sampled_from([50, 95]))
def test_the_interval_holds_the_percentile(pairs, p):
    """Whatever the blocks, and whatever ties there are."""
    values, blocks = (list(x) for x in zip(*pairs, strict=True))
    found = clustered_percentile_interval(values, blocks, p)
    if len(set(blocks)) < 2:
        assert found is None
        return
    assert found.low is None or found.low <= percentile(values, p)
    assert found.high is None or found.high >= percentile(values, p)
