"""Doses, vital signs and frequencies: are number and unit the ones that were said?

House rules: an expression is right only when value and unit are both equal. Texts go through the ``clinical``
normaliser first; whether the written form is equal too is counted apart.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from workbench.metrics.clinical import is_number
from workbench.metrics.normalize import NORMALISERS
from workbench.metrics.vocabulary import FREQUENCIES, UNITS_AFTER_NUMBER
from workbench.reference import Reference

__all__ = ["Expression", "ValueCounts", "expressions", "value_counts"]

_RAW, _CLINICAL = NORMALISERS["raw"], NORMALISERS["clinical"]
_EVERY = re.compile(r"q\d+h")
_FORMS = frozenset(word for unit in UNITS_AFTER_NUMBER.values() for word in unit.split())
_EDGES = ".,;:!?()[]\"'"


@dataclass(frozen=True, slots=True)
class Expression:
    """A number with its unit, or a frequency.

    Attributes:
        value: the number as normalised, or the frequency.
        unit: normalised unit; empty where none follows.
    """

    value: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """Numeric expressions of one session or of many.

    Attributes:
        said: expressions in the reference.
        kept: of these, the ones with equal value and unit in the hypothesis, in order.
        as_written: tokens with digits in the written reference that stand in the hypothesis letter by letter.
        written: tokens with digits in the written reference.
        invented: expressions in the hypothesis without a counterpart.
    """

    said: int = 0
    kept: int = 0
    written: int = 0
    as_written: int = 0
    invented: int = 0

    def __add__(self, other: ValueCounts) -> ValueCounts:
        return ValueCounts(
            self.said + other.said,
            self.kept + other.kept,
            self.written + other.written,
            self.as_written + other.as_written,
            self.invented + other.invented,
        )

    @property
    def accuracy(self) -> float | None:
        """Kept / said; None where no value was said."""
        return self.kept / self.said if self.said else None

    @property
    def written_accuracy(self) -> float | None:
        """Tokens with digits written exactly as expected; None where there are none."""
        return self.as_written / self.written if self.written else None


def expressions(text: str) -> list[Expression]:
    """Numeric expressions and frequencies of a text, in order.

    >>> expressions("Metformin five hundred milligrams twice daily, BP 120/80")
    [Expression(value='500', unit='mg'), Expression(value='bid', unit=''), Expression(value='120/80', unit='')]
    """
    tokens = _CLINICAL.tokens(text)
    found: list[Expression] = []
    for at, token in enumerate(tokens):
        if is_number(token):
            unit = tokens[at + 1] if at + 1 < len(tokens) and tokens[at + 1] in _FORMS else ""
            if unit == "degrees" and at + 2 < len(tokens) and tokens[at + 2] in ("f", "c"):
                unit = f"degrees {tokens[at + 2]}"
            found.append(Expression(token, unit))
        elif token in FREQUENCIES or _EVERY.fullmatch(token):
            found.append(Expression(token))
    return found


def value_counts(reference: Reference, hypothesis: str) -> ValueCounts:
    """Values said, kept, invented, and kept in their written form.

    Expressions are matched in order: the longest common subsequence of both lists.
    """
    ours, theirs = expressions(reference.written), expressions(hypothesis)
    kept = _common(ours, theirs)
    written = [token.strip(_EDGES) for token in _RAW.tokens(reference.written) if any(c.isdigit() for c in token)]
    shown = [token.strip(_EDGES) for token in _RAW.tokens(hypothesis) if any(c.isdigit() for c in token)]
    return ValueCounts(len(ours), kept, len(written), _common(written, shown), len(theirs) - kept)


def _common(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> int:
    """Length of the longest common subsequence."""
    from rapidfuzz.distance import LCSseq

    return int(LCSseq.similarity(ours, theirs))
