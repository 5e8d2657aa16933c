"""The scripted recogniser: says exactly what a script says, exactly when it says so.

It is the ground truth for calibrating measurements. A script is registered for a session id through the control
API; every connection of that session plays it from its beginning. A message is due ``delay_ms`` after the arrival
of the chunk that brought the audio of the connection to ``at_ms``. A message whose position is never reached is
never sent.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncIterator
from typing import Annotated, Literal

import msgspec

from workbench.errors import ServiceError
from workbench.simulator.decoding import Heard
from workbench.units import NS_PER_MS, NS_PER_S

__all__ = ["Script", "ScriptMessage", "Scripted"]

_BYTES_PER_SAMPLE = 2

_SPIN_NS = 1_500_000
"""The selector rounds timers up to a whole millisecond; the last stretch yields to the loop without sleeping."""

_MAX_SCRIPTS = 100_000

_Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=86_400_000)]


class ScriptMessage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One hypothesis of a script.

    Attributes:
        kind: ``partial`` or ``final``.
        text: what it says.
        at_ms: position in the audio of the connection; None is the end of audio.
        delay_ms: time from the arrival of that position to sending.
        words: of a final; None takes the text apart at its blanks.
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


def _heard(message: ScriptMessage) -> Heard:
    if message.kind == "partial":
        return Heard(False, message.text)
    words = tuple(message.text.split()) if message.words is None else message.words
    return Heard(True, message.text, words, int(message.at_ms or 0), int(message.at_ms or 0))


class _ScriptedStream:
    """One connection's play of a script."""

    def __init__(self, script: Script, sample_rate_hz: int) -> None:
        self._script = script
        self._bytes_per_s = _BYTES_PER_SAMPLE * sample_rate_hz
        self._received_bytes = 0
        self._due: list[tuple[int, int]] = []
        placed = [(m.at_ms, i) for i, m in enumerate(script.messages) if m.at_ms is not None]
        self._unreached = sorted(placed, reverse=True)
        self._last_due_ns: int | None = None
        self._changed = asyncio.Event()
        self._dropped = False

    async def feed(self, pcm: bytes, arrived_ns: int) -> None:
        self._received_bytes += len(pcm)
        position_ms = self._received_bytes * 1000 / self._bytes_per_s
        while self._unreached and self._unreached[-1][0] <= position_ms:
            self._schedule(self._unreached.pop()[1], arrived_ns)

    def finish(self, arrived_ns: int) -> None:
        for index, message in enumerate(self._script.messages):
            if message.at_ms is None:
                self._schedule(index, arrived_ns)
        self._last_due_ns = arrived_ns + round(self._script.end_delay_ms * NS_PER_MS)
        self._changed.set()

    async def results(self) -> AsyncIterator[Heard]:
        while not self._dropped:
            if self._due:
                due_ns, index = self._due[0]
                if await self._reached(due_ns):
                    heapq.heappop(self._due)
                    yield _heard(self._script.messages[index])
            elif self._last_due_ns is None:
                self._changed.clear()
                await self._changed.wait()
            elif await self._reached(self._last_due_ns):
                return

    def drop(self) -> None:
        self._dropped = True
        self._changed.set()

    def _schedule(self, index: int, arrived_ns: int) -> None:
        heapq.heappush(self._due, (arrived_ns + round(self._script.messages[index].delay_ms * NS_PER_MS), index))
        self._changed.set()

    async def _reached(self, due_ns: int) -> bool:
        """Wait for ``due_ns``; False when something changed on the way and the schedule must be looked at again."""
        self._changed.clear()
        if (left_ns := due_ns - time.perf_counter_ns() - _SPIN_NS) > 0:
            try:
                async with asyncio.timeout(left_ns / NS_PER_S):
                    await self._changed.wait()
                return False
            except TimeoutError:
                pass
        while time.perf_counter_ns() < due_ns:
            await asyncio.sleep(0)
            if self._changed.is_set():
                return False
        return True


class Scripted:
    """The ``scripted`` recogniser."""

    def __init__(self) -> None:
        self._scripts: dict[str, Script] = {}

    @property
    def name(self) -> str:
        """As in ``--recogniser``."""
        return "scripted"

    async def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to end."""

    def register(self, session_id: str, script: Script) -> None:
        """Set what a session says from its next connection on; the oldest scripts give way to new ones."""
        self._scripts.pop(session_id, None)
        self._scripts[session_id] = script
        if len(self._scripts) > _MAX_SCRIPTS:
            del self._scripts[next(iter(self._scripts))]

    def open(self, session_id: str, sample_rate_hz: int) -> _ScriptedStream:
        """A play of the session's script.

        Raises:
            ServiceError: 412 when no script is registered for the session.
        """
        script = self._scripts.get(session_id)
        if script is None:
            raise ServiceError(
                "no_script: no script is registered for this session, post one to /_sim/scripts/{session_id}",
                status=412,
                error_id="no_script",
            )
        return _ScriptedStream(script, sample_rate_hz)

    def health(self) -> dict[str, object]:
        """Number of scripts."""
        return {"scripts": len(self._scripts)}
