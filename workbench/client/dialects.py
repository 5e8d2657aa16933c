"""Which endpoint each step of a session has, by dialect and product.

The AsyncAPI document has addresses and field names of its own (S-200); its companion description leaves the bodies of
context and results open, so these are taken to be those of the live documentation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from workbench.errors import InputError
from workbench.protocol import endpoints
from workbench.protocol.bodies import AudioConfigBody, CreatedDictation, CreateDictation, DictationResult
from workbench.protocol.context import CreateAmbient, CreateForm
from workbench.protocol.endpoints import Endpoint
from workbench.protocol.messages import Dialect, Product
from workbench.protocol.results import CreatedSession

__all__ = ["ROUTES", "Created", "Routes", "created_of", "creation", "transcript_of"]


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


@dataclass(frozen=True, slots=True)
class Created:
    """Answer to a create in either dialect.

    Attributes:
        session_id: at the service.
        socket_url: where to stream; None where the path is fixed (S-202).
    """

    session_id: str
    socket_url: str | None = None


class _CreateSession(msgspec.Struct, rename="camel", omit_defaults=True):
    provider_id: str
    language_code: str
    encounter_id: str | None = None


class _CreatedSession(msgspec.Struct, rename="camel"):
    session_id: str
    audio_websocket_url: str


class _EndedDictation(msgspec.Struct, rename="camel"):
    transcript: str | None = None


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

_FOLDERS = {Product.DICTATION: "dictation", Product.AMBIENT: "ambient", Product.FORM_FILLING: "form-filling"}


def _moved(product: Product) -> Routes:
    """The live routes under the addresses of the AsyncAPI dialect."""
    live = _LIVE[product]
    base = f"/api/v1/{_FOLDERS[product]}/sessions"
    named = "transcription_session_id" if product is Product.DICTATION else "ambient_session_id"

    def moved(endpoint: Endpoint) -> Endpoint:
        return replace(endpoint, path=f"{base}/{{{named}}}/{endpoint.path.rsplit('/', 1)[1]}")

    ended = moved(live.end)
    if product is Product.DICTATION:
        ended = replace(ended, response=_EndedDictation)
    return Routes(
        replace(live.create, path=base, request=_CreateSession, response=_CreatedSession),
        ended,
        moved(live.seed) if live.seed else None,
        moved(live.status) if live.status else None,
        tuple(moved(endpoint) for endpoint in live.results),
    )


ROUTES: dict[Dialect, dict[Product, Routes]] = {
    Dialect.LIVE: _LIVE,
    Dialect.ASYNCAPI: {product: _moved(product) for product in Product},
}


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
        product: of the session.
        provider_id: who speaks; only the AsyncAPI dialect says it here.
        sample_rate_hz: of a live dictation, which always declares its audio (S-46, S-47).
        session_id: to ask for, or None; the AsyncAPI dialect cannot ask.
        encounter_id: that ambient sessions of one visit share, or None.

    Raises:
        InputError: an id that the dialect does not take.
    """
    if dialect is Dialect.ASYNCAPI:
        if session_id is not None:
            raise InputError("the service chooses the ids of this dialect", item="session id", got=session_id)
        return _CreateSession(provider_id, "en-US", encounter_id)
    if product is Product.DICTATION:
        return CreateDictation(session_id, AudioConfigBody("LINEAR16", "en-US", sample_rate_hz))
    asked = msgspec.UNSET if session_id is None else session_id
    if product is Product.FORM_FILLING:
        return CreateForm(asked)
    return CreateAmbient(asked, msgspec.UNSET if encounter_id is None else encounter_id)


def created_of(answer: object) -> Created:
    """What a create answered, whatever its dialect."""
    match answer:
        case CreatedDictation(transcription_session_id=session_id) | CreatedSession(ambient_session_id=session_id):
            return Created(session_id)
        case _CreatedSession(session_id=session_id, audio_websocket_url=url):
            return Created(session_id, url)
    raise TypeError(type(answer).__name__)


def transcript_of(answer: object) -> str | None:
    """The transcript in the answer to the end of a dictation; None where there is none (S-54)."""
    match answer:
        case DictationResult(final_transcript=text) | _EndedDictation(transcript=text):
            return text
    return None
