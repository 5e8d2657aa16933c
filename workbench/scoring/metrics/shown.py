"""Since when each reference word is shown, over the successive hypotheses of its stretch.

Where equally good alignments disagree about a word, both answers are kept. Tokens are normalised by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.metrics.alignment import align

__all__ = ["Shown", "shown_words"]

# Cells of a batch of messages that are worked on at once (two int32 tables).
_BATCH_CELLS = 4_000_000
# Messages times words times words of one segment above which ambiguity is not looked for.
_SEGMENT_CELLS = 20_000_000


@dataclass(frozen=True, slots=True)
class Shown:
    """In which message each reference word first stood; -1 for never. Shape (reference,) each.

    Attributes:
        chosen: by the alignment with the fewest edits and the highest similarity.
        earliest: by any alignment with the fewest edits.
        certain: by every alignment with the fewest edits.
        settled: message since which it has stood there without a break, by the chosen alignments.
    """

    chosen: NDArray[np.int64]
    earliest: NDArray[np.int64]
    certain: NDArray[np.int64]
    settled: NDArray[np.int64]


def shown_words(reference: Sequence[str], messages: Sequence[Sequence[str]]) -> Shown:
    """First message that contains each reference word, each message aligned with an open end.

    Args:
        reference: the stretch of the reference that the messages are about.
        messages: words of successive hypotheses of that stretch.

    Returns:
        Indices into ``messages``; all -1 for an empty reference or no messages.

    >>> shown_words("no chest pain".split(), [["no"], ["no", "just"], ["no", "chest", "pain"]]).chosen.tolist()
    [0, 2, 2]
    """
    size = len(reference)
    first = {name: np.full(size, -1, np.int64) for name in ("chosen", "earliest", "certain")}
    texts: dict[tuple[str, ...], int] = {}
    present: dict[tuple[str, ...], NDArray[np.bool_]] = {}
    for index, words in enumerate(messages):
        if words:
            texts.setdefault(tuple(words), index)
    if not size or not texts:
        return Shown(**first, settled=first["chosen"].copy())
    longest = max(map(len, texts))
    if len(texts) * longest * size > _SEGMENT_CELLS:
        for words, index in texts.items():
            matched = present[words] = _equal(align(reference, words, open_end=True), reference, words)
            for column in first.values():
                _note(column, matched, index)
        return Shown(**first, settled=_settled(messages, present, size))
    step = max(1, _BATCH_CELLS // ((longest + 1) * (size + 1)))
    keys = list(texts)
    for start in range(0, len(keys), step):
        batch = keys[start : start + step]
        possible, certain = _optimal_matches(reference, batch)
        for row, words in enumerate(batch):
            index = texts[words]
            chosen = certain[row]
            if (possible[row] != chosen).any():
                chosen = _equal(align(reference, words, open_end=True), reference, words)
            present[words] = chosen
            _note(first["chosen"], chosen, index)
            _note(first["earliest"], possible[row], index)
            _note(first["certain"], certain[row], index)
    return Shown(**first, settled=_settled(messages, present, size))


def _settled(
    messages: Sequence[Sequence[str]], present: dict[tuple[str, ...], NDArray[np.bool_]], size: int
) -> NDArray[np.int64]:
    """Start of the run of messages up to the last, -1 if the last lacks the word; empty messages do not count."""
    since = np.full(size, -1, np.int64)
    for index, words in enumerate(messages):
        if words:
            here = present[tuple(words)]
            since[~here] = -1
            since[here & (since < 0)] = index
    return since


def _note(first: NDArray[np.int64], matched: NDArray[np.bool_], index: int) -> None:
    first[matched & (first < 0)] = index


def _equal(pairs: list[tuple[int, int]], reference: Sequence[str], words: Sequence[str]) -> NDArray[np.bool_]:
    matched = np.zeros(len(reference), np.bool_)
    matched[[i for i, j in pairs if reference[i] == words[j]]] = True
    return matched


def _optimal_matches(
    reference: Sequence[str], batch: Sequence[tuple[str, ...]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each message and reference word: matched by some optimal alignment, matched by all of them.

    Forward costs F (from the start) and backward costs B (to any end) of plain edits are computed for all messages
    at once. A step lies on an optimal path when F before it, its own cost and B after it add up to the optimum; a
    word is matched by all paths when none deletes it, substitutes it, or stops before it.
    """
    number = {w: i for i, w in enumerate(dict.fromkeys(reference))}
    columns = np.array([number[w] for w in reference])
    lengths = np.array([len(m) for m in batch])
    longest = int(lengths.max())
    ids = np.full((len(batch), longest), -2)
    for row, words in enumerate(batch):
        ids[row, : len(words)] = [number.get(w, -1) for w in words]
    differs = (ids[:, :, None] != columns[None, None, :]).astype(np.int32)
    forward = _forward(differs)
    backward = _backward(differs, lengths)
    best = backward[:, 0, 0][:, None, None]
    inside = (np.arange(longest)[None, :] < lengths[:, None])[:, :, None]
    diagonal = (forward[:, :-1, :-1] + differs + backward[:, 1:, 1:] == best) & inside
    possible = (diagonal & (differs == 0)).any(axis=1)
    substituted = (diagonal & (differs == 1)).any(axis=1)
    rows = (np.arange(longest + 1)[None, :] <= lengths[:, None])[:, :, None]
    deleted = ((forward[:, :, :-1] + 1 + backward[:, :, 1:] == best) & rows).any(axis=1)
    ends = forward[np.arange(len(batch)), lengths, :-1] == best[:, 0]
    stopped = np.logical_or.accumulate(ends, axis=1)
    return possible, possible & ~substituted & ~deleted & ~stopped


def _forward(differs: NDArray[np.int32]) -> NDArray[np.int32]:
    count, longest, size = differs.shape
    slope = np.arange(size + 1, dtype=np.int32)
    table = np.empty((count, longest + 1, size + 1), np.int32)
    table[:, 0] = slope
    for row in range(longest):
        best = table[:, row] + 1
        np.minimum(best[:, 1:], table[:, row, :-1] + differs[:, row], out=best[:, 1:])
        table[:, row + 1] = np.minimum.accumulate(best - slope, axis=1) + slope
    return table


def _backward(differs: NDArray[np.int32], lengths: NDArray[np.int64]) -> NDArray[np.int32]:
    count, longest, size = differs.shape
    slope = np.arange(size + 1, dtype=np.int32)
    table = np.zeros((count, longest + 1, size + 1), np.int32)
    for row in range(longest - 1, -1, -1):
        best = table[:, row + 1] + 1
        np.minimum(best[:, :-1], table[:, row + 1, 1:] + differs[:, row], out=best[:, :-1])
        best = np.minimum.accumulate((best + slope)[:, ::-1], axis=1)[:, ::-1] - slope
        # At and beyond its own end a message is finished, wherever in the reference it stands.
        table[:, row] = np.where((row < lengths)[:, None], best, 0)
    return table
