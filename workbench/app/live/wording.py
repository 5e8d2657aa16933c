"""Marked words as they were written: the score compares "650 mg q6h", a reader sees "650 mg every six hours"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.scoring.reading import read
from workbench.scoring.word_diff import DiffWord

__all__ = ["as_written"]


def as_written(steps: Sequence[DiffWord], reference: str, hypothesis: str) -> list[list[str | None]]:
    """Steps as a screen takes them: kind, word heard, word said, both in the letters of their texts.

    A text whose words share letters ("BP" is read as two), or that was read in another way, keeps the words of the
    score.
    """
    said = _pieces(reference, [step.wanted for step in steps if step.wanted is not None])
    heard = _pieces(hypothesis, [step.heard for step in steps if step.heard is not None])
    rows: list[list[str | None]] = []
    for step in steps:
        ours = next(said) if step.wanted is not None else None
        theirs = next(heard) if step.heard is not None else None
        rows.append([step.kind, theirs, ours])
    return rows


def _pieces(text: str, words: list[str]) -> Iterator[str]:
    """The letters of each word, up to the next: marks, and words that count for nothing, stand with the one before."""
    reading = read(text)
    starts = [start for start, _ in reading.spans]
    if list(reading.words) != words or starts != sorted(set(starts)):
        return iter(words)
    return (text[start:stop].strip() for start, stop in zip(starts, [*starts[1:], len(text)], strict=True))
