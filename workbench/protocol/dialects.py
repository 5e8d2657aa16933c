"""Which endpoint each step of a session has, by dialect and product; client and simulator share it.

The AsyncAPI document has addresses and field names of its own (S-200). Its companion description leaves the bodies of
context and results open, so these are taken to be those of the live documentation; its feedback, whose body nobody
has seen, is left out. What is no part of a session (login, registration, key set, lists, preferences) is the same in
both dialects: the companion's registration cannot say whose provider it registers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from workbench.errors import InputError
from workbench.protocol import endpoints
from workbench.protocol.bodies import AudioConfigBody, CreatedDictation, CreateDictation, DictationResult
from workbench.protocol.context import AmbientContext, CreateAmbient, CreateForm, FormContext, Name
from workbench.protocol.endpoints import Endpoint
from workbench.protocol.messages import Dialect, Product
from workbench.protocol.results import CreatedSession
from workbench.protocol.states import NoteState

__all__ = [
    "DIALECT_STATUS",
    "ROUTES",
    "Created",
    "EndedDictation",
    "OpenDictation",
    "OpenNote",
    "OpenedSession",
    "Routes",
    "created_of",
    "creation",
    "endpoints_of",
    "socket_path",
    "transcript_of",
]

_RATE_HZ = 16_000
"""Rate of audio for which no create names one: all of the AsyncAPI dialect, and notes and forms of the live one."""


@dataclass(frozen=True, slots=True)
class Routes:
    """The endpoints of one product in one dialect.

    Attributes:
        create, end: every product has them.
        seed, status: None for dictation.
        results: fetched once, after ``completed``.
    """

    create: Endpoint
    end: Endpoint
    seed: Endpoint | None = None
    status: Endpoint | None = None
    results: tuple[Endpoint, ...] = ()

    @property
    def all(self) -> tuple[Endpoint, ...]:
        """Every endpoint, in the order of a session."""
        return tuple(e for e in (self.create, self.seed, self.end, self.status, *self.results) if e is not None)


@dataclass(frozen=True, slots=True)
class Created:
    """Answer to a create in either dialect.

    Attributes:
        session_id: at the service.
        socket_url: where to stream; None if the path is fixed (S-202).
    """

    session_id: str
    socket_url: str | None = None


class OpenDictation(msgspec.Struct, rename="camel", omit_defaults=True):
    """Create of a dictation in the AsyncAPI dialect."""

    provider_id: str
    mode: Literal["in-field", "scratchpad"] = "in-field"
    language_code: Literal["en-US"] | UnsetType = UNSET
    field_hint: str | UnsetType = UNSET


class OpenNote(msgspec.Struct, rename="camel", omit_defaults=True):
    """Create of an ambient or form-filling session in the AsyncAPI dialect."""

    provider_id: str
    encounter_id: Name | UnsetType = UNSET
    specialty: str | UnsetType = UNSET
    encounter_type: str | UnsetType = UNSET
    visit_type: str | UnsetType = UNSET
    language_code: str | UnsetType = UNSET
    problem_based_charting: bool | UnsetType = UNSET


class OpenedSession(msgspec.Struct, rename="camel", omit_defaults=True):
    """Answer to a create in the AsyncAPI dialect; only what a client needs is required of it (S-6)."""

    session_id: str
    audio_websocket_url: str
    status: str = ""
    created_at: str = ""
    provider_id: str | UnsetType = UNSET
    encounter_id: str | UnsetType = UNSET
    mode: str | UnsetType = UNSET


class EndedDictation(msgspec.Struct, rename="camel", omit_defaults=True):
    """Answer to the end of a dictation in the AsyncAPI dialect; any field may be missing (S-54)."""

    session_id: str | None = None
    transcript: str | None = None
    duration_ms: int | None = None
    confidence: float | None = None


DIALECT_STATUS: dict[NoteState, str] = {
    NoteState.CREATED: "created",
    NoteState.READY: "recording",
    NoteState.STREAMING: "recording",
    NoteState.STAGED: "ended",
    NoteState.PROCESSING: "processing",
    NoteState.COMPLETED: "complete",
    NoteState.SKIPPED: "complete",
    NoteState.FAILED: "failed",
    NoteState.ABORTED: "failed",
}
"""Status values of the AsyncAPI dialect; it has none for a session that was skipped or aborted."""

_LIVE = {
    Product.DICTATION: Routes(endpoints.CREATE_DICTATION, endpoints.END_DICTATION),
    Product.AMBIENT: Routes(
        endpoints.CREATE_AMBIENT,
        endpoints.END_AMBIENT,
        endpoints.SEED_AMBIENT_CONTEXT,
        endpoints.AMBIENT_STATUS,
        (endpoints.AMBIENT_TRANSCRIPT, endpoints.AMBIENT_CONTENT, endpoints.AMBIENT_STRUCTURED_DATA),
    ),
    Product.FORM_FILLING: Routes(
        endpoints.CREATE_FORM,
        endpoints.END_FORM,
        endpoints.SEED_FORM_CONTEXT,
        endpoints.FORM_STATUS,
        (endpoints.FORM_STRUCTURED_DATA,),
    ),
}

_ECHOES: dict[Product, type[Any]] = {Product.AMBIENT: AmbientContext, Product.FORM_FILLING: FormContext}
"""The answer to a context is the context, where the live documentation has none."""

_COMMON = (
    endpoints.LOGIN,
    endpoints.REGISTER,
    endpoints.JWKS,
    endpoints.UPDATE_PREFERENCES,
    endpoints.ENCOUNTER_TYPES,
    endpoints.VISIT_TYPES,
    endpoints.PROVIDER_ROLES,
    endpoints.ORDER_CODES,
    endpoints.FORM_TEMPLATES,
)


def _base(product: Product) -> str:
    """Sessions of a product have an address of their own, named as the product is."""
    return f"/api/v1/{product.value}/sessions"


def _moved(endpoint: Endpoint, product: Product) -> Endpoint:
    """An endpoint of one session under the address of the AsyncAPI dialect."""
    named = "transcription_session_id" if product is Product.DICTATION else "ambient_session_id"
    return replace(endpoint, path=f"{_base(product)}/{{{named}}}/{endpoint.path.rsplit('/', 1)[1]}")


def _moved_routes(product: Product) -> Routes:
    """The live routes under the addresses of the AsyncAPI dialect."""
    live = _LIVE[product]
    dictation = product is Product.DICTATION
    ended = _moved(live.end, product)
    return Routes(
        replace(live.create, path=_base(product), request=OpenDictation if dictation else OpenNote,
                response=OpenedSession),
        replace(ended, response=EndedDictation) if dictation else ended,
        replace(_moved(live.seed, product), response=_ECHOES[product]) if live.seed else None,
        _moved(live.status, product) if live.status else None,
        tuple(_moved(endpoint, product) for endpoint in live.results),
    )  # fmt: skip


ROUTES: dict[Dialect, dict[Product, Routes]] = {
    Dialect.LIVE: _LIVE,
    Dialect.ASYNCAPI: {product: _moved_routes(product) for product in Product},
}


def endpoints_of(dialect: Dialect) -> tuple[Endpoint, ...]:
    """Every REST operation of a dialect: what a service serves that speaks it."""
    if dialect is Dialect.LIVE:
        return endpoints.ENDPOINTS
    visits = (endpoints.ENCOUNTER_CONTENT, endpoints.ENCOUNTER_STRUCTURED_DATA)
    return (
        *_COMMON,
        *(endpoint for routes in ROUTES[dialect].values() for endpoint in routes.all),
        _moved(endpoints.RECORDING, Product.AMBIENT),
        *(replace(e, path=f"/api/v1/encounters/{{encounter_id}}/{e.path.rsplit('/', 1)[1]}") for e in visits),
    )


def socket_path(dialect: Dialect, product: Product) -> str:
    """Path of the product's socket; that of the AsyncAPI dialect has a place for ``{session_id}``.

    >>> socket_path(Dialect.ASYNCAPI, Product.DICTATION)
    '/api/v1/dictation/sessions/{session_id}/audio'
    """
    if dialect is Dialect.LIVE:
        return endpoints.SOCKET_PATHS[product]
    return f"{_base(product)}/{{session_id}}/audio"


def creation(
    dialect: Dialect,
    product: Product,
    *,
    provider_id: str,
    sample_rate_hz: int,
    session_id: str | None,
    encounter_id: str | None,
) -> msgspec.Struct:
    """Body of a create.

    Args:
        dialect: which one.
        product: product of the session.
        provider_id: who speaks; only the AsyncAPI dialect says it here.
        sample_rate_hz: sample rate of a live dictation, which always declares its audio (S-46, S-47).
        session_id: id to ask for, or None; the AsyncAPI dialect cannot ask.
        encounter_id: encounter that ambient sessions of one visit share, or None.

    Raises:
        InputError: an id or a rate that the dialect does not take.
    """
    visit = UNSET if encounter_id is None else encounter_id
    if dialect is Dialect.ASYNCAPI:
        if session_id is not None:
            raise InputError(
                "the service chooses the ids of this dialect",
                item="session id",
                got=session_id,
                expected="no id, or the dialect live",
            )
        if sample_rate_hz != _RATE_HZ:
            raise InputError(
                "this dialect cannot say the rate of its audio",
                item="sample rate",
                got=f"{sample_rate_hz} Hz",
                expected=f"{_RATE_HZ} Hz",
            )
        if product is Product.DICTATION:
            return OpenDictation(provider_id, language_code="en-US")
        return OpenNote(provider_id, visit, language_code="en-US")
    if product is Product.DICTATION:
        return CreateDictation(session_id, AudioConfigBody("LINEAR16", "en-US", sample_rate_hz))
    wanted_id = UNSET if session_id is None else session_id
    return CreateForm(wanted_id) if product is Product.FORM_FILLING else CreateAmbient(wanted_id, visit)


def created_of(answer: object) -> Created:
    """What a create answered, whatever its dialect."""
    match answer:
        case CreatedDictation(transcription_session_id=session_id) | CreatedSession(ambient_session_id=session_id):
            return Created(session_id)
        case OpenedSession(session_id=session_id, audio_websocket_url=url):
            return Created(session_id, url)
    raise TypeError(type(answer).__name__)


def transcript_of(answer: object) -> str | None:
    """The transcript in the answer to the end of a dictation; None if there is none (S-54)."""
    match answer:
        case DictationResult(final_transcript=text) | EndedDictation(transcript=text):
            return text
    return None
