"""Normalisers: what they forgive, and what they must not."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.scoring.metrics.normalize import _MARK, NORMALISERS, _mark, basic, normaliser
from workbench.scoring.reading import read, rules


def test_raw_touches_white_space_only():
    """Case, marks and digits stay."""
    assert normaliser("raw")("  No  Pain,\n2.5 mg. ") == "No Pain, 2.5 mg."


MARKS = st.text(st.sampled_from(" \t\n\u00a0.,:/-'’%&_½éÉ\u0301ßİΣaB5\u200b—"), max_size=20)


@given(MARKS | st.text(max_size=20))
def test_basic_looks_at_no_word_beyond_white_space(text):
    """Folded piece by piece as it was folded whole."""
    whole = unicodedata.normalize("NFC", text).casefold()
    whole = re.sub(r"(?<!\w)(?:[^\W\d_]\.)+[^\W\d_]?(?!\w)", lambda match: match[0].replace(".", ""), whole)
    assert basic(text) == " ".join(_MARK.sub(_mark, whole).split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No Pain.", "no pain"),
        ("Patient’s B.P. is 120/80.", "patient's bp is 120/80"),
        ("x-ray", "x ray"),
        ("mg/dL", "mg dl"),
        ("“Quoted”, he said…", "quoted he said"),
        ("at 10:30, then", "at 10:30 then"),
        ("café", "café"),
        ("grade b.then", "grade b then"),
        ("it ended.Next one", "it ended next one"),
    ],
)
def test_basic_folds_case_and_punctuation(text, expected):
    """Marks go, words stay apart."""
    assert basic(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2.5 mg", "25 mg"),
        ("2.5 mg", "2 5 mg"),
        (".5 mg", "5 mg"),
        ("-5", "5"),
        ("−5", "5"),
        ("98%", "98"),
        ("10½ mg", "101/2 mg"),
        ("10⁵", "105"),
        ("<5", "5"),
        ("±2", "2"),
        ("120/80", "120 80"),
        ("1,5", "15"),
        ("10 mg", "10 µg"),
        ("O.D.", "O.S."),
    ],
)
@pytest.mark.parametrize("name", ["raw", "basic", "clinical"])
def test_two_values_never_become_one(name, one, other):
    """What differs in content differs after normalisation."""
    assert normaliser(name)(one) != normaliser(name)(other)


@given(st.text())
@pytest.mark.parametrize("name", ["raw", "basic"])
def test_normalising_twice_changes_nothing(name, text):
    """A normaliser is idempotent, and its words are separated by one space."""
    once = NORMALISERS[name](text)
    assert NORMALISERS[name](once) == once
    assert once == " ".join(once.split())


def test_each_normaliser_has_its_own_hash():
    """Name, version and rules are all in the hash."""
    assert len({n.hash for n in NORMALISERS.values()}) == len(NORMALISERS)


PINNED = {
    "raw": ("1", "e3bb4f93483b"),
    "basic": ("1", "f49494e718e1"),
}


def test_the_rules_do_not_change_without_a_new_version():
    """A stored hash means something only while equal versions have equal rules."""
    found = {n.name: (n.version, n.hash[:12]) for n in NORMALISERS.values() if n.name in PINNED}
    assert found == PINNED


def test_an_unknown_normaliser_is_refused_with_the_names_there_are():
    """The message says what would have been accepted."""
    with pytest.raises(InputError, match="got klingon; expected one of raw, basic, english, clinical"):
        normaliser("klingon")


def test_clinical_is_the_one_reading_of_clinical_text():
    """Its words are those of the reading, and every source of the reading is in its hash."""
    text = "BP 120/80, metformin 500mg b.i.d."
    assert NORMALISERS["clinical"].tokens(text) == list(read(text).words)
    assert all(part in rules() for part in ("def read(", "UNITS", "NEGATING"))
    assert "def judge(" not in rules()
