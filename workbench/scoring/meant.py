"""What became of the meaning of a reference: its marked terms handed to the one reading of clinical text."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.reference import Reference
from workbench.scoring.reading import Judged, Meaning, judge, meaning, read
from workbench.scoring.variants import best_reference

__all__ = ["judged", "marked", "meant"]

Pairs = Sequence[tuple[int, int]]


def marked(reference: Reference) -> tuple[list[str], list[str]]:
    """Medical terms and drugs that a reference marks; doses and their like are values anyway."""
    kinds = {kind: [term.text for term in reference.terms if term.kind == kind] for kind in ("medical", "drug")}
    return kinds["medical"], kinds["drug"]


def meant(reference: Reference, hypothesis: str, *, pairs: Pairs | None = None) -> Meaning:
    """Values, terms, drugs, negations and sides of one text, kept, changed, lost and invented.

    Args:
        reference: its written form is read, where the terms are marked.
        hypothesis: text as it came.
        pairs: an alignment of both as they are read, where one is known.

    Empty input: zero counts, so every rate is None.
    """
    return meaning(read(reference.written), read(hypothesis), *marked(reference), pairs=pairs)


def judged(reference: Reference, hypothesis: str) -> list[Judged]:
    """Everything said or heard that matters, with what became of it; the counts of :func:`meant`, one by one."""
    reference = best_reference(reference, hypothesis)
    return judge(read(reference.written), read(hypothesis), *marked(reference))
