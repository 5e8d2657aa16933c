"""What can be known about a recording without knowing its words: levels, channels, bandwidth, and whether it moves.

Everything is measured in one pass over decoded blocks and in constant memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from workbench.audio.decode import open_sound
from workbench.audio.files import check_channel, mono
from workbench.audio.levels import LevelMeter, dbfs, movement_db

__all__ = ["FileFacts", "SoundFacts", "SoundMeter", "Stretch", "measure_file"]

_LOW_BAND_HZ = (300.0, 3_400.0)
_HIGH_BAND_HZ = (4_400.0, 7_000.0)
"""Where telephone sound has energy, and where it has none; the gap leaves room for any filter's slope."""

_WIDE_RATE_HZ = 12_000


class SoundFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Measured facts about a stretch of a recording, before it is rounded to int16.

    Attributes:
        samples: how many, per channel.
        sample_rate_hz: rate of the file.
        channels: how many the file has.
        peak_dbfs: highest sample of the mix; over 0 for floats beyond full scale, None for silence.
        active_dbfs: RMS of speech-active samples of the mix; None for silence.
        clipped_share: samples of the mix at or beyond full scale.
        channel_dbfs: RMS of each channel, None for silence.
        mix_dbfs: RMS of the mix, None for silence.
        correlation: of the first two channels, from -1 to 1; None if there are not two with sound.
        movement_db: how far the loud tenth of 20 ms blocks lies above the quiet tenth, 99 at most; None for silence.
        high_band_db: energy density from 4.4 to 7 kHz re that from 0.3 to 3.4 kHz; None for rates under 12 kHz and
            for silence.
    """

    samples: int
    sample_rate_hz: int
    channels: int
    peak_dbfs: float | None
    active_dbfs: float | None
    clipped_share: float
    channel_dbfs: tuple[float | None, ...]
    mix_dbfs: float | None
    correlation: float | None
    movement_db: float | None
    high_band_db: float | None


class SoundMeter:
    """Measures one stretch while its blocks go by.

    Args:
        path: the file, for errors.
        rate_hz: its rate.
        channels: how many it has.
        channel: the one that is played; None is the mix of all.
    """

    def __init__(self, path: Path, rate_hz: int, channels: int, channel: int | None) -> None:
        self._path = path
        self._channel = channel
        self._channels = channels
        self._levels = LevelMeter(rate_hz)
        self._squares = np.zeros(channels)
        self._products = 0.0

    def add(self, block: NDArray[Any]) -> None:
        """Measure the next block: int16 or float64, shape (n, channels).

        Raises:
            AudioError: samples that are not finite.
        """
        x = mono(self._path, block, self._channel)
        self._levels.add(x / 32768.0 if x.dtype == np.int16 else x)
        if self._channels > 1:
            y = block / 32768.0 if block.dtype == np.int16 else block
            self._squares += np.einsum("ij,ij->j", y, y)
            self._products += float(np.einsum("i,i->", y[:, 0], y[:, 1]))

    def facts(self) -> SoundFacts:
        """Facts about everything that was added."""
        levels = self._levels
        count, squares = levels.active()
        samples = max(1, levels.samples)
        each = self._squares if self._channels > 1 else np.array([levels.squares])
        norm = math.sqrt(each[0] * each[1]) if self._channels > 1 else 0.0
        return SoundFacts(
            samples=levels.samples,
            sample_rate_hz=levels.rate_hz,
            channels=self._channels,
            peak_dbfs=dbfs(levels.peak),
            active_dbfs=dbfs(math.sqrt(squares / count)) if count else None,
            clipped_share=levels.clipped / samples,
            channel_dbfs=tuple(dbfs(math.sqrt(value / samples)) for value in each),
            mix_dbfs=dbfs(math.sqrt(levels.squares / samples)),
            correlation=round(self._products / norm, 4) if norm > 0 else None,
            movement_db=movement_db(levels.powers()),
            high_band_db=_high_band_db(levels),
        )


def _high_band_db(levels: LevelMeter) -> float | None:
    if levels.rate_hz < _WIDE_RATE_HZ:
        return None
    spectrum = levels.spectrum()
    low, high = (_density(spectrum, levels.rate_hz, band) for band in (_LOW_BAND_HZ, _HIGH_BAND_HZ))
    if low <= 0:
        return None
    return round(10 * math.log10(max(high, low * 1e-12) / low), 1)


def _density(spectrum: NDArray[np.float64], rate_hz: int, band: tuple[float, float]) -> float:
    per_bin = rate_hz / 2 / (spectrum.size - 1)
    first, last = math.ceil(band[0] / per_bin), math.floor(min(band[1], rate_hz * 0.45) / per_bin)
    return float(spectrum[first : last + 1].mean()) if last >= first else 0.0


class FileFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that decoding a file once tells.

    Attributes:
        sample_rate_hz, channels: sample rate and channels of the file.
        samples: decoded, per channel.
        remarks: how the file was read.
        stretches: facts of each stretch that was asked for; None for one that lies outside the file.
    """

    sample_rate_hz: int
    channels: int
    samples: int
    remarks: tuple[str, ...]
    stretches: tuple[SoundFacts | None, ...]


class Stretch(msgspec.Struct, frozen=True, array_like=True):
    """A part of a file: from a sample on, so many of them (None: to the end), one channel (None: mixed)."""

    start_sample: int
    samples: int | None
    channel: int | None


def measure_file(path: Path, stretches: Sequence[Stretch]) -> FileFacts:
    """Decode a file once, to its end, and measure any number of stretches of it.

    Raises:
        AudioError: the file cannot be decoded to its end, or a stretch names a channel that it does not have.
    """
    with open_sound(path) as sound:
        header = sound.header
        for stretch in stretches:
            check_channel(path, header, stretch.channel)
        meters = [SoundMeter(path, header.sample_rate_hz, header.channels, s.channel) for s in stretches]
        position = 0
        for block in sound.blocks():
            for stretch, meter in zip(stretches, meters, strict=True):
                first = max(0, stretch.start_sample - position)
                end = len(block) if stretch.samples is None else stretch.start_sample + stretch.samples - position
                if first < min(end, len(block)):
                    meter.add(block[first:end])
            position += len(block)
    inside = [position >= s.start_sample + (1 if s.samples is None else s.samples) for s in stretches]
    return FileFacts(
        sample_rate_hz=header.sample_rate_hz,
        channels=header.channels,
        samples=position,
        remarks=header.remarks,
        stretches=tuple(m.facts() if good else None for m, good in zip(meters, inside, strict=True)),
    )
