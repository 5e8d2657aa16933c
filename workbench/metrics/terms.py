"""Medical terms, negations and sides: was what matters understood?

House rules: both texts go through the ``clinical`` normaliser, so that spoken and written forms meet; the reference is
the written one, where the terms are marked. Counts add, rates are derived, nothing to divide by is None. Only terms
that the reference marks are known: a drug that was made up is an insertion, not a false term.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from workbench.metrics.alignment import align
from workbench.metrics.normalize import NORMALISERS
from workbench.metrics.vocabulary import NEGATIONS, SIDES
from workbench.reference import Reference

__all__ = ["Kept", "Meaning", "TermCounts", "meaning", "occurrences"]

_CLINICAL = NORMALISERS["clinical"]
_MEDICAL_KINDS = frozenset({"drug", "medical"})


@dataclass(frozen=True, slots=True)
class TermCounts:
    """Terms found and missed.

    Attributes:
        reference: occurrences in the reference.
        hypothesis: occurrences of the same terms in the hypothesis.
        hits: occurrences in the reference that stand, whole, at their place in the hypothesis.
    """

    reference: int = 0
    hypothesis: int = 0
    hits: int = 0

    def __add__(self, other: TermCounts) -> TermCounts:
        return TermCounts(self.reference + other.reference, self.hypothesis + other.hypothesis, self.hits + other.hits)

    @property
    def recall(self) -> float | None:
        """Hits / occurrences in the reference; None where there are none."""
        return self.hits / self.reference if self.reference else None

    @property
    def precision(self) -> float | None:
        """Hits / occurrences in the hypothesis; None where there are none."""
        return self.hits / self.hypothesis if self.hypothesis else None

    @property
    def f1(self) -> float | None:
        """2 hits / (reference + hypothesis), the harmonic mean; None where there is nothing on either side."""
        total = self.reference + self.hypothesis
        return 2 * self.hits / total if total else None


@dataclass(frozen=True, slots=True)
class Kept:
    """Words kept out of words said.

    >>> (Kept(3, 2) + Kept(1, 1)).share, Kept().share
    (0.75, None)
    """

    said: int = 0
    kept: int = 0

    def __add__(self, other: Kept) -> Kept:
        return Kept(self.said + other.said, self.kept + other.kept)

    @property
    def share(self) -> float | None:
        """Kept / said; None where nothing was said."""
        return self.kept / self.said if self.said else None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What became of the words that matter in one session.

    Attributes:
        terms: drugs and medical terms.
        drugs: drugs alone.
        medical_words, medical_errors: reference words inside terms; substitutions and deletions on them plus
            inserted words that belong to a term.
        negations, sides: negating words and sides kept at their place.
    """

    terms: TermCounts = field(default_factory=TermCounts)
    drugs: TermCounts = field(default_factory=TermCounts)
    medical_words: int = 0
    medical_errors: int = 0
    negations: Kept = field(default_factory=Kept)
    sides: Kept = field(default_factory=Kept)

    def __add__(self, other: Meaning) -> Meaning:
        return Meaning(
            self.terms + other.terms,
            self.drugs + other.drugs,
            self.medical_words + other.medical_words,
            self.medical_errors + other.medical_errors,
            self.negations + other.negations,
            self.sides + other.sides,
        )

    @property
    def medical_wer(self) -> float | None:
        """Medical errors / medical reference words; None where no term is marked."""
        return self.medical_errors / self.medical_words if self.medical_words else None


def meaning(reference: Reference, hypothesis: str) -> Meaning:
    """Terms, negations and sides of one session.

    Args:
        reference: terms are looked up in its written form.
        hypothesis: text as it came.

    Empty input: zero counts, so every rate is None.
    """
    ours, theirs = _CLINICAL.tokens(reference.written), _CLINICAL.tokens(hypothesis)
    pairs = align(ours, theirs)
    opposite = dict(pairs)
    kept = {i for i, j in pairs if ours[i] == theirs[j]}
    medical = {tuple(_CLINICAL.tokens(t.text)) for t in reference.terms if t.kind in _MEDICAL_KINDS} - {()}
    drugs = {tuple(_CLINICAL.tokens(t.text)) for t in reference.terms if t.kind == "drug"} - {()}
    places = {i for start, length in occurrences(ours, medical) for i in range(start, start + length)}
    inserted = set(range(len(theirs))) - set(opposite.values())
    vocabulary = {word for term in medical for word in term}
    return Meaning(
        terms=_count(ours, theirs, medical, kept, opposite),
        drugs=_count(ours, theirs, drugs, kept, opposite),
        medical_words=len(places),
        medical_errors=len(places - kept) + sum(theirs[j] in vocabulary for j in inserted),
        negations=_kept([i for i, w in enumerate(ours) if w in NEGATIONS or w.endswith("n't")], kept),
        sides=_kept([i for i, w in enumerate(ours) if w in SIDES], kept),
    )


def occurrences(tokens: Sequence[str], terms: Collection[tuple[str, ...]]) -> list[tuple[int, int]]:
    """(start, length) of terms in a text, left to right, the longest first, without overlap.

    >>> occurrences("type 2 diabetes and diabetes".split(), {("diabetes",), ("type", "2", "diabetes")})
    [(0, 3), (4, 1)]
    """
    found: list[tuple[int, int]] = []
    lengths = sorted({len(t) for t in terms if t}, reverse=True)
    at = 0
    while at < len(tokens):
        length = next((n for n in lengths if tuple(tokens[at : at + n]) in terms), 0)
        if length:
            found.append((at, length))
        at += length or 1
    return found


def _count(
    ours: list[str], theirs: list[str], terms: set[tuple[str, ...]], kept: set[int], opposite: dict[int, int]
) -> TermCounts:
    there = occurrences(ours, terms)
    hits = 0
    for start, length in there:
        whole = all(i in kept for i in range(start, start + length))
        # A word pushed into the middle makes another term of it.
        hits += whole and opposite[start + length - 1] - opposite[start] == length - 1
    return TermCounts(len(there), len(occurrences(theirs, terms)), hits)


def _kept(places: list[int], kept: set[int]) -> Kept:
    return Kept(len(places), sum(i in kept for i in places))
