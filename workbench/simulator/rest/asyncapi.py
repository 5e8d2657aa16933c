"""REST of the AsyncAPI dialect, where it differs from the live one: creation, end of a dictation, context, status.

Everything else about a session is answered by the handlers of the live dialect under the addresses of this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET

from workbench.protocol import endpoints
from workbench.protocol.bodies import DictationResult
from workbench.protocol.context import AmbientContext, FormContext
from workbench.protocol.dialects import (
    DIALECT_STATUS,
    EndedDictation,
    OpenDictation,
    OpenedSession,
    OpenNote,
    socket_path,
)
from workbench.protocol.messages import Dialect, Product
from workbench.protocol.results import Status
from workbench.protocol.states import NoteState
from workbench.simulator.call import Call
from workbench.simulator.dictation_sessions import SessionStore
from workbench.simulator.notes.segments import RATE_HZ
from workbench.simulator.notes.store import NoteSession, NoteStore
from workbench.simulator.refusals import refusal

__all__ = ["dialect_handlers"]

_Handler = Callable[[Call], Any]
_LANGUAGE = "en-US"


def dialect_handlers(sessions: SessionStore, notes: NoteStore, live: Mapping[str, _Handler]) -> dict[str, _Handler]:
    """Handlers by endpoint name that take the place of those of the live dialect.

    Args:
        sessions: sessions of dictation.
        notes: sessions of ambient and form filling.
        live: handlers of the live dialect.
    """

    def note_session(call: Call, product: Product) -> NoteSession:
        return notes.find(call.path["ambient_session_id"], call.identity(), product)

    def create_dictation(call: Call) -> OpenedSession:
        body: OpenDictation = call.body
        if body.language_code not in (UNSET, _LANGUAGE):
            raise refusal(400, f"invalid_request: languageCode of a dictation must be {_LANGUAGE}")
        session = sessions.create_dictation(call.identity(), None, RATE_HZ)
        opened = _opened(call, Product.DICTATION, session.id, "open", body.provider_id)
        opened.mode = body.mode
        return opened

    def create_note(call: Call, product: Product) -> OpenedSession:
        body: OpenNote = call.body
        wanted = None if body.encounter_id is UNSET else body.encounter_id
        session = notes.create(product, call.identity(), encounter_id=wanted)
        created = DIALECT_STATUS[NoteState.CREATED]
        opened = _opened(call, product, session.id, created, body.provider_id)
        opened.encounter_id = session.encounter_id
        return opened

    async def end_dictation(call: Call) -> EndedDictation:
        result: DictationResult = await live[endpoints.END_DICTATION.name](call)
        session = sessions.dictation(call.path["transcription_session_id"], call.identity())
        duration_ms = round(session.audio_s * 1000)
        # Nothing here knows how sure the recogniser is, so no confidence is claimed.
        return EndedDictation(result.transcription_session_id, result.final_transcript, duration_ms)

    def seed_ambient(call: Call) -> AmbientContext:
        live[endpoints.SEED_AMBIENT_CONTEXT.name](call)
        return note_session(call, Product.AMBIENT).context

    def seed_form(call: Call) -> FormContext:
        live[endpoints.SEED_FORM_CONTEXT.name](call)
        return FormContext(note_session(call, Product.FORM_FILLING).context.form_filling)

    return {
        endpoints.CREATE_DICTATION.name: create_dictation,
        endpoints.CREATE_AMBIENT.name: lambda call: create_note(call, Product.AMBIENT),
        endpoints.CREATE_FORM.name: lambda call: create_note(call, Product.FORM_FILLING),
        endpoints.END_DICTATION.name: end_dictation,
        endpoints.SEED_AMBIENT_CONTEXT.name: seed_ambient,
        endpoints.SEED_FORM_CONTEXT.name: seed_form,
        endpoints.AMBIENT_STATUS.name: lambda call: Status(DIALECT_STATUS[note_session(call, Product.AMBIENT).state]),
        endpoints.FORM_STATUS.name: lambda call: Status(DIALECT_STATUS[note_session(call, Product.FORM_FILLING).state]),
    }


def _opened(call: Call, product: Product, session_id: str, status: str, provider_id: str) -> OpenedSession:
    path = socket_path(Dialect.ASYNCAPI, product).format(session_id=session_id)
    return OpenedSession(
        session_id,
        "ws" + call.base_url.removeprefix("http") + path,  # http becomes ws, https wss
        status,
        datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        provider_id,
    )
