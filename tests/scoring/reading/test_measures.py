"""Kept, changed, lost, invented: cases counted by hand."""

import pytest

from workbench.scoring.reading import Tally, judge, meaning, read
from workbench.scoring.reading.measures import occurrences


def _of(reference, hypothesis, **marked):
    return meaning(read(reference), read(hypothesis), **marked)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "values"),
    [
        ("5 mg/hr", "5 mg/min", Tally(1, 0, 1, 0, 0)),
        ("aspirin 81 mg", "aspirin", Tally(1, 0, 0, 1, 0)),
        ("aspirin", "aspirin 81 mg", Tally(0, 0, 0, 0, 1)),
        ("5 mg at dawn and 10 mg at dusk", "5 mg at dawn and 20 mg at dusk", Tally(2, 1, 1, 0, 0)),
        ("5 mg then rest for long and sleep", "then rest for long and sleep 10 mg", Tally(1, 0, 0, 1, 1)),
        ("1 g daily", "1000 mg once a day", Tally(2, 2)),
        ("pulse 72", "pulse 72 72", Tally(1, 1, 0, 0, 1)),
    ],
)
def test_values_are_kept_changed_lost_or_invented(reference, hypothesis, values):
    """By where they stand."""
    assert _of(reference, hypothesis).values == values


def test_a_one_word_term_at_the_end_is_found_beside_longer_ones():
    """Also where longer terms are listed."""
    text = "Heart failure, on furosemide."
    found = _of(text, text.lower(), terms=["heart failure"], drugs=["furosemide"])
    assert (found.terms, found.drugs) == (Tally(2, 2), Tally(1, 1))
    assert occurrences(("furosemide",), {("furosemide",), ("heart", "failure")}) == [(0, 1)]


def test_a_term_in_another_place_or_broken_is_lost():
    """And what stands elsewhere is invented."""
    assert _of("aspirin daily then rest", "daily then rest aspirin", drugs=["aspirin"]).drugs == Tally(1, 0, 0, 1, 1)
    assert _of("atrial fibrillation", "atrial no fibrillation", terms=["atrial fibrillation"]).terms.lost == 1


def test_a_drug_nobody_said_is_invented_though_no_list_names_it():
    """Common drugs are known by name."""
    found = _of("aspirin 81 mg", "aspirin 81 mg and warfarin 5 mg", drugs=["aspirin"])
    assert found.drugs == Tally(1, 1, 0, 0, 1)
    assert found.critical == 2


def test_a_swapped_side_is_lost_and_invented_and_one_critical_error():
    """An eye is a value and a side, and one error."""
    found = _of("left knee", "right knee")
    assert (found.sides, found.critical) == (Tally(1, 0, 0, 1, 1), 1)
    assert _of("1 drop OD", "1 drop OS").critical == 1


def test_a_side_that_moved_with_its_word_is_kept_and_one_that_moved_alone_is_not():
    """The order in which two findings are told changes neither."""
    found = _of("left knee swollen right hip sore", "right hip sore left knee swollen")
    assert (found.sides, found.critical) == (Tally(2, 2), 0)
    found = _of("left knee swollen right hip sore", "right knee swollen left hip sore")
    assert (found.sides, found.critical) == (Tally(2, 0, 0, 2, 2), 2)


def test_a_negation_that_moved_is_lost_and_invented():
    """It denies something else now."""
    found = _of("no fever or chills but has cough", "fever or chills but has no cough")
    assert (found.negations, found.critical) == (Tally(1, 0, 0, 1, 1), 2)


def test_another_word_for_no_before_the_same_finding_is_kept():
    """The words differ, what is denied does not."""
    assert _of("no fever today", "denies fever today").negations == Tally(1, 1)
    assert _of("without any edema", "no edema").negations == Tally(1, 1)


def test_an_invented_negation_is_critical():
    """Chest pain heard as no chest pain."""
    found = _of("the patient has chest pain", "the patient has no chest pain")
    assert (found.negations, found.critical, found.critical_rate) == (Tally(0, 0, 0, 0, 1), 1, 20.0)


def test_a_drug_replaced_by_another_or_by_noise_is_one_critical_error():
    """Left out it is a loss."""
    assert _of("take hydralazine now", "take hydroxyzine now", drugs=["hydralazine"]).critical == 1
    assert _of("take hydralazine now", "take high road now", drugs=["hydralazine"]).critical == 1
    assert _of("take hydralazine now", "take now", drugs=["hydralazine"]).critical == 0


def test_each_verdict_has_its_places_in_both_texts():
    """So that a page can mark them."""
    reference, hypothesis = "give 5 mg now", "give fifteen milligrams now"
    (one,) = judge(read(reference), read(hypothesis))
    assert one.verdict == "changed"
    assert reference[one.ours.start : one.ours.end] == "5 mg"
    assert hypothesis[one.theirs.start : one.theirs.end] == "fifteen milligrams"


def test_nothing_said_has_no_share():
    """Unknown, not perfect."""
    assert Tally().share is Tally().precision is _of("", "").critical_rate is None
    total = _of("5 mg", "5 mg") + _of("5 mg", "6 mg")
    assert (total.values.share, total.critical_rate) == (0.5, 25.0)


@pytest.mark.parametrize(
    ("reference", "hypothesis"),
    [
        ("no fever, chills", "no chills"),
        ("denies any fever", "denies fever"),
        ("no, he has pain", "no he has pain"),
        ("no chest pain", "no pain"),
        ("no fever, no chills", "no chills, no fever"),
        ("denies fever chills cough", "denies fever, chills, cough"),
    ],
)
def test_a_negation_that_still_reaches_what_it_did_is_kept(reference, hypothesis):
    """Whatever else went wrong around it."""
    found = _of(reference, hypothesis).negations
    assert (found.lost, found.invented) == (0, 0)


def test_a_negation_that_moved_to_another_verb_is_seen_though_the_verbs_change_their_form():
    """Who drinks and who smokes."""
    found = _of("does not drink but smokes", "drinks but does not smoke").negations
    assert (found.lost, found.invented) == (1, 1)


def test_a_negation_that_moved_within_a_list_is_two_critical_errors():
    """One lost and one invented, though the same word stands opposite."""
    found = _of("no rales, rhonchi present", "rales, no rhonchi present")
    assert (found.negations, found.critical) == (Tally(1, 0, 0, 1, 1), 2)
