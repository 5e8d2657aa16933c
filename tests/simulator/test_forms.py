"""Forms by rules, and numbers as they are spoken."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulator.test_documents import said
from workbench.simulator.forms import TEMPLATES, fill
from workbench.simulator.numerals import read_number

IDS = {template.type: template.template_id for template in TEMPLATES}


def data(kind: str, *texts: str) -> dict:
    found = fill(said(*texts), [IDS[kind]], "session")
    return found.generated_values[0].data if found.generated_values else {}


def test_there_are_four_templates_with_the_documented_shape():
    """Radio fields have options, numbers a pattern."""
    assert set(IDS) == {"VITALS_ASSESSMENT", "NEURO_ASSESSMENT", "SKIN_ASSESSMENT", "RESPIRATORY_ASSESSMENT"}
    for template in TEMPLATES:
        for item in template.schema.items:
            assert item.kind == "field"
            assert item.options if item.type == "radio" else re.compile(item.pattern).match("98.6")


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("VITALS_ASSESSMENT", "blood pressure is one forty five over ninety", {"systolic": 145, "diastolic": 90}),
        ("VITALS_ASSESSMENT", "blood pressure 120 over 80", {"systolic": 120, "diastolic": 80}),
        ("VITALS_ASSESSMENT", "blood pressure is one twenty", {"systolic": 120}),
        ("VITALS_ASSESSMENT", "temperature was ninety eight point six", {"temperature": 98.6}),
        ("VITALS_ASSESSMENT", "pulse two thousand", {}),
        ("VITALS_ASSESSMENT", "oxygen saturation of ninety seven percent", {"oxygen_saturation": 97}),
        ("NEURO_ASSESSMENT", "alert and oriented", {"consciousness": "ALERT", "orientation": "ORIENTED"}),
        ("NEURO_ASSESSMENT", "he is not oriented", {"orientation": "DISORIENTED"}),
        ("SKIN_ASSESSMENT", "skin is warm and dry no rash", {"moisture": "WARM_DRY", "rash": "NO"}),
        ("RESPIRATORY_ASSESSMENT", "lungs are clear on room air", {"breath_sounds": "CLEAR", "oxygen": "ROOM_AIR"}),
        ("RESPIRATORY_ASSESSMENT", "a productive cough", {"cough": "PRODUCTIVE"}),
        ("RESPIRATORY_ASSESSMENT", "thank you", {}),
    ],
)
def test_fields_hold_what_was_said(kind, text, expected):
    """And nothing that was not, or that cannot be."""
    assert data(kind, text) == expected


def test_a_template_chosen_twice_is_filled_once():
    """In the order of the context."""
    ids = [IDS["SKIN_ASSESSMENT"], IDS["NEURO_ASSESSMENT"], IDS["SKIN_ASSESSMENT"]]
    assert [value.form_template_id for value in fill([], ids, "session").non_generated_values] == ids[:2]


_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
]
_ONES += ["seventeen", "eighteen", "nineteen"]
_TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spoken(number: int) -> str:
    """Below a thousand, as a formal speaker says it."""
    if number < 20:
        return _ONES[number]
    if number < 100:
        return _TENS[number // 10] + (f" {_ONES[number % 10]}" if number % 10 else "")
    rest = f" and {spoken(number % 100)}" if number % 100 else ""
    return f"{_ONES[number // 100]} hundred{rest}"


@given(st.integers(0, 999), st.integers(0, 9))
def test_spoken_numbers_are_read_back(number, decimal):
    """Whole ones and those with a point, to their last word."""
    words = spoken(number).split()
    assert read_number(words, 0) == (number, len(words))
    words += ["point", _ONES[decimal]]
    assert read_number(words, 0) == (float(f"{number}.{decimal}"), len(words))


@given(st.lists(st.sampled_from([*_ONES, *_TENS[2:], "hundred", "thousand", "and", "oh", "point", "7", "fever"])))
def test_no_words_break_the_reading(words):
    """A number, or none; it ends where the words do at the latest."""
    found = read_number(words, 0)
    assert found is None or (found[0] >= 0 and 0 < found[1] <= len(words))
