"""Word times of a known text: forced alignment with pocketsphinx's shipped acoustic model.

The aligner has no pause between two words of the text; it stretches the first over it. Silence at a word's edges is
therefore taken off again by level, which brings the median error on speech whose times are known under 15 ms
(``datasets/README.md`` has the figures).

The search over a whole text takes time that grows with the square of its length, and dies at one passage that is not in
the text. Long recordings, and those in which it died, are aligned in pieces between words that a recogniser heard
(``workbench.audio.anchors``); what cannot be aligned is left out, with a reason, and the rest is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio.anchors import anchors, pieces
from workbench.audio.levels import LevelMeter, active_mask, movement_db, to_float, to_int16
from workbench.audio.pronunciations import guess_phones
from workbench.audio.resample import resample
from workbench.errors import AudioError
from workbench.reference import Word
from workbench.units import rescale

__all__ = ["Aligner", "Alignment", "spoken_tokens"]

_MODEL_RATE_HZ = 16_000
_FRAME_SAMPLES = 160
_WHOLE_S = 60
_FASTEST = 8.0  # words a second; speech has 2 to 4
_LEAST_HEARD = 0.3
_STEADY_DB = 3.0
_NOT_SPOKEN = re.compile(r"[^a-z0-9']+")


@dataclass(frozen=True, slots=True)
class Alignment:
    """Word times, and how far to trust them.

    Attributes:
        words: one per token that was found, in order, positions in samples of the audio that was given.
        origin: name and version of the aligner.
        tokens: how many the text has.
        guessed: how many of them have a pronunciation guessed from their letters.
        reason: why words are missing; None if every token has a time.
    """

    words: tuple[Word, ...] = field(repr=False)
    origin: str
    tokens: int
    guessed: int
    reason: str | None = None

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
            The alignment. Words that were not found are left out, and ``reason`` says why.

        Raises:
            AudioError: no samples.
        """
        if pcm.size == 0:
            raise AudioError("nothing to align", got="0 samples", expected="audio with speech in it")
        tokens = spoken_tokens(text)
        for _, token in tokens:
            self._know(token)
        x = resample(to_float(pcm), rate_hz, _MODEL_RATE_HZ)
        spans, reason = self._found(x, [token for _, token in tokens])
        words = [
            Word(
                tokens[number][0],
                min(pcm.size, rescale(start, _MODEL_RATE_HZ, rate_hz)),
                min(pcm.size, rescale(end, _MODEL_RATE_HZ, rate_hz)),
                speaker,
            )
            for number, (start, end) in sorted(spans.items())
        ]
        guessed = sum(token in self._guessed for _, token in tokens)
        return Alignment(tuple(words), self.origin, len(tokens), guessed, reason)

    def _found(self, x: NDArray[np.float64], tokens: list[str]) -> tuple[dict[int, tuple[int, int]], str | None]:
        """First and last sample of each token that was found, and why others were not."""
        seconds = x.size / _MODEL_RATE_HZ
        if not tokens:
            return {}, "no words in the text"
        if not _has_speech(x):
            return {}, "no speech in the audio"
        if len(tokens) / seconds > _FASTEST:
            return {}, f"text too long for the audio ({len(tokens)} words in {seconds:.1f} s)"
        if seconds <= _WHOLE_S:
            spans = self._spans(x, tokens)
            if spans:
                return dict(enumerate(spans)), None
        return self._in_pieces(x, tokens)

    def _in_pieces(self, x: NDArray[np.float64], tokens: list[str]) -> tuple[dict[int, tuple[int, int]], str | None]:
        heard = anchors(self._decoder, to_int16(x), tokens, _MODEL_RATE_HZ)
        if len(heard) < _LEAST_HEARD * len(tokens):
            return {}, f"other words than the text ({len(heard)} of {len(tokens)} were heard)"
        spans: dict[int, tuple[int, int]] = {}
        for piece in pieces(heard, len(tokens), x.size, _MODEL_RATE_HZ):
            part = x[piece.samples.start : piece.samples.stop]
            times = self._spans(part, tokens[piece.tokens.start : piece.tokens.stop])
            shift = piece.samples.start
            if times:
                spans |= zip(piece.tokens, ((shift + a, shift + b) for a, b in times), strict=True)
            else:  # the words that were heard have times all the same
                spans |= {word.token: (word.start, word.end) for word in heard if word.token in piece.tokens}
        missing = len(tokens) - len(spans)
        return spans, f"{missing} of {len(tokens)} words were not found in the audio" if missing else None

    def _know(self, token: str) -> None:
        if self._decoder.lookup_word(token) is None:
            self._decoder.add_word(token, guess_phones(token), True)
            self._guessed.add(token)

    def _spans(self, x: NDArray[np.float64], tokens: list[str]) -> list[tuple[int, int]]:
        decoder = self._decoder
        if not tokens or x.size < _FRAME_SAMPLES:
            return []
        decoder.set_align_text(" ".join(tokens))
        decoder.start_utt()
        decoder.process_raw(to_int16(x).tobytes(), full_utt=True)
        decoder.end_utt()
        segments = [s for s in decoder.seg() or () if s.word[0] not in "<["]
        if [re.sub(r"\(\d+\)$", "", s.word) for s in segments] != tokens:
            return []  # the search died before the end of the text: its times mean nothing
        active = active_mask(x, _MODEL_RATE_HZ)
        return [_trimmed(active, s.start_frame * _FRAME_SAMPLES, (s.end_frame + 1) * _FRAME_SAMPLES) for s in segments]


def _has_speech(x: NDArray[np.float64]) -> bool:
    """Whether there is sound, and whether a recording of a second and more moves as speech does."""
    meter = LevelMeter(_MODEL_RATE_HZ)
    meter.add(x)
    movement = movement_db(meter.powers())
    return movement is not None and (x.size < _MODEL_RATE_HZ or movement >= _STEADY_DB)


def _trimmed(active: NDArray[np.bool_], start: int, end: int) -> tuple[int, int]:
    """Take silence off the edges of a word, unless it is all silence."""
    loud = np.flatnonzero(active[start:end])
    return (start + int(loud[0]), start + int(loud[-1]) + 1) if loud.size else (start, min(end, active.size))
