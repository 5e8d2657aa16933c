"""One live session as the app knows it: the mirror of its records, and everything its viewers were told.

What a viewer is told is kept, so that one who comes late sees what the others saw. Numbers while it plays
are those of what has arrived; when a lane has ended they are the scores of its record, the same that a run stores.
Longer than most modules: what is told and the state that it is told from change together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from workbench.app.live.microphone_sound import MicrophoneSound
from workbench.app.live.numbers import finished, lane_numbers, so_far, span_of
from workbench.app.live.request import Clip, Microphone
from workbench.app.live.sentence import closing
from workbench.app.live.wording import as_written
from workbench.protocol.messages import Final, Partial
from workbench.protocol.stream import codec_for, is_terminal_text
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome, SessionRecord
from workbench.reference import Reference
from workbench.scoring.metrics.normalize import DEFAULT
from workbench.scoring.word_diff import word_diff
from workbench.store.segments import decode_record
from workbench.units import NS_PER_MS, samples_to_ns

__all__ = ["LaneView", "LiveSession"]

_KINDS = tuple(FrameKind)
_MAX_TOLD = 40_000

Listener = Callable[[bytes], object]


@dataclass(slots=True)
class LaneView:
    """One lane.

    Attributes:
        name: name of its configuration.
        endpoint, recogniser: who answers; the recogniser is known if it is a simulator's.
        refused: why it is not played; None if it is.
        record: mirror of the player's record while it plays, the record itself afterwards; None before it began.
        done: whether it has ended.
        audio_ended: whether AUDIO_END was sent.
        partial: text on screen behind the finals.
        finals: texts in order of arrival.
        numbers: the newest that viewers were told.
    """

    name: str
    endpoint: str = ""
    recogniser: str | None = None
    refused: str | None = None
    record: SessionRecord | None = field(default=None, repr=False)
    done: bool = False
    audio_ended: bool = False
    partial: str = field(default="", repr=False)
    finals: list[str] = field(default_factory=list, repr=False)
    numbers: dict[str, Any] = field(default_factory=dict)


class LiveSession:
    """What is known of one session; not safe for threads, its registry holds the lock.

    Attributes:
        id: id of the session.
        ask: the request.
        endpoint, recogniser: who answers where a lane asks for nobody else.
        state: ``waiting``, ``playing``, ``ended``, ``stopped`` or ``failed``.
        problem: one clear line if it failed.
        lanes: lanes in the order of the request.
        audio: file with what a microphone sent.
        run_id: id of the run it was saved as.
        silent: nothing more of a microphone is wanted: it was stopped, or the session is over.
        spoken: what somebody says was spoken.
        zero_ns: when the lanes began, monotonic; times that viewers are told count from there.
    """

    def __init__(self, id: str, ask: Clip | Microphone, endpoint: str, recogniser: str | None) -> None:  # noqa: A002
        names = [lane.name for lane in ask.lanes]
        self.id = id
        self.ask = ask
        self.endpoint = endpoint
        self.recogniser = recogniser
        self.state = "waiting"
        self.problem: str | None = None
        self.lanes = [LaneView(name) for name in names]
        self.audio: str | None = None
        self.run_id: str | None = None
        self.silent = False
        self.zero_ns: int | None = None
        self._sound = MicrophoneSound()
        self.spoken: str | None = None
        self._on_silence: list[Callable[[], object]] = []
        self.created_s = time.time()
        self._told: list[bytes] = []
        self._listeners: list[Listener] = []
        self._tell(
            "session", title=self.title, endpoint=endpoint, simulated=recogniser is not None, lanes=names,
            microphone=isinstance(ask, Microphone),
        )  # fmt: skip

    @property
    def title(self) -> str:
        """What is played."""
        return self.ask.utterance if isinstance(self.ask, Clip) else self.ask.name

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("ended", "stopped", "failed")

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hand over everything that was told and everything that will be; returns how to leave."""
        for message in self._told:
            listener(message)
        self._listeners.append(listener)

        def leave() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return leave

    def when_silent(self, heard: Callable[[], object]) -> None:
        """Call ``heard`` once, when nothing more of the microphone is wanted; at once where that is so already."""
        if self.silent:
            heard()
        else:
            self._on_silence.append(heard)

    def silence(self) -> None:
        """Nothing more of the microphone is wanted; a second call changes nothing."""
        self.silent = True
        waiting, self._on_silence = self._on_silence, []
        for heard in waiting:
            heard()

    def told(self) -> bytes:
        """Everything that was told, as one JSON array: for a page that reads instead of being told."""
        return b"[" + b",".join(self._told) + b"]"

    # -- what the player says ---------------------------------------------------------------------------------

    def refused(self, lane: int, problem: str) -> None:
        """A lane is not played; ``problem`` is one clear line."""
        view = self.lanes[lane]
        view.refused, view.done = problem, True
        self._tell("refused", lane=lane, problem=problem)

    def zero(self, at_ns: int) -> None:
        """The lanes begin together, now or in a moment."""
        self.zero_ns = at_ns
        self._tell("zero", at_ms=_wall_ms(at_ns))

    def begun(
        self, lane: int, body: bytes, outline: tuple[int, ...], endpoint: str = "", recogniser: str | None = None
    ) -> None:
        """A lane is about to be played."""
        view = self.lanes[lane]
        view.endpoint, view.recogniser = endpoint or self.endpoint, recogniser
        record = view.record = self._referred(decode_record(body))
        self.state = "playing"
        words = [
            [word.text, _at_ms(record, word.start_sample), _at_ms(record, word.end_sample)]
            for word in record.reference.words
        ]
        self._tell(
            "begin", lane=lane, rate_hz=record.sample_rate_hz, length_ms=_at_ms(record, record.samples), words=words,
            peaks=outline, reference=record.reference.written, endpoint=view.endpoint,
            simulated=recogniser is not None, recogniser=recogniser,
        )  # fmt: skip

    def sounded(self, pcm: bytes) -> None:
        """A microphone has sent samples: its viewers see them, and the end of the speech is looked for in them."""
        self._tell("sound", **self._sound.add(pcm))

    def refer(self, spoken: str) -> None:
        """Somebody says what was spoken: every lane is scored with it, at once.

        Lanes whose reference has been known from the start keep it.
        """
        self.spoken = spoken.strip() or None
        for lane, view in enumerate(self.lanes):
            if view.record is None:
                continue
            view.record = self._referred(view.record)
            if view.done:
                self._tell_done(lane, view, view.record)
        if self.over:
            self._tell_over()

    def _referred(self, record: SessionRecord) -> SessionRecord:
        """A record with what somebody says was spoken, unless that was known from the start."""
        if record.reference.words or (isinstance(self.ask, Clip) and (self.ask.corpus or self.ask.reference)):
            return record
        spoken = self.spoken or ""
        return replace(record, reference=Reference(spoken, spoken))

    def framed(self, lane: int, values: tuple[int, ...], text: str | None) -> None:
        """A frame was recorded: its columns in the order of ``FrameLog.COLUMNS``, and its text."""
        view = self.lanes[lane]
        record = view.record
        if record is None:
            return
        kind, _, end, due, sent, _, _, received, _ = values
        record.frames.append_columns(values, text)
        if _KINDS[kind] is FrameKind.AUDIO:
            if record.start_ns is None:
                record.start_ns = due - samples_to_ns(end, record.sample_rate_hz)
                if self.zero_ns is None:  # a microphone begins with its first sample
                    self.zero(record.start_ns)
            record.samples = max(record.samples, end)
            late = round((sent - due) / NS_PER_MS, 2)
            self._tell("audio", lane=lane, end=_at_ms(record, end), at=self._since(sent), late=late)
        elif _KINDS[kind] is FrameKind.CONTROL:
            view.audio_ended = view.audio_ended or "AUDIO_END" in (text or "")
        elif _KINDS[kind] is FrameKind.TEXT and text is not None:
            self._message(lane, view, record, text, received)

    def _message(self, lane: int, view: LaneView, record: SessionRecord, text: str, received_ns: int) -> None:
        message = codec_for(record.dialect).decode_server(text)
        if view.audio_ended and is_terminal_text(message, record.dialect):
            return
        at = self._since(received_ns)
        done = None
        if isinstance(message, Partial):
            view.partial = message.text
            self._tell("partial", lane=lane, at=at, text=message.text)
        elif isinstance(message, Final):
            view.partial = ""
            view.finals.append(message.text)
            done = finished(record, " ".join(view.finals), received_ns)
            steps = None if done is None else done.rows
            self._tell("final", lane=lane, at=at, text=message.text, steps=steps)
        else:
            return
        final = isinstance(message, Final)
        new = final or view.numbers.get("first_word_ms") is None
        span_ms = self._span_ms(record, final=final) if new else None
        before, view.numbers = view.numbers, so_far(record, view.numbers, received_ns, done, span_ms, final=final)
        if view.numbers != before:
            self._tell("numbers", lane=lane, **view.numbers)

    def _span_ms(self, record: SessionRecord, *, final: bool) -> tuple[int, int] | None:
        """First and last speech so far, where the words have no times; a final looks at the newest sound alone."""
        if record.reference.words:
            return None
        return span_of(record) or self._sound.span_ms(newest=final)

    def done(self, lane: int, body: bytes) -> None:
        """A lane has ended; its record is scored as a run would."""
        view = self.lanes[lane]
        view.record = self._referred(decode_record(body))
        view.done, view.partial = True, ""
        self._tell_done(lane, view, view.record)

    def _tell_done(self, lane: int, view: LaneView, record: SessionRecord) -> None:
        view.numbers = lane_numbers(record)
        steps = None
        if record.reference.spoken:
            diff = word_diff(record.reference, record.hypothesis(), DEFAULT)
            steps = as_written(diff, record.reference.written, record.hypothesis())
        self._tell(
            "done", lane=lane, outcome=record.outcome.value, failed=_failed(record), error=record.error,
            steps=steps, text=record.hypothesis(), **view.numbers,
        )  # fmt: skip

    def finished(self, problem: str | None, audio: str | None = None) -> None:
        """Nothing more will come from the player."""
        played = [view.record for view in self.lanes if view.done and view.record is not None]
        failed = not played or any(_failed(record) for record in played)
        if problem is None and not played:
            problem = next((view.refused for view in self.lanes if view.refused is not None), None)
        self.silence()
        self.audio = audio
        if problem == "stopped":
            self.state = "stopped"
        elif problem is not None or failed:
            self.state = "failed"
            self.problem = problem
        else:
            self.state = "ended"
        self._tell_over()

    def _tell_over(self) -> None:
        sentence, left_out = closing([(view.name, view.numbers, view.refused) for view in self.lanes if view.done])
        self._tell(
            "over", state=self.state, problem=self.problem, sentence=sentence, left_out=left_out,
            audio=self.audio is not None,
        )  # fmt: skip

    def saved(self, run_id: str) -> None:
        """The session is a run now."""
        self.run_id = run_id
        self._tell("saved", run_id=run_id)

    def _since(self, at_ns: int) -> float:
        return round((at_ns - (self.zero_ns if self.zero_ns is not None else at_ns)) / NS_PER_MS, 1)

    def _tell(self, kind: str, **facts: Any) -> None:  # noqa: ANN401  JSON values
        message = msgspec.json.encode({"n": len(self._told), "kind": kind, "sent_ms": time.time() * 1e3, **facts})
        if len(self._told) < _MAX_TOLD or kind in ("done", "over", "refused", "saved"):
            self._told.append(message)
        for listener in list(self._listeners):
            listener(message)


def _failed(record: SessionRecord) -> bool:
    """Whether a lane went wrong; one that somebody stopped did not."""
    return record.outcome.failed and record.outcome is not Outcome.CANCELLED


def _at_ms(record: SessionRecord, sample: int) -> float:
    return round(samples_to_ns(sample, record.sample_rate_hz) / NS_PER_MS, 1)


def _wall_ms(at_ns: int) -> float:
    """A monotonic time as Unix time in ms: the clock that a browser has, too."""
    return time.time() * 1e3 - (time.perf_counter_ns() - at_ns) / NS_PER_MS
