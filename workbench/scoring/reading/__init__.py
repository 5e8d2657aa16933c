"""One reading of clinical text, and what two readings have in common.

Whoever only shows stored scores needs their counts and reads nothing: the grammar, which takes as long to load as the
rest of a verb, comes with the first text that is read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from workbench.scoring.reading.tallies import Judged, Meaning, Tally

if TYPE_CHECKING:
    from workbench.scoring.reading.reading import VALUE_KINDS, Item, Reading

__all__ = [
    "VALUE_KINDS",
    "Item",
    "Judged",
    "Meaning",
    "Reading",
    "Tally",
    "judge",
    "meaning",
    "occurrences",
    "read",
    "rules",
]


def read(text: str) -> Reading:
    """See :func:`workbench.scoring.reading.reading.read`."""
    from workbench.scoring.reading.reading import read

    return read(text)


def rules() -> str:
    """See :func:`workbench.scoring.reading.reading.rules`."""
    from workbench.scoring.reading.reading import rules

    return rules()


def judge(
    reference: Reading,
    hypothesis: Reading,
    terms: Collection[str] = (),
    drugs: Collection[str] = (),
    *,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> list[Judged]:
    """See :func:`workbench.scoring.reading.measures.judge`."""
    from workbench.scoring.reading.measures import judge

    return judge(reference, hypothesis, terms, drugs, pairs=pairs)


def meaning(
    reference: Reading,
    hypothesis: Reading,
    terms: Collection[str] = (),
    drugs: Collection[str] = (),
    *,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> Meaning:
    """See :func:`workbench.scoring.reading.measures.meaning`."""
    from workbench.scoring.reading.measures import meaning

    return meaning(reference, hypothesis, terms, drugs, pairs=pairs)


def occurrences(words: Sequence[str], terms: Collection[tuple[str, ...]]) -> list[tuple[int, int]]:
    """See :func:`workbench.scoring.reading.measures.occurrences`."""
    from workbench.scoring.reading.measures import occurrences

    return occurrences(words, terms)


def __getattr__(name: str) -> object:
    if name not in ("VALUE_KINDS", "Item", "Reading"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("workbench.scoring.reading.reading"), name)
