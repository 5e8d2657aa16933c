"""How loud a recording is: the facts that every reading and every degradation reports.

Levels are in dB re full scale (dBFS): 0 dBFS is an amplitude of 1.0, for peak and for RMS alike. Silence has no
level: it is None, never minus infinity and never a guess.

Speech-active samples are those of 20 ms blocks whose RMS lies within 30 dB of the loud blocks (95th percentile).
The rule depends on level ratios only, so that it marks the same samples at any gain. It is simpler than the
envelope tracker of ITU-T P.56 and on dictation agrees with it to a few tenths of a dB.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ACTIVE_RANGE_DB",
    "BLOCK_MS",
    "LevelMeter",
    "active_blocks",
    "active_mask",
    "bandwidth_hz",
    "block_samples",
    "dbfs",
    "level_facts",
    "movement_db",
    "to_float",
    "to_int16",
]

BLOCK_MS = 20
ACTIVE_RANGE_DB = 30.0
_FULL_SCALE = 32768.0
# 99.9 %: at 99 % the first formants of a loud vowel decide, at 100 % the rounding noise of int16 does.
_BANDWIDTH_SHARE = 0.999
_SLICE_SAMPLES = 1 << 18
_TRANSFORMS = 64
_TOP = 32767 / _FULL_SCALE
_LEVELS = ("peak_dbfs", "rms_dbfs", "active_dbfs", "active_share", "clipped_share", "dc_offset", "bandwidth_hz")


def to_float(pcm: NDArray[np.int16]) -> NDArray[np.float64]:
    """int16 of shape (n,) as float64 in [-1, 1).

    Double precision on purpose: rounding back to int16 then hides the last-bit differences between processors, and
    the same seed gives the same bytes everywhere.
    """
    return pcm.astype(np.float64) / _FULL_SCALE


def to_int16(x: NDArray[np.float64]) -> NDArray[np.int16]:
    """float64 of shape (n,) as int16, rounded to nearest, saturated at full scale."""
    return np.clip(np.rint(x * _FULL_SCALE), -32768, 32767).astype(np.int16)


def dbfs(amplitude: float) -> float | None:
    """Amplitude (full scale is 1.0) in dB; None for silence.

    >>> dbfs(0.5), dbfs(0.0)
    (-6.02, None)
    """
    return round(20 * math.log10(amplitude), 2) if amplitude > 0 else None


def active_mask(x: NDArray[np.float64], rate_hz: int) -> NDArray[np.bool_]:
    """Which samples carry speech: bool of shape (n,); all False for silence.

    Args:
        x: float64, mono, shape (n,).
        rate_hz: its sample rate.
    """
    if x.size == 0:
        return np.zeros(0, dtype=np.bool_)
    block = block_samples(rate_hz)
    count = -(-x.size // block)
    squares = np.zeros(count * block)
    np.square(x, out=squares[: x.size])
    power = squares.reshape(count, block).sum(axis=1)
    return np.repeat(active_blocks(power), block)[: x.size]


def block_samples(rate_hz: int) -> int:
    """Samples of a block of ``BLOCK_MS``, at least one."""
    return max(1, rate_hz * BLOCK_MS // 1000)


def active_blocks(power: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which blocks carry speech, given the power of each: bool of the same shape; all False for silence."""
    loud = float(np.percentile(power, 95)) if power.size else 0.0
    if loud <= 0:
        loud = float(power.max(initial=0.0))
    if loud <= 0:
        return np.zeros(power.size, dtype=np.bool_)
    return np.asarray(power >= loud * 10 ** (-ACTIVE_RANGE_DB / 10))


def bandwidth_hz(x: NDArray[np.float64], rate_hz: int) -> int | None:
    """Frequency below which 99.9 % of the energy lies, in Hz; None for silence.

    Spectra of 32 ms blocks are added, as Welch does, without overlap: the answer is one number, not a picture.
    """
    meter = LevelMeter(rate_hz)
    meter.add(x)
    return meter.bandwidth_hz()


def movement_db(powers: NDArray[np.float64]) -> float | None:
    """How far the loud tenth of blocks lies above the quiet tenth, 99 at most; None for silence.

    Args:
        powers: power of each block of 20 ms, as ``LevelMeter.powers`` returns them.
    """
    if not powers.size or powers.max() <= 0:
        return None
    quiet, loud = np.percentile(powers, (10, 90))
    return 99.0 if quiet <= 0 else round(min(99.0, 10 * math.log10(max(loud, quiet) / quiet)), 1)


def level_facts(pcm: NDArray[np.int16], rate_hz: int) -> dict[str, float | int | str | None]:
    """Measured facts about prepared audio.

    Args:
        pcm: int16, mono, shape (n,).
        rate_hz: its sample rate.

    Returns:
        ``duration_s``, ``peak_dbfs``, ``rms_dbfs``, ``active_dbfs`` (RMS of speech-active samples), ``active_share``,
        ``clipped_share`` (samples at full scale), ``dc_offset`` (mean, share of full scale), ``bandwidth_hz``.
        Unknown values are None.
    """
    meter = LevelMeter(rate_hz)
    for start in range(0, pcm.size, _SLICE_SAMPLES):
        meter.add(to_float(pcm[start : start + _SLICE_SAMPLES]))
    return meter.facts()


