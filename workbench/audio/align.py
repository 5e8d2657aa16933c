"""Word times of a known text: forced alignment with pocketsphinx's shipped acoustic model.

The aligner has no pause between two words of the text; it stretches the first over it. Silence at a word's edges is
therefore taken off again by level, which brings the median error on speech whose times are known under 15 ms
(``datasets/README.md`` has the figures).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio.levels import active_mask, to_float, to_int16
from workbench.audio.pronunciations import guess_phones
from workbench.audio.resample import resample
from workbench.errors import AudioError
from workbench.reference import Word
from workbench.units import rescale

__all__ = ["Aligner", "Alignment", "spoken_tokens"]

_MODEL_RATE_HZ = 16_000
_FRAME_SAMPLES = 160
_NOT_SPOKEN = re.compile(r"[^a-z0-9']+")


@dataclass(frozen=True, slots=True)
class Alignment:
    """Word times, and how far to trust them.

    Attributes:
        words: one per token that was found, in order, positions in samples of the audio that was given.
        origin: name and version of the aligner.
        tokens: how many the text has.
        guessed: how many of them have a pronunciation guessed from their letters.
    """

    words: tuple[Word, ...] = field(repr=False)
    origin: str
    tokens: int
    guessed: int

    @property
    def aligned_share(self) -> float | None:
        """Share of the text's tokens that have a time; None for an empty text."""
        return len(self.words) / self.tokens if self.tokens else None


def spoken_tokens(text: str) -> list[tuple[str, str]]:
    """Words of a text, each as it stands and as the aligner takes it; marks alone are left out.

    >>> spoken_tokens("Pulse 76, don't worry -")
    [('Pulse', 'pulse'), ('76,', '76'), ("don't", "don't"), ('worry', 'worry')]
    """
    pairs = ((word, _NOT_SPOKEN.sub("", word.lower()).strip("'")) for word in text.split())
    return [(word, token) for word, token in pairs if token]


class Aligner:
    """Aligns any number of utterances with one loaded model; not for use by two threads at once.

    Args:
        pronunciations: phones of words that the shipped dictionary lacks.
    """

    def __init__(self, pronunciations: Mapping[str, str] | None = None) -> None:
        import pocketsphinx

        self.origin = f"aligner pocketsphinx {version('pocketsphinx')}"
        self._decoder: Any = pocketsphinx.Decoder(lm=None, loglevel="FATAL")
        self._guessed: set[str] = set()
        for word, phones in (pronunciations or {}).items():
            if self._decoder.lookup_word(word) is None:
                self._decoder.add_word(word, phones, True)

    def align(self, pcm: NDArray[np.int16], rate_hz: int, text: str, *, speaker: str | None = None) -> Alignment:
        """Find the words of a text in audio.

        Args:
            pcm: int16, mono, shape (n,).
            rate_hz: its rate.
            text: what is said, best in its spoken form.
            speaker: given to every word.

        Returns:
            The alignment, without words where none was found (the text is not what is said, or too much noise).

        Raises:
            AudioError: no samples.
        """
        if pcm.size == 0:
            raise AudioError("nothing to align", got="0 samples", expected="audio with speech in it")
        tokens = spoken_tokens(text)
        for _, token in tokens:
            self._know(token)
        x = resample(to_float(pcm), rate_hz, _MODEL_RATE_HZ)
        spans = self._spans(x, [token for _, token in tokens]) if tokens else []
        words = [
            Word(
                written,
                min(pcm.size, rescale(start, _MODEL_RATE_HZ, rate_hz)),
                min(pcm.size, rescale(end, _MODEL_RATE_HZ, rate_hz)),
                speaker,
            )
            for (written, _), (start, end) in zip(tokens, spans, strict=False)
        ]
        return Alignment(tuple(words), self.origin, len(tokens), sum(token in self._guessed for _, token in tokens))

    def _know(self, token: str) -> None:
        if self._decoder.lookup_word(token) is None:
            self._decoder.add_word(token, guess_phones(token), True)
            self._guessed.add(token)

    def _spans(self, x: NDArray[np.float64], tokens: list[str]) -> list[tuple[int, int]]:
        decoder = self._decoder
        decoder.set_align_text(" ".join(tokens))
        decoder.start_utt()
        decoder.process_raw(to_int16(x).tobytes(), full_utt=True)
        decoder.end_utt()
        segments = [s for s in decoder.seg() or () if s.word[0] not in "<["]
        if [re.sub(r"\(\d+\)$", "", s.word) for s in segments] != tokens:
            return []  # the search died before the end of the text: its times mean nothing
        active = active_mask(x, _MODEL_RATE_HZ)
        return [_trimmed(active, s.start_frame * _FRAME_SAMPLES, (s.end_frame + 1) * _FRAME_SAMPLES) for s in segments]


def _trimmed(active: NDArray[np.bool_], start: int, end: int) -> tuple[int, int]:
    """Take silence off the edges of a word, unless it is all silence."""
    loud = np.flatnonzero(active[start:end])
    return (start + int(loud[0]), start + int(loud[-1]) + 1) if loud.size else (start, min(end, active.size))
