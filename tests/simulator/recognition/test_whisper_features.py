"""Spectrograms against an independent computation: scipy's transform, and triangles drawn point by point."""

import math

import numpy as np
import pytest
import scipy.signal

from workbench.simulator.recognition.whisper.features import log_mel, mel_filters


def slaney_hz(mel):
    """Slaney's scale: 200/3 Hz a mel up to 1 kHz, then 27 steps to each factor of 6.4."""
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def triangles(bands):
    top = 15 + 27 * math.log(8) / math.log(6.4)
    edges = [slaney_hz(top * i / (bands + 1)) for i in range(bands + 2)]
    assert edges[-1] == pytest.approx(8000)
    return np.array(
        [
            np.interp(np.arange(201) * 40.0, edges[i : i + 3], [0, 2 / (edges[i + 2] - edges[i]), 0])
            for i in range(bands)
        ]
    )


def reference(x, bands):
    window = scipy.signal.get_window("hann", 400, fftbins=True)
    _, _, z = scipy.signal.stft(
        x.astype(np.float64), window=window, nperseg=400, noverlap=240, boundary="even", padded=False
    )
    power = np.abs(z[:, : len(x) // 160] * window.sum()) ** 2
    log = np.log10(np.maximum(triangles(bands) @ power, 1e-10))
    return (np.maximum(log, log.max() - 8) + 4) / 4


@pytest.mark.parametrize("bands", [80, 128])
def test_filters_are_slaneys(bands):
    assert mel_filters(bands) == pytest.approx(triangles(bands), abs=1e-12)


@pytest.mark.parametrize(("seconds", "bands"), [(0.5, 80), (6, 80), (30, 80), (0.5, 128), (6, 128)])
def test_a_spectrogram_equals_an_independent_one(seconds, bands):
    rng = np.random.default_rng(7)
    x = (rng.standard_normal(int(16_000 * seconds)) * np.linspace(0, 0.2, int(16_000 * seconds))).astype(np.float32)
    x[-4_000:] = 0
    found = log_mel(x, bands)
    assert found.shape == (bands, len(x) // 160)
    assert found.dtype == np.float32
    assert found == pytest.approx(reference(x, bands), abs=1e-5)


def test_a_tone_lies_in_its_band():
    """1 kHz is mel 15 of 45.2, so in band 26 of 80."""
    x = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    assert set(np.argmax(log_mel(x), axis=0)[2:-2]) == {26}


def test_silence_is_flat_and_not_zero():
    assert set(np.unique(log_mel(np.zeros(16_000, np.float32)))) == {-1.5}