class LevelMeter:
    """Levels of audio that passes by in pieces of any size; holds one number for each 20 ms and no audio.

    Args:
        rate_hz: sample rate of the audio.
    """

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.samples = 0
        self.peak = 0.0
        self.squares = 0.0
        self._sum = 0.0
        self.clipped = 0
        self._block = block_samples(rate_hz)
        self._size = max(64, 1 << ((rate_hz * 32 // 1000) - 1).bit_length())
        self._window = np.hanning(self._size)
        self._powers: list[NDArray[np.float64]] = []
        self._rest = np.zeros(0)
        self._unmeasured = np.zeros(0)
        self._spectrum: NDArray[np.float64] | None = None

    def add(self, x: NDArray[np.float64]) -> None:
        """Measure the next piece: float64 of shape (n,), full scale is 1.0."""
        if not x.size:
            return
        self.samples += x.size
        self.peak = max(self.peak, float(x.max()), -float(x.min()))
        self.squares += float(np.square(x).sum())  # not np.dot: it wakes threads of its own, at 15 ms a call
        self._sum += float(x.sum())
        self.clipped += int(np.count_nonzero((x >= _TOP) | (x <= -1.0)))
        ready, self._rest = _cut(self._rest, x, self._block)
        self._powers.append(np.square(ready).reshape(-1, self._block).sum(axis=1))
        ready, self._unmeasured = _cut(self._unmeasured, x, self._size)
        if ready.size:
            self._transform(ready)

    def _transform(self, x: NDArray[np.float64]) -> None:
        spectrum = np.zeros(self._size // 2 + 1)
        blocks = x.reshape(-1, self._size)
        for start in range(0, len(blocks), _TRANSFORMS):  # few at a time: they stay in the processor's cache
            bins = np.fft.rfft(blocks[start : start + _TRANSFORMS] * self._window, axis=1)
            spectrum += (bins.real**2 + bins.imag**2).sum(axis=0)
        self._spectrum = spectrum if self._spectrum is None else self._spectrum + spectrum

    def powers(self) -> NDArray[np.float64]:
        """Sum of squares of each block of 20 ms, the last one perhaps shorter; shape (blocks,)."""
        last = [np.array([float(np.square(self._rest).sum())])] if self._rest.size else []
        return np.concatenate([*self._powers, *last]) if self.samples else np.zeros(0)

    def active(self) -> tuple[int, float]:
        """Number of speech-active samples and the sum of their squares."""
        powers = self.powers()
        mask = active_blocks(powers)
        count = int(mask.sum()) * self._block
        if self._rest.size and mask[-1]:
            count -= self._block - self._rest.size
        return count, float(powers[mask].sum())

    def spectrum(self) -> NDArray[np.float64]:
        """Energy of each frequency from 0 to half the rate; shape (bins,)."""
        if self._spectrum is None:
            self._transform(np.pad(self._unmeasured, (0, self._size - self._unmeasured.size)))
        assert self._spectrum is not None  # noqa: S101  made above
        return self._spectrum

    def bandwidth_hz(self) -> int | None:
        """Frequency below which 99.9 % of the energy lies; None for silence."""
        energy = np.cumsum(self.spectrum()[1:])  # without DC: an offset is not bandwidth
        if energy[-1] <= 0:
            return None
        first = int(np.searchsorted(energy, _BANDWIDTH_SHARE * energy[-1])) + 1
        return round(first * self.rate_hz / self._size)

    def facts(self) -> dict[str, float | int | str | None]:
        """What ``level_facts`` returns, for everything that was added."""
        facts: dict[str, float | int | str | None] = {"duration_s": round(self.samples / self.rate_hz, 6)}
        if not self.samples:
            return facts | dict.fromkeys(_LEVELS)
        count, squares = self.active()
        facts["peak_dbfs"] = dbfs(self.peak)
        facts["rms_dbfs"] = dbfs(math.sqrt(self.squares / self.samples))
        facts["active_dbfs"] = dbfs(math.sqrt(squares / count)) if count else None
        facts["active_share"] = round(count / self.samples, 4)
        facts["clipped_share"] = round(self.clipped / self.samples, 6)
        facts["dc_offset"] = round(self._sum / self.samples, 6)
        facts["bandwidth_hz"] = self.bandwidth_hz()
        return facts


def _cut(
    rest: NDArray[np.float64], x: NDArray[np.float64], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Whole blocks of what was left over and what is new, and what is left over now."""
    joined = np.concatenate([rest, x]) if rest.size else x
    whole = joined.size // size * size
    return joined[:whole], joined[whole:].copy()
