"""Dictation sessions of the simulator: what they are, where they stand, what they said.

Every change of state goes through the table in :mod:`workbench.protocol.states`.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime

from workbench.protocol.bodies import DictationResult
from workbench.protocol.states import DictationEvent, DictationState, next_dictation_state
from workbench.simulator.auth.tokens import Identity
from workbench.simulator.refusals import refusal

__all__ = ["EMISSIONS", "ConnectionLog", "DictationSession", "SessionStore", "check_owner", "is_uuid"]

EMISSIONS = ("partial", "final", "terminal", "READY", "STATUS", "ENDED", "ERROR")
"""Kinds of frames that streams send; those in capitals are status events of the AsyncAPI dialect."""

_PLACES = {kind: place for place, kind in enumerate(EMISSIONS)}

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MAX_IGNORED = 100

_DRAIN_S = 30.0
"""The longest that REST end waits for the recognition of a connection that was lost."""


def check_owner(owner: Identity, caller: Identity) -> None:
    """Raises ServiceError 403 for a session that is somebody else's (S-219)."""
    whose = caller.stranger_to(owner)
    if whose is not None:
        raise refusal(403, f"permission_denied: the session belongs to {whose}")


def is_uuid(text: str) -> bool:
    """Whether ``text`` is a UUID in its canonical form.

    >>> is_uuid("123dfg-456dfg"), is_uuid("0c9f2b0e-3b1a-4a7e-9a63-2f4f8f2b8c11")
    (False, True)
    """
    return _UUID.fullmatch(text) is not None


@dataclass(slots=True)
class ConnectionLog:
    """What one socket carried, for calibration; times are ``time.perf_counter_ns`` of this process.

    Attributes:
        accepted_ns: when the handshake was answered.
        arrived_bytes, arrived_ns: bytes of audio and arrival of each chunk.
        sent_kinds, sent_ns: place in :data:`EMISSIONS` and the moment before it was written of each frame sent.
        ignored: frames that were well formed and no message of this product.
        ending: why the socket was closed, None while it is open.
    """

    accepted_ns: int
    arrived_bytes: array[int] = field(default_factory=lambda: array("q"))
    arrived_ns: array[int] = field(default_factory=lambda: array("q"))
    sent_kinds: bytearray = field(default_factory=bytearray)
    sent_ns: array[int] = field(default_factory=lambda: array("q"))
    ignored: list[str] = field(default_factory=list)
    ending: str | None = None

    def arrived(self, pcm_bytes: int, at_ns: int) -> None:
        """A chunk came. Columns of integers: a tuple a chunk would be a third of what serving it costs."""
        self.arrived_bytes.append(pcm_bytes)
        self.arrived_ns.append(at_ns)

    def sent(self, kind: str, at_ns: int) -> None:
        """A frame of that kind was written."""
        self.sent_kinds.append(_PLACES[kind])
        self.sent_ns.append(at_ns)

    def ignore(self, reason: str) -> None:
        """Keep why a frame was ignored; of more than a hundred the first ones tell enough."""
        if len(self.ignored) < _MAX_IGNORED:
            self.ignored.append(reason)


