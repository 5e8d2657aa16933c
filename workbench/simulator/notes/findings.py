"""Diagnoses and medication orders of a conversation, by plain rules: the shape of the answers, no medical coding.

A diagnosis is a condition that is there: not denied, past, a relative's, possible or asked about. As in outpatient
coding, what is only possible is not coded, and a symptom is not coded beside the diagnosis that explains it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import UNSET

from workbench.protocol.context import AmbientContext, Code, MedicationOrder
from workbench.protocol.results import FoundDiagnoses, FoundDiagnosis, FoundOrders, PartialOrders, StructuredData
from workbench.simulator.notes.assertions import Finding, Status, findings_of, no_of
from workbench.simulator.notes.conditions import Condition, coded
from workbench.simulator.notes.medicines import treats
from workbench.simulator.notes.orders import complete, linked, orders_of
from workbench.simulator.notes.segments import Segment
from workbench.simulator.notes.sentences import Sentence, sentences_of

__all__ = ["diagnosed", "structured_data"]

_CHECKUP = Condition(
    "annual checkup", "Z00.00", "Encounter for general adult medical examination without abnormal findings"
)
_CHECKUPS = re.compile(
    r"\b(?:(?:yearly|annual|1x/year|regular|routine) (?:check ?up|physical|exam|wellness visit)|wellness visit)\b"
)
_SMOKER = Condition("cigarette smoking", "F17.210", "Nicotine dependence, cigarettes, uncomplicated")
_SMOKES = re.compile(
    r"\b(?:i|he|she|patient|still) (?:still |do |currently )?smokes?\b|\b(?:cigarettes|packs?)\b.* (?:1x/day"
    r"|a day|per day|daily)\b"
)
_ASKS_SMOKING = re.compile(r"\bsmok\w*|\btobacco|\bcigarettes?")
_AFFIRMS = re.compile(r"^(?:yes|yeah|i do|i am afraid so|about|unfortunately|sometimes|a pack|half|\d)")


def structured_data(segments: Sequence[Segment], contexts: Iterable[AmbientContext]) -> StructuredData:
    """Diagnoses that were heard, with the codes of the contexts where these have them; orders, complete and not.

    Orders that the contexts bring come back with what was heard of the same medicine.
    """
    contexts = list(contexts)
    sentences = sentences_of(segments)
    brought = [(icd, code) for context in contexts for icd, code in _brought(context)]
    orders = orders_of(sentences)
    conditions = diagnosed(sentences, findings_of(sentences), orders)
    codes = [(c.code, _code(c, brought)) for c, _ in conditions]
    data = StructuredData(
        diagnoses=FoundDiagnoses(
            [FoundDiagnosis([code], finding) for (_, code), (_, finding) in zip(codes, conditions, strict=True)]
        )
    )
    known = [order for context in contexts for order in _orders_of(context)]
    for order in orders:
        # Treatment of what the session was opened with needs no diagnosis to be named again.
        order.linked_diagnosis_codes = linked(order, [*codes, *brought]) or UNSET
    values, partial = _merged(known, orders)
    if values or partial:
        data.orders = FoundOrders(PartialOrders(values, [msgspec.to_builtins(order) for order in partial]))
    return data


def diagnosed(
    sentences: Sequence[Sentence], findings: Sequence[Finding], orders: Sequence[MedicationOrder]
) -> list[tuple[Condition, str]]:
    """Conditions that are there, each code once, with the words that say so.

    Args:
        sentences: the conversation.
        findings: conditions named in it.
        orders: medicines ordered in it.
    """
    given = tuple(prefix for order in orders for prefix in treats(order.medication_code.code))
    there: dict[str, tuple[Condition, str]] = {}
    for finding in findings:
        if finding.condition.code and _counts(finding, given):
            there.setdefault(finding.condition.code, (finding.condition, _words(finding.condition, finding.sentence)))
    for condition, text in (_checkup(sentences), _smoking(sentences)):
        if text:
            there.setdefault(condition.code, (condition, text))
    definitive = [code for code, (condition, _) in there.items() if not condition.symptom]
    return [
        (condition, text)
        for condition, text in there.values()
        if not any(other.startswith(condition.explained) for other in definitive)
        and not _narrowed(condition, [c for c, _ in there.values()])
    ]


def _words(condition: Condition, sentence: Sentence) -> str:
    """The words that name a condition; its name where they are a question."""
    return condition.name[:1].upper() + condition.name[1:] if sentence.is_question else sentence.text


def _counts(finding: Finding, given: tuple[str, ...]) -> bool:
    """Whether a mention is a diagnosis; one in a general remark is where it is being treated."""
    if finding.status is Status.GENERAL:
        return not finding.condition.symptom and finding.condition.code.startswith(given)
    return finding.status is Status.PRESENT and not (
        finding.sentence.is_question and finding.sentence.speaker == "patient"
    )


def _narrowed(condition: Condition, others: Sequence[Condition]) -> bool:
    """Whether a diagnosis of the same category says more: migraine without aura beside migraine."""
    name = condition.name
    return any(
        other.code != condition.code and other.code[:3] == condition.code[:3] and name in other.name for other in others
    )


def _checkup(sentences: Sequence[Sentence]) -> tuple[Condition, str]:
    for sentence in sentences:
        if sentence.has(_CHECKUPS) and not sentence.reading.negations:
            answers = [s for s in sentences if s.question is sentence]
            if not sentence.is_question or (answers and not no_of(answers[0])):
                return _CHECKUP, _words(_CHECKUP, sentence)
    return _CHECKUP, ""


def _smoking(sentences: Sequence[Sentence]) -> tuple[Condition, str]:
    for sentence in sentences:
        if sentence.is_question or sentence.reading.negations or sentence.speaker == "clinician":
            continue
        text = sentence.reading.canonical
        if (_ASKS_SMOKING.search(sentence.asked) and _AFFIRMS.search(text)) or (
            _SMOKES.search(text) and not re.search(r"\bused to|quit|stopped\b", text)
        ):
            return _SMOKER, sentence.text
    return _SMOKER, ""


def _brought(context: AmbientContext) -> Iterable[tuple[str, Code]]:
    """ICD-10 codes of the context's diagnoses and the codes that it has for them."""
    for diagnosis in () if context.diagnoses is UNSET else context.diagnoses.values:
        for code in diagnosis.codes:
            if code.type == "ICD10":
                yield code.code, code
                continue
            note = "" if diagnosis.diagnosis_note is UNSET else diagnosis.diagnosis_note
            condition = coded(code.code, note) or coded("", "" if code.description is UNSET else code.description)
            if condition is not None:
                yield condition.code, code


