"""Every live session of this process; the one door that pages and routes go through.

Safe to call from any thread. Listeners are called under its lock, from the thread that reads the player,
and must only hand on. Nothing here calls Streamlit.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from workbench.app.live.process import PlayerProcess
from workbench.app.live.request import Clip, Lane, Microphone, Value
from workbench.app.live.room import Room, being_played
from workbench.app.live.save import save_session
from workbench.app.live.session import LiveSession
from workbench.app.live.wire import (
    Begun,
    Done,
    Event,
    Framed,
    Over,
    Play,
    Ready,
    Refused,
    Silence,
    Sound,
    Stop,
    Zero,
)
from workbench.errors import InputError, ServiceError
from workbench.recording.frame_log import FrameLog
from workbench.settings import DEFAULT_MODEL, load_settings
from workbench.simulator.local import decodable_streams

__all__ = ["MAX_KEPT", "LiveRegistry", "close_registry", "live_registry"]

MAX_KEPT = 50
"""Sessions that ended and stay to be looked at and saved; the oldest make room."""

_READY_S = 60.0


class LiveRegistry:
    """Plays, mirrors and keeps live sessions.

    Args:
        store: folder of the runs.
        endpoint: who answers, until the player says so itself.
        model: model of a simulator that the player starts.
    """

    def __init__(self, store: Path, endpoint: str, model: str = DEFAULT_MODEL) -> None:
        self._store = store
        self._endpoint = endpoint
        self._recogniser: str | None = None
        self._model = model
        self._lock = threading.RLock()
        self._sessions: dict[str, LiveSession] = {}
        self._player: PlayerProcess | None = None
        self._ready = threading.Event()
        self._problem: str | None = None

    # -- asked by pages -----------------------------------------------------------------------------------------

    def warm(self) -> None:
        """Start the player, so that the first session does not wait for it; returns at once."""
        with self._lock:
            self._running()

    def start(self, ask: Clip | Microphone, *, wait_s: float = _READY_S) -> str:
        """Begin a session; returns its id.

        Raises:
            InputError: too many lanes are being played for what this machine can decode.
            ServiceError: the service cannot be used.
        """
        with self._lock:
            player = self._running()
        if not self._ready.wait(wait_s) or self._problem is not None:
            raise ServiceError(
                "live sessions cannot be played",
                item=self._endpoint,
                got=self._problem or "no answer",
                action="Check the connection on the page System",
            )
        with self._lock:
            room = Room(self._model, ours=self._recogniser is not None)
            places = room.fitting(ask.lanes, self._sessions.values())
            if not places:
                raise InputError(
                    "the simulator decodes no more streams on this machine",
                    got=f"{sum(len(being_played(each)) for each in self._sessions.values())} being played",
                    expected=f"{decodable_streams(self._model)} at most",
                    action="Wait for one to end, or stop it",
                )
            session = LiveSession(secrets.token_hex(8), ask, self._endpoint, self._recogniser)
            self._sessions[session.id] = session
            self._forget()
            for place in set(range(len(ask.lanes))) - set(places):
                session.refused(place, room.refusal(ask.lanes[place]))
            player.say(Play(session.id, ask, places))
        return session.id

    def refer(self, id: str, spoken: str) -> None:  # noqa: A002
        """Say what was spoken in a session: its lanes are scored with it at once."""
        with self._lock:
            session = self._sessions.get(id)
            if session is not None:
                session.refer(spoken)

    def sessions(self) -> list[LiveSession]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._sessions.values()))

    def get(self, id: str) -> LiveSession | None:  # noqa: A002
        """A session by its id; None if it was never there or made room for newer ones."""
        with self._lock:
            return self._sessions.get(id)

    def stop(self, id: str) -> None:  # noqa: A002
        """End a clip now, what was recorded stays; of a microphone end the audio and await its last words."""
        session = self.get(id)
        if session is not None and isinstance(session.ask, Microphone):
            self.silence(id)
        else:
            self._say(Stop(id))

    def save(self, id: str, reference: str | None = None) -> str:  # noqa: A002
        """Store a session that is over as a run; returns the run's id. A second call returns the same.

        Args:
            id: id of the session.
            reference: words spoken, if nobody has said so yet.

        Raises:
            InputError: no such session, or it is not over, or nothing was played.
            StoreError: it cannot be written.
        """
        with self._lock:
            session = self._sessions.get(id)
            if session is None or not session.over:
                raise InputError("only a session that is over can be saved", item=id, action="Stop it first")
            if session.run_id is not None:
                return session.run_id
            if reference is not None and reference.strip():
                session.refer(reference)
            run_id = save_session(session, self._store)
            session.saved(run_id)
            return run_id

    # -- asked by routes ----------------------------------------------------------------------------------------

    def listen(self, id: str, listener: Callable[[bytes], object]) -> Callable[[], None] | None:  # noqa: A002
        """Follow a session: everything so far, then everything new; returns how to leave, None for no such session."""
        with self._lock:
            session = self._sessions.get(id)
            if session is None:
                return None
            leave = session.listen(listener)

        def left() -> None:
            with self._lock:
                leave()

        return left

    def sound(self, id: str, pcm: bytes) -> None:  # noqa: A002
        """Samples of a microphone session."""
        with self._lock:
            session = self._sessions.get(id)
            if session is not None and not session.silent:
                session.sounded(pcm)
        self._say(Sound(id, pcm))

    def silence(self, id: str) -> None:  # noqa: A002
        """The microphone of a session is off, or is to be: whoever brings its sound is told; safe to call twice."""
        with self._lock:
            session = self._sessions.get(id)
            if session is not None and not session.silent:
                session.silence()
                self._say(Silence(id))

    def when_silent(self, id: str, heard: Callable[[], object]) -> None:  # noqa: A002
        """Call ``heard`` once, from any thread, when a session wants no more sound; at once if there is none."""
        with self._lock:
            session = self._sessions.get(id)
            if session is not None:
                session.when_silent(heard)
                return
        heard()

    def microphone(self, name: str, facts: dict[str, Value], lanes: tuple[Lane, ...] = ()) -> str:
        """Begin a microphone session, under one lane of its own where none is given: see :meth:`start`."""
        return self.start(Microphone(name, facts, lanes) if lanes else Microphone(name, facts))

    def close(self) -> None:
        """End the player; sessions in flight are ended."""
        with self._lock:
            player, self._player = self._player, None
        if player is not None:
            player.close()

    # -- the player ---------------------------------------------------------------------------------------------

    def _running(self) -> PlayerProcess:
        if self._player is None or not self._player.alive:
            self._ready.clear()
            self._problem = None
            self._player = PlayerProcess(self._store, self._event, self._lost)
        return self._player

    def _say(self, command: Stop | Sound | Silence) -> None:
        with self._lock:
            if self._player is not None and command.id in self._sessions:
                self._player.say(command)

    def _event(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, Ready):
                self._endpoint, self._recogniser = event.endpoint, event.recogniser
                self._ready.set()
                return
            session = self._sessions.get(getattr(event, "id", ""))
            if session is None:
                return
            match event:
                case Framed(lane=lane):
                    session.framed(lane, FrameLog.values_of(event.row, event.wide), event.text)
                case Begun(lane=lane, record=record, peaks=outline, endpoint=endpoint, recogniser=recogniser):
                    session.begun(lane, record, outline, endpoint, recogniser)
                case Refused(lane=lane, problem=problem):
                    session.refused(lane, problem)
                case Zero(at_ns=at_ns):
                    session.zero(at_ns)
                case Done(lane=lane, record=record):
                    session.done(lane, record)
                case Over(problem=problem, audio=audio):
                    session.finished(problem, audio)
                case _:
                    pass

    def _lost(self, why: str) -> None:
        with self._lock:
            self._problem = why
            self._ready.set()
            for session in self._sessions.values():
                if not session.over:
                    session.finished(why)

    def _forget(self) -> None:
        done = [session.id for session in self._sessions.values() if session.over]
        for old in done[: max(0, len(self._sessions) - MAX_KEPT)]:
            del self._sessions[old]


class _Process:
    """One registry a process: pages and routes share it."""

    lock = threading.Lock()
    registry: LiveRegistry | None = None


def live_registry() -> LiveRegistry:
    """The registry of this process; made when it is first asked for.

    Raises:
        ConfigurationError: the settings cannot be read.
    """
    with _Process.lock:
        if _Process.registry is None:
            settings = load_settings(os.environ)
            _Process.registry = LiveRegistry(settings.store, settings.endpoint, settings.model)
        return _Process.registry


def close_registry() -> None:
    """End what is being played; a later :func:`live_registry` begins anew."""
    with _Process.lock:
        registry, _Process.registry = _Process.registry, None
    if registry is not None:
        registry.close()
