"""Form templates of the simulator, and how they are filled from a transcript by plain rules.

A number is the one that follows one of its field's names, if it lies within the field's bounds; a choice is the
first of its options that was said. A template of which nothing was said is not generated (S-184).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from workbench.protocol.results import (
    FilledForm,
    FormTemplate,
    FormValues,
    TemplateItem,
    TemplateOption,
    TemplateSchema,
    UnfilledForm,
)
from workbench.simulator.documents import utterances_of
from workbench.simulator.numerals import read_number
from workbench.simulator.segments import Segment

__all__ = ["TEMPLATES", "TEMPLATE_IDS", "fill"]

_NAMESPACE = uuid.UUID("6f2f6c0e-54d5-4c1b-9c0f-0d6a3d2d9b41")
_FILLER = frozenset({"is", "was", "of", "at", "today", "the"})
_STATUS = "MEDICAL_FORM_STATUS_COMPLETED"


@dataclass(frozen=True, slots=True)
class _Number:
    """A number after one of its names.

    Attributes:
        code, question: as in the template.
        names: phrases that come before it.
        least, greatest: what is believed.
        over: whether it is the second of "one twenty over eighty".
    """

    code: str
    question: str
    names: tuple[str, ...]
    least: float
    greatest: float
    over: bool = False

    def item(self) -> TemplateItem:
        return TemplateItem(self.code, self.code, "field", "number", self.question, r"^[0-9]+(\.[0-9]+)?$")

    def value(self, texts: Sequence[list[str]]) -> float | None:
        """The number that was said, None where none was."""
        for words in texts:
            for name in self.names:
                found = self._after(words, name.split())
                if found is not None:
                    return found
        return None

    def _after(self, words: list[str], name: list[str]) -> float | None:
        for i in range(len(words) - len(name) + 1):
            if words[i : i + len(name)] != name:
                continue
            at = i + len(name)
            while at < len(words) and words[at] in _FILLER:
                at += 1
            number = read_number(words, at)
            if number and self.over:
                joined = number[1] < len(words) and words[number[1]] == "over"
                number = read_number(words, number[1] + 1) if joined else None
            if number and self.least <= number[0] <= self.greatest:
                return number[0]
        return None


@dataclass(frozen=True, slots=True)
class _Choice:
    """One of several options, each with the phrases that mean it."""

    code: str
    question: str
    options: tuple[tuple[str, str, tuple[str, ...]], ...]

    def item(self) -> TemplateItem:
        options = [TemplateOption(code, display) for code, display, _ in self.options]
        return TemplateItem(self.code, self.code, "field", "radio", self.question, options=options)

    def value(self, texts: Sequence[list[str]]) -> str | None:
        """The code of the option that was said first, None where none was."""
        for words in texts:
            said = f" {' '.join(words)} "
            for code, _, phrases in self.options:
                if any(f" {phrase} " in said for phrase in phrases):
                    return code
        return None


_FIELDS: dict[str, tuple[str, tuple[_Number | _Choice, ...]]] = {
    "VITALS_ASSESSMENT": ("Vitals", (
        _Number("systolic", "Systolic blood pressure, mmHg", ("blood pressure",), 50, 300),
        _Number("diastolic", "Diastolic blood pressure, mmHg", ("blood pressure",), 20, 200, over=True),
        _Number("heart_rate", "Heart rate, beats a minute", ("heart rate", "pulse"), 20, 300),
        _Number("respiratory_rate", "Respirations a minute", ("respiratory rate", "respirations"), 4, 80),
        _Number("temperature", "Temperature, degrees Fahrenheit", ("temperature",), 85, 115),
        _Number("oxygen_saturation", "Oxygen saturation, percent", ("oxygen saturation", "saturation"), 40, 100),
        _Number("weight", "Weight, pounds", ("weight", "weighs"), 1, 1000),
    )),
    "NEURO_ASSESSMENT": ("Neuro", (
        _Choice("consciousness", "Level of consciousness", (
            ("ALERT", "Alert", ("alert",)), ("DROWSY", "Drowsy", ("drowsy", "lethargic")),
            ("UNRESPONSIVE", "Unresponsive", ("unresponsive",)))),
        _Choice("orientation", "Orientation", (
            ("DISORIENTED", "Disoriented", ("disoriented", "not oriented", "confused")),
            ("ORIENTED", "Oriented", ("oriented",)))),
        _Choice("pupils", "Pupils", (
            ("UNEQUAL", "Unequal", ("pupils are unequal", "pupils unequal")),
            ("EQUAL_REACTIVE", "Equal and reactive", ("pupils are equal", "pupils equal")))),
        _Choice("speech", "Speech", (
            ("SLURRED", "Slurred", ("slurred",)), ("CLEAR", "Clear", ("speech is clear", "clear speech")))),
    )),
    "SKIN_ASSESSMENT": ("Skin", (
        _Choice("integrity", "Skin integrity", (
            ("NOT_INTACT", "Not intact", ("skin is not intact", "skin breakdown", "open wound", "pressure ulcer")),
            ("INTACT", "Intact", ("skin is intact", "skin intact")))),
        _Choice("color", "Color", (
            ("PALE", "Pale", ("pale",)), ("JAUNDICED", "Jaundiced", ("jaundiced", "jaundice")),
            ("CYANOTIC", "Cyanotic", ("cyanotic",)), ("PINK", "Pink", ("skin is pink",)))),
        _Choice("moisture", "Temperature and moisture", (
            ("WARM_DRY", "Warm and dry", ("warm and dry",)), ("DIAPHORETIC", "Diaphoretic", ("diaphoretic",)))),
        _Choice("rash", "Rash", (
            ("NO", "No rash", ("no rash", "denies rash")), ("YES", "Rash", ("rash",)))),
    )),
    "RESPIRATORY_ASSESSMENT": ("Respiratory", (
        _Choice("breath_sounds", "Breath sounds", (
            ("WHEEZES", "Wheezes", ("wheezes", "wheezing")), ("CRACKLES", "Crackles", ("crackles",)),
            ("CLEAR", "Clear", ("lungs are clear", "lungs clear", "clear to auscultation")))),
        _Choice("effort", "Respiratory effort", (
            ("LABORED", "Labored", ("breathing is labored", "labored breathing", "short of breath")),
            ("UNLABORED", "Unlabored", ("unlabored",)))),
        _Choice("cough", "Cough", (
            ("NONE", "None", ("no cough", "denies cough")), ("PRODUCTIVE", "Productive", ("productive cough",)),
            ("DRY", "Dry", ("dry cough",)), ("UNSPECIFIED", "Present", ("cough",)))),
        _Choice("oxygen", "Oxygen", (
            ("ROOM_AIR", "Room air", ("room air",)), ("NASAL_CANNULA", "Nasal cannula", ("nasal cannula",)))),
    )),
}  # fmt: skip


def _id(kind: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, kind))


TEMPLATES: tuple[FormTemplate, ...] = tuple(
    FormTemplate(
        template_id=_id(kind),
        type=kind,
        name=name,
        description=f"{name} assessment, filled by the simulator's rules",
        schema=TemplateSchema([field.item() for field in fields]),
    )
    for kind, (name, fields) in _FIELDS.items()
)
"""As the template list shows them; ids are the same in every simulator."""

TEMPLATE_IDS = {template.template_id: template for template in TEMPLATES}


def fill(
    segments: Sequence[Segment], template_ids: Sequence[str], session_id: str, correlation_id: str = ""
) -> FormValues:
    """Fill templates.

    Args:
        segments: of the session.
        template_ids: of the context, each one of :data:`TEMPLATE_IDS`.
        session_id: decides the ids of the forms, so that they are the same at every request.
        correlation_id: of the session.
    """
    texts = [said.text.lower().split() for said in utterances_of(segments)]
    found = FormValues([], [])
    for template_id in dict.fromkeys(template_ids):
        template = TEMPLATE_IDS[template_id]
        values = {field.code: field.value(texts) for field in _FIELDS[template.type][1]}
        said = {code: value for code, value in values.items() if value is not None}
        if said:
            found.generated_values.append(_form(segments, template, said, session_id, correlation_id))
        else:
            found.non_generated_values.append(UnfilledForm(template_id))
    return found


def _form(
    segments: Sequence[Segment],
    template: FormTemplate,
    data: dict[str, float | str],
    session_id: str,
    correlation_id: str,
) -> FilledForm:
    last = max((segment.at(0) for segment in segments), default=datetime.fromtimestamp(0, UTC))
    return FilledForm(
        id=_id(f"{session_id}/{template.template_id}"),
        form_template_id=template.template_id,
        type=template.type,
        title=template.name,
        status=_STATUS,
        data=dict(data),
        metadata={"made_by": "rules of the simulator", "language": "en"},
        correlation_id=correlation_id,
        created_at=f"{last:%Y-%m-%dT%H:%M:%SZ}",
    )
