"""What happened in a session: every frame with its times, and the outcome.

House rules: the record is the product. Raw text is kept as it came and decoded when it is read, so that a parser's
fault never costs a run. A failed session is a record like any other. Times are monotonic ns, positions samples.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from workbench.frame_log import FrameLog
from workbench.frames import UNSET, Frame, FrameKind, Teller
from workbench.protocol.messages import Dialect, EndOfResults, Final, Partial, Product, ServerMessage
from workbench.protocol.stream import codec_for
from workbench.reference import Reference

__all__ = [
    "UNSET",
    "WEBHOOK",
    "Connect",
    "Frame",
    "FrameKind",
    "FrameLog",
    "Outcome",
    "Received",
    "SessionKey",
    "SessionRecord",
    "Teller",
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
    PROTOCOL_ERROR = "protocol error"
    CANCELLED = "cancelled"
    CRASHED = "internal error"

    @property
    def failed(self) -> bool:
        """Whether the session counts as failed."""
        return self is not Outcome.COMPLETED


WEBHOOK = "webhook"
"""What stands for the name of the call in the REST frame of a notification."""


@dataclass(frozen=True, slots=True)
class Received:
    """A decoded message with its arrival."""

    message: ServerMessage
    received_ns: int


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

    def __str__(self) -> str:
        """Readable and unique: ``cell/utterance#repeat.attempt``."""
        return f"{self.cell}/{self.utterance}#{self.repeat}.{self.attempt}"


@dataclass(slots=True)
class Connect:
    """Phases of opening the socket, ns each; None where a phase did not happen or was not reached."""

    dns_ns: int | None = None
    tcp_ns: int | None = None
    tls_ns: int | None = None
    upgrade_ns: int | None = None
    total_ns: int | None = None


@dataclass(slots=True)
class SessionRecord:
    """Everything that is known of one session; scoring needs nothing else.

    Attributes:
        key: which session of the run.
        product, dialect: what was spoken.
        plan_hash: hash of the chunks and due offsets that were asked for.
        sample_rate_hz: rate of the streamed audio; all positions below count at this rate.
        samples: length of the streamed audio.
        chunk_samples: nominal chunk length.
        reference: what was said, word positions at ``sample_rate_hz``.
        speaker, tags: slices of the corpus, for grouping and resampling.
        outcome, error: how it ended, and one clear line where it failed.
        remote_id: the id of the session at the service.
        start_ns: time zero; chunk ``i`` was due at ``start_ns + due offset``. None when streaming never began.
        wall_start_ns, wall_end_ns: Unix time at ``mono_start_ns`` and ``mono_end_ns``.
        connect: phases of opening the socket.
        create_ns, end_ns: durations of the REST round trips.
        final_transcript: the service's authoritative text, None where it gave none.
        violations: breaches of the contract by the service, free of content.
        frames: the event log.
        facts: measured facts about the audio (achieved SNR, peak, …), flat numbers and strings.
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
    facts: dict[str, float | int | str | None] = field(default_factory=dict)

    def messages(self) -> list[Received]:
        """Received text frames, decoded, in order of arrival."""
        codec = codec_for(self.dialect)
        return [
            Received(codec.decode_server(frame.text), frame.received_ns)
            for frame in self.frames.frames()
            if frame.kind is FrameKind.TEXT and frame.text is not None and frame.received_ns is not None
        ]

    def finals_text(self) -> str:
        """Finals joined in arrival order (S-92), up to the terminal frame: what follows it is no result (S-95)."""
        texts = []
        for item in self.messages():
            if isinstance(item.message, EndOfResults):
                break
            if isinstance(item.message, Final) and item.message.text:
                texts.append(item.message.text)
        return " ".join(texts)

    def hypothesis(self) -> str:
        """The text to score: the service's own transcript, else the joined finals (S-54, S-55)."""
        return self.final_transcript if self.final_transcript is not None else self.finals_text()

    def unscorable(self) -> str | None:
        """Why there is no text to compare with the reference; None where there is one, if only an empty one."""
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
