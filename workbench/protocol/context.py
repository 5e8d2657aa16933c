"""Bodies that seed a session: creation, clinical context, form templates, preferences, feedback.

A field that is absent is ``UNSET`` and never sent; PATCH replaces only what is present (S-122). What the documents
constrain is constrained here, so that the description that is generated from these types says it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from workbench.protocol import vocabulary as vocab

__all__ = [
    "AmbientContext",
    "AmbientFeedback",
    "Code",
    "CreateAmbient",
    "CreateForm",
    "FormContext",
    "FormFeedback",
    "FormFilling",
    "FormTemplateChoice",
    "MedicationOrder",
    "Name",
    "Preferences",
    "Uuid",
    "merged",
]

Uuid = Annotated[
    str,
    msgspec.Meta(pattern="^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", extra_json_schema={"format": "uuid"}),
]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern="^[^/?#\\s]+$")]
"""An id that is no UUID, such as the encounters of the companion's example (S-218)."""

ShortText = Annotated[str, msgspec.Meta(max_length=255)]
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
BirthDate = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]


class CreateAmbient(msgspec.Struct, omit_defaults=True):
    """POST /api/v1/ambient/session/create; the deprecated ``multilingual`` is an unknown field (S-119, S-120)."""

    ambient_session_id: Uuid | UnsetType = UNSET
    encounter_id: Uuid | UnsetType = UNSET


class CreateForm(msgspec.Struct, omit_defaults=True):
    """POST /api/v1/form-filling/session/create (S-176)."""

    ambient_session_id: Uuid | UnsetType = UNSET
    correlation_id: str | UnsetType = UNSET


class Provider(msgspec.Struct, omit_defaults=True):
    """Who speaks for the note."""

    specialty: vocab.Specialty | UnsetType = UNSET
    provider_role: vocab.ProviderRole | UnsetType = UNSET


class Patient(msgspec.Struct, omit_defaults=True):
    """Whom the note is about."""

    dob: BirthDate | UnsetType = UNSET
    sex: vocab.Sex | UnsetType = UNSET


class Visit(msgspec.Struct, omit_defaults=True):
    """Why they met (S-124, S-125)."""

    chief_complaint: ShortText | UnsetType = UNSET
    reason_for_visit: ShortText | UnsetType = UNSET
    encounter_type: vocab.EncounterType | UnsetType = UNSET
    visit_type: vocab.VisitType | UnsetType = UNSET


class Section(msgspec.Struct, omit_defaults=True):
    """One section that the note should have; at most one of a note is the problem-based one."""

    loinc: vocab.SectionCode
    isPBNSection: bool | UnsetType = UNSET  # noqa: N815  the documents' own spelling


class Code(msgspec.Struct, omit_defaults=True):
    """A coded diagnosis (S-126)."""

    code: str
    type: vocab.CodingSystem
    description: str | UnsetType = UNSET


class Diagnosis(msgspec.Struct, omit_defaults=True):
    """One diagnosis, with exactly one code (S-213)."""

    codes: Annotated[list[Code], msgspec.Meta(min_length=1, max_length=1)]
    diagnosis_note: str | UnsetType = UNSET


class Diagnoses(msgspec.Struct):
    """Diagnoses known before the visit."""

    values: list[Diagnosis] = []


class Emr(msgspec.Struct):
    """Where the note goes (S-127)."""

    target_emr: vocab.TargetEmr


class MedicationCode(msgspec.Struct):
    """A coded drug."""

    code: str
    type: vocab.MedicationCodeType


class EmrOrigin(msgspec.Struct, tag_field="origin", tag="EMR"):
    """An order that the record system knows; says which visit it belongs to (S-129)."""

    encounter_relation: vocab.EncounterRelation


class AmbientOrigin(msgspec.Struct, tag_field="origin", tag="SUKI_AMBIENT", omit_defaults=True):
    """An order that was heard."""

    encounter_relation: vocab.EncounterRelation | UnsetType = UNSET


class Dosage(msgspec.Struct, omit_defaults=True):
    """How much at a time."""

    quantity: int | float | UnsetType = UNSET
    raw_value: str | UnsetType = UNSET
    unit: str | UnsetType = UNSET


class RawValue(msgspec.Struct, omit_defaults=True):
    """Free text, with its coded form where there is one."""

    raw_value: str | UnsetType = UNSET
    structured_value: str | UnsetType = UNSET


class LinkedCode(msgspec.Struct):
    """Reference to a diagnosis of the same context."""

    code: str
    type: vocab.CodingSystem


