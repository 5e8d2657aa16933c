"""Error counts: hand-computed cases and laws."""

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.scoring.metrics import accuracy
from workbench.scoring.metrics.accuracy import ErrorCounts, char_errors, counted, word_errors

WORDS = st.lists(st.sampled_from(["a", "b", "c", "no", "pain"]), max_size=12)
COUNTS = st.builds(ErrorCounts, *[st.integers(0, 50)] * 4)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "expected"),
    [
        ("the cat sat", "the cat sat", ErrorCounts(3, 0, 0, 0)),
        ("the cat sat", "the bat sat", ErrorCounts(2, 1, 0, 0)),
        ("the cat sat", "the sat", ErrorCounts(2, 0, 1, 0)),
        ("the cat sat", "the big cat sat", ErrorCounts(3, 0, 0, 1)),
        ("the cat sat", "", ErrorCounts(0, 0, 3, 0)),
        ("", "noise", ErrorCounts(0, 0, 0, 1)),
        ("", "", ErrorCounts()),
    ],
)
def test_word_errors_equal_the_hand_count(reference, hypothesis, expected):
    """Each kind of error is counted once."""
    assert word_errors(reference.split(), hypothesis.split()) == expected


def test_an_empty_reference_has_errors_and_no_rate():
    """Insertions against silence are errors; there is nothing to divide them by."""
    counts = word_errors([], ["uh", "uh"])
    assert (counts.errors, counts.rate, counts.wip, counts.wil) == (2, None, None, None)
    assert counts.mer == 1.0


def test_an_empty_pair_has_no_rates_at_all():
    """Nothing against nothing is unknown, not perfect."""
    counts = ErrorCounts()
    assert (counts.rate, counts.mer, counts.wip, counts.wil) == (None, None, None, None)


def test_an_empty_hypothesis_preserves_no_information():
    """WIP is 0 and WER is 1 when everything was deleted."""
    counts = word_errors(["a", "b"], [])
    assert (counts.rate, counts.wip, counts.wil, counts.mer) == (1.0, 0.0, 1.0, 1.0)


@given(WORDS, WORDS)
def test_counts_and_rates_are_those_of_jiwer(reference, hypothesis):
    """For any pair the errors, and with one best alignment every count and rate, equal jiwer's own."""
    counts = word_errors(reference, hypothesis)
    theirs = jiwer.process_words([" ".join(reference)], [" ".join(hypothesis)])
    assert counts.errors == theirs.substitutions + theirs.deletions + theirs.insertions
    assert counts.deletions - counts.insertions == theirs.deletions - theirs.insertions
    # Where two alignments have as few edits, ours has the more similar words opposite each other.
    if reference and counts.hits == theirs.hits:
        assert (counts.rate, counts.mer, counts.wip) == pytest.approx((theirs.wer, theirs.mer, theirs.wip))


@given(st.lists(st.tuples(WORDS, WORDS), max_size=4))
def test_pairs_counted_together_are_counted_as_alone(texts):
    """One call of jiwer for several, some of them empty or equal, each with its own counts."""
    alone = [jiwer.process_words([" ".join(a)], [" ".join(b)]) for a, b in texts]
    assert counted(texts) == [ErrorCounts(o.hits, o.substitutions, o.deletions, o.insertions) for o in alone]


@given(st.text("abc ", min_size=1).map(str.strip), st.text("abc ").map(str.strip))
def test_character_counts_are_those_of_jiwer(reference, hypothesis):
    """CER counts spaces as characters, as jiwer does."""
    theirs = jiwer.process_characters([reference], [hypothesis])
    counts = char_errors(reference, hypothesis)
    assert counts == ErrorCounts(theirs.hits, theirs.substitutions, theirs.deletions, theirs.insertions)


@given(WORDS, WORDS)
def test_the_path_for_long_transcripts_counts_the_same(reference, hypothesis):
    """RapidFuzz with a score hint gives jiwer's counts."""
    if reference != hypothesis and reference and hypothesis:
        assert accuracy._long_errors(reference, hypothesis) == counted([(reference, hypothesis)])[0]


@given(COUNTS, COUNTS, COUNTS)
def test_counts_add(one, two, three):
    """Addition is associative and commutative with an empty neutral element."""
    assert one + (two + three) == (one + two) + three
    assert one + two == two + one
    assert one + ErrorCounts() == one


@given(st.lists(st.tuples(WORDS, WORDS), max_size=6))
def test_the_pooled_rate_is_the_rate_of_the_sums(pairs):
    """Pooled WER is summed errors over summed words, not a mean of rates."""
    parts = [word_errors(r, h) for r, h in pairs]
    pooled = sum(parts, ErrorCounts())
    words = sum(len(r) for r, _ in pairs)
    assert pooled.reference == words
    assert pooled.hypothesis == sum(len(h) for _, h in pairs)
    assert pooled.rate == (sum(p.errors for p in parts) / words if words else None)
