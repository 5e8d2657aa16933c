"""The REST side of one session: each step by its product, every try of it in the session's event log.

A form-filling id goes to form-filling addresses only, although the field is called ``ambient_session_id`` there too
(S-175). Results are fetched after ``completed`` and never before (S-136).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import msgspec

from workbench.client.answers import Exchange
from workbench.client.rest import SukiRest
from workbench.errors import InputError
from workbench.protocol import endpoints
from workbench.protocol.context import AmbientContext, CreateAmbient, CreateForm, FormContext, Provider
from workbench.protocol.endpoints import Endpoint
from workbench.protocol.messages import Product
from workbench.protocol.results import AmbientTranscript, FormStructuredData
from workbench.recording import UNSET, FrameLog

__all__ = [
    "NOTE_ROUTES",
    "Context",
    "NoteRoutes",
    "SessionCalls",
    "default_context",
    "form_counts",
    "joined_transcript",
]

Context = AmbientContext | FormContext


@dataclass(frozen=True, slots=True)
class NoteRoutes:
    """The endpoints of a product whose result comes by REST.

    Attributes:
        create, seed, end, status: one each.
        results: fetched once, after ``completed``.
    """

    create: Endpoint
    seed: Endpoint
    end: Endpoint
    status: Endpoint
    results: tuple[Endpoint, ...]


NOTE_ROUTES: dict[Product, NoteRoutes] = {
    Product.AMBIENT: NoteRoutes(
        endpoints.CREATE_AMBIENT,
        endpoints.SEED_AMBIENT_CONTEXT,
        endpoints.END_AMBIENT,
        endpoints.AMBIENT_STATUS,
        (endpoints.AMBIENT_TRANSCRIPT, endpoints.AMBIENT_CONTENT, endpoints.AMBIENT_STRUCTURED_DATA),
    ),
    Product.FORM_FILLING: NoteRoutes(
        endpoints.CREATE_FORM,
        endpoints.SEED_FORM_CONTEXT,
        endpoints.END_FORM,
        endpoints.FORM_STATUS,
        (endpoints.FORM_STRUCTURED_DATA,),
    ),
}


def default_context(specialty: str | None) -> AmbientContext:
    """The least that a session needs to know: the specialty, by default the documented one."""
    return AmbientContext(provider=Provider(specialty=specialty or "FAMILY_MEDICINE"))


class SessionCalls:
    """Calls of one session.

    Args:
        rest: logged-in client.
        log: gets a frame for every try.
    """

    def __init__(self, rest: SukiRest, log: FrameLog) -> None:
        self._rest = rest
        self._log = log
        self._calling = False
        self._arrived: list[Exchange] = []

    async def call(self, endpoint: Endpoint, body: msgspec.Struct | None = None, **path: str) -> Any:  # noqa: ANN401
        """As :meth:`SukiRest.call`, with every try in the log."""
        tries: list[Exchange] = []
        self._calling = True
        try:
            # No placeholder of a path is named like a keyword of the call.
            return await self._rest.call(endpoint, body, exchanges=tries, **path)  # type: ignore[arg-type]
        finally:
            self._calling = False
            # Written here and not in the thread that calls: the log belongs to the session's event loop.
            for one in sorted([*tries, *self._arrived], key=_stamp):
                self._write(one)
            self._arrived.clear()

    def arrived(self, text: str, received_ns: int) -> None:
        """Put a notification into the log; behind an answer that came earlier and is still on its way here."""
        arrival = Exchange(text, UNSET, received_ns)
        if self._calling:
            self._arrived.append(arrival)
        else:
            self._write(arrival)

    def _write(self, one: Exchange) -> None:
        self._log.rest(one.text, one.sent_ns, UNSET if one.received_ns is None else one.received_ns)

    async def create_note(self, product: Product, session_id: str | None, encounter_id: str | None) -> str:
        """Create an ambient or form-filling session; returns its id.

        Raises:
            InputError: an id that is no UUID (S-116).
        """
        asked = msgspec.UNSET if session_id is None else _uuid(session_id, "session id")
        if product is Product.AMBIENT:
            visit = msgspec.UNSET if encounter_id is None else _uuid(encounter_id, "encounter id")
            body: msgspec.Struct = CreateAmbient(asked, visit)
        else:
            body = CreateForm(asked)
        created = await self.call(NOTE_ROUTES[product].create, body)
        return str(created.ambient_session_id)

    async def seed(self, product: Product, session_id: str, context: Context) -> None:
        """Give the session its context; before the socket is opened (S-146) and before the end (S-123)."""
        await self.call(NOTE_ROUTES[product].seed, context, ambient_session_id=session_id)

    async def end_note(self, product: Product, session_id: str) -> None:
        """End the session; its result is made from now on."""
        await self.call(NOTE_ROUTES[product].end, ambient_session_id=session_id)

    async def status(self, product: Product, session_id: str) -> str:
        """Where the session stands, in lower case; any string is possible (S-134)."""
        found = await self.call(NOTE_ROUTES[product].status, ambient_session_id=session_id)
        return str(found.status).lower()

    async def results(self, product: Product, session_id: str) -> list[Any]:
        """Every result of a completed session, in the order of its routes."""
        return [await self.call(endpoint, ambient_session_id=session_id) for endpoint in NOTE_ROUTES[product].results]


def _stamp(one: Exchange) -> int:
    return one.sent_ns if one.received_ns is None else one.received_ns


def joined_transcript(results: list[Any]) -> str | None:
    """Text of the ambient transcript: an array of segments, where dictation has one string (S-140)."""
    for found in results:
        if isinstance(found, AmbientTranscript):
            return " ".join(segment.transcript for segment in found.final_transcript if segment.transcript)
    return None


def form_counts(results: list[Any]) -> dict[str, int]:
    """How many templates were filled and how many not; an unfilled one is no failure (S-185)."""
    for found in results:
        if isinstance(found, FormStructuredData):
            values = found.structured_data
            return {
                "forms_generated": len(values.generated_values),
                "forms_not_generated": len(values.non_generated_values),
            }
    return {}


def _uuid(text: str, item: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise InputError("not a UUID", item=item, got=text) from None
