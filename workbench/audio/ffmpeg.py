"""MP4, M4A, WebM, Matroska, WMA, AAC and AMR through the system's ffmpeg, where it is installed.

ffmpeg runs as a process of its own and writes samples into a pipe. It is told which demuxer to use, decided by the
file's first bytes, and that it may open this file alone: a playlist or a reference cannot lead it to another.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio.sound import SoundHeader, breaks_off, check_values
from workbench.errors import AudioError

__all__ = ["NAMES", "open_by_ffmpeg"]

NAMES = {"mov": "MP4", "matroska": "MATROSKA", "asf": "ASF", "aac": "AAC", "amr": "AMR"}
"""Demuxers of ffmpeg and what the container is called in facts."""

_STREAM = re.compile(r"Stream #\S+.*?Audio: (\w+).*?, (\d+) Hz, ([\w.]+)")
_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d\.\d+)")
_CHANNELS = {"mono": 1, "stereo": 2, "2.1": 3, "quad": 4, "5.0": 5, "5.1": 6, "7.1": 8}
_BLOCK_VALUES = 1 << 18
_PROBE_S = 60
# A container states its duration in milliseconds, and a codec's last frame may stick out of it.
_SLACK_S = 0.15


@contextmanager
def open_by_ffmpeg(path: Path, demuxer: str, start: int) -> Iterator[_FfmpegSound]:
    """Open a file that ffmpeg decodes.

    Args:
        path: the file.
        demuxer: ffmpeg's name of the container.
        start: first byte of the container, after a tag.

    Raises:
        AudioError: ffmpeg is not installed, or finds no sound in the file.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise AudioError(
            f"{NAMES[demuxer]} audio needs ffmpeg, which is not installed here",
            item=str(path),
            action="Install ffmpeg, or convert the file to WAV or FLAC",
        )
    source = [program, "-nostdin", "-hide_banner", "-protocol_whitelist", "file,pipe,subfile"]
    name = f"file:{path.resolve()}" if start == 0 else f"subfile,,start,{start},end,0,,:{path.resolve()}"
    yield _FfmpegSound(path, [*source, "-f", demuxer, "-i", name], NAMES[demuxer])


class _FfmpegSound:
    """Sound that comes out of a child process; each pass over it decodes again."""

    def __init__(self, path: Path, source: list[str], container: str) -> None:
        self._path = path
        self._source = source
        # Without an output ffmpeg describes the file on stderr and exits with 1.
        about = subprocess.run(source, capture_output=True, text=True, errors="replace", timeout=_PROBE_S, check=False)
        stream = _STREAM.search(about.stderr)
        channels = stream and (_CHANNELS.get(stream[3]) or (int(stream[3]) if stream[3].isdigit() else None))
        if stream is None or not channels:
            raise AudioError(
                "no sound that ffmpeg can decode", item=str(path), got=_complaint(about.stderr), expected="audio"
            )
        # A stream without a header has a length that ffmpeg guesses from its size and bit rate, and says so.
        duration = None if "Estimating duration" in about.stderr else _DURATION.search(about.stderr)
        self._promised_s = int(duration[1]) * 3600 + int(duration[2]) * 60 + float(duration[3]) if duration else None
        remarks = () if duration else ("its length is stated nowhere; it was read to its end",)
        self.header = SoundHeader(int(stream[2]), channels, container, stream[1].upper(), None, remarks)

    def blocks(self, start: int = 0, samples: int | None = None) -> Iterator[NDArray[Any]]:
        """Blocks of float64, shape (n, channels)."""
        channels, rate = self.header.channels, self.header.sample_rate_hz
        command = [*self._source, "-v", "error", "-vn", "-sn", "-dn", "-map", "0:a:0"]
        command += ["-ac", str(channels), "-ar", str(rate), "-c:a", "pcm_f32le", "-f", "f32le", "-"]
        done, wanted = 0, None if samples is None else start + samples
        with (
            TemporaryFile() as complaints,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints) as child,
        ):
            try:
                assert child.stdout is not None  # noqa: S101  asked for above
                for block in _floats(child.stdout, channels):
                    first, last = max(0, start - done), len(block) if wanted is None else min(len(block), wanted - done)
                    done += len(block)
                    check_values(self._path, done, channels)
                    if first < last:
                        yield block[first:last]
                    if wanted is not None and done >= wanted:
                        return
            finally:
                child.kill()
            complaints.seek(0)
            self._judge(done, wanted, complaints.read().decode(errors="replace"))

    def _judge(self, done: int, wanted: int | None, complaints: str) -> None:
        promised = round((self._promised_s or 0) * self.header.sample_rate_hz)
        if done == 0:
            raise AudioError(
                "no sound that ffmpeg can decode",
                item=str(self._path),
                got=_complaint(complaints),
                expected="an audio file",
            )
        if done + _SLACK_S * self.header.sample_rate_hz < promised or (wanted is not None and done < wanted):
            raise breaks_off(self._path, done, max(promised, wanted or 0))
        if complaints:
            raise AudioError(
                "audio breaks off or is damaged",
                item=str(self._path),
                got=_complaint(complaints),
                action="Copy the file again",
            )


def _floats(pipe: IO[bytes], channels: int) -> Iterator[NDArray[np.float64]]:
    size = 4 * channels * max(1, _BLOCK_VALUES // channels)
    while data := pipe.read(size):
        whole = len(data) // (4 * channels) * 4 * channels
        yield np.frombuffer(data[:whole], "<f4").reshape(-1, channels).astype(np.float64)


def _complaint(text: str) -> str | None:
    """The last line that ffmpeg wrote, without the names and addresses in front of it."""
    lines = [line for line in text.splitlines() if line.strip() and "output file must be specified" not in line]
    return re.sub(r"^\[[^\]]*\]\s*|^\S*file:\S*: ", "", lines[-1]).strip()[:200] if lines else None
