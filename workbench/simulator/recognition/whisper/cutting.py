"""Where a segment without a pause is cut: at a gap between two words, as late and as deep as there is one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.simulator.recognition.whisper.features import RATE_HZ
from workbench.simulator.recognition.whisper.model import SpokenWord

__all__ = ["cut_place"]

_EARLIEST_S, _LATEST_S = 5.0, 0.5
"""From the beginning, and from the end: what comes later may be half a word."""

_AROUND_S = 0.08
"""Word times are that uncertain."""

_STEP_SAMPLES = 160
_SMOOTH_STEPS = 4
_MARKS_DB = {".": 10.0, "?": 10.0, "!": 10.0, ",": 6.0, ";": 6.0, ":": 6.0}
_KEPT_OF_NOISE_S = 3.0


def cut_place(pcm: NDArray[np.int16], words: Sequence[SpokenWord]) -> tuple[int, int]:
    """How many of the words are final, and the sample at which the rest begins.

    Args:
        pcm: int16 at 16 kHz, the whole segment.
        words: what was heard in it; none if that was nothing to believe.

    The place is the softest one between two words, a mark being worth some dB. Nothing but the end of the sound is kept
    of a segment without words: somebody may have begun to speak.
    """
    size = len(pcm)
    if not words:
        return 0, size - min(size, int(_KEPT_OF_NOISE_S * RATE_HZ))
    level = _level_db(pcm)
    latest = size - int(_LATEST_S * RATE_HZ)
    candidates = []
    for count, word in enumerate(words, start=1):
        following = words[count].start_sample if count < len(words) else size
        place = _softest(level, word.end_sample, following)
        if place <= latest:
            candidates.append((level[place // _STEP_SAMPLES] - _MARKS_DB.get(word.text[-1:], 0.0), place, count))
    late = [candidate for candidate in candidates if candidate[1] >= _EARLIEST_S * RATE_HZ]
    if late:
        _, place, count = min(late)
    elif candidates:
        _, place, count = candidates[-1]
    else:  # one word from end to end
        place, count = size, len(words)
    return count, place


def _softest(level: NDArray[np.float64], end: int, start: int) -> int:
    """The softest sample between the end of a word and the start of the next, or a little beside."""
    around = int(_AROUND_S * RATE_HZ)
    first = max(end - around, 0) // _STEP_SAMPLES
    last = min(max(start + around, end) // _STEP_SAMPLES, len(level) - 1)
    first = min(first, last)
    return (first + int(np.argmin(level[first : last + 1]))) * _STEP_SAMPLES


def _level_db(pcm: NDArray[np.int16]) -> NDArray[np.float64]:
    """Level around every 10 ms."""
    steps = len(pcm) // _STEP_SAMPLES
    power = (pcm[: steps * _STEP_SAMPLES].astype(np.float64).reshape(steps, -1) ** 2).mean(axis=1)
    smooth = np.convolve(power, np.full(_SMOOTH_STEPS, 1 / _SMOOTH_STEPS), mode="same")
    return 10 * np.log10(smooth + 1.0)
