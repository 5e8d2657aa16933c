"""The drawn difference adds up to the printed errors, and no text becomes markup."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.reference import Reference, Term
from workbench.reporting.session import diff_html
from workbench.scoring.metrics.accuracy import word_errors
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.word_diff import word_diff

BASIC, CLINICAL = NORMALISERS["basic"], NORMALISERS["clinical"]
TEXTS = st.lists(st.sampled_from(["no", "left", "ten", "mg", "pain", "chest", "a", "b", "c"]), max_size=15).map(
    " ".join
)


@settings(max_examples=500)
@given(TEXTS, TEXTS)
def test_the_drawn_alignment_and_the_printed_errors_agree(reference, hypothesis):
    """As many marks as errors, every word of both texts once and in order."""
    words = word_diff(Reference(reference, reference), hypothesis, BASIC)
    assert sum(w.kind != "equal" for w in words) == word_errors(reference.split(), hypothesis.split()).errors
    assert [w.wanted for w in words if w.wanted is not None] == reference.split()
    assert [w.heard for w in words if w.heard is not None] == hypothesis.split()


def test_each_kind_has_a_sign_beside_its_colour():
    """Arrow, strike, plus; critical words are bold where they are wrong."""
    reference = Reference(
        "take metformin ten mg daily", "take metformin ten mg daily", terms=(Term("metformin", "drug"),)
    )
    words = word_diff(reference, "take med forming ten mg", BASIC)
    html = diff_html(words)
    assert [w.kind for w in words] == ["equal", "insertion", "substitution", "equal", "equal", "deletion"] or [
        w.kind for w in words
    ] == ["equal", "substitution", "insertion", "equal", "equal", "deletion"]
    assert "→" in html
    assert ">+" in html
    assert "line-through" in html
    assert "font-weight:bold" in html


def test_what_matters_for_a_patient_has_a_mark_of_its_own():
    """Worked by hand: a value of two words has one mark; a word that is right has none, whatever it is part of."""
    said = "no pain in the left knee take lisinopril ten mg"
    reference = Reference(said, said, terms=(Term("lisinopril", "drug"), Term("knee", "medical")))
    html = diff_html(word_diff(reference, "pain in the right niece take listen april twenty mg", CLINICAL))
    assert [html.count(f">{kind}</sup>") for kind in ("negation", "side", "term", "drug", "value")] == [
        1,
        1,
        1,
        1,
        1,
    ]
    lost = diff_html(word_diff(reference, "no pain in the left knee take lisinopril", CLINICAL))
    assert lost.count("<sup") == lost.count(">value</sup>") == 1
    assert "<sup" not in diff_html(word_diff(reference, said, CLINICAL))


def test_the_written_form_is_compared_where_the_normaliser_says_so():
    """As the score does."""
    reference = Reference("BP 120/80.", "bp one twenty over eighty")
    assert all(w.kind == "equal" for w in word_diff(reference, "BP 120/80.", NORMALISERS["raw"]))
    assert all(w.kind == "equal" for w in word_diff(reference, "bp one twenty over eighty", BASIC))


def test_a_transcript_that_is_markup_is_shown_as_text():
    """On either side."""
    html = diff_html(word_diff(Reference("<b>x</b>", "<b>x</b>"), "<script>alert(1)</script>", NORMALISERS["raw"]))
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


def test_nothing_against_nothing_is_nothing():
    """Empty texts on either side or both."""
    assert word_diff(Reference("", ""), "", BASIC) == ()
    assert [w.kind for w in word_diff(Reference("a", "a"), "", BASIC)] == ["deletion"]
    assert [w.kind for w in word_diff(Reference("", ""), "a", BASIC)] == ["insertion"]
