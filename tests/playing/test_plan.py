"""Plans: the audio, whole and once, each chunk due when its last sample would exist."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.fakes import make_reference
from workbench.errors import InputError
from workbench.playing import plan as plan_module
from workbench.playing.network import PROFILES
from workbench.playing.plan import build_plan
from workbench.protocol import live
from workbench.protocol.messages import Audio, Product
from workbench.units import chunk_ends, ms_to_samples, samples_to_ns

pcms = hnp.arrays(np.int16, st.integers(1, 5_000))
rates = st.sampled_from([8_000, 11_025, 16_000, 44_100, 48_000])
chunk_lengths = st.integers(1, 700)


def plan_of(pcm, rate_hz=16_000, **changes):
    asked = {"utterance_id": "u1", "cell": "clean", "reference": make_reference()} | changes
    return build_plan(pcm, rate_hz, **asked)


@settings(deadline=None)
@given(pcms, rates, chunk_lengths, st.sampled_from(Product))
def test_joined_chunks_are_the_audio(pcm, rate_hz, chunk_ms, product):
    """Decoding what would be sent gives the prepared PCM back, byte for byte, at every chunk length."""
    plan = plan_of(pcm, rate_hz, chunk_ms=chunk_ms, product=product)
    sent = [live.decode_client(frame.decode(), product) for frame in plan.frames]
    assert all(isinstance(message, Audio) for message in sent)
    assert b"".join(message.pcm for message in sent) == pcm.astype("<i2").tobytes()


@settings(deadline=None)
@given(pcms, rates, chunk_lengths)
def test_the_last_chunk_is_sent_once(pcm, rate_hz, chunk_ms):
    """Chunks are full but the last, which holds what is left; none is empty, none comes twice."""
    plan = plan_of(pcm, rate_hz, chunk_ms=chunk_ms)
    lengths = np.diff((0, *plan.ends))
    assert plan.ends[-1] == pcm.size
    assert len(plan.frames) == len(plan.ends) == -(-pcm.size // plan.chunk_samples)
    assert all(lengths[:-1] == plan.chunk_samples)
    assert 0 < lengths[-1] <= plan.chunk_samples == ms_to_samples(chunk_ms, rate_hz)


@settings(deadline=None)
@given(pcms, rates, chunk_lengths)
def test_a_chunk_is_due_when_its_last_sample_exists(pcm, rate_hz, chunk_ms):
    """Due offsets are the trailing edges and never go back."""
    plan = plan_of(pcm, rate_hz, chunk_ms=chunk_ms)
    assert plan.due_offsets_ns == tuple(samples_to_ns(end, rate_hz) for end in plan.ends)
    assert list(plan.due_offsets_ns) == sorted(plan.due_offsets_ns)


@given(st.integers(0, 10_000), st.integers(1, 3_000))
def test_ends_cut_any_length_without_remainder(samples, chunk_samples):
    """Positions rise by a chunk at a time and stop at the end."""
    ends = chunk_ends(samples, chunk_samples)
    assert sum(np.diff((0, *ends))) == samples
    assert all(0 < step <= chunk_samples for step in np.diff((0, *ends)))


def test_pace_scales_the_schedule_and_changes_the_hash():
    """Twice as fast is due at half the time; a burst is due at once."""
    pcm = np.zeros(16_000, np.int16)
    real, fast, burst = (plan_of(pcm, pace=pace) for pace in (1.0, 2.0, float("inf")))
    assert fast.due_offsets_ns == tuple(due // 2 for due in real.due_offsets_ns)
    assert set(burst.due_offsets_ns) == {0}
    assert len({real.hash, fast.hash, burst.hash}) == 3


def test_the_hash_is_of_what_reaches_the_wire():
    """The same audio under another cell's name is the same plan; one other sample is not."""
    pcm = np.arange(3_200, dtype=np.int16)
    other = pcm.copy()
    other[7] += 1
    assert plan_of(pcm).hash == plan_of(pcm, cell="again", speaker="rms", tags=("x",)).hash
    different = [plan_of(other), plan_of(pcm, 8_000), plan_of(pcm, chunk_ms=50), plan_of(pcm, product=Product.AMBIENT)]
    assert len({plan_of(pcm).hash, *(plan.hash for plan in different)}) == 5


def test_a_network_profile_holds_chunks_back_and_counts_in_the_hash():
    """Holds are there one a chunk; without a profile they are zero and the hash is that of the audio alone."""
    pcm = np.zeros(32_000, np.int16)
    plain = plan_of(pcm, network=PROFILES["none"], seed=1)
    assert plain.holds_ns == (0,) * len(plain.frames)
    assert plain.hash == plan_of(pcm, seed=2).hash
    held = [plan_of(pcm, network=profile, seed=1) for profile in PROFILES.values()]
    for plan in held:
        assert len(plan.holds_ns) == len(plan.frames)
        assert min(plan.holds_ns) >= 0
        assert (plan.hash == plain.hash) == (not any(plan.holds_ns))


def test_big_endian_and_strided_audio_is_sent_as_little_endian():
    """The wire's byte order does not depend on the caller's array."""
    pcm = np.arange(-400, 400, dtype=np.int16)
    assert plan_of(pcm.astype(">i2")).frames == plan_of(np.repeat(pcm, 2)[::2]).frames == plan_of(pcm).frames


def test_audio_is_not_in_the_repr():
    """Speech and references are patient data."""
    shown = repr(plan_of(np.full(1_600, 12_321, np.int16)))
    assert "12321" not in shown
    assert "chest" not in shown


@pytest.mark.parametrize("pace", [0, -1.0, float("nan")])
def test_a_pace_that_is_not_positive_is_refused(pace):
    """The cell is named, and what real time would be."""
    with pytest.raises(InputError, match=r"clean: pace must be positive .*1\.0 for real time"):
        plan_of(np.zeros(10, np.int16), pace=pace)


def test_no_audio_is_refused():
    """An utterance without samples is named."""
    with pytest.raises(InputError, match="u1: no audio to send"):
        plan_of(np.zeros(0, np.int16))


def test_the_examples_hold():
    """Docstrings tell the truth."""
    assert doctest.testmod(plan_module).failed == 0
