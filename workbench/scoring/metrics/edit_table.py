"""The table of edits between two rows of words: the fewest edits, and of equal numbers the highest similarity."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIMILAR", "cheapest", "costs", "trace"]

# One edit outweighs every possible gain of similarity: similarity is at most 1,000 a word and a line of the table
# never holds a million words.
_EDIT = 1_000_000_000
SIMILAR = 1_000
"""What two equal words gain."""
# Up to this many edits only the cells near the diagonal are made, without NumPy: 10 words with 3 edits take 23 us, not
# 60. With 9 edits both take as long.
_FEW_EDITS = 8
_FAR = 1 << 60
"""What a cell has that no cheapest way leads through."""


@cache
def _distances() -> Any:  # noqa: ANN401  a module
    # Loaded with the first alignment; an import statement would cost a twentieth of every further one.
    return import_module("rapidfuzz.distance")


def cheapest(reference: Sequence[str], hypothesis: Sequence[str], *, open_end: bool) -> list[tuple[int, int]]:
    """Pairs (reference index, hypothesis index) of the cheapest way, the one that :func:`trace` finds in the table.

    Args:
        reference: words, at least one.
        hypothesis: words, at least one.
        open_end: what the reference has behind the hypothesis costs nothing.

    >>> cheapest("take two tablets daily".split(), "to tablets".split(), open_end=True)
    [(1, 0), (2, 1)]
    """
    distance, heard = _distances().Levenshtein.distance, len(hypothesis)
    # With an open end any beginning of the reference bounds the edits.
    most = distance(reference[:heard] if open_end else reference, hypothesis, score_cutoff=_FEW_EDITS)
    if open_end and 1 < most <= _FEW_EDITS:
        others = (reference[: heard + 1], reference[: heard - 1])
        most = min(most, *(distance(beginning, hypothesis) for beginning in others))
    if most > _FEW_EDITS:
        return trace(costs(reference, hypothesis), reference, hypothesis, open_end=open_end)
    table = _near(reference, hypothesis, most)
    done = len(table) - 1
    if done == heard:
        return trace(table, reference, hypothesis, open_end=open_end)
    begun = trace(table, reference, hypothesis[:done], open_end=True)
    column = table[done].index(min(table[done]))
    return begun + list(zip(range(column, column + heard - done), range(done, heard), strict=True))


def _gains(reference: Sequence[str], hypothesis: Sequence[str]) -> NDArray[np.int64]:
    """Cost of each word of the hypothesis (row) opposite each of the reference: an edit less their similarity."""
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    similar = cdist(hypothesis, reference, scorer=Indel.normalized_similarity, dtype=np.float64)
    gains = (SIMILAR * similar).astype(np.int64)
    return np.where(gains == SIMILAR, -SIMILAR, _EDIT - gains)


def costs(reference: Sequence[str], hypothesis: Sequence[str]) -> list[list[int]]:
    """Edit table with similarity as the second digit, shape (hypothesis + 1, reference + 1)."""
    columns = np.arange(len(reference) + 1, dtype=np.int64) * _EDIT
    table = np.empty((len(hypothesis) + 1, len(reference) + 1), np.int64)
    table[0] = columns
    gains = _gains(reference, hypothesis)
    for row in range(1, len(hypothesis) + 1):
        best = table[row - 1] + _EDIT
        np.minimum(best[1:], table[row - 1, :-1] + gains[row - 1], out=best[1:])
        # A run of deletions costs one edit a column: a running minimum after that slope is taken out.
        table[row] = np.minimum.accumulate(best - columns) + columns
    rows: list[list[int]] = table.tolist()
    return rows


def _near(reference: Sequence[str], hypothesis: Sequence[str], most: int) -> list[list[int]]:
    """The table of :func:`costs` wherever a way with at most so many edits leads; no other cell has less than there.

    Edits only become more along a way (Ukkonen 1985): of each row the cells from the first to the last that may go on
    are made, and similarity is asked for where it can decide. The table ends where one cell is left that no further
    edit may follow: all words behind it are equal.
    """
    similarity, size, limit = _distances().Indel.normalized_similarity, len(reference), most * _EDIT
    first, last = 0, min(most, size)
    row = [_EDIT * column for column in range(last + 1)] + [_FAR] * (size - last)
    table = [row]
    for heard in hypothesis:
        above, row = row, [_FAR] * (size + 1)
        row[first] = left = above[first] + _EDIT
        last = min(last + 1, size)
        for column in range(first, last):
            best = above[column + 1]
            # A call of min would take a third of the time of a cell.
            best = (left if left < best else best) + _EDIT  # noqa: FURB136
            opposite = above[column]
            if reference[column] == heard:
                opposite -= SIMILAR
            elif opposite + _EDIT - SIMILAR < best:
                opposite += _EDIT - int(SIMILAR * similarity(heard, reference[column]))
            else:
                opposite = best
            row[column + 1] = left = opposite if opposite < best else best  # noqa: FURB136
        while last < size and left + _EDIT <= limit:
            last += 1
            row[last] = left = left + _EDIT
        while row[first] > limit:
            first += 1
        while row[last] > limit:
            last -= 1
        table.append(row)
        if first == last and row[first] + _EDIT > limit:
            break
    return table


def trace(
    table: list[list[int]], reference: Sequence[str], hypothesis: Sequence[str], *, open_end: bool
) -> list[tuple[int, int]]:
    """Pairs (reference index, hypothesis index) of the cheapest way through a table of :func:`costs`."""
    i = len(hypothesis)
    j = table[i].index(min(table[i])) if open_end else len(reference)
    pairs: list[tuple[int, int]] = []
    while i and j:
        here = table[i][j]
        # Deletions and insertions are undone first, so that of equal words the earliest is chosen.
        if here == table[i][j - 1] + _EDIT:
            j -= 1
        elif here == table[i - 1][j] + _EDIT:
            i -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((j, i))
    return pairs[::-1]