@dataclass(slots=True, eq=False)
class DictationSession:
    """One dictation session.

    Attributes:
        id: as the client or the simulator chose it.
        owner: who may use it.
        sample_rate_hz: sample rate of the audio that its sockets will bring.
        state: READY, RUNNING, IDLE or COMPLETED.
        finals: text of the finals of all connections, in order (S-109).
        audio_bytes: received over all connections.
        connections: one log a socket.
        stop: set by REST end to close the open socket (S-111); None while no socket is open.
        draining: done when what the newest stream brought is in ``finals``; None before the first.
        failed: whether the recogniser lost a stream of this session.
        result: the answer to end, once given, never changed (S-113).
    """

    id: str
    owner: Identity
    sample_rate_hz: int
    state: DictationState = DictationState.READY
    finals: list[str] = field(default_factory=list, repr=False)
    audio_bytes: int = 0
    connections: list[ConnectionLog] = field(default_factory=list)
    stop: asyncio.Event | None = None
    draining: asyncio.Future[None] | None = field(default=None, repr=False)
    failed: bool = False
    result: DictationResult | None = field(default=None, repr=False)

    def apply(self, event: DictationEvent) -> None:
        """Move along the table. Raises RemoteProtocolError where it has no such move."""
        self.state = next_dictation_state(self.state, event)

    def release(self) -> None:
        """Free the session after a socket that was lost in mid-stream (S-108)."""
        self.apply(DictationEvent.RELEASED)

    @property
    def audio_s(self) -> float:
        """Received over all connections, in seconds."""
        return self.audio_bytes / 2 / self.sample_rate_hz

    async def end(self) -> DictationResult:
        """REST end: the result of the whole session; closes a socket that is open.

        What a lost connection brought is waited for, because ``completed`` promises the whole text (S-209).
        """
        if self.stop is None and self.draining is not None and not self.draining.done():
            await asyncio.wait([self.draining], timeout=_DRAIN_S)
        is_cut_off = self.stop is not None or not (self.draining is None or self.draining.done())
        self.apply(DictationEvent.END)
        if self.result is None:
            self.result = DictationResult(
                transcription_session_id=self.id,
                status=self._status(is_cut_off),
                final_transcript=" ".join(self.finals),
                duration=round(self.audio_s),
                ended_at=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            )
        if self.stop is not None:
            self.stop.set()
        return self.result

    def _status(self, is_cut_off: bool) -> str:
        """``completed`` promises the whole text; a stream that was cut off or lost does not have it."""
        if self.failed:
            return "failed"
        return "cancelled" if is_cut_off else "completed"


class SessionStore:
    """All sessions of this simulator, bounded; a UUID is the same in either case of its letters.

    Args:
        kept_sessions: sessions held; beyond it the oldest session that is over is forgotten.
    """

    def __init__(self, kept_sessions: int) -> None:
        self._kept = kept_sessions
        self._dictation: dict[str, DictationSession] = {}

    def create_dictation(self, owner: Identity, wanted_id: str | None, sample_rate_hz: int) -> DictationSession:
        """A new session.

        Raises:
            ServiceError: 400 for an id that is no UUID, 409 for one that exists.
        """
        if wanted_id is not None and not is_uuid(wanted_id):
            raise refusal(400, "invalid_request: transcription_session_id is not a UUID")
        session_id = wanted_id or str(uuid.uuid4())
        if session_id.lower() in self._dictation:
            raise refusal(409, "session_exists: transcription_session_id is in use")
        self._forget_one()
        session = self._dictation[session_id.lower()] = DictationSession(session_id, owner, sample_rate_hz)
        return session

    def dictation(self, session_id: str, caller: Identity) -> DictationSession:
        """The session of that id.

        Raises:
            ServiceError: 404 when there is none, 403 when it is somebody else's.
        """
        session = self.any_dictation(session_id)
        if session is None:
            raise refusal(404, "session_not_found: no dictation session has this id")
        check_owner(session.owner, caller)
        return session

    def any_dictation(self, session_id: str) -> DictationSession | None:
        """The session of that id, whoever owns it: for the control API."""
        return self._dictation.get(session_id.lower())

    def counts(self) -> dict[str, int]:
        """Number of sessions by state."""
        counts = dict.fromkeys((state.value for state in DictationState), 0)
        for session in self._dictation.values():
            counts[session.state.value] += 1
        return counts

    def _forget_one(self) -> None:
        if len(self._dictation) < self._kept:
            return
        over = (s.id for s in self._dictation.values() if s.state is DictationState.COMPLETED)
        oldest = next(over, None)
        if oldest is None:
            raise refusal(503, f"too_many_sessions: {self._kept} sessions are open")
        del self._dictation[oldest.lower()]
