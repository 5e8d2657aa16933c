"""Samples and nanoseconds: exact inverses, and a rounding rule that never sends too early."""

from __future__ import annotations

import doctest

from hypothesis import given
from hypothesis import strategies as st

from workbench import units
from workbench.units import ms, ms_to_samples, ns_to_samples, rescale, samples_to_ns, seconds

rates = st.sampled_from([8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000])
positions = st.integers(0, 2**40)


@given(positions, rates)
def test_time_of_a_position_leads_back_to_it(samples, rate_hz):
    """Samples to time and back is the identity at every rate."""
    assert ns_to_samples(samples_to_ns(samples, rate_hz), rate_hz) == samples


@given(positions, rates)
def test_a_sample_does_not_exist_a_nanosecond_earlier(samples, rate_hz):
    """The time of a position is the earliest at which all of its samples exist."""
    assert ns_to_samples(samples_to_ns(samples + 1, rate_hz) - 1, rate_hz) == samples


@given(positions, positions, rates)
def test_later_positions_are_never_earlier_in_time(one, other, rate_hz):
    """The conversion keeps order."""
    early, late = sorted((one, other))
    assert samples_to_ns(early, rate_hz) <= samples_to_ns(late, rate_hz)


@given(st.integers(1, 10_000), rates)
def test_a_chunk_length_never_rounds_up_and_is_never_nothing(milliseconds, rate_hz):
    """A chunk holds no more samples than its length allows, and at least one."""
    samples = ms_to_samples(milliseconds, rate_hz)
    assert samples >= 1
    assert samples == 1 or samples * 1000 <= milliseconds * rate_hz


def test_a_length_below_one_sample_is_one_sample():
    """A chunk of nothing would never end."""
    assert ms_to_samples(0, 8_000) == 1


@given(positions, rates, rates)
def test_an_instant_moves_by_at_most_half_a_sample(sample, from_hz, to_hz):
    """Rescaling rounds to the nearest sample of the other rate."""
    moved = rescale(sample, from_hz, to_hz)
    assert abs(2 * (moved * from_hz - sample * to_hz)) <= from_hz


@given(positions, rates)
def test_the_same_rate_moves_nothing(sample, rate_hz):
    """Rescaling to the same rate is the identity."""
    assert rescale(sample, rate_hz, rate_hz) == sample


def test_unknown_stays_unknown_on_its_way_to_a_screen():
    """None is no time, not zero."""
    assert ms(None) is None
    assert ms(0) == 0.0
    assert ms(2_500_000) == 2.5
    assert seconds(1_500_000_000) == 1.5


def test_the_examples_hold():
    """Docstrings tell the truth."""
    assert doctest.testmod(units).failed == 0
