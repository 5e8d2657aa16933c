"""One alignment everywhere: error counts, differences and jiwer's totals agree."""

import itertools

import jiwer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Indel

from workbench.reference import Reference
from workbench.scoring.metrics.accuracy import word_errors
from workbench.scoring.metrics.alignment import align, paired
from workbench.scoring.metrics.edit_table import costs, trace
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
    assert len(pairs) == paired(ours, theirs)
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
