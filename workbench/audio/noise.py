"""Noise: how each kind is made, and how it is mixed in at a signal-to-noise ratio."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from workbench.audio.levels import active_mask
from workbench.audio.shipped import babble_tracks, noise_bed
from workbench.errors import AudioError

__all__ = ["add_noise", "make_noise"]

# Below 20 Hz a 1/f spectrum is inaudible, and would carry most of the power.
_PINK_FLOOR_HZ = 20.0


def make_noise(
    kind: str, samples: int, rate_hz: int, rng: np.random.Generator, *, speaker: str | None = None
) -> NDArray[np.float64]:
    """Noise of a kind; its level means nothing yet.

    Args:
        kind: ``white``, ``pink``, ``babble``, ``hum`` or ``clicks``.
        samples: how many.
        rate_hz: sample rate.
        rng: generator of this step.
        speaker: whose voice babble leaves out.

    Returns:
        float64, shape (samples,).
    """
    if kind == "white":
        return rng.standard_normal(samples)
    if kind == "pink":
        return _pink(samples, rate_hz, rng)
    if kind == "babble":
        talking = (speaker or "").split("+")  # a consultation has two voices
        voices = [voice for voice in babble_tracks() if voice not in talking]
        tracks = [_looped(f"babble-{voice}", samples, rate_hz, rng) for voice in voices]
        return np.asarray(np.sum(tracks, axis=0))
    return _looped(kind, samples, rate_hz, rng)


def add_noise(
    x: NDArray[np.float64], noise: NDArray[np.float64], rate_hz: int, snr_db: float
) -> tuple[NDArray[np.float64], float]:
    """Mix noise into speech at a ratio of powers, both measured on the speech-active samples.

    Args:
        x: float64, shape (n,); the speech.
        noise: float64, shape (n,); any level.
        rate_hz: rate of both.
        snr_db: ratio wanted.

    Returns:
        The mixture, and the ratio measured on what was added.

    Raises:
        AudioError: there is no speech, so a ratio means nothing.
    """
    active = active_mask(x, rate_hz)
    speech = _power(x[active])
    if speech <= 0:
        raise AudioError(
            "no speech to set a signal-to-noise ratio against",
            got="digital silence",
            expected="a recording with speech in it",
        )
    power = _power(noise[active])
    if power <= 0:
        raise AudioError("the noise is silent where the speech is", expected="noise with power")
    mixture = x + noise * math.sqrt(speech / (power * 10 ** (snr_db / 10)))
    achieved = 10 * math.log10(speech / _power((mixture - x)[active]))
    return mixture, achieved


def _power(x: NDArray[np.float64]) -> float:
    return float(np.dot(x, x)) / x.size if x.size else 0.0


def _pink(samples: int, rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    # A power of two keeps the transform fast whatever the length of the utterance.
    size = 1 << max(1, samples - 1).bit_length()
    spectrum = np.fft.rfft(rng.standard_normal(size))
    frequency = np.fft.rfftfreq(size, 1 / rate_hz)
    spectrum /= np.sqrt(np.maximum(frequency, _PINK_FLOOR_HZ))
    spectrum[frequency < _PINK_FLOOR_HZ] = 0
    return np.fft.irfft(spectrum, size)[:samples]


def _looped(name: str, samples: int, rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    bed = noise_bed(name, rate_hz)
    start = int(rng.integers(bed.size))
    turns = -(-(start + samples) // bed.size)
    return np.tile(bed, turns)[start : start + samples]
