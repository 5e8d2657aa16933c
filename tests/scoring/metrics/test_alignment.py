"""Alignment of words: fewest edits, then similarity, and where it is ambiguous."""

import itertools
import random

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from workbench.scoring.metrics import alignment
from workbench.scoring.metrics.accuracy import word_errors
from workbench.scoring.metrics.alignment import align, paired
from workbench.scoring.metrics.shown import shown_words, words_present

WORDS = st.lists(st.sampled_from(["a", "b", "c", "ab"]), max_size=6)


def every_alignment(reference, hypothesis):
    """All (edits, matched reference words) of a pair, by brute force; the reference may go on after the hypothesis."""

    def walk(i, j):
        if j == len(hypothesis):
            yield 0, frozenset()
            if i < len(reference):
                for edits, matched in walk(i + 1, j):
                    yield edits + 1, matched
            return
        for edits, matched in walk(i, j + 1):
            yield edits + 1, matched
        if i < len(reference):
            for edits, matched in walk(i + 1, j):
                yield edits + 1, matched
            same = reference[i] == hypothesis[j]
            for edits, matched in walk(i + 1, j + 1):
                yield edits + (not same), matched | {i} if same else matched

    return set(walk(0, 0))


@pytest.mark.parametrize(
    ("reference", "hypothesis", "pairs"),
    [
        ("a b c", "a b c", [(0, 0), (1, 1), (2, 2)]),
        ("a b c", "a c", [(0, 0), (2, 1)]),
        ("a c", "a b c", [(0, 0), (1, 2)]),
        ("metformin daily", "met forming daily", [(0, 1), (1, 2)]),
        ("take lisinopril", "take lies in april", [(0, 0), (1, 3)]),
        ("", "a", []),
        ("a", "", []),
    ],
)
def test_words_stand_opposite_each_other(reference, hypothesis, pairs):
    """Among equally good alignments the similar words are paired."""
    assert align(reference.split(), hypothesis.split()) == pairs


def test_of_equal_words_the_earliest_is_chosen():
    """A tie that nothing decides goes to the first word."""
    assert align(["a", "the", "the", "b"], ["a", "the", "b"]) == [(0, 0), (1, 1), (3, 2)]


def test_an_open_end_costs_nothing():
    """A partial of one word belongs to the start of the sentence, not to the same word further on."""
    reference = ["the", "cat", "and", "the", "dog"]
    assert align(reference, ["the"], open_end=True) == [(0, 0)]
    assert align(reference, ["cat", "and"], open_end=True) == [(1, 0), (2, 1)]


@given(WORDS, WORDS)
def test_the_alignment_has_as_many_edits_as_the_error_count(reference, hypothesis):
    """Pairs, gaps and mismatches add up to S + D + I."""
    pairs = align(reference, hypothesis)
    wrong = sum(reference[i] != hypothesis[j] for i, j in pairs)
    edits = wrong + len(reference) - len(pairs) + len(hypothesis) - len(pairs)
    assert edits == word_errors(reference, hypothesis).errors
    assert pairs == sorted(pairs)
    assert all(a < c and b < d for (a, b), (c, d) in itertools.pairwise(pairs))


@given(WORDS, WORDS)
def test_the_path_for_long_pairs_has_as_many_edits(reference, hypothesis):
    """RapidFuzz's alignment is one of the optimal ones."""
    if reference and hypothesis:
        pairs = alignment._one_alignment(reference, hypothesis)
        wrong = sum(reference[i] != hypothesis[j] for i, j in pairs)
        assert wrong + len(reference) + len(hypothesis) - 2 * len(pairs) == word_errors(reference, hypothesis).errors


@given(st.lists(st.sampled_from("abc"), max_size=5), st.lists(st.sampled_from("abcd"), min_size=1, max_size=5))
def test_possible_and_certain_words_are_those_of_all_optimal_alignments(reference, hypothesis):
    """The tables of forward and backward costs find what enumeration finds."""
    every = every_alignment(reference, hypothesis)
    best = min(edits for edits, _ in every)
    optimal = [matched for edits, matched in every if edits == best]
    shown = shown_words(reference, [hypothesis])
    words = set(range(len(reference)))
    assert {i for i in words if shown.earliest[i] == 0} == set().union(*optimal)
    assert {i for i in words if shown.certain[i] == 0} == set.intersection(*[set(m) for m in optimal])
    chosen = {i for i in words if shown.chosen[i] == 0}
    assert chosen in [set(m) for m in optimal]


