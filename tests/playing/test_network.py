"""Network profiles: planned, seeded, in order, recorded apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.playing.network import PROFILES, NetworkProfile, find_profile, plan_holds

DUE = tuple(k * 100_000_000 for k in range(1, 101))
SIZES = (4_300,) * 100


def releases(profile, seed=1, key="u"):
    """When each chunk leaves, from the start of the stream."""
    holds = plan_holds(profile, DUE, SIZES, seed=seed, key=key)
    return [due + hold for due, hold in zip(DUE, holds, strict=True)]


def test_no_profile_holds_nothing_back():
    """The default costs nothing."""
    assert plan_holds(PROFILES["none"], DUE, SIZES, seed=0, key="u") == (0,) * 100
    assert plan_holds(PROFILES["poor"], (), (), seed=0, key="u") == ()


@given(st.sampled_from(list(PROFILES.values())), st.integers(0, 99))
def test_chunks_never_overtake_each_other_and_are_never_early(profile, seed):
    """One TCP stream keeps its order."""
    found = releases(profile, seed)
    assert found == sorted(found)
    assert all(release >= due for release, due in zip(found, DUE, strict=True))


def test_the_same_seed_and_utterance_draw_the_same_network():
    """Cells of a sweep stay paired."""
    poor = PROFILES["poor"]
    assert releases(poor) == releases(poor)
    assert releases(poor) != releases(poor, seed=2)
    assert releases(poor) != releases(poor, key="other")


def test_a_constant_delay_is_exact():
    """No randomness where none was asked for."""
    assert set(plan_holds(NetworkProfile("d", delay_ms=25), DUE, SIZES, seed=0, key="u")) == {25_000_000}


def test_too_little_bandwidth_piles_chunks_up():
    """300 kbit/s cannot carry 344 kbit/s."""
    holds = plan_holds(NetworkProfile("b", bandwidth_kbps=300), DUE, SIZES, seed=0, key="u")
    assert holds[-1] > holds[0]
    assert holds[-1] == pytest.approx(100 * 4_300 * 8 / 300e3 * 1e9 - 99 * 100e6, rel=0.001)


def test_a_stall_holds_what_falls_into_it_until_it_is_over():
    """Stalls show as a common release."""
    profile = NetworkProfile("s", stall_every_s=2, stall_ms=500)
    holds = plan_holds(profile, DUE, SIZES, seed=3, key="u")
    assert 0 < max(holds) <= 500_000_000
    assert 0 in holds


def test_an_unknown_profile_names_those_that_exist():
    """One clear line."""
    with pytest.raises(InputError, match=r"moon.*none, wifi"):
        find_profile("moon")
