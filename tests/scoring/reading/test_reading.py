"""The reading itself: spans, items, and laws."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.scoring.reading import VALUE_KINDS, grammar
from workbench.scoring.reading.grammar import STARTS
from workbench.scoring.reading.reading import read

_MARKS = list(",.;:-–—/+><()%°'\"^&#~½")
_PIECES = st.sampled_from(
    [*sorted(STARTS), *_MARKS, "1", "2", "10", "20", "120", "98.6", ".5", "1/2", "120/80", "9:30", "3/3/24", "2-3",
    "1,000",
     "q6h", "x3", "5mg", "10^5", "1:1000", "007", "5'", "HR", "H", "L", "Mg", "K", "CC", "IV", "OD", "May", "MAY", "II",
     "pain", "the", "glucose", "drops", "eye", "and", "by", "am", "µg", "10⁵", "T2DM", "L4-5", "non", "vision"]
)  # fmt: skip
_TEXTS = st.lists(st.tuples(_PIECES, st.sampled_from([" ", " ", " ", "", "-", "\n"])), max_size=9).map(
    lambda pieces: "".join(map("".join, pieces))
)


@given(_TEXTS)
def test_reading_the_canonical_form_changes_nothing(text):
    """However marks, capitals and numbers meet."""
    once = read(text).canonical
    assert read(once).canonical == once


_SECOND = ("eye", "eyes", "ear", "ears", "the", "r", "a", "/", "than", "least", "needed", "mouth", "meals", "night")


def test_words_that_are_passed_over_are_those_that_no_reader_reads(monkeypatch):
    """What stands behind a first word decides whether its readers are asked; asked all the same, they read nothing."""
    dice, seconds = random.Random(3), [*sorted(STARTS), *_MARKS, "5", "pain", "than", "needed", "pressures", "bedtime"]
    texts = [
        f"10 mg {first} {second} right eye"
        for first, known in grammar._STARTING.items()
        if known is not None
        for second in (*known, *_SECOND, *dice.sample(seconds, 4))
    ]
    quick = [read(text) for text in texts]
    monkeypatch.setattr(grammar, "_STARTING", dict.fromkeys(STARTS))
    read.cache_clear()
    assert [read(text) for text in texts] == quick
    read.cache_clear()


@given(st.text(max_size=40))
def test_any_text_is_read_and_its_form_stays(text):
    """Characters of every script and none."""
    once = read(text)
    assert read(once.canonical).words == once.words
    assert len(once.spans) == len(once.words)


@given(_TEXTS)
def test_every_span_lies_in_the_text_and_every_item_in_the_words(text):
    """So that a page can mark what was read."""
    found = read(text)
    assert all(0 <= start < end <= len(text) for start, end in found.spans)
    for item in found.items:
        assert 0 <= item.first < item.stop <= len(found.words)
        assert 0 <= item.start < item.end <= len(text)


@given(
    st.lists(
        st.sampled_from(["no", "pain", "in", "the", "left", "knee", "today", "she", "was", "seen", "at", "home"]),
        max_size=12,
    )
)
def test_white_space_and_case_say_nothing(words):
    """For plain words."""
    assert read("  ".join(words).upper()).words == read("\t" + "\n".join(words)).words


@pytest.mark.parametrize(
    ("text", "kind", "value", "cut"),
    [
        ("Take fifteen milligrams now", "quantity", "15 mg", "fifteen milligrams"),
        ("dose 0.5 g, then", "quantity", "500 mg", "0.5 g"),
        ("BP one eighty over one ten", "pressure", "180/110", "one eighty over one ten"),
        ("give q4–6h", "frequency", "q4-6h", "q4–6h"),
        ("start b.i.d. today", "frequency", "2x/day", "b.i.d."),
        ("seen on March 3rd, 2024, again", "date", "march 3 2024", "March 3rd, 2024"),
        ("at 21:30 sharp", "time", "9:30pm", "21:30"),
        ("5 to 10 mg", "range", "5-10 mg", "5 to 10 mg"),
        ("epinephrine 1:1000", "ratio", "1:1000", "1:1000"),
        ("more than 3 days", "quantity", ">3 days", "more than 3 days"),
        ("given by mouth twice", "route", "po", "by mouth"),
        ("1 drop OS", "eye", "left eye", "OS"),
        ("met\u200bformin 5\u00admg", "quantity", "5 mg", "5\u00admg"),
        ("mass of 3 cm by 4 cm", "dimensions", "3x4 cm", "3 cm by 4 cm"),
        ("the second toe", "ordinal", "2nd", "second"),
    ],
)
def test_a_value_is_found_with_its_kind_and_place(text, kind, value, cut):
    """Characters of the text as it came."""
    found = [item for item in read(text).values if item.value == value]
    assert [item.kind for item in found] == [kind]
    assert text[found[0].start : found[0].end] == cut
    assert kind in VALUE_KINDS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("seen in clinic May 5 for pain", "may 5"),
        ("seen in clinic may 5 for pain", "5"),
        ("May 5 people come in?", "5"),
        ("Are you well? May 5 people come in?", "5"),
        ("seen on may 5 for pain", "may 5"),
    ],
)
def test_may_is_a_month_by_its_capital_or_by_what_stands_before_it(text, value):
    """Where a sentence begins, the capital says nothing."""
    assert [item.value for item in read(text).values] == [value]


def test_a_negation_reaches_to_the_next_break_or_but():
    """And no further."""
    scopes = {item.value: item.scope for item in read("denies fever, no cough or pain but has chills").negations}
    assert scopes == {"denies": ("fever",), "no": ("cough", "or", "pain")}


def test_words_that_name_no_side_are_none():
    """ "right now", "all right", "she left the room"."""
    text = "All right, right now she left the room; is that right? The left knee is right there."
    assert [item.value for item in read(text).sides] == ["left"]


def test_an_empty_text_says_nothing():
    """Nor do marks alone."""
    for text in ("", "  ", "...", "\u200b", "-"):
        assert read(text).items == ()
    assert read("").words == ()


def test_nothing_of_a_text_stands_in_a_repr():
    """Readings are made of what patients say."""
    assert "aspirin" not in repr(read("no aspirin 81 mg"))
    assert "81" not in repr(read("no aspirin 81 mg").values)


@pytest.mark.parametrize("corpus", ["clinic", "visits", "librivox"])
def test_both_forms_of_every_reference_are_read_alike(corpus):
    """Written and spoken."""
    for line in (Path("datasets") / corpus / "manifest.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        written, spoken = read(row["reference"]), read(row.get("spoken") or row["reference"])
        assert written.words == spoken.words, row["id"]
        for name in ("values", "negations", "sides"):
            ours, theirs = ([item.value for item in getattr(r, name)] for r in (written, spoken))
            assert ours == theirs, row["id"]


@pytest.mark.slow
@settings(max_examples=5_000)
@given(_TEXTS)
def test_the_form_stays_in_five_thousand_texts(text):
    """The law of the canonical form, tried for long."""
    once = read(text).canonical
    assert read(once).canonical == once
