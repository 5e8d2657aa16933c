"""Diagnoses and orders by rules."""

import msgspec
import pytest

from tests.simulator.test_documents import said
from workbench.corpus import find_corpus, load_corpus
from workbench.protocol.context import AmbientContext
from workbench.simulator.notes.findings import structured_data
from workbench.simulator.notes.medicines import with_medicines


def codes(*texts: str) -> list[str]:
    return [found.codes[0].code for found in structured_data(said(*texts), [AmbientContext()]).diagnoses.values]


def orders(*texts: str) -> list[dict]:
    """Complete and incomplete ones."""
    found = structured_data(said(*texts), [AmbientContext()]).orders
    return [*map(msgspec.to_builtins, found.medication_orders.values), *found.medication_orders.partial_values]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("she has hypertension and type two diabetes", ["I10", "E11.9"]),
        ("high blood pressure also called hypertension", ["I10"]),
        ("no chest pain", []),
        ("denies any history of asthma", []),
        ("no fever but since monday she has a headache", ["R51.9"]),
        ("prehypertension", []),
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
    assert first["dosage"] == {"quantity": 500, "raw_value": "five hundred milligrams", "unit": "MG"}
    assert first["frequency"] == {"raw_value": "twice daily", "structured_value": "TWO_A_DAY"}
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


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("Do you have chest pain?", "No."), []),
        (("Do you have chest pain?", "Yes, since Monday."), ["R07.9"]),
        (("Do you have chest pain or a cough?", "No pain, but I have been coughing."), ["R05.9"]),
        (("Could it be pneumonia?", "It could be an early one."), []),
        (("I think this is pneumonia.", "Oh no."), ["J18.9"]),
        (("I have a cough.", "You have pneumonia."), ["J18.9"]),
        (("My mother has asthma.",), []),
        (("I had asthma when I was a child.",), []),
        (("It gave me a rash.",), []),
        (("If you get a fever, call me.",), []),
        (("She denies fever, chills, or a headache.",), []),
        (("I twisted my left ankle and it hurts.",), ["M25.572"]),
        (("How is your asthma?", "Fine, thank you."), ["J45.909"]),
        (("I believe that this is migraine, without aura.",), ["G43.009"]),
    ],
)
def test_only_what_is_there_is_a_diagnosis(texts, expected):
    """Questions count by their answers; past, possible, a relative's and a medicine's effects do not count."""
    assert codes(*texts) == expected


def context(*, type: str = "IMO", code: str = "30422", description: str = "Essential hypertension", orders=()):  # noqa: A002  the field's name
    known = {"diagnoses": {"values": [{"codes": [{"code": code, "type": type, "description": description}]}]}}
    if orders:
        known["orders"] = {"medication_orders": {"values": list(orders)}}
    return msgspec.convert(known, AmbientContext)


def test_a_code_of_the_context_comes_back_where_its_diagnosis_was_heard():
    """One code each; a context's diagnosis that nobody spoke of does not come back (S-213)."""
    found = structured_data(said("Your hypertension is well controlled."), [context()]).diagnoses.values
    assert [(d.codes[0].code, d.codes[0].type, len(d.codes)) for d in found] == [("30422", "IMO", 1)]
    assert structured_data(said("You have a cough."), [context()]).diagnoses.values[0].codes[0].code == "R05.9"


def test_an_order_is_complete_with_dose_frequency_and_diagnosis():
    """Else it stands in ``partial_values`` (S-212)."""
    texts = ("Your blood pressure is 160/95. You have hypertension.", "Take lisinopril, 10 mg once a day.")
    found = structured_data(said(*texts), [AmbientContext()]).orders.medication_orders
    (order,) = found.values
    assert (order.linked_diagnosis_codes[0].code, found.partial_values) == ("I10", [])
    for text in ("Take lisinopril once a day.", "Take lisinopril, 10 mg."):
        found = structured_data(said(texts[0], text), [AmbientContext()]).orders.medication_orders
        assert (found.values, len(found.partial_values)) == ([], 1)


