"""Form templates of the simulator, with the fields that the vendor names, filled by plain rules.

What was not heard is left out. A template of which nothing was heard is not generated (S-184).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from workbench.protocol.results import FilledForm, FormTemplate, FormValues, TemplateSchema, UnfilledForm
from workbench.simulator.notes.form_fields import (
    COUGH,
    LOBES,
    SPUTUM,
    Choice,
    Field,
    Lobe,
    Number,
    Pressure,
    Told,
    cough,
    pain_comments,
    pain_location,
    pain_score,
    sputum,
)
from workbench.simulator.notes.segments import Segment
from workbench.simulator.notes.sentences import sentences_of

__all__ = ["TEMPLATES", "TEMPLATE_IDS", "fill"]

_NAMESPACE = uuid.UUID("6f2f6c0e-54d5-4c1b-9c0f-0d6a3d2d9b41")
_STATUS = "MEDICAL_FORM_STATUS_COMPLETED"

_OXYGEN = (
    ("ROOM_AIR", "Room air", "room air"), ("NASAL_CANNULA", "Nasal cannula", "nasal cannula"),
    ("MASK", "Mask", "face mask|non rebreather|nonrebreather"), ("VENTILATOR", "Ventilator", "ventilator"),
)  # fmt: skip
_SATURATION = ("oxygen saturation", "saturation", "spo2", "oxygen level", "oxygen")
_WOUND = "(?:incision|wound|surgical site)"
_FIELDS: dict[str, tuple[str, tuple[Field, ...]]] = {
    "VITALS_ASSESSMENT": ("Adult Vitals", (
        Number("temperature", "Temperature, degrees Fahrenheit", ("temperature", "temp"), 85, 115),
        Number("heart_rate", "Heart rate, beats a minute", ("heart rate", "pulse"), 20, 300),
        Pressure("systolic", "Blood pressure, systolic, mmHg", 0),
        Pressure("diastolic", "Blood pressure, diastolic, mmHg", 1),
        Number("oxygen_saturation", "SpO2, percent", _SATURATION, 40, 100),
        Choice("oxygen_delivery", "Oxygen delivery", _OXYGEN, own=True),
        Number("respiratory_rate", "Respirations a minute",
               ("respiratory rate", "respirations", "breathing rate"), 4, 80),
        Told("pain_score", "Pain score, 0 to 10", pain_score, "number"),
        Told("pain_location", "Pain location", pain_location),
        Told("pain_comments", "Pain, comments", pain_comments),
    )),
    "NEURO_ASSESSMENT": ("Neuro", (
        Choice("consciousness", "Level of consciousness", (
            ("ALERT", "Alert", "alert|awake and"), ("DROWSY", "Drowsy", "drowsy|lethargic|sleepy"),
            ("UNRESPONSIVE", "Unresponsive", "unresponsive"))),
        Choice("orientation", "Orientation", (
            ("DISORIENTED", "Disoriented", "disoriented|not oriented|confused"),
            ("ORIENTED", "Oriented", "oriented"))),
        Choice("speech", "Speech", (
            ("SLURRED", "Slurred", "slurred|slurring"),
            ("CLEAR", "Clear", "speech is (?:clear|normal|fluent)|clear speech|speech clear"))),
        Choice("pupils", "Pupils", (
            ("UNEQUAL", "Unequal", "unequal"),
            ("EQUAL_REACTIVE", "Equal and reactive",
             "pupils (?:are )?equal|perrla?|pupils (?:are )?(?:round|reactive)"))),
        Number("glasgow_coma_scale", "Glasgow Coma Scale",
               ("glasgow coma scale", "glasgow coma score", "gcs", "coma scale"), 3, 15),
        Choice("strength", "Extremity strength", (
            ("WEAK", "Weak", "weak|weakness|reduced|decreased|[0-4]/5"),
            ("NORMAL", "Normal", "normal|full|5/5|equal|strong")), "strength|grip|weak|weakness"),
        Choice("sensation", "Sensation", (
            ("REDUCED", "Reduced", "numb|numbness|reduced|decreased|tingling"),
            ("INTACT", "Intact", "intact|normal")), "sensation|numb|numbness|tingling|feeling in", own=True),
    )),
    "SKIN_ASSESSMENT": ("Skin", (
        Choice("color", "Color", (
            ("PALE", "Pale", "pale"), ("JAUNDICED", "Jaundiced", "jaundiced|jaundice"),
            ("CYANOTIC", "Cyanotic", "cyanotic"), ("FLUSHED", "Flushed", "flushed|red"), ("PINK", "Pink", "pink"),
            ("NORMAL", "Normal", "colou?r is normal|normal colou?r")), "skin|colou?r|jaundiced?|cyanotic|lips"),
        Choice("temperature", "Temperature", (
            ("HOT", "Hot", "hot"), ("COOL", "Cool", "cool|cold"), ("WARM", "Warm", "warm")),
            "skin|warm and dry|to touch"),
        Choice("moisture", "Moisture", (
            ("DIAPHORETIC", "Diaphoretic", "diaphoretic|sweaty|clammy"), ("MOIST", "Moist", "moist"),
            ("DRY", "Dry", "dry")), "skin|warm and dry|diaphoretic|clammy"),
        Choice("pressure_injuries", "Pressure injuries", (
            ("PRESENT", "Present", "pressure (?:injury|injuries|ulcers?|sores?)|bed ?sores?"),)),
        Choice("incision_sites", "Incision or surgical sites", (
            ("INFECTED", "Signs of infection", f"{_WOUND}.*(?:infected|red|draining|drainage|pus)"),
            ("CLEAN_DRY_INTACT", "Clean, dry and intact", f"{_WOUND}.*(?:clean|intact|healing|closed|dry)"))),
        Choice("dressings", "Dressings", (
            ("CHANGED", "Changed", "dressing (?:was |is |has been )?changed|changed the dressing|new dressing"),
            ("DRY_INTACT", "Dry and intact", "dressing (?:is )?(?:clean|dry|intact)"))),
        Choice("interventions", "Interventions", (
            ("REPOSITIONED", "Repositioned", "repositioned|turned every|turn (?:him|her|you) every"),
            ("BARRIER_CREAM", "Barrier cream", "barrier cream"))),
    )),
    "RESPIRATORY_ASSESSMENT": ("Respiratory", (
        *(Lobe(f"breath_sounds_{side}_{lobe}", f"Breath sounds, {side} {lobe} lobe", side, lobe)
          for side, lobe in LOBES),
        Choice("work_of_breathing", "Work of breathing", (
            ("LABORED", "Labored", "labou?red|short of breath|accessory muscles|struggling to breathe"),
            ("UNLABORED", "Unlabored", "unlabou?red|breathing (?:is )?(?:easy|comfortable|comfortably|normal)"))),
        Told("cough", "Cough", cough, options=COUGH),
        Told("sputum", "Sputum", sputum, options=tuple((code, display) for code, display, _ in SPUTUM)),
        Choice("oxygen_device", "Oxygen device", _OXYGEN, own=True),
    )),
}  # fmt: skip


def _id(kind: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, kind))


TEMPLATES: tuple[FormTemplate, ...] = tuple(
    FormTemplate(
        template_id=_id(kind),
        type=kind,
        name=name,
        description=f"{name} assessment",
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
        segments: segments of the session.
        template_ids: ids of the context's templates, each one of :data:`TEMPLATE_IDS`.
        session_id: decides the ids of the forms, so that they are the same at every request.
        correlation_id: correlation id of the session.
    """
    sentences = sentences_of(segments)
    forms = FormValues([], [])
    for template_id in dict.fromkeys(template_ids):
        template = TEMPLATE_IDS[template_id]
        values = {field.code: field.value(sentences) for field in _FIELDS[template.type][1]}
        heard = {code: _whole(value) for code, value in values.items() if value is not None}
        if heard:
            forms.generated_values.append(_form(segments, template, heard, session_id, correlation_id))
        else:
            forms.non_generated_values.append(UnfilledForm(template_id))
    return forms


def _whole(value: float | str) -> float | str:
    """A number without a fraction as the integer that it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


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
        metadata={"language": "en"},
        correlation_id=correlation_id,
        created_at=f"{last:%Y-%m-%dT%H:%M:%SZ}",
    )
