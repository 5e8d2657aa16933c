"""Level facts: known signals have known levels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.levels import active_mask, bandwidth_hz, level_facts, to_float, to_int16

RATE = 16_000


def test_a_full_scale_sine_has_the_levels_of_the_book():
    """Peak 0 dBFS, RMS 3.01 dB under it."""
    pcm = to_int16(0.999 * np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE))
    facts = level_facts(pcm, RATE)
    assert facts["peak_dbfs"] == pytest.approx(0, abs=0.02)
    assert facts["rms_dbfs"] == pytest.approx(-3.02, abs=0.02)
    assert facts["bandwidth_hz"] == pytest.approx(500, abs=50)
    assert facts["clipped_share"] == 0


def test_silence_and_nothing_have_no_level():
    """Unknown is None, never minus infinity."""
    assert level_facts(np.zeros(RATE, np.int16), RATE)["peak_dbfs"] is None
    assert level_facts(np.zeros(0, np.int16), RATE)["rms_dbfs"] is None
    assert bandwidth_hz(np.zeros(RATE), RATE) is None
    assert not active_mask(np.zeros(RATE), RATE).any()


def test_speech_between_pauses_is_what_is_active():
    """Half a second of sound in a second of silence."""
    x = np.zeros(RATE)
    x[4_000:12_000] = 0.3
    active = active_mask(x, RATE)
    assert active[4_200:11_800].all()
    assert not active[:3_600].any()
    assert not active[12_400:].any()


@given(gain=st.floats(1e-3, 0.9))
def test_gain_does_not_change_what_is_active(gain):
    """The rule depends on ratios only."""
    x = np.random.default_rng(1).standard_normal(RATE) * np.repeat([0.001, 0.3, 0.0, 0.2], RATE // 4)
    assert np.array_equal(active_mask(x, RATE), active_mask(x * gain, RATE))


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=200))
def test_float_and_back_is_the_identity(values):
    """Double precision holds every int16."""
    pcm = np.array(values, dtype=np.int16)
    assert np.array_equal(to_int16(to_float(pcm)), pcm)


def test_loud_values_saturate():
    """They do not wrap around."""
    assert to_int16(np.array([2.0, -2.0])).tolist() == [32767, -32768]
