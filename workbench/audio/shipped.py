"""Where the corpora and noises that come with the package lie."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.audio.files import read_audio
from workbench.audio.levels import to_float
from workbench.audio.resample import resample
from workbench.errors import ConfigurationError

__all__ = ["babble_tracks", "noise_bed", "shipped_datasets"]


def shipped_datasets() -> Path:
    """Folder of the built-in corpora: inside an installed package, or beside the package in its source tree.

    Raises:
        ConfigurationError: neither is there.
    """
    package = Path(__file__).parents[1]
    for folder in (package / "_datasets", package.parent / "datasets"):
        if folder.is_dir():
            return folder
    raise ConfigurationError(
        "the built-in corpora are missing", item=str(package / "_datasets"), action="Install suki-workbench again"
    )


@cache
def noise_bed(name: str, rate_hz: int) -> NDArray[np.float64]:
    """A recorded noise of the ``noise`` data set at a rate, read-only; it is meant to be looped.

    Args:
        name: ``hum``, ``clicks`` or ``babble-<voice>``.
        rate_hz: rate wanted.
    """
    audio = read_audio(shipped_datasets() / "noise" / f"{name}.flac")
    bed = resample(to_float(audio.pcm), audio.sample_rate_hz, rate_hz)
    bed.setflags(write=False)
    return bed


@cache
def babble_tracks() -> tuple[str, ...]:
    """Voices whose speech babble is mixed from, sorted."""
    folder = shipped_datasets() / "noise"
    return tuple(sorted(path.stem.removeprefix("babble-") for path in folder.glob("babble-*.flac")))
