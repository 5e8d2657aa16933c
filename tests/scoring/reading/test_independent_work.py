"""Beside independent work: the test strings of the Whisper normaliser, and the term list of medwer."""

import importlib.resources
import re
from collections import defaultdict

import pytest
from whisper_normalizer.basic import remove_symbols_and_diacritics

from workbench.scoring.reading import read
from workbench.scoring.reading.spelling import american

# Left and right side of the tests of openai/whisper (MIT), tests/test_normalizer.py.
WHISPER = {
    "two": "2", "thirty one": "31", "five twenty four": "524", "nineteen ninety nine": "1999",
    "twenty nineteen": "2019",
    "two point five million": "2500000", "200 thousand": "200000", "200 thousand dollars": "$200000",
    "$20 million": "$20000000", "€52.4 million": "€52400000", "two double o eight": "2008",
    "three thousand twenty nine": "3029", "forty three thousand two hundred sixty": "43260",
    "forty three thousand two hundred and sixty": "43260", "nineteen fifties": "1950s", "thirty first": "31st",
    "thirty three thousand and three hundred and thirty third": "33333rd", "three billion": "3000000000",
    "july third twenty twenty": "july 3rd 2020", "august twenty sixth twenty twenty one": "august 26th 2021",
    "3 14": "3 14", "3.14": "3.14", "3 point 2": "3.2", "3 point 14": "3.14", "fourteen point 4": "14.4",
    "two point two five dollars": "$2.25", "two hundred million dollars": "$200000000", "$20.1 million": "$20100000",
    "ninety percent": "90%", "seventy six per cent": "76%", "double oh seven": "007", "double zero seven": "007",
    "nine one one": "911", "nine double one": "911", "one triple oh one": "10001", "two thousandth": "2000th",
    "thirty two thousandth": "32000th", "minus 500": "-500", "positive twenty thousand": "+20000",
    "two dollars and seventy cents": "$2.70", "3 cents": "¢3", "$0.36": "¢36",
    "three euros and sixty five cents": "€3.65",
    "three and a half million": "3500000", "forty eight and a half dollars": "$48.5", "b747": "b 747", "10 th": "10th",
    "10th": "10th", "mobilisation": "mobilization", "cancelation": "cancellation", "Let's": "let us",
    "he's like": "he is like", "she's been like": "she has been like", "10km": "10 km", "10mm": "10 mm",
    "RC232": "rc 232",
    "Mr. Park visited Assoc. Prof. Kim Jr.": "mister park visited associate professor kim junior",
}  # fmt: skip
# Nobody writes these right-hand sides: a plural "s" behind digits stands for a decade.
NOT_CLINICAL = {"four point two billions": "4200000000s", "£77 thousands": "£77000s", "millions": "1000000s"}


def test_the_strings_of_whispers_own_tests_are_read_as_meant():
    """All but three plurals of scales."""
    assert len(WHISPER) + len(NOT_CLINICAL) == 60
    assert read("four point two billions").words == read("4.2 billion").words == ("4200000000",)
    assert not {one: other for one, other in WHISPER.items() if read(one).words != read(other).words}


def test_no_two_of_nineteen_thousand_medical_terms_are_one():
    """Save for spelling and letters written apart."""
    listed = importlib.resources.files("medwer").joinpath("data", "medical_terms.txt").read_text("utf-8")
    terms = [line.strip() for line in listed.splitlines() if line.strip() and not line.startswith("#")]
    assert len(terms) == 19_373
    forms = defaultdict(set)
    for term in terms:
        forms[read(term).words].add(term)
    for together in forms.values():
        assert len({"".join(map(american, term.split())) for term in together}) == 1, together


PASSPORTS = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ŋ": "n", "ə": "e", "ı": "i", "ł": "l", "đ": "d",
             "ħ": "h", "ŧ": "t"}  # fmt: skip
"""Letters that Unicode does not decompose, as ICAO Doc 9303 writes them; "ø" is "oe" there, and "o" here."""


@pytest.mark.parametrize(
    ("name", "plain"),
    [("Łukasz Żółkiewski", "Lukasz Zolkiewski"), ("Søren Ørsted", "Soren Orsted"), ("Großmann", "GROSSMANN"),
     ("Kjærgaard", "Kjaergaard"), ("Đorđe Nguyễn", "Dorde Nguyen"), ("Þór Guðjónsson", "Thor Gudjonsson"),
     ("Ħaż-Żebbuġ", "Haz Zebbug"), ("İnci Yılmaz", "Inci Yilmaz"), ("Ɗanjuma Ɓello", "Danjuma Bello"),
     ("Lukasz\u0328", "Lukasz"), ("Médrocine", "Medrocine")],
)  # fmt: skip
def test_names_from_other_languages_are_equal_without_their_marks(name, plain):
    """By rule, whoever writes them; "ue" for "ü" is a spelling of its own and stays another word."""
    assert read(name).words == read(plain).words
    assert read("Müller").words == read("Muller").words != read("Mueller").words


def test_letters_with_marks_are_those_of_passports_and_of_whisper():
    """Every letter of the European blocks: as the Whisper normaliser strips it where it does, and nothing is left."""
    letters = [chr(c) for c in (*range(0xC0, 0x180), *range(0x1E00, 0x1E98), *range(0x1EA0, 0x1EFA))]
    ours = {letter: inside(letter) for letter in letters if letter.isalpha()}
    assert {letter for letter, text in ours.items() if not re.fullmatch("[a-z']+", text)} == {"ĸ"}
    theirs = {letter: remove_symbols_and_diacritics(letter.lower()).strip() for letter in ours}
    assert len([letter for letter, text in theirs.items() if text.isascii()]) > 400
    assert {letter for letter, text in theirs.items() if text.isascii() and ours[letter] != text} == set()
    assert {letter: inside(letter) for letter in PASSPORTS} == PASSPORTS


def inside(letter):
    """What a letter is read as inside of a word."""
    return read(f"a{letter}a").canonical[1:-1]
