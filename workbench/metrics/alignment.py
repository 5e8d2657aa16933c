"""Which reference word stands where in a hypothesis, and where that is ambiguous.

House rules: the fewest edits decide; among equals the highest character similarity; among those the earliest. Where
equally good alignments disagree about a word, both answers are kept. Tokens are normalised by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shown", "align", "shown_words"]

# One edit outweighs every possible gain of similarity: similarity is at most 1,000 a word and a line of the table
# never holds a million words.
_EDIT = 1_000_000_000
_SIMILAR = 1_000
# Above this many cells a pair is cut at long equal runs first, and the table is built between them only: 600 words
# take 1 ms instead of 150. A gap above the second bound is left as RapidFuzz aligned it.
_PAIR_CELLS = 2_500
_GAP_CELLS = 1_000_000
# An equal run of this many words is an anchor; this many words at its ends are aligned again with their gap.
_RUN = 8
_RUN_ENDS = 3
# Cells of a batch of messages that are worked on at once (two int32 tables).
_BATCH_CELLS = 4_000_000
# Messages times words times words of one segment above which ambiguity is not looked for.
_SEGMENT_CELLS = 20_000_000


def align(reference: Sequence[str], hypothesis: Sequence[str], *, open_end: bool = False) -> list[tuple[int, int]]:
    """Pairs (reference index, hypothesis index) of words that stand opposite each other, equal or substituted.

    Args:
        reference: words.
        hypothesis: words.
        open_end: the hypothesis may stop early at no cost, as a partial does.

    >>> align("take two tablets daily".split(), "take to tablets".split())
    [(0, 0), (1, 1), (2, 2)]
    >>> align("new new pain".split(), "no pain".split())
    [(0, 0), (2, 1)]
    >>> align("the cat on the mat".split(), ["the"], open_end=True)
    [(0, 0)]
    """
    head, tail = _common_ends(reference, hypothesis, open_end=open_end)
    ours, theirs = reference[head : len(reference) - tail], hypothesis[head : len(hypothesis) - tail]
    middle = _between(ours, theirs, open_end=open_end)
    ends = [(len(reference) - k, len(hypothesis) - k) for k in range(tail, 0, -1)]
    return [(i, i) for i in range(head)] + [(i + head, j + head) for i, j in middle] + ends


def _between(ours: Sequence[str], theirs: Sequence[str], *, open_end: bool) -> list[tuple[int, int]]:
    """Alignment of what the common ends leave; long stretches are cut at their anchors."""
    if not ours or not theirs:
        return []
    if open_end:
        ours = ours[: 2 * len(theirs)]
    if len(ours) * len(theirs) <= _PAIR_CELLS:
        return _trace(_costs(ours, theirs), ours, theirs, open_end=open_end)
    pairs: list[tuple[int, int]] = []
    i = j = 0
    for start, stop, other in [*_anchors(ours, theirs), (len(ours), len(ours), len(theirs))]:
        heard = theirs[j:other]
        last = open_end and start == len(ours)
        # An open end never lies beyond twice the words heard: that many deletions cost more than to drop them all.
        gap = ours[i : min(start, i + 2 * len(heard))] if last else ours[i:start]
        if gap and heard and len(gap) * len(heard) > _GAP_CELLS:
            found = _one_alignment(gap, heard)
        elif gap and heard:
            # Only behind the last anchor may the hypothesis stop early.
            found = _trace(_costs(gap, heard), gap, heard, open_end=last)
        else:
            found = []
        pairs += [(i + a, j + b) for a, b in found]
        pairs += [(start + k, other + k) for k in range(stop - start)]
        i, j = stop, other + stop - start
    return pairs


def _anchors(ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int, int]]:
    """Middles of long equal runs of one optimal alignment: start and stop in ours, start in theirs."""
    from rapidfuzz.distance import Levenshtein

    return [
        (step.src_start + _RUN_ENDS, step.src_end - _RUN_ENDS, step.dest_start + _RUN_ENDS)
        for step in Levenshtein.opcodes(list(ours), list(theirs))
        if step.tag == "equal" and step.src_end - step.src_start >= _RUN
    ]


def _common_ends(reference: Sequence[str], hypothesis: Sequence[str], *, open_end: bool) -> tuple[int, int]:
    """Equal words at the start and, where the end is closed, at the end: some best alignment pairs them all."""
    shorter = min(len(reference), len(hypothesis))
    head = 0
    while head < shorter and reference[head] == hypothesis[head]:
        head += 1
    tail = 0
    while not open_end and tail < shorter - head and reference[-1 - tail] == hypothesis[-1 - tail]:
        tail += 1
    return head, tail


def _one_alignment(reference: Sequence[str], hypothesis: Sequence[str]) -> list[tuple[int, int]]:
    from rapidfuzz.distance import Levenshtein

    hint = abs(len(reference) - len(hypothesis)) + max(len(reference), len(hypothesis)) // 20
    pairs: list[tuple[int, int]] = []
    for step in Levenshtein.opcodes(list(reference), list(hypothesis), score_hint=hint):
        if step.tag in ("equal", "replace"):
            pairs += zip(range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True)
    return pairs


def _gains(word: str, reference: Sequence[str]) -> NDArray[np.int64]:
    """Cost of putting ``word`` opposite each reference word: an edit where they differ, less their similarity."""
    from rapidfuzz.distance import Indel

    similarity = Indel.normalized_similarity
    return np.array(
        [-_SIMILAR if word == w else _EDIT - int(_SIMILAR * similarity(word, w)) for w in reference], np.int64
    )


def _costs(reference: Sequence[str], hypothesis: Sequence[str]) -> NDArray[np.int64]:
    """Edit table with similarity as the second digit, shape (hypothesis + 1, reference + 1)."""
    columns = np.arange(len(reference) + 1, dtype=np.int64) * _EDIT
    table = np.empty((len(hypothesis) + 1, len(reference) + 1), np.int64)
    table[0] = columns
    known: dict[str, NDArray[np.int64]] = {}
    for row, word in enumerate(hypothesis, start=1):
        if word not in known:
            known[word] = _gains(word, reference)
        best = table[row - 1] + _EDIT
        np.minimum(best[1:], table[row - 1, :-1] + known[word], out=best[1:])
        # A run of deletions costs one edit a column: a running minimum after that slope is taken out.
        table[row] = np.minimum.accumulate(best - columns) + columns
    return table


def _trace(
    table: NDArray[np.int64], reference: Sequence[str], hypothesis: Sequence[str], *, open_end: bool
) -> list[tuple[int, int]]:
    i = len(hypothesis)
    j = int(table[i].argmin()) if open_end else len(reference)
    pairs: list[tuple[int, int]] = []
    while i and j:
        here = table[i, j]
        # Deletions and insertions are undone first, so that of equal words the earliest is chosen.
        if here == table[i, j - 1] + _EDIT:
            j -= 1
        elif here == table[i - 1, j] + _EDIT:
            i -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((j, i))
    return pairs[::-1]


@dataclass(frozen=True, slots=True)
class Shown:
    """In which message each reference word first stood; -1 for never. Shape (reference,) each.

    Attributes:
        chosen: by the alignment with the fewest edits and the highest similarity.
        earliest: by any alignment with the fewest edits.
        certain: by every alignment with the fewest edits.
    """

    chosen: NDArray[np.int64]
    earliest: NDArray[np.int64]
    certain: NDArray[np.int64]


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
    for index, words in enumerate(messages):
        if words:
            texts.setdefault(tuple(words), index)
    if not size or not texts:
        return Shown(**first)
    longest = max(map(len, texts))
    if len(texts) * longest * size > _SEGMENT_CELLS:
        for words, index in texts.items():
            found = _equal(align(reference, words, open_end=True), reference, words)
            for column in first.values():
                _note(column, found, index)
        return Shown(**first)
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
            _note(first["chosen"], chosen, index)
            _note(first["earliest"], possible[row], index)
            _note(first["certain"], certain[row], index)
    return Shown(**first)


def _note(first: NDArray[np.int64], found: NDArray[np.bool_], index: int) -> None:
    first[found & (first < 0)] = index


def _equal(pairs: list[tuple[int, int]], reference: Sequence[str], words: Sequence[str]) -> NDArray[np.bool_]:
    found = np.zeros(len(reference), np.bool_)
    found[[i for i, j in pairs if reference[i] == words[j]]] = True
    return found


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
