"""Read a sound file as mono int16 at a rate, with facts about what was read.

Integers stay integers: 16-bit samples of one channel at the wanted rate come back bit for bit. Anything else passes
through double precision once (integer formats scaled by their own full scale, float formats taken as they are, 1.0
being full scale), is downmixed by the mean of its channels unless one channel is chosen, resampled and rounded. The
file is decoded in blocks: besides the int16 result no more than a block is held.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.audio.decode import open_sound
from workbench.audio.levels import level_facts, to_int16
from workbench.audio.resample import ResampleStream, resampled_length
from workbench.audio.sound import SoundHeader, breaks_off
from workbench.errors import AudioError
from workbench.trust.whole_file import replace_file

__all__ = [
    "Audio",
    "AudioInfo",
    "audio_info",
    "check_channel",
    "encode_audio",
    "file_sha256",
    "mono",
    "read_audio",
    "write_audio",
]


MAX_SAMPLES = 1 << 28
"""Most samples of what is read whole, to be played: 4.6 hours at 16 kHz, 93 minutes at 48 kHz; 512 MB."""


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a sound file holds.

    Attributes:
        sample_rate_hz: rate of the file.
        channels: number of channels.
        samples: per channel, counted: from the structure of the file, or by decoding it.
        container: name of the format, such as ``WAV``.
        encoding: name of the sample format, such as ``PCM_16``.
        remarks: what a user should know about how the file is read.
    """

    sample_rate_hz: int
    channels: int
    samples: int
    container: str
    encoding: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Audio:
    """Audio as everything after this module takes it.

    Attributes:
        pcm: int16, mono, shape (n,).
        sample_rate_hz: rate of ``pcm``.
        facts: levels of ``pcm`` (``workbench.audio.levels.level_facts``) and ``source_rate_hz``, ``source_channels``,
            ``source_format``, ``conversion`` (what was done to the file: ``none``, ``downmixed``, ``resampled``…) and
            ``source_remarks``, if there are any.
    """

    pcm: NDArray[np.int16] = field(repr=False)
    sample_rate_hz: int
    facts: dict[str, float | int | str | None]


def audio_info(path: Path) -> AudioInfo:
    """Rate, channels and counted length of a sound file; it is decoded only if its structure gives no length.

    Raises:
        AudioError: missing, empty, no audio, no samples, or shorter than its header says.
    """
    with open_sound(path) as sound:
        header = sound.header
        samples = header.samples
        if samples is None:
            samples = sum(block.shape[0] for block in sound.blocks())
    return AudioInfo(header.sample_rate_hz, header.channels, samples, header.container, header.encoding, header.remarks)


def read_audio(
    path: Path,
    rate_hz: int | None = None,
    *,
    start_sample: int = 0,
    samples: int | None = None,
    channel: int | None = None,
) -> Audio:
    """Read a sound file, or a stretch of one, as mono int16.

    Args:
        path: any format that libsndfile reads, or ffmpeg if it is installed.
        rate_hz: rate wanted; None keeps the file's.
        start_sample: first sample wanted, at the file's rate.
        samples: how many, at the file's rate; None reads to the end.
        channel: channel to take, from 0; None mixes all of them.

    Raises:
        AudioError: missing, empty, no audio, truncated, the stretch lies outside, there is no such channel, too long,
            or samples that are not finite.
    """
    with open_sound(path) as sound:
        header = sound.header
        check_channel(path, header, channel)
        _check_stretch(path, header.samples, start_sample, samples)
        rate = rate_hz or header.sample_rate_hz
        mixed = (mono(path, block, channel) for block in sound.blocks(start_sample, samples))
        wanted = samples if samples is not None else header.samples and header.samples - start_sample
        pcm = _joined(path, mixed, header.sample_rate_hz, rate, wanted)
    if pcm.size == 0:
        _check_stretch(path, 0, start_sample, samples)
    facts = level_facts(pcm, rate)
    facts |= {
        "source_rate_hz": header.sample_rate_hz,
        "source_channels": header.channels,
        "source_format": f"{header.container}/{header.encoding}",
        "conversion": _conversion(header, channel, rate),
    }
    if header.remarks:
        facts["source_remarks"] = "; ".join(header.remarks)
    return Audio(pcm, rate, facts)


def write_audio(path: Path, pcm: NDArray[np.int16], rate_hz: int) -> None:
    """Write mono int16 as the format that the file's ending names (``.wav``, ``.flac``, …).

    Raises:
        AudioError: the ending names no format, or the file cannot be written.
    """
    import soundfile as sf

    try:
        kind = path.suffix[1:].upper()
        subtype = None if kind in ("OGG", "MP3") else "PCM_16"
        replace_file(path, lambda file: sf.write(file, pcm, rate_hz, format=kind, subtype=subtype))
    except (TypeError, ValueError, RuntimeError, OSError) as error:
        raise AudioError(
            "cannot write audio",
            item=str(path),
            got=str(error) or path.suffix,
            expected="a writable .wav or .flac path",
        ) from error


