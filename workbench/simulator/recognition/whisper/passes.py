"""The two passes over a segment: a quick one while it is spoken, a thorough one when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from workbench.simulator.recognition.whisper.features import RATE_HZ
from workbench.simulator.recognition.whisper.guards import is_covered, is_repetitive, is_stretched, reason_to_drop
from workbench.simulator.recognition.whisper.model import SpokenWord, WhisperModel

__all__ = ["Final", "Recipe", "final_pass", "partial_pass"]

# A window of 30 s, which Whisper was made for, costs 0.69 s of processor time in the encoder; 6 s cost 0.06.
_PARTIAL_WINDOW_S = 6.0
_AFTER_S = 2.0
"""Silence that a window has at least behind the sound, without which last words are lost."""

_COVERING_WINDOW_S = 12.0
_TOKENS_AT_ONCE, _TOKENS_PER_S = 12, 8


@dataclass(frozen=True, slots=True)
class Recipe:
    """How finals are decoded.

    Attributes:
        beam: width of the search.
        context_tokens: tokens of the finals before, which are told to the decoder.
        window_s: at least as long is the window of a final.
        carrier: tokens told before the context.
    """

    beam: int = 5
    context_tokens: int = 60
    window_s: float = 10.0
    carrier: tuple[int, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Final:
    """What a thorough pass gave.

    Attributes:
        words: with their times in the piece of sound; none if it was dropped.
        dropped: why it is not believed, None if it is.
        passes: how often it was decoded.
    """

    words: list[SpokenWord]
    dropped: str | None
    passes: int = 1


def partial_pass(model: WhisperModel, pcm: NDArray[np.int16], prefix: Sequence[int], voiced_samples: int) -> list[int]:
    """Tokens heard so far, greedily, beginning with a prefix; none if they are not believed.

    Args:
        model: loaded.
        pcm: int16 at 16 kHz.
        prefix: tokens that are settled.
        voiced_samples: samples of ``pcm`` in which somebody speaks.
    """
    window = model.encode(pcm, _window_samples(_PARTIAL_WINDOW_S, pcm))
    most = max(_most_tokens(pcm), len(prefix) + _TOKENS_AT_ONCE)
    transcript = model.transcribe(window, beam=1, most_tokens=most, prefix=prefix)
    text = model.vocabulary.text(transcript.ids)
    return transcript.ids if reason_to_drop(transcript, text, len(pcm), voiced_samples) is None else []


def final_pass(
    model: WhisperModel, recipe: Recipe, pcm: NDArray[np.int16], earlier_ids: Sequence[int], voiced_samples: int
) -> Final:
    """Decode a segment that is over.

    Args:
        model: loaded.
        recipe: how.
        pcm: int16 at 16 kHz.
        earlier_ids: tokens of the finals before.
        voiced_samples: samples of ``pcm`` in which somebody speaks.
    """
    context = [*recipe.carrier, *earlier_ids[len(earlier_ids) - min(len(earlier_ids), recipe.context_tokens) :]]
    attempt = partial(_decode, model, recipe, pcm, context, voiced_samples)
    window_samples = _window_samples(recipe.window_s, pcm)
    final = attempt(window_samples)
    if final.dropped is not None or is_covered(final.words, voiced_samples):
        return final
    again = attempt(max(_window_samples(_COVERING_WINDOW_S, pcm), window_samples + int(_AFTER_S * RATE_HZ)))
    better = again if again.dropped is None and len(again.words) > len(final.words) else final
    if is_stretched(better.words):
        better = Final([], "stretched")
    return replace(better, passes=final.passes + again.passes)


def _decode(
    model: WhisperModel,
    recipe: Recipe,
    pcm: NDArray[np.int16],
    context: Sequence[int],
    voiced_samples: int,
    window_samples: int,
) -> Final:
    window = model.encode(pcm, window_samples)
    for careful in (False, True):
        transcript = model.transcribe(
            window, beam=recipe.beam, most_tokens=_most_tokens(pcm), context=context, careful=careful
        )
        text = model.vocabulary.text(transcript.ids)
        if not is_repetitive(transcript, text, len(pcm)):
            break
    dropped = reason_to_drop(transcript, text, len(pcm), voiced_samples)
    words = [] if dropped is not None else model.align(window, transcript.ids)
    return Final(words, dropped, 1 + careful)


def _window_samples(least_s: float, pcm: NDArray[np.int16]) -> int:
    return max(int(least_s * RATE_HZ), len(pcm) + int(_AFTER_S * RATE_HZ))


def _most_tokens(pcm: NDArray[np.int16]) -> int:
    return _TOKENS_AT_ONCE + int(_TOKENS_PER_S * len(pcm) / RATE_HZ)
