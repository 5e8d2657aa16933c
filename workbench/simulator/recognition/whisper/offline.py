"""A whole recording at once: what the same model says when it need not wait for anything.

Segments end at long pauses only or are as long as a window of Whisper's can be; guards and context are those of a
stream. What streaming costs is the difference to this.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from workbench.errors import InputError
from workbench.simulator.recognition.decoding import Hypothesis
from workbench.simulator.recognition.models import check_model, engine_of
from workbench.simulator.recognition.whisper.model import WhisperModel
from workbench.simulator.recognition.whisper.stream import Settings, WhisperStream
from workbench.simulator.recognition.whisper.variants import VARIANTS, load_whisper, settings_of

__all__ = ["load_transcriber", "transcribe"]

_PAUSE_S = 2.0
_LONGEST_S = 27.0
"""A window has 30 s, and wants some silence behind the sound."""


def transcribe(
    model: WhisperModel, settings: Settings, pcm: NDArray[np.int16], sample_rate_hz: int
) -> list[Hypothesis]:
    """Finals of a recording, in order, with the times of their words.

    Args:
        model: loaded.
        settings: settings of the streams that it is to be compared with; no partials are made.
        pcm: int16, mono, shape (n,).
        sample_rate_hz: sample rate of ``pcm``.
    """
    whole = replace(settings, partial_every_s=float("inf"), pause_s=_PAUSE_S, longest_s=_LONGEST_S)
    stream = WhisperStream(model, whole, sample_rate_hz)
    return [*stream.feed(pcm.astype("<i2").tobytes()), *stream.finish()]


def load_transcriber(model: str, threads: int = 1) -> Callable[[NDArray[np.int16], int], str]:
    """A function that gives the text of a recording (int16, mono, shape (n,); sample rate in Hz).

    Args:
        model: a variant of Whisper, or the folder of one.
        threads: recordings that may be decoded at the same time.

    Raises:
        InputError: no such model, or one that does not decode whole recordings.
        ConfigurationError: its weights are not on this machine; the message names the command that gets them.
    """
    if engine_of(model) != "whisper":
        raise InputError(
            "whole recordings are decoded by whisper only", item="model", got=model,
            expected=f"{', '.join(VARIANTS)} or a CTranslate2 folder",
        )  # fmt: skip
    check_model(model)
    loaded = load_whisper(model, threads)
    settings = settings_of(model, loaded.vocabulary)

    def text(pcm: NDArray[np.int16], sample_rate_hz: int) -> str:
        return " ".join(final.text for final in transcribe(loaded, settings, pcm, sample_rate_hz))

    return text
