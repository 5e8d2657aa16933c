"""What a sound file is while it is decoded, whichever library decodes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from workbench.errors import AudioError

__all__ = ["Sound", "SoundHeader", "breaks_off", "check_values"]

MAX_VALUES = 1 << 30
"""Most samples of a file times its channels: 18 hours of 16 kHz; a megabyte of FLAC can claim more."""


@dataclass(frozen=True, slots=True)
class SoundHeader:
    """What is known before decoding.

    Attributes:
        sample_rate_hz: rate of the file.
        channels: number of channels.
        container: name of the format, such as ``WAV``.
        encoding: name of the sample format, such as ``PCM_16``.
        samples: per channel, counted from the structure of the file; None if only decoding can tell.
        remarks: what a user should know about how the file is read.
    """

    sample_rate_hz: int
    channels: int
    container: str
    encoding: str
    samples: int | None
    remarks: tuple[str, ...] = ()


class Sound(Protocol):
    """An open sound file."""

    header: SoundHeader

    def blocks(self, start: int = 0, samples: int | None = None) -> Iterator[NDArray[Any]]:
        """Blocks of shape (n, channels) from a sample on: int16 if the file holds 16-bit integers, else float64."""
        ...


def breaks_off(path: Path, got: int, expected: int) -> AudioError:
    """The error for sound that ends before the sample where the structure of the file says it ends."""
    return AudioError(
        "audio breaks off or is damaged",
        item=str(path),
        got=f"{got} samples",
        expected=f"{expected} as its header says",
        action="Copy the file again from its source",
    )


def check_values(path: Path, samples: int, channels: int) -> None:
    """Refuse a file that decodes to more than any recording. Raises AudioError."""
    if samples * channels > MAX_VALUES:
        raise AudioError(
            "recording too long",
            item=str(path),
            got=f"{samples} samples of {channels} channels",
            expected=f"samples times channels up to {MAX_VALUES}",
            action="Split the recording",
        )
