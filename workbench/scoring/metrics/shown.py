"""Since when each reference word is shown, over the successive hypotheses of its stretch.

Where equally good alignments disagree about a word, both answers are kept. Tokens are normalised by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.metrics.alignment import PAIR_CELLS, align

__all__ = ["Shown", "settled", "shown_words", "words_present"]

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
    places = [index for index, words in enumerate(messages) if words]
    rows: dict[tuple[str, ...], int] = {}
    said = [rows.setdefault(tuple(messages[index]), len(rows)) for index in places]
    if not size or not rows:
        never = np.full(size, -1, np.int64)
        return Shown(never, never, never, never)
    chosen, possible, certain = _matched(reference, list(rows))
    order = np.array(places)
    first = order[np.unique(said, return_index=True)[1]]
    earliest = {
        name: np.where(matched.any(axis=0), first[matched.argmax(axis=0)], -1)
        for name, matched in (("chosen", chosen), ("earliest", possible), ("certain", certain))
    }
    return Shown(**earliest, settled=settled(order, chosen[said]))


def settled(stamps: NDArray[np.int64], present: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Stamp since which each word stands in every message; -1 if the last lacks it.

    Args:
        stamps: of the messages.
        present: which words each message has, shape (messages, words).
    """
    lacking = ~present[::-1]
    run = np.where(lacking.any(axis=0), lacking.argmax(axis=0), len(stamps))
    return np.where(run > 0, stamps[-run], -1)


def words_present(reference: Sequence[str], texts: Sequence[tuple[str, ...]]) -> NDArray[np.bool_]:
    """Which reference words each text has, as :func:`align` pairs them with an open end; shape (texts, reference).

    >>> words_present("no chest pain".split(), [("no", "pain"), ("no", "chest")]).tolist()
    [[True, False, True], [True, True, False]]
    """
    if len(reference) * max(map(len, texts)) <= PAIR_CELLS:
        return _matched(reference, texts)[0]
    return np.array([_equal(align(reference, words, open_end=True), reference, words) for words in texts])


def _matched(
    reference: Sequence[str], texts: Sequence[tuple[str, ...]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Words that each text has by the chosen alignment, by any of the best and by all of them.

    Only where these differ is anything left to choose; what is too long is aligned and called certain.
    """
    if len(texts) * max(map(len, texts)) * len(reference) > _SEGMENT_CELLS:
        chosen = np.array([_equal(align(reference, words, open_end=True), reference, words) for words in texts])
        return chosen, chosen, chosen
    possible = np.zeros((len(texts), len(reference)), np.bool_)
    others: list[int] = []
    for row, words in enumerate(texts):
        if words == tuple(reference[: len(words)]):  # without an edit there is one way
            possible[row, : len(words)] = True
        else:
            others.append(row)
    certain = possible.copy()
    step = max(1, _BATCH_CELLS // ((max(map(len, texts)) + 1) * (len(reference) + 1)))
    for start in range(0, len(others), step):
        batch = others[start : start + step]
        possible[batch], certain[batch] = _optimal_matches(reference, [texts[row] for row in batch])
    chosen = certain.copy()
    for row in np.flatnonzero((possible != certain).any(axis=1)).tolist():
        chosen[row] = _equal(align(reference, texts[row], open_end=True), reference, texts[row])
    return chosen, possible, certain


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
    inside = np.arange(longest)[:, None] < lengths
    ids = np.full((len(batch), longest), -1)
    ids[inside.T] = [number.get(word, -1) for words in batch for word in words]
    equal = ids.T[:, None, :] == columns[None, :, None]
    forward, backward = _tables(equal, inside)
    best = backward[0, 0]
    diagonal = (forward[:-1, :-1] + backward[1:, 1:] - equal == best) & inside[:, None, :]
    possible = (diagonal & equal).any(axis=0)
    substituted = (diagonal & ~equal).any(axis=0)
    rows = np.arange(longest + 1)[:, None, None] <= lengths
    deleted = ((forward[:, :-1] + backward[:, 1:] == best) & rows).any(axis=0)
    ends = forward[lengths, :-1, np.arange(len(batch))].T + np.arange(len(reference))[:, None] == best
    stopped = np.logical_or.accumulate(ends, axis=0)
    return possible.T, (possible & ~substituted & ~deleted & ~stopped).T


def _tables(equal: NDArray[np.bool_], inside: NDArray[np.bool_]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """F less the number of its column, and B more by it: so a deletion costs nothing, a match gains one.

    Both in one table, side by side, B turned round: NumPy takes as long for either as for both.

    Args:
        equal: shape (message words, reference words, messages).
        inside: whether a message is as long, shape (message words, messages).

    Returns:
        Shape (message words + 1, reference words + 1, messages) each.
    """
    longest, size, count = equal.shape
    gain = np.concatenate([equal, equal[::-1, ::-1]], axis=2).astype(np.int32)
    # Behind its own end a message is finished, wherever in the reference it stands.
    inserted = np.concatenate([np.ones_like(inside), inside[::-1]], axis=1).astype(np.int32)
    table = np.zeros((longest + 1, size + 1, 2 * count), np.int32)
    table[0, :, count:] = np.arange(size, -1, -1)[:, None]
    for row in range(longest):
        above, here = table[row], table[row + 1]
        np.add(above, inserted[row], out=here)
        np.minimum(here[1:], above[:-1] - gain[row], out=here[1:])
        np.minimum.accumulate(here, axis=0, out=here)
    return table[:, :, :count], table[::-1, ::-1, count:]
