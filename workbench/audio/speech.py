"""Where in a recording somebody speaks, taken from the sound itself: the first onset and the last end.

WebRTC's voice activity detection, in frames of 30 ms. A few frames are no speech: the click of a mouse or of a switch
fills four, with what the detection adds behind it. Six of ten frames have to be voiced, at the onset and at the end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.units import NS_PER_MS, samples_to_ns

__all__ = ["speech_facts", "speech_span"]

_MODE = 3
"""The strictest of four: what is no speech shall not count."""

_FRAME_S = 0.03
_WINDOW, _VOICED = 10, 6


def speech_span(pcm: NDArray[np.int16], rate_hz: int) -> tuple[int, int] | None:
    """First sample of the first speech and one past the last sample of the last.

    Args:
        pcm: int16, mono, shape (n,).
        rate_hz: its sample rate.

    Returns:
        Positions to one frame of 30 ms; None if nobody speaks, or if the sound is shorter than ten frames.
    """
    from pocketsphinx import Vad

    vad = Vad(_MODE, rate_hz, _FRAME_S)
    sound, size = pcm.astype("<i2").tobytes(), vad.frame_bytes
    frames = np.array([vad.is_speech(sound[at : at + size]) for at in range(0, len(sound) - size + 1, size)], np.bool_)
    if frames.size < _WINDOW:
        return None
    voiced = np.convolve(frames, np.ones(_WINDOW, int), "valid")
    (windows,) = np.nonzero(voiced >= _VOICED)
    if not windows.size:
        return None
    first = int(windows[0] + np.argmax(frames[windows[0] : windows[0] + _WINDOW]))
    last = int(windows[-1] + np.flatnonzero(frames[windows[-1] : windows[-1] + _WINDOW])[-1])
    return first * size // 2, (last + 1) * size // 2


def speech_facts(pcm: NDArray[np.int16], rate_hz: int) -> dict[str, float | int | str | None]:
    """``speech_begin_ms`` and ``speech_end_ms``, from the start of the sound; nothing where nobody speaks."""
    span = speech_span(pcm, rate_hz)
    if span is None:
        return {}
    begin, end = (samples_to_ns(sample, rate_hz) // NS_PER_MS for sample in span)
    return {"speech_begin_ms": begin, "speech_end_ms": end}