def encode_audio(pcm: NDArray[np.int16], rate_hz: int, container: Literal["WAV", "FLAC", "OPUS"]) -> bytes:
    """Mono int16 as a file in memory that browsers play.

    WAV and FLAC keep every sample, FLAC in half of the bytes. OPUS (in Ogg; 8, 12, 16, 24 or 48 kHz) is lossy: a minute
    of speech in 0.3 MB.
    """
    import soundfile as sf

    buffer = io.BytesIO()
    if container == "OPUS":
        sf.write(buffer, pcm, rate_hz, format="OGG", subtype="OPUS")
    else:
        sf.write(buffer, pcm, rate_hz, format=container, subtype="PCM_16")
    return buffer.getvalue()


def file_sha256(path: Path) -> str:
    """sha256 of a file's bytes, read in constant memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def mono(path: Path, block: NDArray[Any], channel: int | None) -> NDArray[Any]:
    """One channel of a block, or the mean of all.

    Args:
        path: the file, for the error.
        block: int16 or float64 of shape (n, channels).
        channel: from 0; None is the mean.

    Returns:
        Shape (n,); int16 if the block is int16 and nothing had to be mixed, else float64 with full scale 1.0.

    Raises:
        AudioError: samples that are not finite.
    """
    if channel is not None or block.shape[1] == 1:
        x = block[:, channel or 0]
    else:
        x = block.mean(axis=1, dtype=np.float64)
        if block.dtype == np.int16:
            x /= 32768.0
    if x.dtype != np.int16 and not np.isfinite(x).all():
        raise AudioError(
            "samples that are not finite", item=str(path), got="NaN or infinity", expected="finite samples"
        )
    return x


def check_channel(path: Path, header: SoundHeader, channel: int | None) -> None:
    """Refuse a channel that a file does not have.

    Raises:
        AudioError: naming the channels that there are.
    """
    if channel is not None and not 0 <= channel < header.channels:
        raise AudioError("no such channel", item=str(path), got=channel, expected=f"0 to {header.channels - 1}")


def _check_stretch(path: Path, present: int | None, start: int, samples: int | None) -> None:
    end = start + (samples if samples is not None else 1)
    if start < 0 or (samples is not None and samples <= 0) or (present is not None and end > present):
        raise AudioError(
            "the stretch lies outside the file",
            item=str(path),
            got=f"samples {start} to {end if samples is not None else 'the end'}",
            expected=f"within 0 to {present}" if present is not None else "at least one sample, from 0 on",
        )


def _joined(
    path: Path, pieces: Iterator[NDArray[Any]], from_hz: int, to_hz: int, wanted: int | None
) -> NDArray[np.int16]:
    """Pieces resampled, rounded and put together."""
    stream = ResampleStream(from_hz, to_hz) if from_hz != to_hz else None
    _check_length(path, wanted or 0, from_hz, to_hz)
    pcm = np.zeros(resampled_length(wanted, from_hz, to_hz) if wanted else 0, np.int16)
    done = received = 0
    for piece in pieces:
        received += piece.size
        if wanted is None:
            _check_length(path, received, from_hz, to_hz)
        ready = _rounded(stream.add(_scaled(piece)) if stream else piece)
        if done + ready.size > pcm.size:
            pcm = np.concatenate([pcm[:done], np.zeros(max(ready.size, done // 2), np.int16)])
        pcm[done : done + ready.size] = ready
        done += ready.size
    if wanted is not None and received < wanted:
        raise breaks_off(path, received, wanted)
    if stream and received:
        ready = _rounded(stream.end())
        pcm = np.concatenate([pcm[:done], ready])
        done += ready.size
    return pcm[: min(done, resampled_length(received, from_hz, to_hz))]  # the filter may be a sample ahead


def _check_length(path: Path, samples: int, from_hz: int, to_hz: int) -> None:
    if max(samples, resampled_length(samples, from_hz, to_hz)) > MAX_SAMPLES:
        raise AudioError(
            "recording too long",
            item=str(path),
            got=f"{samples} samples at {from_hz} Hz, to be {to_hz} Hz",
            expected=f"up to {MAX_SAMPLES} samples",
            action="Split the recording",
        )


def _scaled(piece: NDArray[Any]) -> NDArray[np.float64]:
    return piece / 32768.0 if piece.dtype == np.int16 else piece


def _rounded(piece: NDArray[Any]) -> NDArray[np.int16]:
    return piece if piece.dtype == np.int16 else to_int16(piece)


def _conversion(header: SoundHeader, channel: int | None, rate_hz: int) -> str:
    steps = []
    if header.encoding != "PCM_16":
        steps.append("requantised")
    if header.channels > 1:
        steps.append("downmixed" if channel is None else f"channel {channel}")
    if rate_hz != header.sample_rate_hz:
        steps.append("resampled")
    return "+".join(steps) or "none"