def test_an_order_links_the_code_that_the_context_brought():
    """Type and code of the diagnosis as it comes back."""
    found = structured_data(said("Take lisinopril, 10 mg once a day."), [context()]).orders.medication_orders
    assert [(c.code, c.type) for c in found.values[0].linked_diagnosis_codes] == [("30422", "IMO")]


def test_an_order_of_the_context_is_changed_and_not_doubled():
    """A new dose of the same medicine."""
    known = {
        "drug_name": "Lisinopril 10mg Tab",
        "medication_code": {"code": "314076", "type": "RXCUI"},
        "status": "ACTIVE",
        "metadata": {"origin": "EMR", "encounter_relation": "PRIOR_ENCOUNTER"},
        "dosage": {"quantity": 10, "unit": "MG"},
    }
    texts = said("I want to increase the lisinopril to 20 mg once a day.")
    found = structured_data(texts, [context(orders=[known])]).orders.medication_orders
    assert [(o.medication_code.code, o.dosage.quantity) for o in found.values] == [("314076", 20)]
    assert found.partial_values == []


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (("We will change to amlodipine.", "How much do I take?", "Begin with 5 mg every morning."),
         [("amlodipine", "ACTIVE", 5, "ONE_A_DAY")]),
        (("Are you taking the lisinopril?", "I stopped it a week ago."), [("lisinopril", "DISCONTINUED", None, None)]),
        (("I stopped the lisinopril last week.",), [("lisinopril", "DISCONTINUED", None, None)]),
        (("Take amlodipine 5 mg daily instead of the lisinopril.",),
         [("amlodipine", "ACTIVE", 5, "ONE_A_DAY"), ("lisinopril", "DISCONTINUED", None, None)]),
        (("Do not stop the metoprolol, take 25 mg twice a day.",), [("metoprolol", "ACTIVE", 25, "TWO_A_DAY")]),
        (("Are you still taking the sertraline?", "Yes, 50 mg every morning."),
         [("sertraline", "ACTIVE", 50, "ONE_A_DAY")]),
    ],
)  # fmt: skip
def test_medicines_as_they_stand_at_the_end(texts, expected):
    """A dose in the next utterance belongs to the medicine; what was stopped is not active."""
    found = [
        (
            o["drug_name"],
            o["status"],
            o.get("dosage", {}).get("quantity"),
            o.get("frequency", {}).get("structured_value"),
        )
        for o in orders(*texts)
    ]
    assert found == expected


@pytest.mark.parametrize(
    "texts",
    [
        ("Are you allergic to penicillin?", "Yes, penicillin gave me hives."),
        ("I am allergic to penicillin.",),
        ("Do you take aspirin?", "No."),
        ("If it does not get better, we could try prednisone later.",),
        ("I tried ibuprofen years ago.",),
    ],
)
def test_what_nobody_orders_or_takes_is_no_order(texts):
    """Allergies, denials and what may come later."""
    assert not structured_data(said(*texts), [AmbientContext()]).orders


@pytest.mark.parametrize(
    "text", ["Take azithramisin, 500 mg.", "Take azithro mycin 500 mg.", "Take Azithromicin 500 mg."]
)
def test_a_medicine_that_is_nearly_spelt_right_is_ordered(text):
    """As recognisers write what they do not know."""
    assert orders(text)[0]["drug_name"] == "azithromycin"


@pytest.mark.parametrize("corpus", ["clinic", "librivox", "visits"])
def test_what_is_spelt_right_stays(corpus):
    """No reference of a built-in corpus is changed."""
    for utterance in load_corpus(find_corpus(corpus)).utterances:
        assert with_medicines(utterance.reference.written) == utterance.reference.written
        assert with_medicines(utterance.reference.spoken) == utterance.reference.spoken
