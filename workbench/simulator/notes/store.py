"""Ambient and form-filling sessions of the simulator: what they are, where they stand, what they brought.

Every change of state goes through the tables in :mod:`workbench.protocol.states`.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec import UNSET

from workbench.errors import RemoteProtocolError
from workbench.protocol.context import AmbientContext, Personalization
from workbench.protocol.messages import Product
from workbench.protocol.states import NoteEvent, NoteState, next_note_state
from workbench.simulator.auth.tokens import Identity
from workbench.simulator.dictation_sessions import ConnectionLog, check_owner, is_uuid
from workbench.simulator.notes.segments import RATE_HZ, Segment
from workbench.simulator.refusals import refusal

__all__ = ["NoteSession", "NoteStore"]

_BAD_ID = "invalid_ambient_id_format: ambient_session_id"
_BAD_ENCOUNTER = "invalid_request: encounter_id"
_OVER = frozenset({NoteState.COMPLETED, NoteState.SKIPPED, NoteState.FAILED, NoteState.ABORTED})
_MUTABLE = frozenset({NoteState.CREATED, NoteState.READY, NoteState.STREAMING})


@dataclass(slots=True, eq=False)
class NoteSession:
    """One ambient or form-filling session.

    Attributes:
        id: as the client or the simulator chose it.
        owner: who may use it.
        product: ambient or form filling; an id of one is refused on the paths of the other.
        encounter_id: the visit it belongs to (S-118).
        correlation_id: id of a form-filling session, as its client said.
        state: see the tables.
        context: context of both products; form filling uses its ``form_filling`` only.
        style: how sections are written, as the provider's preferences were at the end.
        segments: one for each socket that brought audio.
        connections: one log a socket.
        stop: set by REST end to close the open socket; None while no socket is open (one at a time).
        draining: recognition that is under way, of sockets open or closed.
        failed: whether the recogniser lost a stream of this session.
        rated: entities that feedback was given for.
    """

    id: str
    owner: Identity
    product: Product
    encounter_id: str
    correlation_id: str = ""
    state: NoteState = NoteState.CREATED
    context: AmbientContext = field(default_factory=AmbientContext, repr=False)
    style: Personalization = field(default_factory=Personalization)
    segments: list[Segment] = field(default_factory=list)
    connections: list[ConnectionLog] = field(default_factory=list)
    stop: asyncio.Event | None = None
    draining: set[asyncio.Future[None]] = field(default_factory=set, repr=False)
    failed: bool = False
    rated: set[str] = field(default_factory=set)

    @property
    def template_ids(self) -> list[str]:
        """Templates that the context names, for form filling."""
        chosen = self.context.form_filling
        return [] if chosen is UNSET else [choice.form_template_id for choice in chosen.values]

    @property
    def visit(self) -> str:
        """The encounter's id, whichever letters it was written with."""
        return self.encounter_id.lower()

    @property
    def is_over(self) -> bool:
        """Whether nothing changes any more."""
        return self.state in _OVER

    @property
    def audio_bytes(self) -> int:
        """Received over all sockets."""
        return sum(segment.audio_bytes for segment in self.segments)

    @property
    def audio_s(self) -> float:
        """Received over all sockets, in seconds."""
        return self.audio_bytes / 2 / RATE_HZ

    @property
    def was_heard(self) -> bool:
        """Whether the transcript has a word in it."""
        return any(utterance.text.strip() for segment in self.segments for utterance in segment.utterances)

    def apply(self, event: NoteEvent) -> None:
        """Move along the table. Raises RemoteProtocolError where it has no such move."""
        self.state = next_note_state(self.product, self.state, event)

    def demand(self, event: NoteEvent, status: int = 412) -> None:
        """Move along the table, or refuse the request that asked for it.

        Args:
            event: what is asked for.
            status: HTTP status of the refusal.

        Raises:
            ServiceError: where the table has no such move.
        """
        try:
            self.apply(event)
        except RemoteProtocolError as error:
            raise refusal(status, f"FailedPrecondition: {error}") from None

    def segment_over(self) -> None:
        """A socket is closed; a session that REST has not ended accepts the next one."""
        if self.state in _MUTABLE - {NoteState.CREATED}:
            self.apply(NoteEvent.SEGMENT_OVER)


