"""Bodies that come back: status, transcript, note, structured data, forms, recordings, lists.

Fields have defaults, because a client must live with an answer that lacks some of them (S-6).
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from workbench.protocol.context import AmbientContext, Code, FormContext, MedicationOrder, Preferences

__all__ = [
    "AmbientTranscript",
    "Content",
    "ContextAnswer",
    "CreatedSession",
    "Empty",
    "FeedbackAnswer",
    "FilledForm",
    "FormContextAnswer",
    "FormStructuredData",
    "FormTemplate",
    "FormTemplates",
    "FormValues",
    "FoundDiagnoses",
    "FoundDiagnosis",
    "FoundOrders",
    "ItemCode",
    "NamedCodes",
    "NoteSection",
    "Offset",
    "OrderCodes",
    "PreferencesAnswer",
    "Recording",
    "Recordings",
    "Status",
    "StructuredData",
    "StructuredDataAnswer",
    "TemplateItem",
    "TemplateOption",
    "TemplateSchema",
    "TranscriptSegment",
    "UnfilledForm",
]


class Empty(msgspec.Struct):
    """The answer ``{}``."""


class CreatedSession(msgspec.Struct):
    """Answer to ambient and form-filling create (S-114, S-176)."""

    ambient_session_id: str


class ContextAnswer(msgspec.Struct):
    """Answer to PATCH of an ambient context: the whole, merged (S-122)."""

    context: AmbientContext


class FormContextAnswer(msgspec.Struct):
    """Answer to PATCH of a form-filling context (S-178)."""

    context: FormContext


class Status(msgspec.Struct):
    """Where a session stands; unknown strings must be accepted (S-132, S-134)."""

    status: str = ""


class Offset(msgspec.Struct):
    """A position in a recording."""

    hours: int = 0
    minutes: int = 0
    seconds: int = 0
    nanos: int = 0


class TranscriptSegment(msgspec.Struct, omit_defaults=True):
    """One stretch of speech."""

    transcript: str = ""
    transcript_id: str = ""
    recording_id: str = ""
    lang_id: str = ""
    start_time: str = ""
    end_time: str = ""
    start_offset: Offset | UnsetType = UNSET
    end_offset: Offset | UnsetType = UNSET


class AmbientTranscript(msgspec.Struct):
    """The transcript: an array here, where dictation has a string (S-139, S-140)."""

    final_transcript: list[TranscriptSegment] = []


class NoteSection(msgspec.Struct, omit_defaults=True):
    """One section of the note, with the pieces of transcript it was made from where the service gives them."""

    title: str = ""
    loinc_code: str = ""
    content: str = ""
    source_transcripts: list[str] | UnsetType = UNSET


class Content(msgspec.Struct):
    """The note."""

    summary: list[NoteSection] = []


class FoundDiagnosis(msgspec.Struct, omit_defaults=True):
    """A diagnosis that was heard."""

    codes: list[Code] = []
    diagnosis_note: str = ""
    laterality_indicator: int | UnsetType | None = UNSET
    post_coord_lex_flag: int | UnsetType | None = UNSET


class FoundDiagnoses(msgspec.Struct):
    """Diagnoses that were heard."""

    values: list[FoundDiagnosis] = []


class PartialOrders(msgspec.Struct, omit_defaults=True):
    """Orders of the context and those that were heard."""

    values: list[MedicationOrder] = []
    partial_values: list[dict[str, Any]] = []


class FoundOrders(msgspec.Struct, omit_defaults=True):
    """Orders by kind."""

    medication_orders: PartialOrders | UnsetType = UNSET


class StructuredData(msgspec.Struct, omit_defaults=True):
    """What the note says, coded."""

    diagnoses: FoundDiagnoses | UnsetType = UNSET
    orders: FoundOrders | UnsetType = UNSET


class StructuredDataAnswer(msgspec.Struct):
    """Answer of the structured-data endpoints."""

    structured_data: StructuredData = msgspec.field(default_factory=StructuredData)


class FilledForm(msgspec.Struct):
    """A template that could be filled (S-184)."""

    id: str = ""
    form_template_id: str = ""
    type: str = ""
    title: str = ""
    status: str = ""
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    correlation_id: str = ""
    patient_id: str = ""
    created_at: str = ""


class UnfilledForm(msgspec.Struct):
    """A template for which nothing was said (S-184, S-185)."""

    form_template_id: str = ""


class FormValues(msgspec.Struct):
    """Filled and unfilled templates."""

    generated_values: list[FilledForm] = []
    non_generated_values: list[UnfilledForm] = []


class FormStructuredData(msgspec.Struct):
    """Answer of the form-filling structured-data endpoint."""

    structured_data: FormValues = msgspec.field(default_factory=FormValues)


class Recording(msgspec.Struct):
    """One recording; ``expires_at`` is Unix seconds."""

    recording_id: str = ""
    presigned_url: str = ""
    expires_at: int = 0
    sequence_number: int = 0


class Recordings(msgspec.Struct):
    """Recordings, to be ordered by sequence number (S-142)."""

    recordings: list[Recording] = []
    is_streamable: bool = False


class TemplateOption(msgspec.Struct):
    """One choice of a field."""

    code: str | None
    display: str


class TemplateItem(msgspec.Struct, omit_defaults=True):
    """One field of a template."""

    id: str
    code: str
    kind: str
    type: str
    question: str
    pattern: str | UnsetType = UNSET
    options: list[TemplateOption] | UnsetType = UNSET


class TemplateSchema(msgspec.Struct):
    """The fields of a template."""

    items: list[TemplateItem] = []


class FormTemplate(msgspec.Struct):
    """One template; ``template_id`` is what a context sends as ``form_template_id`` (S-183)."""

    template_id: str
    type: str
    name: str
    description: str
    schema: TemplateSchema


class FormTemplates(msgspec.Struct):
    """The template list."""

    form_templates: list[FormTemplate] = []


class FeedbackAnswer(msgspec.Struct):
    """Answer to feedback; for forms the id equals the session id (S-188)."""

    feedback_id: str = ""


class PreferencesAnswer(msgspec.Struct):
    """Answer to a change of preferences: all of them."""

    preference: Preferences


class ItemCode(msgspec.Struct):
    """One value of a list."""

    code: str


class NamedCodes(msgspec.Struct, omit_defaults=True):
    """The encounter types, visit types or provider roles; one member is present."""

    encounter_types: list[ItemCode] | UnsetType = UNSET
    visit_types: list[ItemCode] | UnsetType = UNSET
    provider_roles: list[ItemCode] | UnsetType = UNSET


class OrderCodes(msgspec.Struct):
    """Values that medication orders use."""

    coding_systems: list[ItemCode] = []
    dosage_units: list[ItemCode] = []
    encounter_relations: list[ItemCode] = []
    frequency_types: list[ItemCode] = []
    origins: list[ItemCode] = []
    statuses: list[ItemCode] = []
    timings: list[ItemCode] = []
