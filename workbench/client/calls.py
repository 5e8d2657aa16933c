"""The REST side of one session: each step by its product, every try of it in the session's event log.

A form-filling id goes to form-filling addresses only, although the field is called ``ambient_session_id`` there too
(S-175). Results are fetched after ``completed`` and never before (S-136).
"""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from workbench.client.answers import Exchange
from workbench.client.rest import SukiRest
from workbench.errors import InputError, ServiceError
from workbench.protocol.context import AmbientContext, FormContext, Provider
from workbench.protocol.dialects import ROUTES, Created, created_of, creation, transcript_of
from workbench.protocol.endpoints import Endpoint
from workbench.protocol.lenient import read_leniently
from workbench.protocol.messages import Dialect
from workbench.protocol.results import AmbientTranscript, FormStructuredData
from workbench.recording.frame import UNSET
from workbench.recording.record import SessionRecord

__all__ = ["Context", "SessionCalls", "default_context", "form_counts", "joined_transcript"]

Context = AmbientContext | FormContext


def default_context() -> AmbientContext:
    """The least that a session needs to know: the documented specialty where none is named."""
    return AmbientContext(provider=Provider(specialty="FAMILY_MEDICINE"))


MOST_ANSWERS = 64 * 1024 * 1024
"""Characters of all answers of one session together; a note with its sources takes some hundred thousand."""


class SessionCalls:
    """Calls of one session.

    Args:
        rest: logged-in client.
        record: whose session; its log gets a frame for every try.
    """

    def __init__(self, rest: SukiRest, record: SessionRecord) -> None:
        self._rest = rest
        self._record = record
        self._log = record.frames
        self._routes = ROUTES[record.dialect][record.product]
        self._calling = False
        self._kept = 0
        self._arrived: list[Exchange] = []

    async def call(
        self, endpoint: Endpoint, body: msgspec.Struct | None = None, answer: type[Any] | None = None
    ) -> Any:  # noqa: ANN401  the table says the type
        """As :meth:`SukiRest.call`, with every try in the log."""
        if self._kept > MOST_ANSWERS:
            raise ServiceError(
                "the answers to one session are too large",
                item=endpoint.name,
                got=f"{self._kept} characters",
                expected=f"at most {MOST_ANSWERS}",
            )
        tries: list[Exchange] = []
        session_id = self._record.remote_id or ""
        self._calling = True
        try:
            return await self._rest.call(
                endpoint,
                body,
                answer=answer,
                exchanges=tries,
                transcription_session_id=session_id,
                ambient_session_id=session_id,  # a path takes what it has a place for
            )
        finally:
            self._calling = False
            # Written here and not in the thread that calls: the log belongs to the session's event loop.
            for one in sorted([*tries, *self._arrived], key=_stamp):
                self._write(one)
            self._arrived.clear()

    def arrived(self, text: str, received_ns: int) -> None:
        """Put a notification into the log; behind an answer that came earlier and is still on its way here."""
        arrival = Exchange(self._rest.secrets.cut(text), UNSET, received_ns)
        if self._calling:
            self._arrived.append(arrival)
        else:
            self._write(arrival)

    def _write(self, one: Exchange) -> None:
        if one.backlog_ms is not None:
            self._record.facts["recogniser_backlog_ms"] = one.backlog_ms
        self._kept += len(one.text)
        self._log.rest(one.text, one.sent_ns, UNSET if one.received_ns is None else one.received_ns)

    async def create(self, encounter_id: str | None = None) -> Created:
        """Create the session, with the id that the record asks for where it has one.

        Raises:
            InputError: an id that is no UUID (S-116), or that the dialect does not take.
        """
        record = self._record
        body = creation(
            record.dialect,
            record.product,
            provider_id=self._rest.provider,
            sample_rate_hz=record.sample_rate_hz,
            session_id=None if record.remote_id is None else _uuid(record.remote_id, "session id"),
            encounter_id=_encounter_id(encounter_id, record.dialect),
        )
        wanted_id = record.remote_id
        before = len(self._log) - self._log.chunks_sent
        try:
            return created_of(await self.call(self._routes.create, body))
        except ServiceError as error:
            if error.status != 409 or wanted_id is None or not any(map(_may_have_worked, self._log.texts()[before:-1])):
                raise
            # The answer to an earlier try was lost; what exists under the id that we chose is what we asked for.
            record.facts["create_answers_lost"] = 1
            return Created(wanted_id)

    async def seed(self, context: Context) -> None:
        """Give the session its context; before the socket is opened (S-146) and before the end (S-123)."""
        if self._routes.seed is not None:
            await self.call(self._routes.seed, context)

    async def end(self) -> str | None:
        """End the session; the transcript that a dictation's end gives; None if it gives none (S-54)."""
        return transcript_of(await self.call(self._routes.end))

    async def status(self) -> str:
        """Where the session stands, in lower case; any string is possible (S-134)."""
        if self._routes.status is None:
            raise InputError("dictation has no status", item=str(self._record.key), expected="ambient or form-filling")
        answer = await self.call(self._routes.status)
        status = str(answer.status).lower()
        return "completed" if status == "complete" and self._record.dialect is Dialect.ASYNCAPI else status

    async def results(self) -> list[Any]:
        """Every result of a completed session, in the order of its routes.

        Read leniently: members that cannot be read are left out, and counted in ``result_members_unread`` of the
        record's facts (S-206). The log has the documents as they came.
        """
        results, unread = [], 0
        for endpoint in self._routes.results:
            kind = endpoint.response or dict
            document, left_out = read_leniently(await self.call(endpoint, answer=msgspec.Raw), kind)
            unread += left_out
            if not left_out or document != kind():  # of which nothing could be read is no result, not an empty one
                results.append(document)
        if unread:
            self._record.facts["result_members_unread"] = unread
        return results


class _Tried(msgspec.Struct):
    status: int | None = None


def _may_have_worked(exchange: str) -> bool:
    """Whether a try without a good answer may have had its effect: none came, or the service failed."""
    status = msgspec.json.decode(exchange, type=_Tried).status
    return status is None or status >= 500


def _stamp(one: Exchange) -> int:
    return one.sent_ns if one.received_ns is None else one.received_ns


def joined_transcript(results: list[Any]) -> str | None:
    """Text of the ambient transcript: an array of segments, where dictation has one string (S-140)."""
    for document in results:
        if isinstance(document, AmbientTranscript):
            return " ".join(segment.transcript for segment in document.final_transcript if segment.transcript)
    return None


def form_counts(results: list[Any]) -> dict[str, int]:
    """How many templates were filled and how many not; an unfilled one is no failure (S-185)."""
    for document in results:
        if isinstance(document, FormStructuredData):
            values = document.structured_data
            return {
                "forms_generated": len(values.generated_values),
                "forms_not_generated": len(values.non_generated_values),
            }
    return {}


def _encounter_id(text: str | None, dialect: Dialect) -> str | None:
    """As the dialect takes it: a UUID in the live one (S-116), any text in the other (S-218)."""
    return text if text is None or dialect is Dialect.ASYNCAPI else _uuid(text, "encounter id")


def _uuid(text: str, item: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise InputError(
            "not a UUID", item=item, got=text, expected="such as 123e4567-e89b-42d3-a456-426614174000"
        ) from None
