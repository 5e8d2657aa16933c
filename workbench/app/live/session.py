"""One live session as the app knows it: the mirror of its records, and everything its viewers were told.

House rules: what a viewer is told is kept, so that one who comes late sees what the others saw. Numbers while it plays
are those of what has arrived; when a lane has ended they are the scores of its record, the same that a run stores.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from workbench.app.live.asking import Clip, Microphone
from workbench.app.live.numbers import lane_numbers, so_far
from workbench.metrics.normalize import normaliser
from workbench.protocol.messages import Final, Partial
from workbench.protocol.stream import codec_for
from workbench.recording import FrameKind, SessionRecord
from workbench.reference import Reference
from workbench.store.segments import decode_record
from workbench.units import NS_PER_MS, samples_to_ns
from workbench.word_diff import DiffWord, word_diff

__all__ = ["LaneView", "LiveSession", "step_rows"]

_BASIC = normaliser("basic")
_KINDS = tuple(FrameKind)
_MAX_TOLD = 20_000

Listener = Callable[[bytes], object]


@dataclass(slots=True)
class LaneView:
    """One lane.

    Attributes:
        name: of its configuration.
        record: mirror of the player's record while it plays, the record itself afterwards; None before it began.
        done: whether it has ended.
        partial: what is on screen behind the finals.
        finals: texts in order of arrival.
        numbers: the newest that viewers were told.
    """

    name: str
    record: SessionRecord | None = field(default=None, repr=False)
    done: bool = False
    partial: str = field(default="", repr=False)
    finals: list[str] = field(default_factory=list, repr=False)
    numbers: dict[str, Any] = field(default_factory=dict)


class LiveSession:
    """What is known of one session; not safe for threads, its registry holds the lock.

    Attributes:
        id: of the session.
        ask: what was asked.
        endpoint, recogniser: who answers; the recogniser is known where it is a simulator's.
        state: ``waiting``, ``playing``, ``ended``, ``stopped`` or ``failed``.
        problem: one clear line where it failed.
        lanes: as asked.
        audio: file with what a microphone sent.
        run_id: of the run it was saved as.
    """

    def __init__(self, id: str, ask: Clip | Microphone, endpoint: str, recogniser: str | None) -> None:  # noqa: A002
        names = [lane.name for lane in ask.lanes] if isinstance(ask, Clip) else ["microphone"]
        self.id = id
        self.ask = ask
        self.endpoint = endpoint
        self.recogniser = recogniser
        self.state = "waiting"
        self.problem: str | None = None
        self.lanes = [LaneView(name) for name in names]
        self.audio: str | None = None
        self.run_id: str | None = None
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

    def told(self) -> bytes:
        """Everything that was told, as one JSON array: for a page that reads instead of being told."""
        return b"[" + b",".join(self._told) + b"]"

    # -- what the player says ---------------------------------------------------------------------------------

    def begun(self, lane: int, body: bytes, outline: tuple[int, ...]) -> None:
        """A lane is about to be played."""
        record = self.lanes[lane].record = decode_record(body)
        self.state = "playing"
        words = [
            [word.text, _at_ms(record, word.start_sample), _at_ms(record, word.end_sample)]
            for word in record.reference.words
        ]
        self._tell(
            "begin", lane=lane, rate_hz=record.sample_rate_hz, length_ms=_at_ms(record, record.samples), words=words,
            peaks=outline, reference=record.reference.written,
        )  # fmt: skip

    def framed(self, lane: int, values: tuple[int, ...], text: str | None) -> None:
        """A frame was recorded: its columns in the order of ``FrameLog.COLUMNS``, and its text."""
        view = self.lanes[lane]
        record = view.record
        if record is None:
            return
        kind, _, end, due, sent, _, _, received, _ = values
        record.frames.mirrored(values, text)
        if _KINDS[kind] is FrameKind.AUDIO:
            if record.start_ns is None:
                record.start_ns = due - samples_to_ns(end, record.sample_rate_hz)
            record.samples = max(record.samples, end)
            late = round((sent - due) / NS_PER_MS, 2)
            self._tell("audio", lane=lane, end=_at_ms(record, end), at=_since(record, sent), late=late)
        elif _KINDS[kind] is FrameKind.TEXT and text is not None:
            self._message(lane, view, record, text, received)

    def _message(self, lane: int, view: LaneView, record: SessionRecord, text: str, received_ns: int) -> None:
        message = codec_for(record.dialect).decode_server(text)
        at = _since(record, received_ns)
        if isinstance(message, Partial):
            view.partial = message.text
            self._tell("partial", lane=lane, at=at, text=message.text)
        elif isinstance(message, Final):
            view.partial = ""
            view.finals.append(message.text)
            self._tell("final", lane=lane, at=at, text=message.text, steps=self._steps(record, view, received_ns))
        else:
            return
        view.numbers = so_far(record, view.numbers, received_ns, final=isinstance(message, Final))
        self._tell("numbers", lane=lane, **view.numbers)

    def _steps(self, record: SessionRecord, view: LaneView, now_ns: int) -> list[list[str | None]] | None:
        """The finals so far against what had been said by now; None where nobody knows what was said."""
        if not record.reference.spoken:
            return None
        said = record.reference.spoken
        if record.reference.words and record.start_ns is not None:
            heard_ns = now_ns - record.start_ns
            said = " ".join(
                word.text
                for word in record.reference.words
                if samples_to_ns(word.end_sample, record.sample_rate_hz) <= heard_ns
            )
        return step_rows(word_diff(Reference(said, said), " ".join(view.finals), _BASIC))

    def done(self, lane: int, body: bytes) -> None:
        """A lane has ended; its record is scored as a run would."""
        view = self.lanes[lane]
        record = view.record = decode_record(body)
        view.done, view.partial = True, ""
        view.numbers = lane_numbers(record)
        steps = None
        if record.reference.spoken:
            steps = step_rows(word_diff(record.reference, record.hypothesis(), _BASIC))
        self._tell(
            "done", lane=lane, outcome=record.outcome.value, failed=record.outcome.failed, error=record.error,
            steps=steps, text=record.hypothesis(), **view.numbers,
        )  # fmt: skip

    def finished(self, problem: str | None, audio: str | None = None) -> None:
        """Nothing more will come from the player."""
        failed = any(view.record is not None and view.record.outcome.failed for view in self.lanes if view.done)
        self.audio = audio
        if problem == "stopped":
            self.state = "stopped"
        elif problem is not None or failed:
            self.state = "failed"
            self.problem = problem
        else:
            self.state = "ended"
        self._tell("over", state=self.state, problem=self.problem, sentence=self.sentence(), audio=audio is not None)

    def saved(self, run_id: str) -> None:
        """The session is a run now."""
        self.run_id = run_id
        self._tell("saved", run_id=run_id)

    def sentence(self) -> str | None:
        """What the second lane costs against the first, in one sentence; None where there is nothing to compare."""
        if len(self.lanes) < 2:
            return None
        base, other = self.lanes
        wer, other_wer = base.numbers.get("wer"), other.numbers.get("wer")
        if wer is None or other_wer is None:
            return None
        more, words = other.numbers["errors"] - base.numbers["errors"], base.numbers["words"]
        rates = f"(WER {100 * wer:.1f} % → {100 * other_wer:.1f} %)"
        if more:
            cost = f"{other.name} costs {more:+d} wrong words of {words} {rates}"
        else:
            cost = f"{other.name} costs no word of {words} {rates}"
        later = _later(base.numbers.get("final_lag_ms"), other.numbers.get("final_lag_ms"))
        return f"{cost}{later}. One utterance shows what happens; a sweep shows how often."

    def _tell(self, kind: str, **facts: Any) -> None:  # noqa: ANN401  JSON values
        message = msgspec.json.encode({"n": len(self._told), "kind": kind, "sent_ms": time.time() * 1e3, **facts})
        if len(self._told) < _MAX_TOLD or kind in ("done", "over", "saved"):
            self._told.append(message)
        for listener in list(self._listeners):
            listener(message)


def step_rows(steps: tuple[DiffWord, ...]) -> list[list[str | None]]:
    """Steps as a screen takes them: kind, word heard, word said."""
    return [[step.kind, step.heard, step.wanted] for step in steps]


def _later(base: float | None, other: float | None) -> str:
    if base is None or other is None or abs(other - base) < 10:
        return ""
    return f" and finals {abs(other - base):.0f} ms {'later' if other > base else 'earlier'}"


def _at_ms(record: SessionRecord, sample: int) -> float:
    return round(samples_to_ns(sample, record.sample_rate_hz) / NS_PER_MS, 1)


def _since(record: SessionRecord, at_ns: int) -> float:
    return round((at_ns - (record.start_ns or at_ns)) / NS_PER_MS, 1)
