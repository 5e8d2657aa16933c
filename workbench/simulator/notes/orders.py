"""Medication orders of a conversation.

A medicine is ordered where the clinician says what to do with it; its dose, frequency and time of day are read from the
words up to the next medicine, and from the sentences behind it while they speak of nothing else. What a patient takes
already is a medicine of a prior encounter; what was stopped is DISCONTINUED; what somebody is allergic to is no order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from workbench.protocol.context import (
    AmbientOrigin,
    Code,
    Dosage,
    LinkedCode,
    MedicationCode,
    MedicationOrder,
    RawValue,
)
from workbench.protocol.vocabulary import OrderStatus
from workbench.scoring.reading import Item
from workbench.simulator.notes.assertions import PAST, no_of
from workbench.simulator.notes.medicines import MEDICINES, treats
from workbench.simulator.notes.sentences import Sentence

__all__ = ["complete", "linked", "orders_of"]

_UNITS = {"mg": "MG", "mcg": "MCG", "ml": "ML", "tablets": "TAB", "capsules": "CAP", "puffs": "PUFF", "units": "UNIT"}
_COUNTED = frozenset(["TAB", "CAP", "PUFF"])
_FREQUENCIES = {
    "1x/day": "ONE_A_DAY", "2x/day": "TWO_A_DAY", "3x/day": "THREE_A_DAY", "4x/day": "FOUR_A_DAY", "q24h": "ONE_A_DAY",
    "q12h": "TWO_A_DAY", "q8h": "THREE_A_DAY", "q6h": "EVERY_SIX_HOURS", "prn": "AS_NEEDED",
}  # fmt: skip
_TIMES = (
    (
        re.compile(r"\b(?:in the morning|every morning|each morning|qam|with breakfast|at breakfast)\b"),
        "IN_THE_MORNING",
    ),
    (re.compile(r"\bat (?:noon|lunch)\b|\bwith lunch\b"), "AT_NOON"),
    (re.compile(r"\b(?:in the evening|every evening|each evening|qpm|with dinner)\b"), "IN_THE_EVENING"),
    (re.compile(r"\b(?:at bedtime|qhs|before bed|at night|every night)\b"), "AT_BEDTIME"),
    (re.compile(r"\bwith (?:(?:your|the|a) )?(?:meals?|food)\b"), "WITH_MEALS"),
)
_ONCE = frozenset(["IN_THE_MORNING", "AT_NOON", "IN_THE_EVENING", "AT_BEDTIME"])
_NEED = re.compile(r"\b(?:as needed|prn|when you need it|if you need it|when needed|if needed)\b")
_EVERY_DAY = re.compile(r"\b(?:every|each) day\b|\bonce a day\b|\bdaily\b")
_OTHER_FREQUENCIES = ((_NEED, "AS_NEEDED"), (_EVERY_DAY, "ONE_A_DAY"))
_DAYS = re.compile(r"\bfor (?:the next |another |about )?(\d+) (day|week|month)s?\b")
_REFILLS = re.compile(r"\b(\d+|no) refills?\b")
_STOPS = re.compile(
    r"\b(?:stop|stopped|stopping|quit|discontinue|discontinued|came off|come off|go off|ran out of|no longer take"
    r"|taken off|hold)\b"
)
_NOT_STOP = re.compile(r"\b(?:do not|never) (?:just )?(?:stop|discontinue)\b")
_INSTEAD = re.compile(
    r"\b(?:instead of|in place of|replace|switch(?:ing)? (?:you )?from|change (?:you )?from"
    r"|rather than)(?: the| your)?$"
)
_REFILL = re.compile(r"\brefill(?:ed)?\b|\brenew\b")
_ALLERGY = re.compile(r"\b(?:allerg\w*|reaction|reacted|gave me (?:a rash|hives)|broke out|intoleran\w*)\b")
_UNCERTAIN = re.compile(
    r"\b(?:may need|might need|might|could (?:also )?(?:try|use|add)|would (?:also )?be|an option|consider"
    r"|if (?:it|that|this) does not|if the|later|talk about|heard (?:of|about)|tried|if you ever)\b"
)
_DOING = re.compile(
    r"\b(?:take|start|begin|use|continue|keep|increase|decrease|raise|lower|change|switch|prescri\w*|give|send"
    r"|order|add|put you on|go (?:up|down)"
    r"|write|try|have you (?:on|take)|stay on|stop|discontinue|refill|renew|hold|recommend|double)\b"
)
_TAKING = re.compile(r"\b(?:take|taking|on|use|using|only|just|still|and|been|started|my)\b")
_SAME = re.compile(
    r"\b(?:it|that|this|them|one|once|twice|take|begin|start|\d+ (?:mg|mcg|ml|tablets|capsules|puffs|units)"
    r"|\d+x/day|q\d+h|daily)\b"
)
_ASKS_DOSE = re.compile(r"\b(?:dose|dosage|strength|how (?:much|often|many)|what (?:mg|strength))\b")
_GRANTED = re.compile(
    r"\b(?:how (?:often|much|many)|what dose)\b.*\b(?:take|use|taking|using)\b|\byour \w+ (?:inhaler|pills?"
    r"|tablets?|dose)\b"
)
_FROM_TODAY = re.compile(r"\btoday (?:and|then)\b.*\bfor (?:the )?next\b")
_NEAR = 4
"""Words before a medicine in which stopping it must be named."""
_BEYOND = 2
"""Sentences behind the one that names a medicine in which its use may still be told."""


class _Part(NamedTuple):
    """Canonical words ``first`` up to ``stop`` of a sentence."""

    sentence: Sentence
    first: int
    stop: int

    @property
    def canonical(self) -> str:
        return " ".join(self.sentence.words[self.first : self.stop])

    @property
    def values(self) -> Iterator[Item]:
        return (i for i in self.sentence.reading.values if self.first <= i.first and i.stop <= self.stop)

    def raw(self, item: Item) -> str:
        """The words of a value as they were recognised."""
        return self.sentence.text[item.start : item.end]

    def found(self, pattern: re.Pattern[str]) -> str | None:
        """What a pattern finds, as it was recognised; None if nothing."""
        return self.sentence.found(pattern, self.first, self.stop)


@dataclass(slots=True)
class _Use:
    """One medicine, and what is said of its use."""

    name: str
    status: OrderStatus
    prior: bool
    parts: list[_Part] = field(default_factory=list)


def orders_of(sentences: Sequence[Sentence]) -> list[MedicationOrder]:
    """Orders in the order in which their medicines are named; each medicine once, as it stands at the end."""
    uses: dict[str, _Use] = {}
    for place, sentence in enumerate(sentences):
        for name, before, after, last in _named(sentence):
            use = _use(name, sentence, before, sentences[place + 1 : place + 3])
            if use is None:
                continue
            if not sentence.is_question:
                use.parts.append(after)
            if last:
                use.parts += _more(sentence, sentences[place + 1 :])
            key = MEDICINES[name].rxcui
            uses[key] = _together(uses.get(key), use)
    return [_order(use) for use in uses.values()]


def complete(order: MedicationOrder) -> bool:
    """Whether an order can be submitted: a coded medicine with dose, frequency and diagnosis.

    A medicine that is stopped needs its diagnosis only.
    """
    if not order.linked_diagnosis_codes:
        return False
    return order.status == "DISCONTINUED" or bool(order.dosage and order.frequency)


def linked(order: MedicationOrder, codes: Sequence[tuple[str, Code]]) -> list[LinkedCode]:
    """The diagnosis of a session that a medicine is given for.

    Args:
        order: one of :func:`orders_of`.
        codes: ICD-10 code of each diagnosis, and the code that it came back with.
    """
    wanted = treats(order.medication_code.code)
    return [LinkedCode(code.code, code.type) for icd, code in codes if icd.startswith(wanted)][:1]


def _named(sentence: Sentence) -> Iterator[tuple[str, str, _Part, bool]]:
    """Medicines of a sentence, the words before each, those up to the next one, and whether it is the last."""
    words = sentence.words
    places = [at for at, word in enumerate(words) if word in MEDICINES]
    for index, at in enumerate(places):
        begin = places[index - 1] + 1 if index else 0
        until = places[index + 1] if index + 1 < len(places) else len(words)
        yield words[at], " ".join(words[begin:at]), _Part(sentence, at + 1, until), index + 1 == len(places)


def _use(name: str, sentence: Sentence, before: str, following: Sequence[Sentence]) -> _Use | None:
    """What is said of a medicine where it is named; None if nothing is to be done with it."""
    text, near = sentence.reading.canonical, " ".join(before.split()[-_NEAR:])
    if sentence.is_question:
        return _answered(name, sentence, following)
    if _INSTEAD.search(before):
        return _Use(name, "DISCONTINUED", prior=True)
    if _ALLERGY.search(text) or (_ALLERGY.search(sentence.asked) and not _DOING.search(text)):
        return None
    if sentence.speaker == "patient":
        if _STOPS.search(near):
            return _Use(name, "DISCONTINUED", prior=True)
        if PAST.search(text) or _UNCERTAIN.search(text) or _no_before(sentence, name):
            return None
        return _Use(name, "ACTIVE", prior=True) if _TAKING.search(text) or sentence.question else None
    if _STOPS.search(near) and not _NOT_STOP.search(before):
        return _Use(name, "DISCONTINUED", prior=True)
    if _REFILL.search(text):
        return _Use(name, "REFILLED", prior=False)
    if _UNCERTAIN.search(text) or (_no_before(sentence, name) and not _NOT_STOP.search(before)):
        return None
    doing = (
        _DOING.search(text)
        or sentence.speaker == "narrator"
        or any(i.kind == "quantity" for i in sentence.reading.values)
    )
    return _Use(name, "ACTIVE", prior=False) if doing else None


def _no_before(sentence: Sentence, name: str) -> bool:
    return any(sentence.words[place] == name for place in sentence.denied)


def _answered(name: str, question: Sentence, following: Sequence[Sentence]) -> _Use | None:
    """A medicine named in a question: taken or stopped, as the answer says."""
    answers = [s for s in following if s.question is question]
    if not answers or question.speaker != "clinician" or _ALLERGY.search(question.reading.canonical):
        return None
    text = " ".join(s.reading.canonical for s in answers)
    granted = question.has(_GRANTED) and not no_of(answers[0])
    if _STOPS.search(text):
        return _Use(name, "DISCONTINUED", prior=True)
    if granted or re.match(r"(?:yes|yeah|i do|i am|every)\b", text):
        return _Use(name, "ACTIVE", prior=True, parts=[_Part(s, 0, len(s.words)) for s in answers])
    return None


def _more(named: Sentence, following: Sequence[Sentence]) -> list[_Part]:
    """Sentences that go on with the use of the medicine.

    A clinician goes on behind the patient's questions; a patient behind a question about the dose alone.
    """
    parts: list[_Part] = []
    seen = 0
    for sentence in following:
        own = sentence.speaker == named.speaker
        if sentence.medicines or seen >= _BEYOND or (own and sentence.is_question):
            break
        if not own:
            if named.speaker == "patient" and not (sentence.is_question and sentence.has(_ASKS_DOSE)):
                break
            continue
        seen += 1
        if _SAME.search(sentence.reading.canonical) and _is_use(sentence):
            parts.append(_Part(sentence, 0, len(sentence.words)))
    return parts


def _is_use(sentence: Sentence) -> bool:
    """Whether a sentence tells how a medicine is taken."""
    text = sentence.reading.canonical
    if re.search(r"\b(?:blood pressure|pulse|temperature|heart rate|weigh|a1c)\b", text) or _STOPS.search(text):
        return False
    dosed = any(_unit(item) or item.kind == "frequency" for item in sentence.reading.values)
    return dosed or any(pattern.search(text) for pattern, _ in _TIMES) or _NEED.search(text) is not None


def _together(earlier: _Use | None, later: _Use) -> _Use:
    """What holds in the end: a later word on the status counts, and what was said of the use stays."""
    if earlier is None:
        return later
    if later.status == "ACTIVE" and earlier.status != "ACTIVE" and later.prior:
        later.status = earlier.status
    return _Use(later.name, later.status, later.prior and earlier.prior, [*later.parts, *earlier.parts])


def _order(use: _Use) -> MedicationOrder:
    order = MedicationOrder(
        drug_name=use.name,
        medication_code=MedicationCode(MEDICINES[use.name].rxcui, "RXCUI"),
        status=use.status,
        metadata=AmbientOrigin(encounter_relation="PRIOR_ENCOUNTER" if use.prior else "CURRENT_ENCOUNTER"),
    )
    if use.status != "DISCONTINUED":
        _add_use(order, use)
    return order


def _add_use(order: MedicationOrder, use: _Use) -> None:
    values = [(part, item) for part in use.parts for item in part.values]
    amounts = [(part.raw(item), *unit) for part, item in values if (unit := _unit(item)) is not None]
    counted = next((a for a in amounts if a[2] in _COUNTED), None)
    massed = next((a for a in amounts if a[2] not in _COUNTED), None)
    if (dose := counted or massed) is not None:
        order.dosage = Dosage(dose[1], dose[0], dose[2])
        if not use.prior:
            order.instructions = " ".join(dict.fromkeys(p.sentence.text for p in _in_order(use.parts)))
    if counted is not None and massed is not None:
        order.strength = RawValue(massed[0])
    time = _first(use.parts, _TIMES)
    if time is not None:
        order.medication_timing = RawValue(*time)
    frequency = next(((p.raw(i), _FREQUENCIES[i.value]) for p, i in values if i.value in _FREQUENCIES), None)
    frequency = frequency or _first(use.parts, _OTHER_FREQUENCIES)
    if frequency is None and time is not None and time[1] in _ONCE:
        frequency = (time[0], "ONE_A_DAY")
    if frequency is not None:
        order.frequency = RawValue(*frequency)
    text = " . ".join(part.canonical for part in use.parts)
    if (days := _DAYS.search(text)) is not None:
        length = int(days[1]) * {"day": 1, "week": 7, "month": 30}[days[2]]
        order.duration_in_days = length + (1 if _FROM_TODAY.search(text) else 0)
    if (refills := _REFILLS.search(text)) is not None:
        order.number_of_refills = 0 if refills[1] == "no" else int(refills[1])


def _in_order(parts: Sequence[_Part]) -> list[_Part]:
    """Parts as they were spoken."""
    return sorted(parts, key=lambda part: part.sentence.utterance)


def _first(parts: Sequence[_Part], patterns: Sequence[tuple[re.Pattern[str], str]]) -> tuple[str, str] | None:
    """The words that the first pattern finds, and its code."""
    for pattern, code in patterns:
        for part in parts:
            if (raw := part.found(pattern)) is not None:
                return raw, code
    return None


def _unit(item: Item) -> tuple[int | float, str] | None:
    """Quantity and unit of a dose; grams are written in milligrams. None for anything else."""
    number, _, unit = item.value.partition(" ")
    if item.kind != "quantity" or unit not in {*_UNITS, "g"} or not re.fullmatch(r"\d+(?:\.\d+)?", number):
        return None
    value = float(number) * (1000 if unit == "g" else 1)
    return int(value) if value.is_integer() else value, _UNITS["mg" if unit == "g" else unit]
