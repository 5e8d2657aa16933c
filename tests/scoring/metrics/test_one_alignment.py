"""One alignment everywhere: error counts, differences and jiwer's totals agree."""

import itertools
import random

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

from workbench.reference import Reference
from workbench.scoring.metrics.accuracy import word_errors
from workbench.scoring.metrics.alignment import align, paired
from workbench.scoring.metrics.edit_table import _near, cheapest, costs, trace
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.word_diff import word_diff

WORDS = st.lists(st.sampled_from(["no", "chest", "pain", "pains", "pin", "arm", "ten", "tin"]), max_size=12)
AS_IT_IS = jiwer.Compose([])


def _cost(ours, theirs, pairs):
    edits = len(ours) + len(theirs) - 2 * len(pairs) + sum(ours[i] != theirs[j] for i, j in pairs)
    return edits, sum(int(1000 * Indel.normalized_similarity(ours[i], theirs[j])) for i, j in pairs)


@settings(max_examples=300)
@given(WORDS.filter(bool), WORDS.filter(bool))
def test_the_short_way_is_as_good_as_the_whole_table(ours, theirs):
    """Fewest edits, then the highest similarity; monotone."""
    pairs = align(ours, theirs)
    assert paired(ours, theirs) == (len(pairs), sum(ours[i] == theirs[j] for i, j in pairs))
    assert pairs == sorted(set(pairs))
    assert all(a < c and b < d for (a, b), (c, d) in itertools.pairwise(pairs))
    assert _cost(ours, theirs, pairs) == _cost(ours, theirs, trace(costs(ours, theirs), ours, theirs, open_end=False))


@settings(max_examples=300)
@given(WORDS, WORDS)
def test_counts_are_those_of_the_alignment_and_total_those_of_jiwer(ours, theirs):
    """H, S, D and I of differences and of rates are one; their sum is jiwer's."""
    counts, pairs = word_errors(ours, theirs), align(ours, theirs)
    equal = sum(ours[i] == theirs[j] for i, j in pairs)
    assert (counts.hits, counts.substitutions) == (equal, len(pairs) - equal)
    assert (counts.deletions, counts.insertions) == (len(ours) - len(pairs), len(theirs) - len(pairs))
    if ours or theirs:
        found = jiwer.process_words([ours], [theirs], AS_IT_IS, AS_IT_IS) if ours else None
        assert counts.errors == (found.substitutions + found.deletions + found.insertions if found else len(theirs))
    steps = [w.kind for w in word_diff(Reference(" ".join(ours), " ".join(ours)), " ".join(theirs), NORMALISERS["raw"])]
    assert [steps.count(k) for k in ("equal", "substitution", "deletion", "insertion")] == [
        counts.hits, counts.substitutions, counts.deletions, counts.insertions,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs", "pairs"),
    [
        ("no pain", "no pain pain", [(0, 0), (1, 1)]),
        ("no pain pain", "no pain", [(0, 0), (1, 1)]),
        ("new new pain", "no pain", [(0, 0), (2, 1)]),
        ("ten arm", "arm tin", [(1, 0)]),
        ("ten chest arm", "chest arm tin", [(1, 0), (2, 1)]),
        ("tin arm pain pins", "pin arms pain", [(0, 0), (1, 1), (2, 2)]),
    ],
)
def test_ties_go_to_similarity_and_then_to_the_earliest(ours, theirs, pairs):
    """The stated rule."""
    assert align(ours.split(), theirs.split()) == pairs


@pytest.mark.parametrize("open_end", [False, True])
@pytest.mark.parametrize("vocabulary", [["no", "chest", "pain", "pains", "pin", "ten", "tin"], ["a", "b"]])
def test_the_cells_near_the_diagonal_give_the_way_of_the_whole_table(vocabulary, open_end):
    """The same pairs, ties and all, however many edits there are, and whatever bound on them is known."""
    draw, bounds = random.Random(5), set()
    for _ in range(1_500):
        ours = draw.choices(vocabulary, k=draw.randrange(1, 20))
        theirs = [word for word in ours if draw.random() > 0.1][: draw.randrange(1, 20)]
        theirs = [word if draw.random() > 0.3 else draw.choice(vocabulary) for word in theirs] or ["no"]
        whole = trace(costs(ours, theirs), ours, theirs, open_end=open_end)
        assert cheapest(ours, theirs, open_end=open_end) == whole
        last = costs(ours, theirs)[-1]
        fewest = -(-(min(last) if open_end else last[-1]) // 1_000_000_000)
        bounds.add(fewest)
        table = _near(ours, theirs, fewest + draw.randrange(1, 9))
        if len(table) > len(theirs):  # not left early
            assert trace(table, ours, theirs, open_end=open_end) == whole
    assert set(range(6)) <= bounds
