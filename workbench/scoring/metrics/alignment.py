"""Which reference word stands where in a hypothesis.

The fewest edits decide; among equals the highest character similarity; among those the earliest. Tokens are normalised
by the caller. Rates, differences, terms and latencies all stand on this one alignment.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, cast

from workbench.scoring.metrics.edit_table import SIMILAR, cheapest

__all__ = ["PAIR_CELLS", "align", "common_ends", "paired"]

# Above this many cells a pair is cut at long equal runs first, and the table is built between them only: 600 words
# take 1 ms instead of 150. A gap above the second bound is left as RapidFuzz aligned it.
PAIR_CELLS = 2_500
_GAP_CELLS = 1_000_000
# Above this many, to prove that no other word could be matched takes longer than to align between anchors.
_PROOF_CELLS = 90_000
# An equal run of this many words is an anchor; this many words at its ends are aligned again with their gap.
_RUN = 8
_RUN_ENDS = 3


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
    head, tail = common_ends(reference, hypothesis, open_end=open_end)
    ours, theirs = reference[head : len(reference) - tail], hypothesis[head : len(hypothesis) - tail]
    middle: list[tuple[int, int]] = []
    # What is shown is aligned for latency, for stability and for meaning, most of it with the same words.
    if ours and theirs and len(ours) * len(theirs) <= PAIR_CELLS:
        middle = _remembered(tuple(ours), tuple(theirs), open_end=open_end)
    elif ours and theirs:
        middle = _between(ours, theirs, open_end=open_end)
    ends = [(len(reference) - k, len(hypothesis) - k) for k in range(tail, 0, -1)]
    pairs = [(i, i) for i in range(head)] + [(i + head, j + head) for i, j in middle] + ends
    return pairs if open_end else _earliest(pairs, reference, hypothesis)


def paired(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[int, int]:
    """How many pairs :func:`align` finds, and how many of them are of equal words.

    Counts need not know which words of a gap stand opposite each other.

    >>> paired("new new pain".split(), "no pain".split())
    (2, 1)
    """
    head, tail = common_ends(reference, hypothesis)
    ours, theirs = reference[head : len(reference) - tail], hypothesis[head : len(hypothesis) - tail]
    ends = head + tail
    if not ours or not theirs:
        return ends, ends
    if len(ours) == 1 or len(theirs) == 1:
        return ends + 1, ends + (ours[0] in theirs if len(ours) == 1 else theirs[0] in ours)
    gaps = _only_gaps(ours, theirs)
    if gaps is None:
        pairs = _between(ours, theirs, open_end=False)
        return ends + len(pairs), ends + sum(ours[i] == theirs[j] for i, j in pairs)
    equal = ends + sum(gap.equal for gap in gaps)
    return equal + sum(min(gap.words, gap.heard) for gap in gaps), equal


def _earliest(
    pairs: list[tuple[int, int]], reference: Sequence[str], hypothesis: Sequence[str]
) -> list[tuple[int, int]]:
    """The same alignment with each word opposite the first of equal ones it can stand opposite."""
    if len(pairs) == len(reference) == len(hypothesis):
        return pairs
    earliest: list[tuple[int, int]] = []
    before, ahead = -1, -1
    for i, j in pairs:
        if i == before + 1:
            if j > ahead + 1:
                j = next((k for k in range(ahead + 1, j) if hypothesis[k] == hypothesis[j]), j)
        elif j == ahead + 1:
            i = next((k for k in range(before + 1, i) if reference[k] == reference[i]), i)
        earliest.append((i, j))
        before, ahead = i, j
    return earliest


@lru_cache(maxsize=256)
def _remembered(ours: tuple[str, ...], theirs: tuple[str, ...], *, open_end: bool) -> list[tuple[int, int]]:
    return _between(ours, theirs, open_end=open_end)


def _between(ours: Sequence[str], theirs: Sequence[str], *, open_end: bool) -> list[tuple[int, int]]:
    """Alignment of what the common ends leave; long stretches are cut at their anchors."""
    if not ours or not theirs:
        return []
    if open_end:
        ours = ours[: 2 * len(theirs)]
    elif (len(ours) == 1 and ours[0] not in theirs) or (len(theirs) == 1 and theirs[0] not in ours):
        return [(0, 0)] if len(ours) == len(theirs) else _gap(ours, theirs)
    elif (gaps := _only_gaps(ours, theirs)) is not None:
        return _filled(gaps, ours, theirs)
    if len(ours) * len(theirs) <= PAIR_CELLS:
        return cheapest(ours, theirs, open_end=open_end)
    pairs: list[tuple[int, int]] = []
    i = j = 0
    for start, stop, other in [*_anchors(ours, theirs), (len(ours), len(ours), len(theirs))]:
        heard = theirs[j:other]
        last = open_end and start == len(ours)
        # An open end never lies beyond twice the words heard: that many deletions cost more than to drop them all.
        gap = ours[i : min(start, i + 2 * len(heard))] if last else ours[i:start]
        if gap and heard and len(gap) * len(heard) > _GAP_CELLS:
            gap_pairs = _one_alignment(gap, heard)
        elif gap and heard:
            # Only behind the last anchor may the hypothesis stop early.
            gap_pairs = cheapest(gap, heard, open_end=last)
        else:
            gap_pairs = []
        pairs += [(i + a, j + b) for a, b in gap_pairs]
        pairs += [(start + k, other + k) for k in range(stop - start)]
        i, j = stop, other + stop - start
    return pairs


class _Gap(NamedTuple):
    """Words of both sides between matches, and how many matches follow them."""

    start: int
    words: int
    other: int
    heard: int
    equal: int


def _only_gaps(ours: Sequence[str], theirs: Sequence[str]) -> list[_Gap] | None:
    """Gaps between the equal words that all alignments with the fewest edits match; None if they may match others.

    A match that is ``k`` places apart costs at least ``|k| + |k - d|`` edits, ``d`` the difference of the lengths; what
    it costs is the edits of what stands before it and behind it.
    Where no other match than those of one best alignment is as cheap as the best, and all without one of these are
    dearer, only the gaps between them are left to align.
    """
    from rapidfuzz.distance import Levenshtein

    if len(ours) * len(theirs) > _PROOF_CELLS:
        return None
    edits = cast("list[tuple[str, int, int]]", Levenshtein.editops(ours, theirs).as_list())
    apart, most = len(theirs) - len(ours), len(edits)
    equal: dict[int, int] = {}
    gaps: list[_Gap] = []
    at = opposite = begin = other_begin = 0
    for kind, start, other in [*edits, ("end", len(ours), len(theirs))]:
        if start > at:
            gaps.append(_Gap(begin, at - begin, other_begin, opposite - other_begin, start - at))
            equal.update(zip(range(at, start), range(opposite, other), strict=True))
            begin, other_begin = start, other
        at, opposite = start + (kind != "insert"), other + (kind != "delete")
    gaps.append(_Gap(begin, len(ours) - begin, other_begin, len(theirs) - other_begin, 0))
    places: dict[str, list[int]] = {}
    for j, word in enumerate(theirs):
        places.setdefault(word, []).append(j)
    for i, word in enumerate(ours):
        for j in places.get(word, ()):
            if equal.get(i) != j and abs(j - i) + abs(j - i - apart) <= most:
                fewest = Levenshtein.distance(ours[:i], theirs[:j], score_cutoff=most)
                if fewest + Levenshtein.distance(ours[i + 1 :], theirs[j + 1 :]) <= most:
                    return None
    return None if _dispensable(gaps) else gaps


def _dispensable(gaps: Sequence[_Gap]) -> bool:
    """Whether it is as cheap to leave some of the matches out.

    A gap costs the longer of its sides. To leave out the ``n`` matches between two gaps costs ``n`` edits and wins what
    is too much on one side in some of the gaps and on the other side in others.
    """
    leaning: list[tuple[int, int]] = []
    matched = 0
    for gap in gaps:
        if gap.words != gap.heard:
            leaning.append((matched, gap.words - gap.heard))
        matched += gap.equal
    for k, (first, _) in enumerate(leaning):
        more = less = 0
        for place, surplus in leaning[k:]:
            more, less = more + max(surplus, 0), less - min(surplus, 0)
            if place > first and min(more, less) >= place - first:
                return True
    return False


def _gap(ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]]:
    """The words of the shorter side opposite the most similar of the longer one."""
    from rapidfuzz.distance import Indel

    if len(ours) > 1 and len(theirs) > 1:
        return cheapest(ours, theirs, open_end=False)
    one, others = (ours[0], theirs) if len(ours) == 1 else (theirs[0], ours)
    similar = [int(SIMILAR * Indel.normalized_similarity(one, other)) for other in others]
    best = similar.index(max(similar))
    return [(0, best) if len(ours) == 1 else (best, 0)]


def _filled(gaps: Sequence[_Gap], ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]]:
    """Matches, and what stands opposite each other in the gaps between them."""
    pairs: list[tuple[int, int]] = []
    for i, words, j, heard, equal in gaps:
        if words == heard:
            pairs += zip(range(i, i + words), range(j, j + heard), strict=True)
        elif words and heard:
            pairs += [(i + a, j + b) for a, b in _gap(ours[i : i + words], theirs[j : j + heard])]
        i, j = i + words, j + heard
        pairs += zip(range(i, i + equal), range(j, j + equal), strict=True)
    return pairs


def _anchors(ours: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int, int]]:
    """Middles of long equal runs of one optimal alignment: start and stop in ours, start in theirs."""
    from rapidfuzz.distance import Levenshtein

    return [
        (step.src_start + _RUN_ENDS, step.src_end - _RUN_ENDS, step.dest_start + _RUN_ENDS)
        for step in Levenshtein.opcodes(list(ours), list(theirs))
        if step.tag == "equal" and step.src_end - step.src_start >= _RUN
    ]


def common_ends(reference: Sequence[str], hypothesis: Sequence[str], *, open_end: bool = False) -> tuple[int, int]:
    """Equal words at the start and, where the end is closed, at the end: some best alignment pairs them all.

    >>> common_ends("no chest pain".split(), "no pain".split())
    (1, 1)
    """
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
