"""What was said: the reference of an utterance, with word times and marked terms.

Shared by the corpus (where it is read), the plan (where positions move to the streamed rate) and the record (so
that a stored run can be scored again without the corpus).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Reference", "Term", "Word"]


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word and where it lies in the audio.

    Attributes:
        text: as in the spoken form, one token.
        start_sample: first sample of the word.
        end_sample: one past its last sample.
        speaker: label, or None where there is one speaker.
    """

    text: str
    start_sample: int
    end_sample: int
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A marked stretch of the reference that matters clinically.

    Attributes:
        text: as it stands in the written reference; may be several words.
        kind: ``drug``, ``dose``, ``medical``, ``negation``, ``laterality`` or ``value``.
    """

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference of one utterance.

    Attributes:
        written: text as a clinician would expect it on screen (punctuation, digits, units).
        spoken: text as it was said (words only); equal to ``written`` where no other is known.
        words: word times of ``spoken``, in samples; empty where unknown.
        terms: marked terms; empty where none are marked.
        words_origin: ``synthesiser``, ``aligner <version>``, ``given`` or None where there are no times.
    """

    written: str
    spoken: str
    words: tuple[Word, ...] = ()
    terms: tuple[Term, ...] = ()
    words_origin: str | None = None
