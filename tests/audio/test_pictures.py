"""Waveform and spectrogram: what is loud is seen, what is not there is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.audio.peaks import peaks
from workbench.audio.spectrogram import FLOOR_DB, spectrogram
from workbench.reporting.figures.sound import spectrogram_figure, waveform_figure


def tone(hertz, rate_hz=16_000, seconds=0.5):
    """A sine at half of full scale."""
    return (np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate_hz)) / rate_hz) * 16_384).astype(np.int16)


@given(samples=st.lists(st.integers(-32_768, 32_767), max_size=200), columns=st.integers(0, 64))
def test_the_outline_loses_no_extreme(samples, columns):
    """Lowest and highest of all are lowest and highest of the picture."""
    pcm = np.array(samples, np.int16)
    outline = peaks(pcm, columns)
    assert outline.shape == (min(columns, len(samples)), 2)
    if outline.size:
        assert (outline.min(), outline.max()) == (pcm.min(), pcm.max())


@pytest.mark.parametrize("hertz", [440, 1_000, 3_900])
def test_a_tone_is_brightest_in_its_band(hertz):
    """And stands at its level, within the leakage of the window."""
    level, at, bands = spectrogram(tone(hertz), 16_000)
    middle = level[:, level.shape[1] // 2]
    assert abs(bands[int(middle.argmax())] - hertz) <= 16_000 / 2 / 64
    assert middle.max() == pytest.approx(-6, abs=3)
    assert at[0] == 0


def test_silence_and_nothing_have_a_picture_too():
    """Silence lies on the floor; no samples have no columns."""
    assert set(np.unique(spectrogram(np.zeros(1_600, np.int16), 16_000)[0])) == {FLOOR_DB}
    assert spectrogram(np.zeros(0, np.int16), 16_000)[0].shape == (64, 0)
    assert spectrogram(np.ones(3, np.int16), 8_000)[0].shape == (64, 3)


def test_a_figure_has_at_most_600_points_a_trace_and_300_kb():
    """A minute is drawn as light as a second."""
    pcm = tone(500, seconds=60)
    wave, picture = waveform_figure(pcm, 16_000, 60), spectrogram_figure(pcm, 16_000, 60)
    assert len(wave.data[0].x) <= 600
    assert max(len(figure.to_json()) for figure in (wave, picture)) < 300_000
