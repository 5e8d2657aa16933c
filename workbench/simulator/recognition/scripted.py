"""The scripted recogniser: says exactly what a script says, exactly when it says so.

It is the ground truth for calibrating measurements. A script is registered for a session id through the control API,
or for ``*``, which is every session without one of its own; every connection plays it from its beginning. A message is
due ``delay_ms`` after the arrival of the chunk that brought the audio of the connection to ``at_ms``. A message whose
position is never reached is never sent. Of more than 200 streams messages leave in ticks of a quarter of a
millisecond, as the client's chunks do; their stamps say when.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

import msgspec

from workbench.errors import ServiceError
from workbench.playing.pacer import EXACT_SESSIONS, TICK_NS, Pacer
from workbench.simulator.recognition.decoding import Hypothesis
from workbench.simulator.recognition.recognisers import Listener
from workbench.units import NS_PER_MS

__all__ = ["Script", "ScriptMessage", "Scripted"]

_BYTES_PER_SAMPLE = 2

_ENDS = 2
"""A stream has ended when its last message was said and the script's least end delay is over."""

EVERY_SESSION = "*"
"""Stands for every session id that has no script of its own."""

_MAX_SCRIPTS = 100_000

_Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=86_400_000)]


class ScriptMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One hypothesis of a script.

    Attributes:
        kind: ``partial`` or ``final``.
        text: what it says.
        at_ms: position in the audio of the connection; None is the end of audio.
        delay_ms: time from the arrival of that position to sending.
        words: words of a final; None takes the text apart at its blanks.
    """

    kind: Literal["partial", "final"]
    text: str
    at_ms: _Milliseconds | None = None
    delay_ms: _Milliseconds = 0
    words: tuple[str, ...] | None = None


class Script(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one session says.

    Attributes:
        messages: in any order; messages due at the same time keep the order of the script.
        end_delay_ms: least time from the end of audio to the terminal frame.
    """

    messages: tuple[ScriptMessage, ...]
    end_delay_ms: _Milliseconds = 0


def _heard(message: ScriptMessage) -> Hypothesis:
    if message.kind == "partial":
        return Hypothesis(False, message.text)
    words = tuple(message.text.split()) if message.words is None else message.words
    return Hypothesis(True, message.text, words, int(message.at_ms or 0), int(message.at_ms or 0))


class _Cue(msgspec.Struct, frozen=True):
    """One message of a script, ready to be said."""

    at_ms: float
    delay_ns: int
    heard: Hypothesis


def _cue(message: ScriptMessage) -> _Cue:
    return _Cue(message.at_ms or 0.0, round(message.delay_ms * NS_PER_MS), _heard(message))


class _Part:
    """A script as its streams play it; one copy for all of them.

    Attributes:
        cues: messages that have a position, in order of it.
        last: messages of the end of audio.
        end_delay_ns: least time from the end of audio to the terminal frame.
    """

    __slots__ = ("cues", "end_delay_ns", "last")

    def __init__(self, script: Script) -> None:
        self.cues = sorted((_cue(m) for m in script.messages if m.at_ms is not None), key=lambda cue: cue.at_ms)
        self.last = [_cue(m) for m in script.messages if m.at_ms is None]
        self.end_delay_ns = round(script.end_delay_ms * NS_PER_MS)


class _ScriptedStream:
    """One connection's play of a script; every message hangs on the pacer's ring, which is exact to microseconds."""

    __slots__ = (
        "_bytes_per_s", "_ends", "_latest_ns", "_listener", "_on_drop", "_pacer", "_part", "_reached", "_received_bytes"
    )  # fmt: skip

    def __init__(
        self, part: _Part, sample_rate_hz: int, pacer: Pacer, on_drop: Callable[[_ScriptedStream], None]
    ) -> None:
        self._part = part
        self._on_drop = on_drop
        self._bytes_per_s = _BYTES_PER_SAMPLE * sample_rate_hz
        self._received_bytes = 0
        self._reached = 0
        self._pacer = pacer
        self._listener: Listener | None = None
        self._latest_ns = 0
        self._ends = 0

    def listen(self, listener: Listener) -> None:
        self._listener = listener

    def feed(self, pcm: bytes, arrived_ns: int) -> bool:
        self._received_bytes += len(pcm)
        position_ms = self._received_bytes * 1000 / self._bytes_per_s
        cues = self._part.cues
        while self._reached < len(cues) and cues[self._reached].at_ms <= position_ms:
            self._say_after(cues[self._reached], arrived_ns)
            self._reached += 1
        return True

    def finish(self, arrived_ns: int) -> None:
        for cue in self._part.last:
            self._say_after(cue, arrived_ns)
        self._pacer.call_at_ns(max(arrived_ns, self._latest_ns), self._end)
        self._pacer.call_at_ns(arrived_ns + self._part.end_delay_ns, self._end)

    def drop(self) -> None:
        self._listener = None
        self._on_drop(self)

    def _say_after(self, cue: _Cue, arrived_ns: int) -> None:
        due_ns = arrived_ns + cue.delay_ns
        self._latest_ns = max(self._latest_ns, due_ns)
        self._pacer.call_at_ns(due_ns, partial(self._say, cue.heard))

    def _say(self, heard: Hypothesis) -> None:
        if self._listener is not None:
            self._listener.heard(heard)

    def _end(self) -> None:
        self._ends += 1
        if self._ends == _ENDS and self._listener is not None:
            self._listener.over(None)


class Scripted:
    """The ``scripted`` recogniser."""

    def __init__(self) -> None:
        self._parts: dict[str, _Part] = {}
        self._streams: set[_ScriptedStream] = set()
        self._exact, self._ticks = Pacer(), Pacer(TICK_NS)

    @property
    def name(self) -> str:
        """As in ``--recogniser``."""
        return "scripted"

    async def start(self) -> None:
        """Open the timers that all scripts hang on."""
        await self._exact.__aenter__()
        await self._ticks.__aenter__()

    async def close(self) -> None:
        """Close the timers; messages that were still due are not said."""
        await self._exact.__aexit__(None, None, None)
        await self._ticks.__aexit__(None, None, None)

    def register(self, session_id: str, script: Script) -> None:
        """Set what a session says from its next connection on; the oldest scripts give way to new ones."""
        self._parts.pop(session_id, None)
        self._parts[session_id] = _Part(script)
        if len(self._parts) > _MAX_SCRIPTS:
            del self._parts[next(iter(self._parts))]

    def open(self, session_id: str, sample_rate_hz: int) -> _ScriptedStream:
        """A play of the session's script.

        Raises:
            ServiceError: 412 when no script is registered for the session.
        """
        part = self._parts.get(session_id) or self._parts.get(EVERY_SESSION)
        if part is None:
            raise ServiceError(
                "no_script: no script is registered for this session, post one to /_sim/scripts/{session_id}",
                status=412,
                error_id="no_script",
            )
        # A wake-up for each message is exact to microseconds; for thousands of streams they would take a core.
        pacer = self._exact if len(self._streams) < EXACT_SESSIONS else self._ticks
        stream = _ScriptedStream(part, sample_rate_hz, pacer, self._streams.discard)
        self._streams.add(stream)
        return stream

    def backlog_ms(self, session_id: str) -> int | None:
        """None: nothing waits to be decoded."""
        del session_id
        return None

    def health(self) -> dict[str, object]:
        """Number of scripts."""
        return {"scripts": len(self._parts)}
