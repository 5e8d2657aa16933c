"""Read any format that libsndfile knows, as mono int16 at a rate, with facts about what was read.

Integers stay integers: a 16-bit mono file at the wanted rate comes back bit for bit. Anything else passes through
double precision once (integer formats scaled by their own full scale, float formats taken as they are, 1.0 being
full scale), is downmixed by the mean of its channels, resampled and rounded.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio.container import promised_data_bytes
from workbench.audio.levels import level_facts, to_int16
from workbench.audio.resample import resample
from workbench.errors import AudioError

if TYPE_CHECKING:
    import soundfile

__all__ = ["Audio", "AudioInfo", "audio_info", "file_sha256", "read_audio", "write_audio"]

_FORMATS = "WAV, FLAC, MP3, Ogg Vorbis or Opus, AIFF, AU or NIST"


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What a sound file says about itself.

    Attributes:
        sample_rate_hz: of the file.
        channels: of the file.
        samples: per channel.
        container: libsndfile's name of the format, such as ``WAV``.
        encoding: libsndfile's name of the subtype, such as ``PCM_16``.
    """

    sample_rate_hz: int
    channels: int
    samples: int
    container: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Audio:
    """Audio as everything after this module takes it.

    Attributes:
        pcm: int16, mono, shape (n,).
        sample_rate_hz: rate of ``pcm``.
        facts: levels of ``pcm`` (``workbench.audio.levels.level_facts``) and ``source_rate_hz``, ``source_channels``,
            ``source_format``, ``conversion`` (what was done to the file: ``none``, ``downmixed``, ``resampled``…).
    """

    pcm: NDArray[np.int16] = field(repr=False)
    sample_rate_hz: int
    facts: dict[str, float | int | str | None]


def audio_info(path: Path) -> AudioInfo:
    """Read a sound file's header and check that the file is as long as it says.

    Raises:
        AudioError: missing, empty, no audio, no samples, or a WAV shorter than its header says.
    """
    with _open(path) as file:
        info = _info_of(file)
    _check_promise(path, info)
    return info


def read_audio(path: Path, rate_hz: int | None = None, *, start_sample: int = 0, samples: int | None = None) -> Audio:
    """Read a sound file, or a stretch of one, as mono int16.

    Args:
        path: any format that libsndfile reads.
        rate_hz: rate wanted; None keeps the file's.
        start_sample: first sample wanted, at the file's rate.
        samples: how many, at the file's rate; None reads to the end.

    Raises:
        AudioError: missing, empty, no audio, truncated, the stretch lies outside, or samples that are not finite.
    """
    with _open(path) as file:
        info = _info_of(file)
        _check_promise(path, info)
        wanted = info.samples - start_sample if samples is None else samples
        if start_sample < 0 or wanted <= 0 or start_sample + wanted > info.samples:
            raise AudioError(
                "the stretch lies outside the file",
                item=str(path),
                got=f"samples {start_sample} to {start_sample + wanted}",
                expected=f"within 0 to {info.samples}",
            )
        data = _read(path, file, info, start_sample, wanted)
    rate = rate_hz or info.sample_rate_hz
    pcm, conversion = _to_mono_int16(path, data, info, rate)
    facts = level_facts(pcm, rate)
    facts |= {
        "source_rate_hz": info.sample_rate_hz,
        "source_channels": info.channels,
        "source_format": f"{info.container}/{info.encoding}",
        "conversion": conversion,
    }
    return Audio(pcm, rate, facts)


def write_audio(path: Path, pcm: NDArray[np.int16], rate_hz: int) -> None:
    """Write mono int16 as the format that the file's ending names (``.wav``, ``.flac``, …).

    Raises:
        AudioError: the ending names no format, or the file cannot be written.
    """
    import soundfile as sf

    try:
        sf.write(path, pcm, rate_hz, subtype=None if path.suffix.lower() in {".ogg", ".mp3"} else "PCM_16")
    except (TypeError, ValueError, RuntimeError, OSError) as error:
        raise AudioError(
            "cannot write audio",
            item=str(path),
            got=str(error) or path.suffix,
            expected="a writable .wav or .flac path",
        ) from error


def file_sha256(path: Path) -> str:
    """sha256 of a file's bytes, read in constant memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open(path: Path) -> soundfile.SoundFile:
    import soundfile as sf

    if not path.exists():
        raise AudioError("no such audio file", item=str(path), action="Check the path")
    if path.is_dir():
        raise AudioError("a folder, not an audio file", item=str(path), expected=_FORMATS)
    try:
        if path.stat().st_size == 0:
            raise AudioError("empty file", item=str(path), got="0 bytes", expected=_FORMATS)
        file = sf.SoundFile(path)
    except PermissionError as error:
        raise AudioError(
            "audio file cannot be opened", item=str(path), got="permission denied", action="Check who may read it"
        ) from error
    except (RuntimeError, TypeError) as error:
        # TypeError: soundfile takes a .raw ending for headerless audio, whose rate nobody knows.
        raise AudioError(
            "not audio, or damaged at its start", item=str(path), got=f"{path.stat().st_size} bytes", expected=_FORMATS
        ) from error
    if file.frames <= 0:
        file.close()
        raise AudioError("audio file without samples", item=str(path), got="0 samples", expected="at least one")
    return file


def _info_of(file: soundfile.SoundFile) -> AudioInfo:
    return AudioInfo(file.samplerate, file.channels, file.frames, file.format, file.subtype)


def _check_promise(path: Path, info: AudioInfo) -> None:
    promised = promised_data_bytes(path)
    if promised and promised[1] < promised[0]:
        expected = info.samples * promised[0] // max(1, promised[1])
        raise _truncated(path, info.samples, expected)


def _truncated(path: Path, got: int, expected: int) -> AudioError:
    return AudioError(
        "truncated audio",
        item=str(path),
        got=f"{got} samples",
        expected=f"{expected} as its header says",
        action="Copy the file again from its source",
    )


def _read(path: Path, file: soundfile.SoundFile, info: AudioInfo, start: int, wanted: int) -> NDArray[Any]:
    dtype = "int16" if info.encoding == "PCM_16" and info.channels == 1 else "float64"
    try:
        if start:
            file.seek(start)
        data: NDArray[Any] = file.read(wanted, dtype=dtype, always_2d=True)
    except RuntimeError as error:
        raise AudioError(
            "audio breaks off or is damaged",
            item=str(path),
            expected=f"{info.samples} samples as its header says",
            action="Copy the file again from its source",
        ) from error
    if data.shape[0] < wanted:
        raise _truncated(path, start + data.shape[0], info.samples)
    return data


def _to_mono_int16(path: Path, data: NDArray[Any], info: AudioInfo, rate: int) -> tuple[NDArray[np.int16], str]:
    steps = []
    if data.dtype == np.int16 and rate == info.sample_rate_hz:
        return np.ascontiguousarray(data[:, 0]), "none"
    x: NDArray[np.float64] = data.astype(np.float64) / 32768.0 if data.dtype == np.int16 else data
    if not np.isfinite(x).all():
        raise AudioError(
            "samples that are not finite", item=str(path), got="NaN or infinity", expected="finite samples"
        )
    if info.encoding != "PCM_16":
        steps.append("requantised")
    if info.channels > 1:
        x = x.mean(axis=1, keepdims=True)
        steps.append("downmixed")
    if rate != info.sample_rate_hz:
        x = resample(x[:, 0], info.sample_rate_hz, rate)[:, None]
        steps.append("resampled")
    return to_int16(x[:, 0]), "+".join(steps) or "none"
