"""A simulator in a process of its own, for the duration of a ``with`` block.

Its own process, because decoding and serving must not disturb the process that paces audio and stamps arrivals.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from types import TracebackType
from typing import IO

import msgspec

from workbench.errors import ServiceError

__all__ = ["STREAMS_PER_WORKER", "LocalSimulator", "decodable_streams", "usable_cores"]

STREAMS_PER_WORKER = 2
"""About two real-time streams a core leave room for noise, which costs up to 2.5 times as much to decode."""

_END_S = 10.0


class _Announcement(msgspec.Struct):
    url: str
    ws_url: str
    partner_id: str
    partner_token: str | None
    processes: list[dict[str, str]] = []


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def decodable_streams() -> int:
    """Streams that a simulator with default settings decodes at the same time on this machine; more are refused."""
    return STREAMS_PER_WORKER * usable_cores()


class LocalSimulator:
    """``workbench simulate`` as a child process; use with ``with`` or ``async with``.

    Args:
        arguments: further arguments of ``workbench simulate``, such as ``("--recogniser", "scripted")``.
        start_s: how long it may take to load its recogniser.

    Attributes:
        url, ws_url: base addresses.
        partner_id, partner_token: credentials that it accepts.
        processes: addresses of REST and of the sockets of each process, its own first.

    Raises:
        ServiceError: on entering, when it does not start; carries the last line it wrote.
    """

    def __init__(self, *arguments: str, start_s: float = 60.0) -> None:
        self._arguments = arguments
        self._start_s = start_s
        self._process: subprocess.Popen[str] | None = None
        self._last_line = ""
        self.url = ""
        self.ws_url = ""
        self.partner_id = ""
        self.partner_token = ""
        self.processes: list[tuple[str, str]] = []

    def __repr__(self) -> str:
        """The address, never the token."""
        return f"LocalSimulator({self.url or 'not started'})"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return None if self._process is None else self._process.pid

    def __enter__(self) -> LocalSimulator:
        command = [sys.executable, "-m", "workbench", "simulate", "--json", "--port", "0", "--end-with-stdin"]
        # In a session of its own, because Ctrl-C in a terminal reaches the whole group and sessions in flight are
        # to be finished first. Its standard input tells it when this process is gone, even by a kill.
        self._process = subprocess.Popen(
            [*command, *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None  # noqa: S101  asked for above
        assert self._process.stderr is not None  # noqa: S101
        threading.Thread(target=self._pass_on, args=(self._process.stderr,), daemon=True).start()
        # A child that never speaks is ended, which ends the read as well.
        too_late = threading.Timer(self._start_s, self._process.kill)
        too_late.start()
        try:
            line = self._process.stdout.readline()
        finally:
            too_late.cancel()
        try:
            said = msgspec.json.decode(line.encode(), type=_Announcement)
        except msgspec.DecodeError:
            self.close()
            raise ServiceError(
                "simulator did not start",
                item="workbench simulate",
                got=self._last_line or f"no address within {self._start_s:g} s",
                action="Start it by hand to see more: workbench simulate",
            ) from None
        self.url, self.ws_url = said.url, said.ws_url
        self.partner_id, self.partner_token = said.partner_id, said.partner_token or ""
        self.processes = [(each["url"], each["ws_url"]) for each in said.processes]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> LocalSimulator:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """End it: SIGTERM, a bounded wait, then a kill; safe to call more than once."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError, ValueError):
                    pipe.close()

    def _pass_on(self, source: IO[str]) -> None:
        """Hand the child's log on to our standard error and keep the last line for the error message."""
        with contextlib.suppress(ValueError, OSError):
            for line in source:
                self._last_line = line.strip()
                os.write(2, line.encode())
