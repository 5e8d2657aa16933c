"""Medical terms, negations, sides and values: hand-computed cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.metrics.terms import Kept, TermCounts, meaning
from workbench.metrics.values import Expression, expressions, value_counts
from workbench.reference import Reference, Term

VISIT = Reference(
    "Metformin 500 mg twice daily. Type 2 diabetes. Denies chest pain. No edema in the left leg.",
    "metformin five hundred milligrams twice daily type two diabetes denies chest pain no edema in the left leg",
    terms=(Term("Metformin", "drug"), Term("type 2 diabetes", "medical"), Term("500 mg", "dose")),
)
TERMS = st.builds(TermCounts, *[st.integers(0, 9)] * 3)


def test_what_was_understood_is_complete_in_spoken_and_in_written_form():
    """Either form of the whole text keeps every term, value, negation and side."""
    for text in (VISIT.written, VISIT.spoken):
        found, values = meaning(VISIT, text), value_counts(VISIT, text)
        assert (found.terms, found.drugs) == (TermCounts(2, 2, 2), TermCounts(1, 1, 1))
        assert (found.medical_words, found.medical_errors, found.medical_wer) == (4, 0, 0.0)
        assert (found.negations, found.sides) == (Kept(2, 2), Kept(1, 1))
        assert (values.said, values.kept, values.invented) == (3, 3, 0)


def test_a_misheard_drug_a_lost_negation_and_a_swapped_side_are_counted():
    """Each where it belongs, by hand."""
    heard = "met forming 500 mg twice daily type 2 diabetes chest pain no edema in the right leg"
    found = meaning(VISIT, heard)
    assert found.drugs == TermCounts(1, 0, 0)
    assert (found.terms.recall, found.terms.precision, found.terms.f1) == (0.5, 1.0, pytest.approx(2 / 3))
    assert (found.drugs.recall, found.drugs.precision, found.drugs.f1) == (0.0, None, 0.0)
    # Four medical words: metformin is wrong, type 2 diabetes right.
    assert found.medical_wer == 0.25
    assert (found.negations.share, found.sides.share) == (0.5, 0.0)


def test_a_term_in_the_wrong_place_is_no_hit_and_costs_precision():
    """The word is there, but not where it was said."""
    reference = Reference("aspirin daily then rest", "", terms=(Term("aspirin", "drug"),))
    found = meaning(reference, "daily then rest aspirin")
    assert found.drugs == TermCounts(1, 1, 0)
    assert found.medical_errors == 2


def test_a_word_pushed_into_a_term_breaks_it():
    """All its words are right, and it is another term."""
    reference = Reference("atrial fibrillation", "", terms=(Term("atrial fibrillation", "medical"),))
    assert meaning(reference, "atrial no fibrillation").terms.hits == 0


def test_without_marked_terms_every_rate_is_unknown():
    """Nothing to find is not everything found."""
    found = meaning(Reference("take rest", "take rest"), "take rest")
    assert found.medical_wer is found.terms.recall is found.terms.f1 is found.negations.share is None


@pytest.mark.parametrize("hypothesis", ["", "completely different words"])
def test_an_empty_or_useless_hypothesis_keeps_nothing(hypothesis):
    """Counts of the reference stay, hits are 0."""
    found = meaning(VISIT, hypothesis)
    assert (found.terms.recall, found.medical_wer, found.negations.share) == (0.0, 1.0, 0.0)
    assert value_counts(VISIT, hypothesis).kept == 0


@given(TERMS, TERMS)
def test_counts_of_terms_add(one, two):
    """Pooled recall is hits over occurrences of both."""
    both = one + two
    assert both.recall == (
        (one.hits + two.hits) / (one.reference + two.reference) if one.reference + two.reference else None
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("five milligrams", [("5", "mg")]),
        ("temperature 98.6°F", [("98.6", "degrees f")]),
        ("BP 120/80, pulse 72 bpm", [("120/80", ""), ("72", "bpm")]),
        ("every six hours", [("q6h", "")]),
        ("take 2 50 mg tablets", [("2", ""), ("50", "mg")]),
        ("no numbers", []),
        ("", []),
    ],
)
def test_expressions_are_numbers_with_their_units_and_frequencies(text, expected):
    """In order, normalised."""
    assert expressions(text) == [Expression(*e) for e in expected]


@pytest.mark.parametrize(
    ("said", "heard", "kept"),
    [
        ("5 mg", "5 mcg", 0),
        ("5 mg", "50 mg", 0),
        ("5 mg", "5", 0),
        ("5 mg", "five milligrams", 1),
        ("5 mg and 10 ml", "10 ml", 1),
        ("5 mg and 10 ml", "10 ml and 5 mg", 1),
    ],
)
def test_a_value_is_right_only_with_its_unit_and_in_its_place(said, heard, kept):
    """Value and unit both, in order."""
    found = value_counts(Reference(said, said), heard)
    assert found.kept == kept
    assert found.invented == len(expressions(heard)) - kept


def test_the_written_form_is_counted_apart():
    """The value is right, the digits are not written."""
    found = value_counts(Reference("Take 5 mg.", "take five milligrams"), "take five milligrams")
    assert (found.accuracy, found.written_accuracy) == (1.0, 0.0)
    assert value_counts(Reference("none", "none"), "none").accuracy is None
