"""Sign-flip tests, their intervals, and bounds of rare differences: against every arrangement, scipy, and laws."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test, ttest_1samp

from workbench.scoring.metrics.bounds import difference_limits
from workbench.scoring.metrics.jackknife import left_out_interval
from workbench.scoring.metrics.stats import percentile
from workbench.scoring.metrics.subsets import (
    flip_bound,
    flip_interval,
    flip_p,
    subset_draws,
    subset_percentiles,
    subset_sums,
)

CHANGES = st.lists(st.integers(-5, 5), min_size=2, max_size=10)


def draws(changes, seed=0):
    """Mean change over subsets."""
    masks = subset_draws(len(changes), np.random.default_rng(seed))
    sums = subset_sums(masks, np.column_stack((changes, np.ones(len(changes)))))
    return sums[:, 0] / sums[:, 1]


@given(CHANGES)
def test_few_blocks_are_judged_by_every_arrangement_of_signs(changes):
    """The share of all sign patterns at least as extreme, doubled."""
    total = sum(changes)
    sums = [
        sum(s * c for s, c in zip(signs, changes, strict=True))
        for signs in itertools.product((1, -1), repeat=len(changes))
    ]
    exact = 2 * min(sum(s >= total for s in sums), sum(s <= total for s in sums)) / len(sums)
    assert flip_p(draws(changes)) == pytest.approx(min(1.0, exact))


def test_it_is_scipys_permutation_test():
    """Of paired samples that change places."""
    rng = np.random.default_rng(3)
    ours, theirs = rng.poisson(3, 12), rng.poisson(4, 12)
    found = permutation_test((theirs, ours), lambda a, b: np.mean(a - b), permutation_type="samples")
    assert flip_p(draws(theirs - ours)) == pytest.approx(found.pvalue)


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=40), st.integers(0, 99))
def test_the_interval_leaves_out_0_just_where_the_test_rejects(changes, seed):
    """One set of draws, one decision."""
    drawn = draws(changes, seed)
    ends = flip_interval(drawn)
    without = (ends.low is not None and ends.low > 1e-9) or (ends.high is not None and ends.high < -1e-9)
    assert without == (flip_p(drawn) <= 0.05)


def test_five_blocks_have_no_interval_and_no_significance():
    """One sign pattern of 32 on either side."""
    drawn = draws([3, 4, 5, 6, 7])
    assert flip_p(drawn) == 2 / 32
    assert (flip_interval(drawn).low, flip_interval(drawn).high) == (None, None)
    assert flip_interval(draws([3, 4, 5, 6, 7, 8])).low > 0


def test_the_bound_of_a_p_value_is_one():
    """Never below the exact p-value of a sum of random signs."""
    rng = np.random.default_rng(1)
    for _ in range(200):
        changes = rng.normal(rng.uniform(0, 2), 1, 10)
        assert flip_bound(changes) >= flip_p(draws(changes)) - 1e-12


def test_percentiles_over_subsets_are_those_of_their_values():
    """Each drawn again by hand."""
    rng = np.random.default_rng(2)
    values, owner = rng.integers(0, 900, 80), np.repeat(np.arange(8), 10)
    masks = subset_draws(8, rng)
    found = subset_percentiles(masks, [(values, owner)], 95)[:, 0]
    assert found.tolist() == [percentile(values[mask[owner]], 95) for mask in masks]


def test_ties_are_bounded_by_what_could_have_been():
    """At least as wide as the exact limits of no event, and symmetric."""
    low, high = difference_limits(np.zeros(20), np.full(20, 10.0))
    assert low == -high
    assert high > binomtest(0, 200).proportion_ci(0.95, "exact").high


def test_leaving_out_one_group_is_the_t_test_of_equal_groups():
    """For a mean of five equal groups: scipy's, to the last digit."""
    rng = np.random.default_rng(5)
    values, groups = rng.normal(1, 1, 40), np.repeat(np.arange(5), 8)
    interval, p_value = left_out_interval(values.mean(), groups, lambda mask: values[~mask].mean())
    theirs = ttest_1samp(values.reshape(5, 8).mean(axis=1), 0)
    assert p_value == pytest.approx(theirs.pvalue)
    ends = theirs.confidence_interval(0.95)
    assert (interval.low, interval.high) == (pytest.approx(ends.low), pytest.approx(ends.high))