class MedicationOrder(msgspec.Struct, omit_defaults=True):
    """One medication order (S-128)."""

    drug_name: str
    medication_code: MedicationCode
    status: vocab.OrderStatus
    metadata: EmrOrigin | AmbientOrigin
    dosage: Dosage | UnsetType = UNSET
    duration_in_days: int | UnsetType = UNSET
    start_date: Instant | UnsetType = UNSET
    end_date: Instant | UnsetType = UNSET
    format: RawValue | UnsetType = UNSET
    frequency: RawValue | UnsetType = UNSET
    instructions: str | UnsetType = UNSET
    linked_diagnosis_codes: list[LinkedCode] | UnsetType = UNSET
    medication_timing: RawValue | UnsetType = UNSET
    number_of_refills: int | UnsetType = UNSET
    quantity_dispensed: str | UnsetType = UNSET
    route: RawValue | UnsetType = UNSET
    strength: RawValue | UnsetType = UNSET


class MedicationOrders(msgspec.Struct):
    """All medication orders."""

    values: list[MedicationOrder] = []


class Orders(msgspec.Struct, omit_defaults=True):
    """Orders known before the visit."""

    medication_orders: MedicationOrders | UnsetType = UNSET


class FormTemplateChoice(msgspec.Struct):
    """One template to fill; ids come from the template list (S-183), and not all of the documents' are UUIDs."""

    form_template_id: str


class FormFilling(msgspec.Struct):
    """Templates to fill; ``values`` is required where ``form_filling`` is there at all (S-177)."""

    values: list[FormTemplateChoice]


class AmbientContext(msgspec.Struct, omit_defaults=True):
    """Context of an ambient session, for POST (replaces all, S-121) and PATCH (S-122)."""

    provider: Provider | UnsetType = UNSET
    patient: Patient | UnsetType = UNSET
    visit: Visit | UnsetType = UNSET
    sections: list[Section] | UnsetType = UNSET
    diagnoses: Diagnoses | UnsetType = UNSET
    emr: Emr | UnsetType = UNSET
    orders: Orders | UnsetType = UNSET
    form_filling: FormFilling | UnsetType = UNSET


class FormContext(msgspec.Struct, omit_defaults=True):
    """Context of a form-filling session (S-178)."""

    form_filling: FormFilling | UnsetType = UNSET


class SectionFormat(msgspec.Struct):
    """How one section is written."""

    loinc: vocab.StyledSection
    style: Annotated[str, msgspec.Meta(pattern="^(NARRATIVE|BULLETED)$")]


class Personalization(msgspec.Struct, omit_defaults=True):
    """How a provider wants notes."""

    verbosity: vocab.Verbosity | UnsetType = UNSET
    section_format: list[SectionFormat] | UnsetType = UNSET


class Preferences(msgspec.Struct):
    """PATCH /api/v1/user/preferences."""

    personalization_preference: Annotated[Personalization, msgspec.Meta(extra_json_schema={"minProperties": 1})]


class Rating(msgspec.Struct):
    """A rating between inclusive bounds."""

    rating: int
    min_rating: int
    max_rating: int


class AmbientFeedback(msgspec.Struct, omit_defaults=True):
    """Feedback on an ambient note; the mixed case is the documents' own."""

    ratingFeedback: Rating | UnsetType = UNSET  # noqa: N815
    qualitative_comments: str | UnsetType = UNSET


class FeedbackMetadata(msgspec.Struct, omit_defaults=True):
    """Which form the feedback is about."""

    form_id: str | UnsetType = UNSET


class FormFeedback(msgspec.Struct, omit_defaults=True):
    """Feedback on a form-filling session (S-187)."""

    feedback: AmbientFeedback
    feedback_metadata: FeedbackMetadata | UnsetType = UNSET


def merged(old: AmbientContext, new: AmbientContext) -> AmbientContext:
    """``old`` with what ``new`` says, member by member and one level into objects (S-122).

    >>> before = AmbientContext(patient=Patient(dob="1980-01-31"))
    >>> merged(before, AmbientContext(patient=Patient(sex="female"))).patient.dob
    '1980-01-31'
    """
    changed: dict[str, object] = {}
    for name in AmbientContext.__struct_fields__:
        was, now = getattr(old, name), getattr(new, name)
        if now is UNSET:
            continue
        if name in ("provider", "patient", "visit") and was is not UNSET:
            now = msgspec.structs.replace(
                was, **{f: v for f in now.__struct_fields__ if (v := getattr(now, f)) is not UNSET}
            )
        changed[name] = now
    return msgspec.structs.replace(old, **changed)
