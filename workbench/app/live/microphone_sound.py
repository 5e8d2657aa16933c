"""What a microphone has sent so far: drawn as it comes, and asked where speech begins and ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.audio.peaks import peaks
from workbench.audio.speech import speech_facts

__all__ = ["RATE_HZ", "MicrophoneSound"]

RATE_HZ = 16_000

_TAIL_S = 20
"""Newest sound, in which the end of the speech is looked for."""

_COLUMNS_A_SECOND = 50


class MicrophoneSound:
    """Samples in the order of their coming: int16, little-endian, mono."""

    def __init__(self) -> None:
        self._pcm = bytearray()

    def add(self, pcm: bytes) -> dict[str, Any]:
        """Take samples; returns what viewers draw of them: ``peaks``, lowest and highest in turn, over ``ms``."""
        self._pcm += pcm
        samples = np.frombuffer(pcm, "<i2").astype(np.int16)
        columns = max(1, samples.size * _COLUMNS_A_SECOND // RATE_HZ)
        return {"peaks": peaks(samples, columns).ravel().tolist(), "ms": 1000 * samples.size / RATE_HZ}

    def span_ms(self, *, newest: bool) -> tuple[int, int] | None:
        """First and last speech, from the start of the sound; with ``newest`` of the last 20 s alone."""
        begin = max(0, len(self._pcm) - 2 * RATE_HZ * _TAIL_S) if newest else 0
        facts = speech_facts(np.frombuffer(bytes(self._pcm[begin:]), "<i2").astype(np.int16), RATE_HZ)
        from_ms = 500 * begin // RATE_HZ
        first, last = facts.get("speech_begin_ms"), facts.get("speech_end_ms")
        return None if first is None or last is None else (from_ms + int(first), from_ms + int(last))
