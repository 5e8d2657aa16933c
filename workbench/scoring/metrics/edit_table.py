"""The table of edits between two rows of words: the fewest edits, and of equal numbers the highest similarity."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIMILAR", "costs", "trace"]

# One edit outweighs every possible gain of similarity: similarity is at most 1,000 a word and a line of the table
# never holds a million words.
_EDIT = 1_000_000_000
SIMILAR = 1_000
"""What two equal words gain."""
# Up to this many cells the table is built without numpy.
_SMALL_CELLS = 40


def _gains(reference: Sequence[str], hypothesis: Sequence[str]) -> NDArray[np.int64]:
    """Cost of each word of the hypothesis (row) opposite each of the reference: an edit less their similarity."""
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    similar = cdist(hypothesis, reference, scorer=Indel.normalized_similarity, dtype=np.float64)
    gains = (SIMILAR * similar).astype(np.int64)
    return np.where(gains == SIMILAR, -SIMILAR, _EDIT - gains)


def costs(reference: Sequence[str], hypothesis: Sequence[str]) -> list[list[int]]:
    """Edit table with similarity as the second digit, shape (hypothesis + 1, reference + 1)."""
    if len(reference) * len(hypothesis) <= _SMALL_CELLS:
        return _small_costs(reference, hypothesis)
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


def _small_costs(reference: Sequence[str], hypothesis: Sequence[str]) -> list[list[int]]:
    """The same table, cell by cell: for a few words numpy takes longer to begin than this to end."""
    from rapidfuzz.distance import Indel

    similarity = Indel.normalized_similarity
    row = [_EDIT * column for column in range(len(reference) + 1)]
    table = [row]
    for heard in hypothesis:
        above, left = row, row[0] + _EDIT
        row = [left]
        for column, word in enumerate(reference):
            gain = -SIMILAR if word == heard else _EDIT - int(SIMILAR * similarity(heard, word))
            left = min(above[column] + gain, above[column + 1] + _EDIT, left + _EDIT)
            row.append(left)
        table.append(row)
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
