"""What happened in a session: every frame with its times, and the outcome.

The record is the product. Raw text is kept as it came and decoded when it is read, so that a parser's fault never costs
a run. A failed session is a record like any other. Times are monotonic ns, positions samples.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from workbench.protocol.messages import Dialect, EndOfResults, Final, Partial, Product, ServerMessage
from workbench.protocol.stream import codec_for, is_terminal_text
from workbench.recording.frame import Frame, FrameKind
from workbench.recording.frame_log import FrameLog
from workbench.reference import Reference

__all__ = [
    "BACKLOG_MS",
    "WEBHOOK",
    "Connect",
    "Outcome",
    "Place",
    "Received",
    "SessionKey",
    "SessionRecord",
    "decoded",
    "joined_finals",
    "newest",
]


class Outcome(Enum):
    """How a session ended; the closed list."""

    COMPLETED = "completed"
    LOGIN_FAILED = "login failed"
    CREATE_FAILED = "session create failed"
    UNREACHABLE = "unreachable"
    CONNECT_TIMEOUT = "connect timeout"
    REFUSED = "handshake refused"
    CLOSED_EARLY = "closed before the end of results"
    NO_TERMINAL = "no terminal frame in time"
    STALLED = "send blocked too long"
    END_FAILED = "session end failed"
    CONTEXT_FAILED = "context refused"
    RESULT_FAILED = "no result"
    RESULT_TIMEOUT = "no result in time"
    HALF_OPEN = "end of audio not confirmed"
    PROTOCOL_ERROR = "protocol error"
    CANCELLED = "cancelled"
    CRASHED = "internal error"

    @property
    def failed(self) -> bool:
        """Whether the session counts as failed."""
        return self is not Outcome.COMPLETED


BACKLOG_MS = 500
"""Audio that may have waited for the recogniser of our own simulator; beyond it latencies are those of this machine."""

WEBHOOK = "webhook"
"""What stands for the name of the call in the REST frame of a notification."""


@dataclass(frozen=True, slots=True)
class Received:
    """A decoded message with its arrival."""

    message: ServerMessage
    received_ns: int


Place: TypeAlias = tuple[str, str, int]
"""Configuration, utterance and repeat: what a run plays once, in as many attempts as it takes."""


@dataclass(frozen=True, slots=True, order=True)
class SessionKey:
    """Which session of a run this is: unique within the run.

    Attributes:
        cell: name of the audio configuration (or sweep cell).
        utterance: id of the utterance.
        repeat: 0, 1, … when the same session is played more than once.
        attempt: 0 for the first try; a replayed session is a new attempt, counted and shown.
    """

    cell: str
    utterance: str
    repeat: int = 0
    attempt: int = 0

    @property
    def place(self) -> Place:
        """What all attempts of a session have in common."""
        return self.cell, self.utterance, self.repeat

    def __str__(self) -> str:
        """Readable and unique: ``cell/utterance#repeat.attempt``."""
        return f"{self.cell}/{self.utterance}#{self.repeat}.{self.attempt}"


def newest(keys: Iterable[SessionKey]) -> dict[Place, SessionKey]:
    """The newest attempt of every session, in order of first appearance."""
    last: dict[Place, SessionKey] = {}
    for key in keys:
        last[key.place] = max(key, last.get(key.place, key))
    return last


@dataclass(slots=True)
class Connect:
    """Phases of opening the socket, ns each; None if a phase did not happen or was not reached."""

    dns_ns: int | None = None
    tcp_ns: int | None = None
    tls_ns: int | None = None
    upgrade_ns: int | None = None
    total_ns: int | None = None


