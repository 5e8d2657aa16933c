"""An accepted socket as a stream of the simulator sees it: messages come in as calls, frames go out without a wait.

Two ways lead there. Without a scenario, the socket is served directly (:mod:`workbench.simulator.sockets.direct`).
Where an
application stands between the stream and its socket, because a scenario spoils frames, ASGI's receive and send carry
them (:class:`AsgiSocket`). Handshakes, refusals and closes are the same for both.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.simulator.sockets.endings import Ending

__all__ = ["AsgiSocket", "StreamSink", "StreamSocket"]


class StreamSink(Protocol):
    """What a stream gives to its socket; called in the event loop, never concurrently."""

    def arrived(self, raw: str | bytes, arrived_ns: int) -> None:
        """A whole message: text, or the bytes of a binary one."""
        ...

    def left(self, code: int | None = None) -> None:
        """The client is gone, or was sent away by the WebSocket layer with ``code``; may be said more than once."""
        ...


class StreamSocket(Protocol):
    """An accepted socket."""

    def attach(self, sink: StreamSink) -> None:
        """Hand messages over from now on."""
        ...

    def send(self, frame: bytes) -> int:
        """Send a text frame; the moment right before it was written, in ns. A client that is gone gets nothing."""
        ...

    def hold(self) -> None:
        """Hand over and read no more, so that the client feels that it is too fast."""
        ...

    def resume(self) -> None:
        """Go on."""
        ...

    async def close(self, ending: Ending) -> None:
        """Close after everything sent. Raises WebSocketDisconnect or RuntimeError where it is closed already."""
        ...


class AsgiSocket:
    """A :class:`StreamSocket` on ASGI's receive and send, a task for each."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._room = asyncio.Event()
        self._room.set()
        self._frames: asyncio.Queue[str] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    def attach(self, sink: StreamSink) -> None:
        """Start both tasks."""
        self._tasks = [asyncio.create_task(self._read(sink)), asyncio.create_task(self._write(sink))]

    def send(self, frame: bytes) -> int:
        """Queue a frame for the writing task."""
        self._frames.put_nowait(frame.decode())
        return time.perf_counter_ns()

    def hold(self) -> None:
        """Receive no more."""
        self._room.clear()

    def resume(self) -> None:
        """Receive again."""
        self._room.set()

    async def close(self, ending: Ending) -> None:
        """Write what is queued, then close."""
        try:
            if ending.code is not None:
                await self._frames.join()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await ending.close(self._websocket)

    async def _read(self, sink: StreamSink) -> None:
        while True:
            await self._room.wait()
            event = await self._websocket.receive()
            arrived_ns = time.perf_counter_ns()
            if event["type"] == "websocket.disconnect":
                sink.left(event.get("code"))
                return
            raw = event.get("text")
            sink.arrived(raw if raw is not None else event["bytes"], arrived_ns)

    async def _write(self, sink: StreamSink) -> None:
        while True:
            text = await self._frames.get()
            try:
                await self._websocket.send({"type": "websocket.send", "text": text})
            except (WebSocketDisconnect, RuntimeError):
                sink.left()
            finally:
                self._frames.task_done()
