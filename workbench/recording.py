"""What happened in a session: every frame with its times, and the outcome.

House rules: the record is the product. Raw text is kept as it came and decoded when it is read, so that a parser's
fault never costs a run. A failed session is a record like any other. Times are monotonic ns, positions samples.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

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
]

UNSET = -1
"""Stands for "no such stamp" in the integer columns; becomes None when a frame is read."""


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


class FrameKind(Enum):
    """What one recorded wire event was."""

    AUDIO = "audio"
    CONTROL = "control"
    TEXT = "text"
    BINARY = "binary"
    CLOSE = "close"
    REST = "rest"


_KINDS = tuple(FrameKind)

WEBHOOK = "webhook"
"""What stands for the name of the call in the REST frame of a notification."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One recorded wire event.

    A REST frame is a request of ours with its answer, one frame a try; its text is the JSON object ``{"call": name of
    the endpoint, "status": HTTP status or null, "body": the answer's own JSON or null}``. It never holds a token. A
    notification is one too: ``call`` is ``webhook``, and nothing was sent.

    Attributes:
        sent: True when we sent it, False when it arrived.
        kind: what it was.
        chunk: index of the audio chunk, None for other frames.
        end_sample: audio position at the end of the chunk, None for other frames.
        due_ns, sent_ns, flushed_ns: when it should leave, when send was called, when that returned.
        hold_ns: how long a network profile held the chunk back on purpose; never part of our lateness. None for
            frames that are not audio.
        received_ns: arrival.
        wire_bytes: payload length in bytes.
        text: the frame as it came (received) or as it was sent (control frames); None for audio, whose bytes the
            plan holds.
    """

    sent: bool
    kind: FrameKind
    chunk: int | None
    end_sample: int | None
    due_ns: int | None
    sent_ns: int | None
    flushed_ns: int | None
    hold_ns: int | None
    received_ns: int | None
    wire_bytes: int
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Received:
    """A decoded message with its arrival."""

    message: ServerMessage
    received_ns: int


class FrameLog:
    """Frames of one session as columns; appending costs no garbage.

    The columns are public to the store: ``kind`` (index into FrameKind), ``chunk``, ``end_sample``, ``due_ns``,
    ``sent_ns``, ``flushed_ns``, ``hold_ns``, ``received_ns``, ``wire_bytes`` are ``array('q')`` with ``UNSET`` for
    "none"; ``text`` is a list that holds None for audio.

    Attributes:
        tee: called with the columns (in the order of ``COLUMNS``) and the text of each frame as it is recorded; None
            for no call. It runs inside the timed phase and must take microseconds.
    """

    COLUMNS = (
        "kind", "chunk", "end_sample", "due_ns", "sent_ns", "flushed_ns", "hold_ns", "received_ns", "wire_bytes",
    )  # fmt: skip
    __slots__ = (*COLUMNS, "tee", "text")

    def __init__(self) -> None:
        self.kind = array("q")
        self.chunk = array("q")
        self.end_sample = array("q")
        self.due_ns = array("q")
        self.sent_ns = array("q")
        self.flushed_ns = array("q")
        self.hold_ns = array("q")
        self.received_ns = array("q")
        self.wire_bytes = array("q")
        self.text: list[str | None] = []
        self.tee: Callable[[tuple[int, ...], str | None], object] | None = None

    def __len__(self) -> int:
        return len(self.kind)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrameLog):
            return NotImplemented
        return self.text == other.text and all(getattr(self, c) == getattr(other, c) for c in self.COLUMNS)

    __hash__ = None  # type: ignore[assignment]

    def _append(self, values: tuple[int, ...], text: str | None) -> None:
        kind, chunk, end_sample, due_ns, sent_ns, flushed_ns, hold_ns, received_ns, wire_bytes = values
        self.kind.append(kind)
        self.chunk.append(chunk)
        self.end_sample.append(end_sample)
        self.due_ns.append(due_ns)
        self.sent_ns.append(sent_ns)
        self.flushed_ns.append(flushed_ns)
        self.hold_ns.append(hold_ns)
        self.received_ns.append(received_ns)
        self.wire_bytes.append(wire_bytes)
        self.text.append(text)
        if self.tee is not None:
            self.tee(values, text)

    def audio_sent(
        self,
        chunk: int,
        end_sample: int,
        due_ns: int,
        sent_ns: int,
        flushed_ns: int,
        wire_bytes: int,
        hold_ns: int = 0,
    ) -> None:
        """Record a chunk that was sent."""
        kind = _KINDS.index(FrameKind.AUDIO)
        self._append((kind, chunk, end_sample, due_ns, sent_ns, flushed_ns, hold_ns, UNSET, wire_bytes), None)

    def control_sent(self, text: str, due_ns: int, sent_ns: int, flushed_ns: int) -> None:
        """Record a control message that was sent (end of audio, start time, events)."""
        kind = _KINDS.index(FrameKind.CONTROL)
        self._append((kind, UNSET, UNSET, due_ns, sent_ns, flushed_ns, UNSET, UNSET, len(text.encode())), text)

    def received(self, raw: str | bytes, received_ns: int) -> None:
        """Record an arrival; binary frames are kept as hexadecimal text."""
        kind = FrameKind.BINARY if isinstance(raw, bytes) else FrameKind.TEXT
        text = raw.hex() if isinstance(raw, bytes) else raw
        size = len(raw) if isinstance(raw, bytes) else len(raw.encode("utf-8", "surrogatepass"))
        self._append(self._arrival(kind, received_ns, size), text)

    def closed(self, code: int, reason: str, received_ns: int) -> None:
        """Record the close of the socket as it was seen."""
        self._append(self._arrival(FrameKind.CLOSE, received_ns, 0), f"{code} {reason}")

    def rest(self, text: str, sent_ns: int, received_ns: int) -> None:
        """Record a REST request and its answer; ``UNSET`` for the stamp that there is not."""
        kind = _KINDS.index(FrameKind.REST)
        self._append((kind, UNSET, UNSET, UNSET, sent_ns, UNSET, UNSET, received_ns, len(text.encode())), text)

    @staticmethod
    def _arrival(kind: FrameKind, received_ns: int, size: int) -> tuple[int, ...]:
        return (_KINDS.index(kind), UNSET, UNSET, UNSET, UNSET, UNSET, UNSET, received_ns, size)

    def frames(self) -> Iterator[Frame]:
        """Frames in the order in which they were recorded."""
        for i, text in enumerate(self.text):
            kind = _KINDS[self.kind[i]]
            yield Frame(
                sent=kind in (FrameKind.AUDIO, FrameKind.CONTROL) or self.sent_ns[i] != UNSET,
                kind=kind,
                chunk=_known(self.chunk[i]),
                end_sample=_known(self.end_sample[i]),
                due_ns=_known(self.due_ns[i]),
                sent_ns=_known(self.sent_ns[i]),
                flushed_ns=_known(self.flushed_ns[i]),
                hold_ns=_known(self.hold_ns[i]),
                received_ns=_known(self.received_ns[i]),
                wire_bytes=self.wire_bytes[i],
                text=text,
            )


def _known(value: int) -> int | None:
    return None if value == UNSET else value


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
