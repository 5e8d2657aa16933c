"""Diagnoses and orders by rules."""

import pytest

from tests.simulator.test_documents import said
from workbench.protocol.context import AmbientContext
from workbench.simulator.findings import structured_data


def codes(*texts: str) -> list[str]:
    return [found.codes[0].code for found in structured_data(said(*texts), [AmbientContext()]).diagnoses.values]


def orders(*texts: str) -> list[dict]:
    return structured_data(said(*texts), [AmbientContext()]).orders.medication_orders.partial_values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("she has hypertension and type two diabetes", ["I10", "E11.9"]),
        ("high blood pressure also called hypertension", ["I10"]),
        ("no chest pain", []),
        ("denies any history of asthma", []),
        ("no fever but since monday she has a headache", ["R51.9"]),
        ("hypertensions", []),
        ("", []),
    ],
)
def test_diagnoses_that_are_not_denied_are_found_once(text, expected):
    """A denial reaches four words far."""
    assert codes(text) == expected


def test_an_order_has_dose_frequency_and_time():
    """Read from the words up to the next drug."""
    first, second = orders("start metformin five hundred milligrams twice daily with meals and aspirin eighty one mg")
    assert (first["drug_name"], first["medication_code"]) == ("metformin", {"code": "6809", "type": "RXCUI"})
    assert first["dosage"] == {"quantity": 500.0, "raw_value": "five hundred milligrams", "unit": "MG"}
    assert first["frequency"] == {"raw_value": "twice daily", "structured_value": "TWICE_DAILY"}
    assert first["medication_timing"]["structured_value"] == "WITH_MEALS"
    assert (second["drug_name"], second["dosage"]["quantity"]) == ("aspirin", 81.0)
    assert "frequency" not in second


@pytest.mark.parametrize(
    ("text", "status"),
    [("take warfarin", "ACTIVE"), ("stop the warfarin", "DISCONTINUED"), ("refill her warfarin", "REFILLED")],
)
def test_a_verb_before_the_drug_decides_the_status(text, status):
    """Within four words."""
    assert orders(text)[0]["status"] == status


def test_without_orders_there_is_no_member():
    """Absent, not empty."""
    assert not structured_data(said("no fever"), [AmbientContext()]).orders
