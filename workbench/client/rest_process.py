"""REST requests made by a process of their own, so that none of them delays a stamp.

A request costs 2 to 4 ms of CPU in httpx. In a thread beside the loop that stamps arrivals it holds the interpreter
lock in slices, and sessions that end cost the others: with 50 sessions the p99 of a stamp's delay was 1.2 to 2 ms, and
0.5 without those requests. Here the loop writes a question into a socket and reads the answer, 0.1 ms in all.

House rules: the other process is ours alone, so frames are pickles; credentials cross the socket and are never part of
a command line or an environment. It ends when this process ends, however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import socket
import struct
import sys
from types import TracebackType
from typing import Any

from workbench.errors import ServiceError, WorkbenchError

__all__ = ["RestProcess"]

_LENGTH = struct.Struct("<I")
_NICE = 10
"""Requests wait for the pacing process, never the other way round."""

_END_S = 2.0


class RestProcess:
    """The process; give it to one :class:`workbench.client.rest.SukiRest` and use it as ``async with``."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._number = 0

    async def __aenter__(self) -> RestProcess:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", __name__, str(theirs.fileno())]
            # A session of its own: Ctrl-C ends a run in order, and its last requests still have to be made.
            self._process = await asyncio.create_subprocess_exec(
                *command, pass_fds=[theirs.fileno()], start_new_session=True
            )
        reader, self._writer = await asyncio.open_connection(sock=ours)
        self._reading = asyncio.create_task(self._read(reader))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._writer is not None  # noqa: S101  entered
        assert self._reading is not None  # noqa: S101
        assert self._process is not None  # noqa: S101
        self._writer.close()  # the process ends when it reads the end
        self._reading.cancel()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
        try:
            async with asyncio.timeout(_END_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def ask(self, what: str, *arguments: object) -> Any:  # noqa: ANN401  what the question's answer is
        """The answer to a question; cancelling this cancels it there.

        Raises:
            WorkbenchError: as it was raised there.
            ServiceError: the process has ended.
        """
        if self._writer is None or self._reading is None or self._reading.done():
            raise _gone()
        self._number += 1
        number, done = self._number, asyncio.get_running_loop().create_future()
        self._waiting[number] = done
        self._writer.write(_packed((number, what, arguments)))
        try:
            return await done
        except asyncio.CancelledError:
            self._writer.write(_packed((number, "cancel", ())))
            raise
        finally:
            self._waiting.pop(number, None)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                number, answer, failed = await _unpacked(reader)
                done = self._waiting.get(number)
                if done is not None and not done.done():
                    if failed:
                        done.set_exception(answer)
                    else:
                        done.set_result(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            for done in self._waiting.values():
                if not done.done():
                    done.set_exception(_gone())


def _gone() -> ServiceError:
    return ServiceError("the process that makes requests has ended", action="Play the run again, or resume it")


def _packed(value: object) -> bytes:
    body = pickle.dumps(value)
    return _LENGTH.pack(len(body)) + body


async def _unpacked(reader: asyncio.StreamReader) -> Any:  # noqa: ANN401  frames of our own
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return pickle.loads(await reader.readexactly(length))  # noqa: S301  written by the other half of this module


class _Answering:
    """The other end: one client, and the questions that are being answered."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        from workbench.client.rest import SukiRest

        self._writer = writer
        self._kind = SukiRest
        self._rest: SukiRest | None = None
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def take(self, number: int, what: str, arguments: tuple[Any, ...]) -> None:
        if what == "cancel":
            if task := self._tasks.get(number):
                task.cancel()
            return
        task = self._tasks[number] = asyncio.create_task(self._answer(number, what, arguments))
        task.add_done_callback(lambda _: self._tasks.pop(number, None))

    async def _answer(self, number: int, what: str, arguments: tuple[Any, ...]) -> None:
        try:
            answer, failed = await self._done(what, arguments), False
        except WorkbenchError as error:
            answer, failed = error, True
        except Exception as error:  # noqa: BLE001  a fault of ours is an answer too; its text may hold anything
            answer, failed = ServiceError(f"{type(error).__name__} inside the workbench; please report it"), True
        self._writer.write(_packed((number, answer, failed)))

    async def _done(self, what: str, arguments: tuple[Any, ...]) -> Any:  # noqa: ANN401
        if what == "open":
            self._rest = self._kind.opened_apart(*arguments)
            return None
        assert self._rest is not None  # noqa: S101  opened first
        return await self._rest.answer_apart(what, *arguments)

    async def close(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._rest is not None:
            await self._rest.close_apart()


async def _serve(connection: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=connection)
    answering = _Answering(writer)
    try:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                answering.take(*await _unpacked(reader))
    finally:
        await answering.close()
        writer.close()


def main() -> None:
    """Answer until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # it interrupts nobody when it wakes (sched(7))
    asyncio.run(_serve(socket.socket(fileno=int(sys.argv[1]))))


if __name__ == "__main__":
    main()
