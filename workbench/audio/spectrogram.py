"""Energy over time and frequency, for the eye."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.audio.levels import to_float

__all__ = ["FLOOR_DB", "spectrogram"]

FLOOR_DB = -100
"""Where silence is drawn; int16 has its rounding noise near it."""

_WINDOW_MS = 25


def spectrogram(
    pcm: NDArray[np.int16], rate_hz: int, *, columns: int = 220, rows: int = 64
) -> tuple[NDArray[np.int16], NDArray[np.float64], NDArray[np.float64]]:
    """Levels of windows of 25 ms, spread evenly over the audio, in bands of equal width up to half the rate.

    Args:
        pcm: int16, mono, shape (n,).
        rate_hz: its rate.
        columns: windows.
        rows: bands.

    Returns:
        Levels in whole dB re full scale, int16, shape (rows, columns), from the lowest band; the middle of each window
        in s, shape (columns,); the middle of each band in Hz, shape (rows,). Empty audio has no columns.
    """
    size = max(2 * rows, rate_hz * _WINDOW_MS // 1000)
    hertz = (np.arange(rows) + 0.5) * rate_hz / 2 / rows
    count = min(columns, max(0, pcm.size))
    if not count:
        return np.zeros((rows, 0), np.int16), np.zeros(0), hertz
    padded = np.pad(to_float(pcm), size // 2)
    starts = np.linspace(0, pcm.size - 1, count).astype(np.int64)
    windows = padded[starts[:, None] + np.arange(size)[None, :] % max(1, padded.size)]
    power = np.abs(np.fft.rfft(windows * np.hanning(size), axis=1)) ** 2
    edges = np.arange(rows) * (power.shape[1] - 1) // rows
    bands = np.add.reduceat(power[:, :-1], edges, axis=1)
    # A full-scale sine in one band is 0 dB: the Hann window passes half of its amplitude.
    level = 10 * np.log10(np.maximum(bands / (size / 4) ** 2, 10 ** (FLOOR_DB / 10)))
    return np.rint(level.T).astype(np.int16), starts / rate_hz, hertz