@dataclass(slots=True)
class SessionRecord:
    """Everything known about one session; scoring needs nothing else.

    Attributes:
        key: which session of the run.
        product, dialect: product and wire dialect of the session.
        plan_hash: hash of the chunks and due offsets that were asked for.
        sample_rate_hz: rate of the streamed audio; all positions below count at this rate.
        samples: length of the streamed audio.
        chunk_samples: nominal chunk length.
        reference: words spoken, with positions at ``sample_rate_hz``.
        speaker, tags: groups of the recording.
        outcome, error: how it ended, and one line if it failed.
        remote_id: the id of the session at the service.
        start_ns: time zero; chunk ``i`` was due at ``start_ns + due offset``. None if streaming never began.
        wall_start_ns, wall_end_ns: Unix time at ``mono_start_ns`` and ``mono_end_ns``.
        connect: phases of opening the socket.
        create_ns, end_ns: durations of the REST round trips.
        final_transcript: the service's authoritative text, None if it gave none.
        violations: breaches of the contract by the service, without content.
        frames: the event log.
        facts: measured facts about audio (achieved SNR, peak, …) and session, flat numbers and strings; the text of the
            whole recording may be among them.

    >>> ids = []
    >>> played = wb.run("my-corpus", limit=1, on_session=lambda record, done: ids.append(record.key.utterance))
    >>> ids == [played.scores[0].utterance]
    True
    """

    key: SessionKey
    product: Product
    dialect: Dialect
    plan_hash: str
    sample_rate_hz: int
    samples: int
    chunk_samples: int
    reference: Reference = field(repr=False)
    speaker: str | None = None
    tags: tuple[str, ...] = ()
    outcome: Outcome = Outcome.CANCELLED
    error: str | None = None
    remote_id: str | None = None
    start_ns: int | None = None
    mono_start_ns: int = 0
    wall_start_ns: int = 0
    mono_end_ns: int = 0
    wall_end_ns: int = 0
    connect: Connect = field(default_factory=Connect)
    create_ns: int | None = None
    end_ns: int | None = None
    final_transcript: str | None = field(default=None, repr=False)
    violations: tuple[str, ...] = ()
    frames: FrameLog = field(default_factory=FrameLog, repr=False)
    facts: dict[str, float | int | str | None] = field(default_factory=dict, repr=False)

    def messages(self) -> list[Received]:
        """Received text frames, decoded, in order of arrival."""
        return decoded(self.frames.frames(audio=False), self.dialect)

    def finals_text(self) -> str:
        """Finals joined in arrival order (S-92), up to the terminal frame: what follows it is no result (S-95)."""
        return joined_finals(self.messages())

    def hypothesis(self) -> str:
        """The text to score: the service's own transcript, else the joined finals (S-54, S-55)."""
        return self.final_transcript if self.final_transcript is not None else self.finals_text()

    def unscorable(self) -> str | None:
        """Why there is no text to compare with the reference; None if there is one, even an empty one."""
        if "cut_off_ms" in self.facts:
            return f"the stream was cut off by {self.facts.get('cut_off_by')}"
        if self.product is Product.DICTATION or self.final_transcript is not None:
            return None
        if self.product is Product.FORM_FILLING:
            return "form filling gives no transcript"
        return "the session was skipped" if self.facts.get("result_status") == "skipped" else "no transcript was given"

    def visible_text(self) -> list[tuple[int, str]]:
        """What a screen would show after each transcript message: (received_ns, finals + newest partial)."""
        shown: list[tuple[int, str]] = []
        finals: list[str] = []
        for item in self.messages():
            if isinstance(item.message, Final):
                finals.append(item.message.text)
                shown.append((item.received_ns, " ".join(filter(None, finals))))
            elif isinstance(item.message, Partial):
                shown.append((item.received_ns, " ".join(filter(None, [*finals, item.message.text]))))
        return shown


def decoded(frames: Iterable[Frame], dialect: Dialect) -> list[Received]:
    """The text frames that arrived, decoded, in their order.

    A terminal frame may look like a transcript; that it came after the end of audio tells them apart (S-220), so
    ``frames`` has the control frames that were sent, too.
    """
    codec = codec_for(dialect)
    received: list[Received] = []
    audio_ended = False
    for frame in frames:
        if frame.kind is FrameKind.CONTROL:
            audio_ended = audio_ended or "AUDIO_END" in (frame.text or "")
        elif frame.kind is FrameKind.TEXT and frame.text is not None and frame.received_ns is not None:
            message = codec.decode_server(frame.text)
            if audio_ended and is_terminal_text(message, dialect):
                message = EndOfResults()
            received.append(Received(message, frame.received_ns))
    return received


def joined_finals(messages: Iterable[Received]) -> str:
    """The finals joined in order of arrival, up to the terminal frame."""
    texts = []
    for item in messages:
        if isinstance(item.message, EndOfResults):
            break
        if isinstance(item.message, Final) and item.message.text:
            texts.append(item.message.text)
    return " ".join(texts)
