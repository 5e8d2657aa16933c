"""One reading of clinical text, and what two readings have in common.

Whoever only shows stored scores needs their counts and reads nothing: the grammar, which takes as long to load as the
rest of a verb, comes with the first text that is read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

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


@cache
def _module(name: str) -> Any:  # noqa: ANN401  a module
    # An import statement costs 3 us in each call, and a session is read in a hundred calls.
    return import_module(f"{__name__}.{name}")


def read(text: str) -> Reading:
    """See :func:`workbench.scoring.reading.reading.read`."""
    answer: Reading = _module("reading").read(text)
    return answer


def rules() -> str:
    """See :func:`workbench.scoring.reading.reading.rules`."""
    answer: str = _module("reading").rules()
    return answer


def judge(
    reference: Reading,
    hypothesis: Reading,
    terms: Collection[str] = (),
    drugs: Collection[str] = (),
    *,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> list[Judged]:
    """See :func:`workbench.scoring.reading.measures.judge`."""
    answer: list[Judged] = _module("measures").judge(reference, hypothesis, terms, drugs, pairs=pairs)
    return answer


def meaning(
    reference: Reading,
    hypothesis: Reading,
    terms: Collection[str] = (),
    drugs: Collection[str] = (),
    *,
    pairs: Sequence[tuple[int, int]] | None = None,
) -> Meaning:
    """See :func:`workbench.scoring.reading.measures.meaning`."""
    answer: Meaning = _module("measures").meaning(reference, hypothesis, terms, drugs, pairs=pairs)
    return answer


def occurrences(words: Sequence[str], terms: Collection[tuple[str, ...]]) -> list[tuple[int, int]]:
    """See :func:`workbench.scoring.reading.measures.occurrences`."""
    answer: list[tuple[int, int]] = _module("measures").occurrences(words, terms)
    return answer


def __getattr__(name: str) -> object:
    if name not in ("VALUE_KINDS", "Item", "Reading"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(_module("reading"), name)