def _code(condition: Condition, brought: Sequence[tuple[str, Code]]) -> Code:
    """The one code of a diagnosis: the context's where it has one of the same kind, else ICD-10."""
    own = next((code for icd, code in brought if icd == condition.code or icd[:3] == condition.code[:3]), None)
    return own if own is not None else Code(condition.code, "ICD10", condition.description)


def _orders_of(context: AmbientContext) -> list[MedicationOrder]:
    if context.orders is UNSET or context.orders.medication_orders is UNSET:
        return []
    return context.orders.medication_orders.values


def _merged(
    known: Sequence[MedicationOrder], heard: Sequence[MedicationOrder]
) -> tuple[list[MedicationOrder], list[MedicationOrder]]:
    """Complete orders, those of the contexts first, and incomplete ones; a medicine that both have stands once."""
    values, partial = list(known), []
    for order in heard:
        at = next((i for i, k in enumerate(values) if _same(k, order)), None)
        if at is not None:
            told = {f: v for f in _USE if (v := getattr(order, f)) is not UNSET}
            values[at] = msgspec.structs.replace(values[at], status=order.status, **told)
        elif complete(order):
            values.append(order)
        else:
            partial.append(order)
    return values, partial


_USE = ("dosage", "frequency", "medication_timing", "duration_in_days", "instructions")


def _same(known: MedicationOrder, heard: MedicationOrder) -> bool:
    """Whether an order of a context is of the medicine that was heard: by its code, or by its name."""
    return known.medication_code == heard.medication_code or heard.drug_name in known.drug_name.lower().split()
