"""Where somebody speaks: WebRTC's voice activity and the level, and the segments that follow from them."""

from __future__ import annotations

import bisect
import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

__all__ = ["FRAME_SAMPLES", "PRE_ROLL_SAMPLES", "Activity", "VoiceFrames"]

FRAME_SAMPLES = 480
"""30 ms at 16 kHz, the longest frame that the voice activity takes."""

_FRAME_BYTES = 2 * FRAME_SAMPLES
_MODE = 3
"""The strictest one."""

_ONSET_VOICED, _ONSET_FRAMES = 3, 6
PRE_ROLL_SAMPLES = 8_000
_KEPT_SAMPLES = 4_800


_FLOOR_FRAMES = 266
"""8 s: the floor of the level is looked for in so many frames behind us, or in as many as there are."""

_FLOOR_SHARE = 0.2
_OVER_FLOOR_DB = 6.0
"""A fifth of the frames lies under the floor, and speech 6 dB over it. The voice activity alone stays open in other
people's voices and in hum. With the level every pause of four visits and eleven sentences is seen in babble at 10 dB,
and no word is lost: clean, in hum or pink noise at 10 dB, in babble at 10 dB; one of 1,126 is at 5 dB. The level after
pre-emphasis would be worse: in pink noise at 10 dB it loses two thirds of the words."""


class VoiceFrames:
    """Whether each frame of one stream is speech; it remembers, so each stream needs its own."""

    def __init__(self) -> None:
        from pocketsphinx import Vad

        self._vad = Vad(_MODE, 16_000, 0.03)
        self._levels: deque[float] = deque()
        self._sorted: list[float] = []

    def is_speech(self, frame: bytes) -> bool:
        """Whether somebody speaks in the next 960 bytes."""
        sounds_so = bool(self._vad.is_speech(frame))
        level = _level_db(frame)
        self._levels.append(level)
        bisect.insort(self._sorted, level)
        if len(self._levels) > _FLOOR_FRAMES:
            del self._sorted[bisect.bisect_left(self._sorted, self._levels.popleft())]
        return sounds_so and level > self._sorted[int(_FLOOR_SHARE * (len(self._sorted) - 1))] + _OVER_FLOOR_DB


def _level_db(frame: bytes) -> float:
    x = np.frombuffer(frame, "<i2").astype(np.float64)
    return 10 * math.log10(float(x @ x) / len(x) + 1)


@dataclass(slots=True)
class Activity:
    """From frames to segments. Places are samples of the stream.

    Attributes:
        pause: samples without speech that end a segment. After 0.3 s, where pocketsphinx ends an utterance, sentences
            are cut in two; 0.6 s are right for dictation.
        end: end of the frames so far.
        opened: where the open segment begins, None if there is none.
        voiced_end: end of the last voiced frame of the open segment.
        earliest: no segment begins before it.
    """

    pause: int
    end: int = 0
    opened: int | None = None
    voiced_end: int = 0
    earliest: int = 0
    _recent: deque[bool] = field(default_factory=lambda: deque(maxlen=_ONSET_FRAMES))

    def push(self, voiced: bool) -> int | None:
        """One more frame. Returns where a segment that ends with it has its end, which lies before the frame's."""
        self.end += FRAME_SAMPLES
        self._recent.append(voiced)
        if voiced:
            self.voiced_end = self.end
        if self.opened is None:
            if sum(self._recent) >= _ONSET_VOICED:
                first = self.end - FRAME_SAMPLES * (len(self._recent) - list(self._recent).index(True))
                self.opened = max(first - PRE_ROLL_SAMPLES, self.earliest)
            return None
        if self.end - self.voiced_end < self.pause:
            return None
        return self.close()

    def cut(self, place: int) -> None:
        """The open segment begins anew at a place."""
        self.opened = self.earliest = place

    def close(self) -> int:
        """End the open segment; returns its end."""
        self.earliest = max(self.earliest, min(self.voiced_end + _KEPT_SAMPLES, self.end))
        self.opened = None
        self._recent.clear()
        return self.earliest
