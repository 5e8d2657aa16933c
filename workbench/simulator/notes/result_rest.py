"""REST of what comes after a session: transcript, note, structured data, forms, recordings, feedback, preferences."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from workbench.protocol import endpoints
from workbench.protocol.context import AmbientContext, AmbientFeedback, FormFeedback, Preferences
from workbench.protocol.messages import Product
from workbench.protocol.results import (
    AmbientTranscript,
    Content,
    FeedbackAnswer,
    FormStructuredData,
    FormValues,
    PreferencesAnswer,
    Recordings,
    StructuredData,
    StructuredDataAnswer,
)
from workbench.protocol.states import NoteState
from workbench.simulator.call import Call
from workbench.simulator.notes import documents, findings, forms
from workbench.simulator.notes.preferences import PreferenceStore
from workbench.simulator.notes.recordings import RecordingLinks
from workbench.simulator.notes.segments import Segment
from workbench.simulator.notes.store import NoteSession, NoteStore
from workbench.simulator.refusals import refusal

__all__ = ["ResultRest"]

_NOTE = "content"
_FORM_ENTITY = "AMBIENT_GENERATED_MEDICAL_FORM"


class ResultRest:
    """Handlers by endpoint name.

    Args:
        notes: all sessions.
        links: links of recordings.
        preferences: preferences of providers.
    """

    def __init__(self, notes: NoteStore, links: RecordingLinks, preferences: PreferenceStore) -> None:
        self._notes = notes
        self._links = links
        self._preferences = preferences
        self.handlers: dict[str, Callable[[Call], Any]] = {
            endpoints.AMBIENT_TRANSCRIPT.name: self._transcript,
            endpoints.AMBIENT_CONTENT.name: self._content,
            endpoints.ENCOUNTER_CONTENT.name: self._encounter_content,
            endpoints.AMBIENT_STRUCTURED_DATA.name: self._structured_data,
            endpoints.ENCOUNTER_STRUCTURED_DATA.name: self._encounter_structured_data,
            endpoints.FORM_STRUCTURED_DATA.name: self._forms,
            endpoints.RECORDING.name: self._recording,
            endpoints.AMBIENT_FEEDBACK.name: self._rate_note,
            endpoints.FORM_FEEDBACK.name: self._rate_form,
            endpoints.UPDATE_PREFERENCES.name: self._prefer,
        }

    def _finished(self, call: Call, product: Product) -> NoteSession:
        """The session, once it has a result. A skipped one has an empty result, not an error (S-135)."""
        session = self._notes.find(call.path["ambient_session_id"], call.identity(), product)
        if session.state not in (NoteState.COMPLETED, NoteState.SKIPPED):
            raise refusal(412, f"FailedPrecondition: the session is {session.state.status}, it has no result")
        return session

    def _visit(self, call: Call) -> list[NoteSession]:
        """Sessions of an encounter that have a note."""
        sessions = self._notes.encounter(call.path["encounter_id"], call.identity())
        done = [s for s in sessions if s.state is NoteState.COMPLETED]
        if not done:
            raise refusal(412, "FailedPrecondition: no session of the encounter has a note")
        return done

    def _transcript(self, call: Call) -> AmbientTranscript:
        session = self._finished(call, Product.AMBIENT)
        return documents.transcript(_noted(session))

    def _content(self, call: Call) -> Content:
        session = self._finished(call, Product.AMBIENT)
        if not call.query["cumulative"]:  # a missing one is false (S-138)
            return documents.content(_noted(session), session.context, session.style)
        siblings = self._notes.siblings(session)
        upto = siblings[: siblings.index(session) + 1]
        return _content([s for s in upto if s.state is NoteState.COMPLETED], session.context, session)

    def _encounter_content(self, call: Call) -> Content:
        visit = self._visit(call)
        return _content(visit, visit[-1].context, visit[-1])

    def _structured_data(self, call: Call) -> StructuredDataAnswer:
        return StructuredDataAnswer(_found([self._finished(call, Product.AMBIENT)]))

    def _encounter_structured_data(self, call: Call) -> StructuredDataAnswer:
        return StructuredDataAnswer(_found(self._visit(call)))

    def _forms(self, call: Call) -> FormStructuredData:
        return FormStructuredData(_filled(self._finished(call, Product.FORM_FILLING)))

    def _recording(self, call: Call) -> Recordings:
        session = self._notes.find(call.path["ambient_session_id"], call.identity())
        return self._links.of(session, call.base_url, download=call.query["download"])

    def _rate_note(self, call: Call) -> FeedbackAnswer:
        session = self._finished(call, Product.AMBIENT)
        if call.path["entity"] != _NOTE:
            raise refusal(400, f"invalid_request: entity must be {_NOTE}")
        _rate(session, _NOTE, call.body)
        return FeedbackAnswer(str(uuid.uuid4()))

    def _rate_form(self, call: Call) -> FeedbackAnswer:
        session = self._finished(call, Product.FORM_FILLING)
        body: FormFeedback = call.body
        form_id = UNSET if body.feedback_metadata is UNSET else body.feedback_metadata.form_id
        if call.path["entity"] == _FORM_ENTITY:
            if not form_id:  # S-187
                raise refusal(400, f"invalid_request: feedback_metadata.form_id is required for {_FORM_ENTITY}")
            if form_id not in {form.id for form in _filled(session).generated_values}:
                raise refusal(404, "form_not_found: no form of this session has this form_id")
        _rate(session, call.path["entity"], body.feedback)
        return FeedbackAnswer(session.id)  # S-188

    def _prefer(self, call: Call) -> PreferencesAnswer:
        body: Preferences = call.body
        changed = self._preferences.change(call.identity(), body.personalization_preference)
        return PreferencesAnswer(Preferences(changed))


def _noted(session: NoteSession) -> list[Segment]:
    """What the result is made of; a skipped session has none."""
    return session.segments if session.state is NoteState.COMPLETED else []


def _content(sessions: list[NoteSession], context: AmbientContext, last: NoteSession) -> Content:
    return documents.content([part for s in sessions for part in _noted(s)], context, last.style)


def _found(sessions: list[NoteSession]) -> StructuredData:
    parts = [part for s in sessions for part in _noted(s)]
    return findings.structured_data(parts, [s.context for s in sessions])


def _filled(session: NoteSession) -> FormValues:
    return forms.fill(session.segments, session.template_ids, session.id, session.correlation_id)


def _rate(session: NoteSession, entity: str, body: AmbientFeedback) -> None:
    """Keep that feedback was given; one for each kind of entity of a session."""
    rating = body.ratingFeedback
    if rating is not UNSET and not rating.min_rating <= rating.rating <= rating.max_rating:
        raise refusal(400, "invalid_request: rating lies outside min_rating and max_rating")
    if entity in session.rated:
        raise refusal(409, "feedback_exists: this entity of the session was rated already")
    session.rated.add(entity)
