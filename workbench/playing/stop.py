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
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Asked once, a run ends after the sessions in flight; asked twice, now. Nothing recorded is lost either way.

    Args:
        on_request: called with how often it was asked, in the thread of the run: what people are told.
    """

    def __init__(self, on_request: Callable[[int], object] | None = None) -> None:
        self._on_request = on_request
        self._lock = threading.Lock()
        self._requests = 0
        self._handled = 0
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
            self._requests = 2 if now else self._requests + 1
            loop, here = self._loop, self._thread == threading.get_ident()
            if loop is not None and not here:
                loop.call_soon_threadsafe(self._handle)
        if loop is not None and here:  # before the next session begins
            self._handle()

    @contextlib.contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """While the block runs, requests and signals end it; gives the event that is set by the first one."""
        loop = asyncio.get_running_loop()
        with self._lock:
            self._loop, self._task, self._thread = loop, asyncio.current_task(), threading.get_ident()
        self._handle()
        handled = []
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # not the main thread, or not a Unix
            for number in _SIGNALS:
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
    def requests(self) -> int:
        """How often it was asked."""
        return self._requests

    def notify(self, requests: int) -> None:
        """Tell people that it was heard."""
        if self._on_request is not None:
            self._on_request(requests)

    @contextlib.contextmanager
    def handle_signals(self) -> Iterator[None]:
        """While the block of plain code runs, signals ask; :attr:`requests` tells."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def on_signal(*_: object) -> None:
            self._requests += 1  # no lock: the handler runs in the thread that may hold it

        before = [(number, signal.signal(number, on_signal)) for number in _SIGNALS]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)

    def acknowledge(self) -> None:
        """The cancellation that a second request caused has done its work."""
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()

    def _handle(self) -> None:
        """In the thread of the run: act on what was asked since the last time."""
        while self._handled < self._requests:
            self._handled += 1
            self._event.set()
            self.notify(self._handled)
            if self._handled == 2 and self._task is not None:
                self._task.cancel()
