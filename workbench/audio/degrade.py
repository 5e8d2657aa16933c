"""Apply an AudioConfig. The order of the steps stands here and nowhere else.

::

    speed and sample rate   one resampling does both
    lead and trail          silence around the speech
    room                    the talker is in it
    noise                   so is the noise, at its ratio to the speech as it arrives
    gain, DC offset         the microphone
    clipping                its input stage
    stereo fault            its downmix
    band                    the line
    codec                   encode, decode
    packet loss             the network

Everything is computed in double precision and rounded to int16 once, at the end. Each random step has its own
stream (``workbench.audio.seeds``), so that the same seed gives the same bytes in any process.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from workbench.audio.channel import band_limit, clip_peaks, lose_packets, stereo_fault
from workbench.audio.codecs import round_trip
from workbench.audio.config import AudioConfig
from workbench.audio.levels import level_facts, to_float, to_int16
from workbench.audio.noise import add_noise, make_noise
from workbench.audio.resample import resample
from workbench.audio.room import measured_rt60_s, reverberate, room_response
from workbench.audio.seeds import step_generator
from workbench.reference import Reference
from workbench.units import ms_to_samples

__all__ = ["Prepared", "prepare"]

_Facts = dict[str, float | int | str | None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Audio that is ready to be planned.

    Attributes:
        pcm: int16, mono, shape (n,).
        sample_rate_hz: rate of ``pcm``.
        reference: word positions moved to where the words now are.
        facts: levels of ``pcm`` (see ``level_facts``), and what each step achieved: ``snr_db``, ``rt60_s``,
            ``clip_share``, ``codec_kbps``, ``loss_share``; a step that did not run leaves no fact.
    """

    pcm: NDArray[np.int16] = field(repr=False)
    sample_rate_hz: int
    reference: Reference = field(repr=False)
    facts: _Facts


def prepare(
    pcm: NDArray[np.int16],
    rate_hz: int,
    reference: Reference,
    config: AudioConfig,
    *,
    seed: int,
    key: str,
    speaker: str | None = None,
) -> Prepared:
    """Turn reference audio into what a configuration would have a service hear.

    Args:
        pcm: int16, mono, shape (n,).
        rate_hz: rate of ``pcm``.
        reference: word positions at ``rate_hz``.
        config: what to do.
        seed: seed of the run.
        key: id of the utterance; with the seed it fixes every random number.
        speaker: whose voice babble leaves out; None leaves out nobody.

    Raises:
        AudioError: no speech where a ratio to it was asked for, or too short to resample.
    """
    steps = _Steps(config, seed, key, speaker)
    rate = config.sample_rate_hz
    if _is_identity(config, rate_hz):
        out = pcm
    else:
        x = resample(to_float(pcm), rate_hz * config.speed, rate)
        for step in (steps.pad, steps.room, steps.noise, steps.microphone, steps.line, steps.network):
            x = step(x)
        out = to_int16(x)
    place = _placer(config, rate_hz, out.size)
    words = tuple(
        replace(word, start_sample=place(word.start_sample), end_sample=place(word.end_sample))
        for word in reference.words
    )
    return Prepared(out, rate, replace(reference, words=words), level_facts(out, rate) | steps.facts)


def _is_identity(config: AudioConfig, rate_hz: int) -> bool:
    return rate_hz == config.sample_rate_hz and not set(config.differing()) - {"sample_rate_hz", "chunk_ms"}


def _placer(config: AudioConfig, rate_hz: int, samples: int) -> Callable[[int], int]:
    """Where a sample of the source is now."""
    lead = _padding(config.lead_ms, config.sample_rate_hz)
    stretch = 2 if config.stereo_fault == "interleaved" else 1

    def place(sample: int) -> int:
        moved = lead + int(sample * config.sample_rate_hz / (rate_hz * config.speed) + 0.5)
        return min(samples, moved * stretch)

    return place


def _padding(milliseconds: int, rate_hz: int) -> int:
    return ms_to_samples(milliseconds, rate_hz) if milliseconds else 0


class _Steps:
    """The steps of one preparation; each takes and gives float64 of shape (n,) at the streamed rate."""

    def __init__(self, config: AudioConfig, seed: int, key: str, speaker: str | None) -> None:
        self.config = config
        self.rate_hz = config.sample_rate_hz
        self.speaker = speaker
        self.facts: _Facts = {}
        self._seed = seed
        self._key = key

    def _rng(self, step: str) -> np.random.Generator:
        return step_generator(self._seed, self._key, step)

    def pad(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        c = self.config
        return np.pad(x, (_padding(c.lead_ms, self.rate_hz), _padding(c.trail_ms, self.rate_hz)))

    def room(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.config.rt60_s <= 0:
            return x
        response = room_response(self.config.rt60_s, self.rate_hz, self._rng("room"))
        self.facts["rt60_s"] = measured_rt60_s(response, self.rate_hz)
        return reverberate(x, response)

    def noise(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        c = self.config
        if c.noise is None or c.snr_db is None or c.snr_db == math.inf:
            return x
        noise = make_noise(c.noise, x.size, self.rate_hz, self._rng(f"noise {c.noise}"), speaker=self.speaker)
        mixture, achieved = add_noise(x, noise, self.rate_hz, c.snr_db)
        self.facts["snr_db"] = round(achieved, 3)
        return mixture

    def microphone(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        c = self.config
        if c.gain_db:
            x = x * 10 ** (c.gain_db / 20)
        if c.dc_offset:
            x = x + c.dc_offset
        if c.clip_db:
            x, share = clip_peaks(x, c.clip_db)
            self.facts["clip_share"] = round(share, 6)
        return x

    def line(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        c = self.config
        if c.stereo_fault:
            x = stereo_fault(x, c.stereo_fault, self.rate_hz)
        if c.band:
            x = band_limit(x, self.rate_hz)
        if c.codec:
            x, kbps = round_trip(x, self.rate_hz, c.codec, c.codec_rate_hz or self.rate_hz, c.codec_kbps)
            self.facts["codec_kbps"] = kbps
        return x

    def network(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        c = self.config
        if not c.loss_percent:
            return x
        packet = ms_to_samples(c.loss_ms, self.rate_hz)
        x, share = lose_packets(x, packet, c.loss_percent, c.loss_concealment, self._rng("loss"))
        self.facts["loss_share"] = round(share, 4)
        return x
