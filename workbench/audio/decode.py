"""Decode a sound file once, block by block, counting what comes out.

What a header states is a claim: the structure of the file decides which stretches are decoded
(``workbench.audio.containers``), libsndfile decodes them, and the system's ffmpeg does so for MP4, WebM, WMA, AAC and
AMR if it is installed. No more than a block is held, whatever length, rate or number of channels a file claims.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from workbench.audio.containers import Family, Layout, Missing, Part, family_of, layout_of
from workbench.audio.containers.layout import PartFile
from workbench.audio.ffmpeg import open_by_ffmpeg
from workbench.audio.sound import Sound, SoundHeader, breaks_off, check_values
from workbench.errors import AudioError

if TYPE_CHECKING:
    import soundfile

__all__ = ["FORMATS", "RATES_HZ", "open_sound"]

FORMATS = "WAV, FLAC, MP3, Ogg Vorbis or Opus, AIFF, AU or NIST"
RATES_HZ = (1_000, 768_000)
MAX_CHANNELS = 64
_BLOCK_VALUES = 1 << 18
_BY_FFMPEG = {Family.MP4, Family.MATROSKA, Family.ASF, Family.AAC, Family.AMR}


@contextmanager
def open_sound(path: Path) -> Iterator[Sound]:
    """Open a sound file of any known format.

    Raises:
        AudioError: missing, empty, no audio, cut off, or with a header that no recording of speech can have.
    """
    with ExitStack() as stack:
        data = _mapped(path, stack)
        family, start = family_of(data)
        if family in _BY_FFMPEG:
            sound: Sound = stack.enter_context(open_by_ffmpeg(path, family.value, start))
        else:
            layout = layout_of(data)
            _check_missing(path, layout.missing)
            sound = _LibsndfileSound(path, data, layout)
        _check_header(path, sound.header)
        yield sound


def _mapped(path: Path, stack: ExitStack) -> mmap:
    if path.is_dir():
        raise AudioError("a folder, not an audio file", item=str(path), expected=FORMATS)
    try:
        file = stack.enter_context(path.open("rb"))
        if path.stat().st_size == 0:
            raise AudioError("empty file", item=str(path), got="0 bytes", expected=FORMATS)
        data = mmap(file.fileno(), 0, access=ACCESS_READ)
    except FileNotFoundError as error:
        raise AudioError("no such audio file", item=str(path), action="Check the path") from error
    except PermissionError as error:
        raise AudioError(
            "audio file cannot be opened", item=str(path), got="permission denied", action="Check who may read it"
        ) from error
    except (OSError, ValueError) as error:
        raise AudioError(
            "audio file cannot be read",
            item=str(path),
            got=str(error),
            action="Copy it to a local folder and try again",
        ) from error
    stack.callback(data.close)
    return data


def _check_missing(path: Path, missing: Missing | None) -> None:
    if missing is not None:
        raise AudioError(
            "truncated audio",
            item=str(path),
            got=f"{missing.got} {missing.unit}",
            expected=f"{missing.expected} as its header says",
            action="Copy the file again from its source",
        )


def _check_header(path: Path, header: SoundHeader) -> None:
    low, high = RATES_HZ
    if not low <= header.sample_rate_hz <= high:
        raise AudioError(
            "no sample rate of a recording",
            item=str(path),
            got=f"{header.sample_rate_hz} Hz",
            expected=f"{low} to {high} Hz",
        )
    if not 1 <= header.channels <= MAX_CHANNELS:
        raise AudioError("too many channels", item=str(path), got=header.channels, expected=f"1 to {MAX_CHANNELS}")
    check_values(path, header.samples or 0, header.channels)
    if header.samples == 0:
        raise AudioError("audio file without samples", item=str(path), got="0 samples", expected="at least one")


@dataclass(slots=True)
class _LibsndfileSound:
    """Reads the parts of a layout one after the other, never two at once."""

    path: Path
    data: mmap = field(repr=False)
    layout: Layout = field(repr=False)
    header: SoundHeader = field(init=False)
    _lengths: list[int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        headers = []
        for index in range(max(1, len(self.layout.parts))):
            with self._open(index) as file:
                headers.append((file.samplerate, file.channels, file.format, file.subtype, file.frames))
        kinds = {(rate, channels) for rate, channels, *_ in headers}
        if len(kinds) > 1:
            got = " and ".join(f"{rate} Hz with {channels} channels" for rate, channels in sorted(kinds))
            raise AudioError(
                "recordings of different kinds in one file", item=str(self.path), got=got, action="Split the file"
            )
        self._lengths = [frames for *_, frames in headers]
        rate, channels, container, encoding, _ = headers[0]
        self.header = SoundHeader(rate, channels, container, encoding, sum(self._lengths), self.layout.remarks)

    def _open(self, index: int) -> soundfile.SoundFile:
        import soundfile as sf

        # A file object, because soundfile takes a path that ends in .raw for headerless audio whatever is in it.
        by_name = not self.layout.parts and self.path.suffix.lower() != ".raw"
        parts = self.layout.parts or (Part((range(len(self.data)),)),)
        try:
            return sf.SoundFile(self.path if by_name else PartFile(self.data, parts[index]))
        except (RuntimeError, TypeError) as error:
            raise AudioError(
                "not audio, or damaged at its start",
                item=str(self.path),
                got=f"{len(self.data)} bytes",
                expected=FORMATS,
            ) from error

    def blocks(self, start: int = 0, samples: int | None = None) -> Iterator[NDArray[Any]]:
        left = sum(self._lengths) - start if samples is None else samples
        for index, length in enumerate(self._lengths):
            if start >= length:
                start -= length
                continue
            if left <= 0:
                return
            wanted = min(left, length - start)
            with self._open(index) as file:
                yield from self._read(file, start, wanted)
            left -= wanted
            start = 0

    def _read(self, file: soundfile.SoundFile, start: int, wanted: int) -> Iterator[NDArray[Any]]:
        dtype = "int16" if self.header.encoding == "PCM_16" else "float64"
        size = max(1, _BLOCK_VALUES // self.header.channels)
        done = 0
        try:
            if start:
                file.seek(start)
            while done < wanted:
                block: NDArray[Any] = file.read(min(size, wanted - done), dtype=dtype, always_2d=True)
                if not block.shape[0]:
                    break
                done += block.shape[0]
                yield block
        except RuntimeError as error:
            raise breaks_off(self.path, start + done, start + wanted) from error
        if done < wanted:
            raise breaks_off(self.path, start + done, start + wanted)
