"""Contexts: what the documents constrain, and what PATCH does."""

import doctest

import msgspec
import pytest
from msgspec import UNSET

from workbench.protocol import context
from workbench.protocol.context import AmbientContext, FormContext, merged


def read(text):
    """A context as a service reads it."""
    return msgspec.json.decode(text, type=AmbientContext)


@pytest.mark.rule("S-122")
def test_patch_changes_what_it_names_and_keeps_the_rest():
    """Member by member, one level into provider, patient and visit."""
    before = read(
        b'{"patient":{"dob":"1980-01-31"},"visit":{"chief_complaint":"cough"},"sections":[{"loinc":"10164-2"}]}'
    )
    after = merged(before, read(b'{"patient":{"sex":"female"},"provider":{"specialty":"CARDIOLOGY"},"sections":[]}'))
    assert msgspec.to_builtins(after) == {
        "provider": {"specialty": "CARDIOLOGY"},
        "patient": {"dob": "1980-01-31", "sex": "female"},
        "visit": {"chief_complaint": "cough"},
        "sections": [],
    }


def test_an_empty_patch_changes_nothing_and_nothing_is_lost():
    """Merging is the identity on both sides."""
    full = read(b'{"visit":{"chief_complaint":"cough","reason_for_visit":"follow-up"},"patient":{"sex":"male"}}')
    assert merged(full, AmbientContext()) == full
    assert merged(AmbientContext(), full) == full
    assert merged(full, full) == full


@pytest.mark.parametrize(
    "text",
    [
        b'{"visit":{"chief_complaint":"%s"}}' % (b"x" * 256),
        b'{"visit":{"encounter_type":"SOMEWHERE"}}',
        b'{"patient":{"dob":"31.01.1980"}}',
        b'{"emr":{"target_emr":"PAPER"}}',
        b'{"diagnoses":{"values":[{"codes":[{"code":"1","description":"x","type":"SNOMED"}]}]}}',
        b'{"orders":{"medication_orders":{"values":[{"drug_name":"aspirin"}]}}}',
        b'{"form_filling":{}}',
        b'{"form_filling":{"values":[{}]}}',
    ],
)
def test_a_context_outside_the_documents_is_no_context(text):
    """Too long, not on the list, incomplete."""
    with pytest.raises(msgspec.ValidationError):
        read(text)


def test_a_form_context_has_its_templates_only():
    """Everything else of an ambient context is unknown to it."""
    found = msgspec.json.decode(b'{"patient":{"sex":"male"}}', type=FormContext)
    assert found.form_filling is UNSET


@pytest.mark.parametrize(
    ("date", "good"),
    [
        ("2026-04-25T12:34:56Z", True),
        ("2026-04-25T12:34:56.5+05:30", True),
        ("2026-04-25", False),
        ("2026-04-25T12:34:56", False),
        ("0000-00-00T00:00:00Z", False),
        ("yesterday", False),
    ],
)
def test_an_order_is_dated_as_rfc_3339_writes_it(date, good):
    """Start and end."""
    order = {
        "drug_name": "aspirin",
        "medication_code": {"code": "1191", "type": "RXCUI"},
        "status": "ACTIVE",
        "metadata": {"origin": "SUKI_AMBIENT"},
        "start_date": date,
        "end_date": date,
    }
    text = msgspec.json.encode({"orders": {"medication_orders": {"values": [order]}}})
    if good:
        read(text)
    else:
        with pytest.raises(msgspec.ValidationError):
            read(text)


@pytest.mark.parametrize(
    ("metadata", "good"),
    [
        ({"origin": "EMR"}, False),
        ({"origin": "EMR", "encounter_relation": "PRIOR_ENCOUNTER"}, True),
        ({"origin": "SUKI_AMBIENT"}, True),
    ],
)
def test_an_order_of_the_emr_says_which_encounter_it_is_from(metadata, good):
    """S-129."""
    order = {
        "drug_name": "aspirin",
        "medication_code": {"code": "1191", "type": "RXCUI"},
        "status": "ACTIVE",
        "metadata": metadata,
    }
    text = msgspec.json.encode({"orders": {"medication_orders": {"values": [order]}}})
    if good:
        assert msgspec.to_builtins(read(text))["orders"]["medication_orders"]["values"] == [order]
    else:
        with pytest.raises(msgspec.ValidationError):
            read(text)


def test_the_examples_hold():
    """Docstrings tell the truth."""
    assert doctest.testmod(context).failed == 0
