"""What was said: the reference of an utterance, with word times and marked terms.

Shared by the corpus (where it is read), the plan (where positions move to the streamed rate) and the record (so
that a stored run can be scored again without the corpus).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FACT_KINDS", "Fact", "Reference", "Term", "Word"]

FACT_KINDS = ("note", "denied", "diagnosis", "order", "form")


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word and where it lies in the audio.

    Attributes:
        text: as in the spoken form, one token.
        start_sample: first sample of the word.
        end_sample: one past its last sample.
        speaker: label, or None if there is one speaker.
    """

    text: str
    start_sample: int
    end_sample: int
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A marked stretch of the reference that matters clinically.

    Attributes:
        text: as written in the reference; may be several words.
        kind: ``drug``, ``dose``, ``medical``, ``negation``, ``laterality`` or ``value``.

    >>> Term("aspirin", "drug").kind
    'drug'
    """

    text: str
    kind: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that the result of a session should have: of its note, its structured data or a form.

    Alternatives of a name or a value are separated by ``|``. A name of a section may be ``*``, which is any; a code or
    a field may end with it.

    Attributes:
        kind: ``note`` (a section has these words), ``denied`` (a section denies them, none asserts them), ``diagnosis``
            (a code), ``order`` (a medicine, and one of its status, dose, frequency or timing) or ``form`` (a field).
        name: LOINC code of the section or ``*``; code of the diagnosis; name of the medicine; ``TYPE.field`` of the
            form.
        value: words, an attribute of the order such as ``ACTIVE`` or ``500 MG``, or the field's value.
        required: whether a result without it has lost something; what is not required is no invention either.
    """

    kind: str
    name: str
    value: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference of one utterance.

    Attributes:
        written: text as a clinician would expect it on screen (punctuation, digits, units).
        spoken: text as it was spoken (words only); equal to ``written`` if no other is known.
        words: word times of ``spoken``, in samples; empty where unknown.
        terms: marked terms; empty where none are marked.
        words_origin: ``synthesiser``, ``aligner <version>``, ``given`` or None if there are no times.
        facts: facts that the result of a session should contain; empty if none are listed.

    >>> Reference("BP 120/80.", "bp one twenty over eighty").words
    ()
    """

    written: str
    spoken: str
    words: tuple[Word, ...] = ()
    terms: tuple[Term, ...] = ()
    words_origin: str | None = None
    facts: tuple[Fact, ...] = ()
