"""What became of the meaning of a reference: hand-computed cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.reference import Reference, Term
from workbench.scoring.meant import judged, meant
from workbench.scoring.reading import Meaning, Tally

VISIT = Reference(
    "Metformin 500 mg twice daily. Type 2 diabetes. Denies chest pain. No edema in the left leg.",
    "metformin five hundred milligrams twice daily type two diabetes denies chest pain no edema in the left leg",
    terms=(Term("Metformin", "drug"), Term("type 2 diabetes", "medical"), Term("500 mg", "dose")),
)


def test_what_was_understood_is_complete_in_spoken_and_in_written_form():
    """Either form of the whole text keeps every term, value, negation and side."""
    for text in (VISIT.written, VISIT.spoken):
        found = meant(VISIT, text)
        assert (found.terms, found.drugs) == (Tally(2, 2), Tally(1, 1))
        assert (found.medical_words, found.medical_errors) == (4, 0)
        assert (found.negations, found.sides, found.critical) == (Tally(2, 2), Tally(1, 1), 0)
        assert (found.values.share, found.values.invented) == (1.0, 0)


def test_a_misheard_drug_a_lost_negation_and_a_swapped_side_are_counted():
    """Each where it belongs, by hand."""
    heard = "met forming 500 mg twice daily type 2 diabetes chest pain no edema in the right leg"
    found = meant(VISIT, heard)
    assert (found.drugs.said, found.drugs.kept, found.drugs.lost) == (1, 0, 1)
    assert (found.terms.share, found.terms.precision) == (0.5, 1.0)
    # Four medical words: metformin is wrong, type 2 diabetes right.
    assert (found.medical_words, found.medical_errors) == (4, 1)
    assert found.negations == Tally(2, 1, lost=1)
    assert found.sides == Tally(1, 0, lost=1, invented=1)
    # Metformin became no drug, so it is changed; with the lost negation and the side that makes three.
    assert found.critical == 3


def test_a_term_in_the_wrong_place_is_no_hit_and_costs_precision():
    """The word is there, but not where it was said."""
    reference = Reference("aspirin daily then rest", "", terms=(Term("aspirin", "drug"),))
    found = meant(reference, "daily then rest aspirin")
    assert found.drugs == Tally(1, 0, lost=1, invented=1)
    assert found.medical_errors == 2


def test_a_word_pushed_into_a_term_breaks_it():
    """All its words are right, and it is another term."""
    reference = Reference("atrial fibrillation", "", terms=(Term("atrial fibrillation", "medical"),))
    assert meant(reference, "atrial no fibrillation").terms.kept == 0


def test_without_marked_terms_every_rate_is_unknown():
    """Nothing to find is not everything found."""
    found = meant(Reference("take rest", "take rest"), "take rest")
    assert found.terms.share is found.terms.precision is found.negations.share is None
    assert found.medical_words == 0


@pytest.mark.parametrize("hypothesis", ["", "completely different words"])
def test_an_empty_or_useless_hypothesis_keeps_nothing(hypothesis):
    """Counts of the reference stay, none is kept."""
    found = meant(VISIT, hypothesis)
    assert (found.terms.share, found.negations.share, found.values.kept) == (0.0, 0.0, 0)
    assert found.medical_errors == 4


TALLIES = st.builds(Tally, *[st.integers(0, 9)] * 5)
MEANINGS = st.builds(Meaning, *[TALLIES] * 5, *[st.integers(0, 9)] * 4)


@given(MEANINGS, MEANINGS)
def test_counts_of_meaning_add(one, two):
    """Field by field."""
    both = one + two
    assert both.values.kept == one.values.kept + two.values.kept
    assert both.sides.invented == one.sides.invented + two.sides.invented
    assert (both.critical, both.words) == (one.critical + two.critical, one.words + two.words)
    assert both.medical_errors == one.medical_errors + two.medical_errors


@pytest.mark.parametrize(
    ("said", "heard", "kept"),
    [
        ("5 mg", "5 mcg", 0),
        ("5 mg", "50 mg", 0),
        ("5 mg", "5", 0),
        ("5 mg", "five milligrams", 1),
        ("5 mg and 10 ml", "10 ml", 1),
        ("5 mg and 10 ml", "10 ml and 5 mg", 1),
        ("5 mg/hr", "5 mg/day", 0),
        ("minus 5", "five", 0),
    ],
)
def test_a_value_is_right_only_with_its_unit_and_in_its_place(said, heard, kept):
    """Value and unit both, in order."""
    assert meant(Reference(said, said), heard).values.kept == kept


@pytest.mark.parametrize(
    ("said", "heard", "kind", "verdict"),
    [
        ("chest pain", "no chest pain", "negation", "invented"),
        ("rest", "rest and warfarin 5 mg", "value", "invented"),
        ("rest", "rest and warfarin 5 mg", "drug", "invented"),
        ("knee", "left knee", "side", "invented"),
        ("5 mg daily", "5 mg", "value", "lost"),
        ("fifty", "fifteen", "value", "changed"),
    ],
)
def test_each_thing_has_its_verdict_with_its_place(said, heard, kind, verdict):
    """The list that the counts add up from."""
    found = [one for one in judged(Reference(said, said), heard) if one.kind == kind and one.verdict != "kept"]
    assert [one.verdict for one in found] == [verdict]
