"""The process that makes REST requests: ``python -m workbench.client.rest_worker``."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from typing import Any

from workbench.client.rest_wire import pack, receive
from workbench.errors import ServiceError, WorkbenchError

_NICE = 10
"""Requests wait for the pacing process, never the other way round."""


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
        self._writer.write(pack((number, answer, failed)))

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
            await self._rest.close()


async def _serve(connection: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=connection)
    answering = _Answering(writer)
    try:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                answering.take(*await receive(reader))
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
