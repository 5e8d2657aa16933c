"""Log-mel spectrograms, computed as OpenAI's reference does.

Source: ``whisper/audio.py`` of OpenAI's repository (MIT) and the filters of Slaney's Auditory Toolbox, which librosa
has under ``mel(htk=False, norm="slaney")``.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["HOP_SAMPLES", "RATE_HZ", "log_mel", "mel_filters"]

RATE_HZ = 16_000
HOP_SAMPLES = 160

_FFT_SAMPLES = 400
_LOUDEST_TO_SOFTEST = 8.0
"""Decades under the loudest cell of the window at which the floor lies."""

_LINEAR_HZ = 1000.0
_HZ_PER_MEL = 200.0 / 3.0
_LOG_STEP = np.log(6.4) / 27.0


def log_mel(x: NDArray[np.float32], bands: int = 80) -> NDArray[np.float32]:
    """What the encoder takes.

    Args:
        x: samples at 16 kHz, 1.0 full scale, shape (n,), n a multiple of 160 and at least 400. Where the speech is
            shorter than the window, pad the samples: zero features are not silence.
        bands: 80, or 128 for the newest models.

    Returns:
        shape (bands, n / 160).
    """
    edge = _FFT_SAMPLES // 2
    padded = np.pad(x, edge, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT_SAMPLES)[: len(x) : HOP_SAMPLES]
    power = np.abs(np.fft.rfft(frames * _window(), axis=1)) ** 2
    log = np.log10(np.maximum(power @ mel_filters(bands).T, 1e-10))
    log = np.maximum(log, log.max() - _LOUDEST_TO_SOFTEST)
    return np.ascontiguousarray(((log + 4.0) / 4.0).T, dtype=np.float32)


@cache
def mel_filters(bands: int) -> NDArray[np.float64]:
    """Triangles on the mel scale, each of area 1.

    Returns:
        shape (bands, 201), read-only.
    """
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(RATE_HZ / 2), bands + 2))
    centres = np.fft.rfftfreq(_FFT_SAMPLES, 1 / RATE_HZ)
    low, middle, high = (edges[i : i + bands, None] for i in range(3))
    rising, falling = (centres - low) / (middle - low), (high - centres) / (high - middle)
    filters = np.maximum(0.0, np.minimum(rising, falling)) * (2.0 / (high - low))
    filters.setflags(write=False)
    return filters


def _hz_to_mel(hz: float) -> float:
    """Linear up to 1 kHz, logarithmic above."""
    return (
        float(_LINEAR_HZ / _HZ_PER_MEL + np.log(hz / _LINEAR_HZ) / _LOG_STEP) if hz > _LINEAR_HZ else hz / _HZ_PER_MEL
    )


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _LINEAR_HZ / _HZ_PER_MEL
    return np.where(mel < knee, mel * _HZ_PER_MEL, _LINEAR_HZ * np.exp(_LOG_STEP * (mel - knee)))


@cache
def _window() -> NDArray[np.float64]:
    """Hann, periodic."""
    return np.hanning(_FFT_SAMPLES + 1)[:-1]
