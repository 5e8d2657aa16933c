"""Counts of what became of a meaning: they add, and rates are derived."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.scoring.reading.reading import Item

__all__ = ["Judged", "Meaning", "Tally"]


@dataclass(frozen=True, slots=True)
class Tally:
    """Things said, and what became of them.

    Attributes:
        said: number of things in the reference; kept + changed + lost.
        kept: number of these that are equal in the hypothesis.
        changed: number with another in their place (values only; elsewhere one is lost and another invented).
        lost: number with nothing in their place.
        invented: number in the hypothesis without one in the reference.

    >>> (Tally(3, 2, 1) + Tally(1, 1)).share, Tally().share
    (0.75, None)
    """

    said: int = 0
    kept: int = 0
    changed: int = 0
    lost: int = 0
    invented: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.said + other.said,
            self.kept + other.kept,
            self.changed + other.changed,
            self.lost + other.lost,
            self.invented + other.invented,
        )

    @property
    def share(self) -> float | None:
        """Kept / said; None if nothing was said."""
        return self.kept / self.said if self.said else None

    @property
    def precision(self) -> float | None:
        """Kept / (kept + changed + invented); None if the hypothesis has none."""
        heard = self.kept + self.changed + self.invented
        return self.kept / heard if heard else None


@dataclass(frozen=True, slots=True)
class Judged:
    """One thing said or heard.

    Attributes:
        kind: ``value``, ``term``, ``drug``, ``negation`` or ``side``.
        verdict: ``kept``, ``changed``, ``lost`` or ``invented``.
        ours, theirs: the item in the reference and in the hypothesis; None if there is none.
    """

    kind: str
    verdict: str
    ours: Item | None = field(default=None, repr=False)
    theirs: Item | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What became of the meaning of one text or of many.

    Attributes:
        values: quantities, frequencies, routes, dates and their like.
        terms: marked terms, drugs among them.
        drugs: the drugs alone.
        negations, sides: negations and sides; one that turned into another is lost and invented.
        critical: values changed or invented, drugs replaced or invented, negations lost or invented, sides invented
            (a swapped side counts once), counted together.
        words: canonical words of the reference.
        medical_words, medical_errors: reference words inside marked terms; of these the wrong ones, and inserted words
            that belong to a term.
    """

    values: Tally = Tally()
    terms: Tally = Tally()
    drugs: Tally = Tally()
    negations: Tally = Tally()
    sides: Tally = Tally()
    critical: int = 0
    words: int = 0
    medical_words: int = 0
    medical_errors: int = 0

    def __add__(self, other: Meaning) -> Meaning:
        return Meaning(
            self.values + other.values,
            self.terms + other.terms,
            self.drugs + other.drugs,
            self.negations + other.negations,
            self.sides + other.sides,
            self.critical + other.critical,
            self.words + other.words,
            self.medical_words + other.medical_words,
            self.medical_errors + other.medical_errors,
        )

    @property
    def critical_rate(self) -> float | None:
        """Critical errors per 100 reference words; None without words."""
        return 100 * self.critical / self.words if self.words else None
