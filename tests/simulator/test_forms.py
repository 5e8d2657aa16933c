"""Forms by rules."""

import re

import pytest

from tests.simulator.test_documents import said
from workbench.simulator.notes.form_fields import LOBES
from workbench.simulator.notes.forms import TEMPLATES, fill

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
        ("VITALS", "blood pressure is one forty five over ninety", {"systolic": 145, "diastolic": 90}),
        ("VITALS", "blood pressure 120 over 80", {"systolic": 120, "diastolic": 80}),
        ("VITALS", "blood pressure is one twenty", {"systolic": 120}),
        ("VITALS", "temperature was ninety eight point six", {"temperature": 98.6}),
        ("VITALS", "temperature of 38 degrees", {"temperature": 100.4}),
        ("VITALS", "pulse two thousand", {}),
        ("VITALS", "Pulse 72, respirations 16.", {"heart_rate": 72, "respiratory_rate": 16}),
        ("VITALS", "oxygen saturation of ninety seven percent on room air",
         {"oxygen_saturation": 97, "oxygen_delivery": "ROOM_AIR"}),
        ("VITALS", "Last time your pulse was 90.", {}),
        ("VITALS", "Your pulse should be below 90.", {}),
        ("VITALS", "Is your pulse 90?", {}),
        ("NEURO", "alert and oriented", {"consciousness": "ALERT", "orientation": "ORIENTED"}),
        ("NEURO", "he is not oriented", {"orientation": "DISORIENTED"}),
        ("NEURO", "pupils are equal and reactive, GCS 15, strength 5 out of 5",
         {"pupils": "EQUAL_REACTIVE", "glasgow_coma_scale": 15, "strength": "NORMAL"}),
        ("NEURO", "My wife says I am not alert in the morning.", {}),
        ("SKIN", "skin is warm and dry no rash", {"temperature": "WARM", "moisture": "DRY"}),
        ("SKIN", "It gave me a rash when I was a child.", {}),
        ("SKIN", "no pressure ulcers, the incision is clean and dry", {"incision_sites": "CLEAN_DRY_INTACT"}),
        ("RESPIRATORY", "lungs are clear on room air",
         {f"breath_sounds_{s}_{p}": "CLEAR" for s, p in LOBES} | {"oxygen_device": "ROOM_AIR"}),
        ("RESPIRATORY", "lungs: wheezing in the left upper lobe", {"breath_sounds_left_upper": "WHEEZES"}),
        ("RESPIRATORY", "a productive cough", {"cough": "PRODUCTIVE"}),
        ("RESPIRATORY", "no cough", {"cough": "NONE"}),
        ("RESPIRATORY", "It gave me a dry cough.", {}),
        ("RESPIRATORY", "thank you", {}),
    ],
)  # fmt: skip
def test_fields_hold_what_was_said(kind, text, expected):
    """And nothing that was not, or that cannot be; whole numbers are integers."""
    found = data(f"{kind}_ASSESSMENT", text)
    assert found == expected
    assert [type(v) for v in found.values()] == [type(v) for v in expected.values()]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("Do you cough anything up?", "Yes, it is green."), {"cough": "PRODUCTIVE", "sputum": "GREEN"}),
        (("I have a cough.", "Do you bring anything up?", "No."), {"cough": "DRY"}),
        (("Do you have a cough?", "No."), {"cough": "NONE"}),
        (("Do you have a cough?", "Why do you ask?"), {}),
    ],
)
def test_an_answer_counts_and_its_question_does_not(texts, expected):
    """S-212: what was not heard is left out."""
    found = data("RESPIRATORY_ASSESSMENT", *texts)
    assert {key: found[key] for key in found if key in ("cough", "sputum")} == expected


def test_a_template_chosen_twice_is_filled_once():
    """In the order of the context."""
    ids = [IDS["SKIN_ASSESSMENT"], IDS["NEURO_ASSESSMENT"], IDS["SKIN_ASSESSMENT"]]
    assert [value.form_template_id for value in fill([], ids, "session").non_generated_values] == ids[:2]