@given(st.lists(WORDS.map(tuple), min_size=1, max_size=5, unique=True), WORDS.filter(bool))
def test_the_words_present_in_a_text_are_those_that_its_own_alignment_finds(texts, reference):
    """All texts at once, long ones by one alignment each; a text that begins the reference, too."""
    texts = list(dict.fromkeys([*texts, tuple(reference[:2])]))
    alone = [
        [any(i == k and reference[i] == text[j] for i, j in align(reference, text, open_end=True))
         for k in range(len(reference))]
        for text in texts
    ]  # fmt: skip
    assert words_present(reference, texts).tolist() == alone
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.scoring.metrics.shown.PAIR_CELLS", 0)
        assert words_present(reference, texts).tolist() == alone


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), st.lists(WORDS, max_size=6))
def test_a_word_is_settled_since_its_last_run_began(reference, messages):
    """Message by message; empty ones do not count."""
    since = [-1] * len(reference)
    for index, words in enumerate(messages):
        present = {i for i, j in align(reference, words, open_end=True) if reference[i] == words[j]}
        for i in range(len(reference)) if words else ():
            since[i] = -1 if i not in present else index if since[i] < 0 else since[i]
    assert shown_words(reference, messages).settled.tolist() == since


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=4), st.lists(WORDS, max_size=5))
def test_batches_do_not_change_the_answer(reference, messages):
    """Messages worked on together give what they give one at a time."""
    together = shown_words(reference, messages)
    for name in ("chosen", "earliest", "certain"):
        for word in range(len(reference)):
            alone = [i for i, m in enumerate(messages) if getattr(shown_words(reference, [m]), name)[word] == 0]
            assert getattr(together, name)[word] == (alone[0] if alone else -1)


@given(
    st.lists(st.sampled_from("abcd"), max_size=40),
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["", "a", "x"])), max_size=6),
    st.sampled_from([1, 1_000_000]),
)
def test_a_pair_cut_at_its_anchors_has_as_many_edits(reference, changes, gap_cells):
    """Long equal runs are fixed, what lies between them is aligned again: the optimum stays."""
    hypothesis = list(reference)
    for place, word in changes:
        hypothesis[place : place + 1] = [word] if word else []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "PAIR_CELLS", 1)
        patch.setattr(alignment, "_GAP_CELLS", gap_cells)
        pairs = align(reference, hypothesis)
    wrong = sum(reference[i] != hypothesis[j] for i, j in pairs)
    edits = wrong + len(reference) + len(hypothesis) - 2 * len(pairs)
    assert edits == word_errors(reference, hypothesis).errors
    assert all(a < c and b < d for (a, b), (c, d) in itertools.pairwise(pairs))


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_where_nothing_else_can_be_matched_anchors_give_the_same(monkeypatch, share):
    """Of long texts the proof that no other word can be matched is left out: it says nothing else than anchors do."""
    draw = random.Random(3)
    for _ in range(20):
        reference = [f"word{draw.randrange(400)}" for _ in range(120)]
        hypothesis = [f"word{draw.randrange(400)}" if draw.random() < share else word for word in reference]
        del hypothesis[40:42]
        proved = align(reference, hypothesis), paired(reference, hypothesis)
        with monkeypatch.context() as patched:
            patched.setattr(alignment, "_PROOF_CELLS", 0)
            assert (align(reference, hypothesis), paired(reference, hypothesis)) == proved


def test_a_visit_of_45_minutes_costs_no_proof_for_each_of_its_words(monkeypatch):
    """7,000 words of a small vocabulary took seconds for every normaliser, because each was compared anew."""
    draw = random.Random(4)
    reference = [f"word{draw.randrange(300)}" for _ in range(7_000)]
    hypothesis = [f"word{draw.randrange(300)}" if draw.random() < 0.1 else word for word in reference]
    calls = []
    whole = Levenshtein.distance
    monkeypatch.setattr(Levenshtein, "distance", lambda *both, **more: calls.append(1) or whole(*both, **more))
    assert word_errors(reference, hypothesis).errors == jiwer_errors(reference, hypothesis)
    assert len(calls) < 400  # one for each gap between anchors


def jiwer_errors(reference, hypothesis):
    found = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    return found.substitutions + found.deletions + found.insertions


def test_a_long_partial_with_an_open_end_stops_where_it_stops():
    """Cut at anchors or not, the last words belong where they were said."""
    reference = [f"w{i}" for i in range(120)]
    hypothesis = [*reference[:30], "uh", *reference[31:70]]
    assert align(reference, hypothesis, open_end=True) == [(i, i) for i in range(70)]


def test_a_segment_too_long_for_the_tables_is_aligned_once(monkeypatch):
    """Above the bound one optimal alignment decides, and nothing is called ambiguous."""
    monkeypatch.setattr("workbench.scoring.metrics.shown._SEGMENT_CELLS", 1)
    shown = shown_words(["a", "b", "c"], [["a"], ["a", "b"], ["a", "b", "c"]])
    assert shown.chosen.tolist() == shown.earliest.tolist() == shown.certain.tolist() == [0, 1, 2]


def test_without_words_or_messages_nothing_is_shown():
    """Empty input gives -1 everywhere."""
    assert shown_words(["a"], []).chosen.tolist() == [-1]
    assert shown_words([], [["a"]]).chosen.tolist() == []
    assert shown_words(["a"], [[], []]).chosen.tolist() == [-1]