class NoteStore:
    """All ambient and form-filling sessions of this simulator, bounded; letters of a UUID may be of either case.

    Args:
        kept_sessions: sessions held; beyond it the oldest session that is over is forgotten.
        audio_bytes: bytes of recordings held at a time; beyond it those of the oldest sessions that are over are gone.
        uuids_only: whether ids of encounters must be UUIDs; in the AsyncAPI dialect they are any text (S-218).
    """

    def __init__(self, kept_sessions: int, audio_bytes: int, *, uuids_only: bool = True) -> None:
        self._uuids_only = uuids_only
        self._kept = kept_sessions
        self._audio_bytes = audio_bytes
        self._sessions: dict[str, NoteSession] = {}

    def create(
        self,
        product: Product,
        owner: Identity,
        wanted_id: str | None = None,
        *,
        encounter_id: str | None = None,
        correlation_id: str = "",
    ) -> NoteSession:
        """A new session; ids that are not asked for are made (S-117).

        Raises:
            ServiceError: 400 for an id that is no UUID (S-115), 409 for one in use.
        """
        session_id = wanted_id or str(uuid.uuid4())
        _check_uuid(session_id, _BAD_ID)
        if encounter_id is not None and self._uuids_only:
            _check_uuid(encounter_id, _BAD_ENCOUNTER)
        if session_id.lower() in self._sessions:
            raise refusal(409, "session_exists: ambient_session_id is in use")
        self._forget_one()
        session = NoteSession(session_id, owner, product, encounter_id or str(uuid.uuid4()), correlation_id)
        self._sessions[session_id.lower()] = session
        return session

    def find(self, session_id: str, caller: Identity, product: Product | None = None) -> NoteSession:
        """The session of that id.

        Args:
            session_id: as the caller wrote it.
            caller: who asks.
            product: which product's address was called; None for addresses that serve both.

        Raises:
            ServiceError: 400 for what is no UUID, 404 when there is none, 403 when it is another partner's, 412 when
                it belongs to the other product (S-186).
        """
        _check_uuid(session_id, _BAD_ID)
        session = self.any_session(session_id)
        if session is None:
            raise refusal(404, "session_not_found: no ambient or form-filling session has this id")
        check_owner(session.owner, caller)
        if product not in (None, session.product):
            raise refusal(412, f"FailedPrecondition: the session is of {session.product.value}")
        return session

    def encounter(self, encounter_id: str, caller: Identity) -> list[NoteSession]:
        """Ambient sessions of a visit, oldest first. Raises ServiceError as :meth:`find` does."""
        if self._uuids_only:
            _check_uuid(encounter_id, _BAD_ENCOUNTER)
        visit = encounter_id.lower()
        sessions = [s for s in self._sessions.values() if s.visit == visit and s.product is Product.AMBIENT]
        if not sessions:
            raise refusal(404, "encounter_not_found: no ambient session belongs to this encounter")
        own = [s for s in sessions if caller.stranger_to(s.owner) is None]
        if not own:
            check_owner(sessions[0].owner, caller)
        return own

    def siblings(self, session: NoteSession) -> list[NoteSession]:
        """Sessions of the same owner, product and visit, oldest first, ``session`` among them."""
        return [
            s
            for s in self._sessions.values()
            if (s.visit, s.product) == (session.visit, session.product) and session.owner.stranger_to(s.owner) is None
        ]

    def segment(self, recording_id: str) -> Segment | None:
        """The segment of a recording."""
        return next((s for s in self._segments() if s.recording_id == recording_id), None)

    def draining(self) -> list[asyncio.Future[None]]:
        """Recognition that is under way, of all sessions."""
        return [task for session in self._sessions.values() for task in session.draining]

    def any_session(self, session_id: str) -> NoteSession | None:
        """The session of that id, whoever owns it: for the control API."""
        return self._sessions.get(session_id.lower())

    def counts(self) -> dict[str, int]:
        """Number of sessions by state."""
        counts = dict.fromkeys((state.value for state in NoteState), 0)
        for session in self._sessions.values():
            counts[session.state.value] += 1
        return counts

    def make_room(self) -> None:
        """Let go of the oldest recordings beyond the bound. Raises ServiceError 503 when open sessions fill it."""
        held = sum(len(segment.pcm or b"") for segment in self._segments())
        for session in self._sessions.values():
            for segment in session.segments if session.is_over else ():
                if held <= self._audio_bytes:
                    return
                held -= len(segment.pcm or b"")
                segment.pcm = None
        if held > self._audio_bytes:
            raise refusal(503, "too_much_audio: recordings of open sessions fill the memory set aside for them")

    def _segments(self) -> Iterator[Segment]:
        return (segment for session in self._sessions.values() for segment in session.segments)

    def _forget_one(self) -> None:
        if len(self._sessions) < self._kept:
            return
        oldest = next((s.id for s in self._sessions.values() if s.is_over), None)
        if oldest is None:
            raise refusal(503, f"too_many_sessions: {self._kept} sessions are open")
        del self._sessions[oldest.lower()]


def _check_uuid(text: str, message: str) -> None:
    if not is_uuid(text):
        raise refusal(400, f"{message} is not a UUID")
