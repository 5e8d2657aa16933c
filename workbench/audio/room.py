"""A synthetic room, described by its reverberation time.

The impulse response is the direct sound at delay zero, then Gaussian noise that decays by 60 dB in RT60 and starts
5 ms later. That is the statistical model of a diffuse field; it has no single reflections and no geometry. A package
with image sources would need a compiler at installation for a picture that one number, RT60, cannot ask for.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["measured_rt60_s", "reverberate", "room_response"]

_FIRST_REFLECTION_S = 0.005
# Direct over diffuse energy: a talker about at the critical distance, as with a phone on a desk.
_DIRECT_TO_DIFFUSE_DB = 0.0


def room_response(rt60_s: float, rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Impulse response of a room.

    Args:
        rt60_s: time in which the diffuse sound decays by 60 dB, in seconds; positive.
        rate_hz: sample rate.
        rng: generator of this step.

    Returns:
        float64, shape (rt60_s * rate_hz,); total energy 1, direct sound at index 0.
    """
    size = max(2, round(rt60_s * rate_hz))
    time = np.arange(size) / rate_hz
    tail = rng.standard_normal(size) * np.exp(-3 * math.log(10) * time / rt60_s)
    tail[time < _FIRST_REFLECTION_S] = 0
    energy = float(np.dot(tail, tail))
    if energy > 0:
        tail *= math.sqrt(10 ** (-_DIRECT_TO_DIFFUSE_DB / 10) / energy)
    tail[0] = 1.0
    return np.asarray(tail / math.sqrt(float(np.dot(tail, tail))))


def reverberate(x: NDArray[np.float64], response: NDArray[np.float64]) -> NDArray[np.float64]:
    """Speech in the room, as long as it was: a tail beyond the end needs trailing silence to ring into.

    Args:
        x: float64, shape (n,).
        response: float64, shape (m,).
    """
    size = 1 << (x.size + response.size - 2).bit_length()
    spectrum = np.fft.rfft(x, size) * np.fft.rfft(response, size)
    return np.fft.irfft(spectrum, size)[: x.size]


def measured_rt60_s(response: NDArray[np.float64], rate_hz: int) -> float | None:
    """Reverberation time of a response, in seconds; None if the response is too short to have one.

    Schroeder's backward integration of the diffuse part; 60 dB over its slope between -5 and -25 dB (T20).

    Source: M. R. Schroeder, "New Method of Measuring Reverberation Time", JASA 37 (1965); ISO 3382-1.
    """
    diffuse = response[round(_FIRST_REFLECTION_S * rate_hz) :]
    if diffuse.size < 3 or not diffuse.any():
        return None
    energy = np.cumsum((diffuse**2)[::-1])[::-1]
    level = 10 * np.log10(energy / energy[0])
    window = np.flatnonzero((level <= -5) & (level >= -25))
    if window.size < 3:
        return None
    slope = np.polyfit(window / rate_hz, level[window], 1)[0]
    return round(float(-60 / slope), 4)
