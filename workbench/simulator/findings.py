"""Diagnoses and medication orders that were heard, found by plain rules.

A diagnosis is a name of the list below that is not denied in the same utterance within four words before it. An
order is a drug of the list below; dose, frequency and time of day are read from the words up to the next drug. The
lists are short on purpose: they show the shape of the answers, they are no medical coding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec
from msgspec import UNSET

from workbench.protocol.context import (
    AmbientContext,
    AmbientOrigin,
    Code,
    Dosage,
    MedicationCode,
    MedicationOrder,
    RawValue,
)
from workbench.protocol.results import FoundDiagnoses, FoundDiagnosis, FoundOrders, PartialOrders, StructuredData
from workbench.simulator.documents import utterances_of
from workbench.simulator.numerals import read_number
from workbench.simulator.segments import Segment

__all__ = ["structured_data"]

_DIAGNOSES: dict[str, tuple[str, str]] = {
    "high blood pressure": ("I10", "Essential (primary) hypertension"),
    "hypertension": ("I10", "Essential (primary) hypertension"),
    "type two diabetes": ("E11.9", "Type 2 diabetes mellitus without complications"),
    "diabetes": ("E11.9", "Type 2 diabetes mellitus without complications"),
    "hyperlipidemia": ("E78.5", "Hyperlipidemia, unspecified"),
    "high cholesterol": ("E78.00", "Pure hypercholesterolemia, unspecified"),
    "asthma": ("J45.909", "Unspecified asthma, uncomplicated"),
    "pneumonia": ("J18.9", "Pneumonia, unspecified organism"),
    "bronchitis": ("J40", "Bronchitis, not specified as acute or chronic"),
    "migraine": ("G43.909", "Migraine, unspecified, not intractable, without status migrainosus"),
    "headache": ("R51.9", "Headache, unspecified"),
    "chest pain": ("R07.9", "Chest pain, unspecified"),
    "back pain": ("M54.50", "Low back pain, unspecified"),
    "anxiety": ("F41.9", "Anxiety disorder, unspecified"),
    "depression": ("F32.A", "Depression, unspecified"),
    "atrial fibrillation": ("I48.91", "Unspecified atrial fibrillation"),
    "heart failure": ("I50.9", "Heart failure, unspecified"),
    "urinary tract infection": ("N39.0", "Urinary tract infection, site not specified"),
    "hypothyroidism": ("E03.9", "Hypothyroidism, unspecified"),
    "osteoarthritis": ("M19.90", "Unspecified osteoarthritis, unspecified site"),
}
"""Spoken name to ICD-10-CM; longer names come before those they contain."""

_DRUGS: dict[str, str] = {
    "acetaminophen": "161",
    "albuterol": "435",
    "amlodipine": "17767",
    "amoxicillin": "723",
    "aspirin": "1191",
    "atorvastatin": "83367",
    "azithromycin": "18631",
    "doxycycline": "3640",
    "furosemide": "4603",
    "gabapentin": "25480",
    "hydrochlorothiazide": "5487",
    "ibuprofen": "5640",
    "levothyroxine": "10582",
    "lisinopril": "29046",
    "losartan": "52175",
    "metformin": "6809",
    "metoprolol": "6918",
    "omeprazole": "7646",
    "prednisone": "8640",
    "sertraline": "36437",
    "simvastatin": "36567",
    "warfarin": "11289",
}
"""Ingredient to RxNorm concept."""

_UNITS = {
    "milligram": "MG", "milligrams": "MG", "mg": "MG", "milliliter": "ML", "milliliters": "ML", "ml": "ML",
    "tablet": "TABLET", "tablets": "TABLET", "capsule": "CAPSULE", "capsules": "CAPSULE", "puff": "PUFF",
    "puffs": "PUFF", "unit": "UNIT", "units": "UNIT",
}  # fmt: skip
_FREQUENCIES = {
    "three times a day": "THREE_TIMES_DAILY", "three times daily": "THREE_TIMES_DAILY",
    "twice a day": "TWICE_DAILY", "twice daily": "TWICE_DAILY", "two times a day": "TWICE_DAILY",
    "every six hours": "EVERY_SIX_HOURS", "as needed": "AS_NEEDED",
    "once a day": "ONCE_DAILY", "once daily": "ONCE_DAILY", "every day": "ONCE_DAILY", "daily": "ONCE_DAILY",
}  # fmt: skip
_TIMES = {"in the morning": "MORNING", "at noon": "NOON", "in the evening": "EVENING", "at bedtime": "BEDTIME",
          "with meals": "WITH_MEALS"}  # fmt: skip
_STOPPING = frozenset({"stop", "stopped", "discontinue", "discontinued"})
_REFILLING = frozenset({"refill", "refilled"})
_DENYING = frozenset({"no", "not", "denies", "denied", "without", "negative"})
_DENIAL_REACHES = 4
_VERB_REACHES = 4


def structured_data(segments: Sequence[Segment], contexts: Iterable[AmbientContext]) -> StructuredData:
    """Diagnoses that were heard; orders that the contexts name, and in ``partial_values`` those that were heard."""
    texts = [said.text.lower().split() for said in utterances_of(segments)]
    known = [order for context in contexts for order in _orders_of(context)]
    heard = [msgspec.to_builtins(order) for words in texts for order in _orders(words)]
    found = StructuredData(diagnoses=FoundDiagnoses(_diagnoses(texts)))
    if known or heard:
        found.orders = FoundOrders(PartialOrders(known, heard))
    return found


def _orders_of(context: AmbientContext) -> list[MedicationOrder]:
    if context.orders is UNSET or context.orders.medication_orders is UNSET:
        return []
    return context.orders.medication_orders.values


def _diagnoses(texts: Iterable[Sequence[str]]) -> list[FoundDiagnosis]:
    found: dict[str, FoundDiagnosis] = {}
    for words in texts:
        for name, (code, description) in _DIAGNOSES.items():
            at = _index_of(name.split(), words)
            if at is None or code in found or _DENYING & set(words[max(0, at - _DENIAL_REACHES) : at]):
                continue
            found[code] = FoundDiagnosis([Code(code, "ICD10", description)], " ".join(words))
    return list(found.values())


def _orders(words: Sequence[str]) -> list[MedicationOrder]:
    """Orders of one utterance."""
    places = [*(i for i, word in enumerate(words) if word in _DRUGS), len(words)]
    found = []
    for at, until in pairwise(places):
        order = MedicationOrder(
            drug_name=words[at],
            medication_code=MedicationCode(_DRUGS[words[at]], "RXCUI"),
            status="ACTIVE",
            metadata=AmbientOrigin(encounter_relation="CURRENT_ENCOUNTER"),
        )
        before, after = set(words[max(0, at - _VERB_REACHES) : at]), words[at + 1 : until]
        if before & _STOPPING:
            order.status = "DISCONTINUED"
        elif before & _REFILLING:
            order.status = "REFILLED"
        _add_use(order, after)
        found.append(order)
    return found


def _add_use(order: MedicationOrder, words: Sequence[str]) -> None:
    for i in range(len(words)):
        number = read_number(words, i)
        if number and number[1] < len(words) and words[number[1]] in _UNITS:
            order.dosage = Dosage(number[0], " ".join(words[i : number[1] + 1]), _UNITS[words[number[1]]])
            break
    for phrases, name in ((_FREQUENCIES, "frequency"), (_TIMES, "medication_timing")):
        said = next((p for p in phrases if _index_of(p.split(), words) is not None), None)
        if said is not None:
            setattr(order, name, RawValue(said, phrases[said]))


def _index_of(phrase: Sequence[str], words: Sequence[str]) -> int | None:
    size = len(phrase)
    return next((i for i in range(len(words) - size + 1) if list(words[i : i + size]) == list(phrase)), None)
