"""A simulator in a process of its own, for the duration of a ``with`` block.

Its own process, because decoding and serving must not disturb the process that paces audio and stamps arrivals.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import threading
from types import TracebackType
from typing import IO

import msgspec

from workbench.child_process import python_command
from workbench.errors import ServiceError
from workbench.simulator.recognition.models import engine_of

__all__ = ["LocalSimulator", "decodable_streams", "usable_cores"]

_STREAMS_PER_CORE = {"whisper": 1.5, "pocketsphinx": 2.0}
"""Streams that a core decodes in real time. pocketsphinx: noise costs up to 2.5 times as much to decode. Whisper: with
three on two cores the p99 of the backlog is 0.4 s, with four it grows."""

_END_S = 10.0
_START_S = 180.0
"""Loading takes 2 s; beside ten other programs on two cores it was seen to take 72."""


class _Announcement(msgspec.Struct):
    url: str
    ws_url: str
    partner_id: str
    partner_token: str | None
    processes: list[dict[str, str]] = []


def usable_cores() -> int:
    """Cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def decodable_streams(model: str, cores: int | None = None) -> int:
    """Streams of a model that a simulator decodes at the same time in real time; more are refused.

    Args:
        model: see :mod:`workbench.simulator.recognition.models`.
        cores: cores that it may use; None is all of this machine.
    """
    return max(1, int(_STREAMS_PER_CORE[engine_of(model)] * (cores or usable_cores())))


class LocalSimulator:
    """``workbench simulate`` as a child process; use with ``with`` or ``async with``.

    Args:
        arguments: further arguments of ``workbench simulate``, such as ``("--recogniser", "scripted")``.
        start_s: seconds that it may take to load its recogniser.
        silent: keep its log from our standard error, for a client that makes mistakes on purpose.

    Attributes:
        url, ws_url: base addresses.
        partner_id, partner_token: credentials that it accepts.
        processes: addresses of REST and of the sockets of each process, its own first.

    Raises:
        ServiceError: on entering, when it does not start; carries the last line it wrote.
    """

    def __init__(self, *arguments: str, start_s: float = _START_S, silent: bool = False) -> None:
        self._arguments = arguments
        self._silent = silent
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
        command = python_command("workbench", "simulate", "--json", "--port", "0", "--end-with-stdin", *self._arguments)
        # In a session of its own, because Ctrl-C in a terminal reaches the whole group and sessions in flight are
        # to be finished first. Its standard input tells it when this process is gone, even by a kill.
        self._process = subprocess.Popen(
            command,
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
            announced = msgspec.json.decode(line.encode(), type=_Announcement)
        except msgspec.DecodeError:
            self.close()
            raise ServiceError(
                "simulator did not start",
                item="workbench simulate",
                got=self._last_line or f"no address within {self._start_s:g} s",
                action="Start it by hand to see more: workbench simulate",
            ) from None
        self.url, self.ws_url = announced.url, announced.ws_url
        self.partner_id, self.partner_token = announced.partner_id, announced.partner_token or ""
        self.processes = [(each["url"], each["ws_url"]) for each in announced.processes]
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
        """Pass the child's log to our standard error and keep the last line for the error message."""
        with contextlib.suppress(ValueError, OSError):
            for line in source:
                self._last_line = line.strip()
                if not self._silent:
                    os.write(2, line.encode())
