"""REST requests made by a process of their own, so that none of them delays a stamp.

A request costs 2 to 4 ms of CPU in httpx. In a thread beside the loop that stamps arrivals it holds the interpreter
lock in slices, and sessions that end cost the others: with 50 sessions the p99 of a stamp's delay was 1.2 to 2 ms, and
0.5 without those requests. Here the loop writes a question into a socket and reads the answer, 0.1 ms in all.

The other process is ours alone, so frames are pickles; credentials cross the socket and are never part of a command
line or an environment. It ends when this process ends, however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from types import TracebackType
from typing import Any

from workbench.child_process import python_command
from workbench.client.rest_wire import pack, receive
from workbench.errors import ServiceError

__all__ = ["RestProcess"]

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
            command = python_command("workbench.client.rest_worker", str(theirs.fileno()))
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
        self._writer.write(pack((number, what, arguments)))
        try:
            return await done
        except asyncio.CancelledError:
            self._writer.write(pack((number, "cancel", ())))
            raise
        finally:
            self._waiting.pop(number, None)

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                number, answer, failed = await receive(reader)
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
