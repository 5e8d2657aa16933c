"""Ending a run early: Ctrl-C in a terminal, a supervisor's SIGTERM, or a request from another thread."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["Stop"]

# A container that is stopped and a service that is restarted ask with SIGTERM, and whoever started a process in the
# background may have left it deaf to SIGINT.
_ASKING = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Asked once, a run ends after the sessions in flight; asked twice, now. Nothing recorded is lost either way.

    Args:
        on_request: called with how often it was asked, in the thread of the run: what people are told.
    """

    def __init__(self, on_request: Callable[[int], object] | None = None) -> None:
        self._on_request = on_request
        self._lock = threading.Lock()
        self._asked = 0
        self._heard = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self._thread = 0
        self._event = asyncio.Event()

    def request(self, *, now: bool = False) -> None:
        """End the run; safe from any thread, and before anything is played.

        Args:
            now: do not wait for the sessions in flight.
        """
        with self._lock:
            self._asked = 2 if now else self._asked + 1
            loop, here = self._loop, self._thread == threading.get_ident()
            if loop is not None and not here:
                loop.call_soon_threadsafe(self._hear)
        if loop is not None and here:  # before the next session begins
            self._hear()

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """While the block runs, requests and signals end it; gives the event that is set by the first one."""
        loop = asyncio.get_running_loop()
        with self._lock:
            self._loop, self._task, self._thread = loop, asyncio.current_task(), threading.get_ident()
        self._hear()
        handled = []
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread, or not a Unix
            for number in _ASKING:
                loop.add_signal_handler(number, self.request)
                handled.append(number)
        try:
            yield self._event
        finally:
            with self._lock:
                self._loop = self._task = None
            for number in handled:
                loop.remove_signal_handler(number)

    @property
    def asked(self) -> int:
        """How often it was asked."""
        return self._asked

    def say(self, asked: int) -> None:
        """Tell people that it was heard."""
        if self._on_request is not None:
            self._on_request(asked)

    @contextlib.contextmanager
    def catching(self) -> Iterator[None]:
        """While the block of plain code runs, signals ask; :attr:`asked` tells."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def on_signal(*_: object) -> None:
            self._asked += 1  # no lock: the handler runs in the thread that may hold it

        before = [(number, signal.signal(number, on_signal)) for number in _ASKING]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)

    def taken(self) -> None:
        """The cancellation that a second request caused has done its work."""
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()

    def _hear(self) -> None:
        """In the thread of the run: act on what was asked since the last time."""
        while self._heard < self._asked:
            self._heard += 1
            self._event.set()
            self.say(self._heard)
            if self._heard == 2 and self._task is not None:
                self._task.cancel()
