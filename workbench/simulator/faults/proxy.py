"""A TCP proxy in front of the simulator, for what a WebSocket server cannot do: it delays, stalls, goes silent, resets.

Only bytes are known here, and whether a connection carries a WebSocket or REST. Everything that a connection carries
passes in order; between connections nothing is in order. It listens on this machine only: behind it every peer looks
like this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import TypeAlias

from workbench.simulator.faults.scenario import Carried

__all__ = ["FaultProxy", "Link"]

_BUFFER_BYTES = 4096
_SEGMENT_BYTES = 1400
"""Small windows and segments: on loopback the system would otherwise take megabytes before a sender feels a stall."""

_HEAD_BYTES = 16_384
_CLOSE_S = 1.0

Delay = Callable[[], float]
"""Seconds to hold the next packet back."""

_Packets: TypeAlias = "asyncio.Queue[tuple[float, bytes]]"
"""When due, and what; nothing is the end."""


class Link:
    """One connection through the proxy.

    Args:
        client: towards the client.
        server: towards the simulator.

    Attributes:
        port: local port of the side towards the simulator, by which the simulator knows the connection.
    """

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.port: int = server.get_extra_info("sockname")[1]
        self._client = client
        self._server = server
        self._open = {"reading": asyncio.Event(), "sending": asyncio.Event()}
        for gate in self._open.values():
            gate.set()
        self._silent = {"reading": False, "sending": False}
        self._passed_bytes = 0
        self._due: list[tuple[int, Callable[[], None]]] = []

    def stall(self, direction: str, for_s: float, after_bytes: int) -> None:
        """Pass nothing on in one direction for a while; ``reading`` is what the client sends.

        Args:
            direction: ``reading`` or ``sending``.
            for_s: how long.
            after_bytes: bytes of what the simulator sends that are passed on before.
        """
        gate = self._open[direction]

        def stop() -> None:
            gate.clear()
            asyncio.get_running_loop().call_later(for_s, gate.set)

        if direction == "reading":
            stop()
        else:
            self._after(after_bytes, stop)

    def silence(self, after_bytes: int) -> None:
        """Pass nothing on any more, in either direction, and do not close either: the peer is gone without a word.

        Its machine still acknowledges what comes.
        """
        self._silent["reading"] = True
        self._after(after_bytes, lambda: self._silent.update(sending=True))

    def reset(self, after_bytes: int = 0) -> None:
        """Answer with RST instead of closing."""
        self._after(after_bytes, self._abort)

    def _abort(self) -> None:
        for writer in (self._client, self._server):
            raw = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def _after(self, passed_bytes: int, act: Callable[[], None]) -> None:
        """Act when so many bytes of the simulator have been passed on, and before the next one is."""
        if self._passed_bytes >= passed_bytes:
            act()
        else:
            self._due.append((passed_bytes, act))

    async def run(self, client: asyncio.StreamReader, server: asyncio.StreamReader, held: list[Delay]) -> None:
        """Pass on until one side closes.

        Args:
            client: what the client sends.
            server: what the simulator sends.
            held: delays of every packet, added up.
        """
        upward = asyncio.create_task(self._pump("reading", client, self._server, held))
        downward = asyncio.create_task(self._pump("sending", server, self._client, held))
        try:
            done, _ = await asyncio.wait((upward, downward), return_when=asyncio.FIRST_COMPLETED)
            if self._silent["sending"] and upward not in done:
                await upward  # the simulator left a client that is not told
        finally:
            for task in (upward, downward):
                task.cancel()
            await asyncio.gather(upward, downward, return_exceptions=True)

    async def _pump(
        self, direction: str, source: asyncio.StreamReader, sink: asyncio.StreamWriter, held: list[Delay]
    ) -> None:
        """Read and write in order; what is held back does not keep the next packet from being read."""
        queue: _Packets = asyncio.Queue(64)
        writing = asyncio.create_task(self._write(direction, queue, sink))
        loop = asyncio.get_running_loop()
        due_s = 0.0
        try:
            while True:
                await self._open[direction].wait()
                data = await source.read(_BUFFER_BYTES)
                due_s = max(due_s, loop.time() + sum(delay() for delay in held))
                await queue.put((due_s, data))
                if not data:
                    await writing
                    return
        except ConnectionError:
            return
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _write(
        self, direction: str, queue: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s, data = await queue.get()
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            if not data:
                await self._open[direction].wait()
                return
            while data:
                await self._open[direction].wait()
                piece, data = self._until_due(data) if direction == "sending" else (data, b"")
                if not self._silent[direction]:
                    try:
                        sink.write(piece)
                        await sink.drain()
                    except ConnectionError:
                        return
                if direction == "sending":
                    self._pass(len(piece))

    def _until_due(self, data: bytes) -> tuple[bytes, bytes]:
        """What may be passed on before something is due, and the rest."""
        room = min((place for place, _ in self._due), default=self._passed_bytes + len(data)) - self._passed_bytes
        return data[:room], data[room:]

    def _pass(self, size: int) -> None:
        self._passed_bytes += size
        for due in [due for due in self._due if due[0] <= self._passed_bytes]:
            self._due.remove(due)
            due[1]()


class FaultProxy:
    """Accepts connections and passes them on.

    Args:
        begin: called with what a new connection carries; gives the seconds before its first bytes are passed on, and
            the delays of its packets.
    """

    def __init__(self, begin: Callable[[Carried], tuple[float, list[Delay]]]) -> None:
        self._begin = begin
        self._target = ("", 0)
        self._links: dict[int, Link] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self, listener: socket.socket, target: tuple[str, int]) -> None:
        """Listen on ``listener`` and pass on to ``target``."""
        self._target = target
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT_BYTES)
        self._server = await asyncio.start_server(self._accepted, sock=listener, limit=_BUFFER_BYTES)

    async def close(self) -> None:
        """Drop every connection."""
        if self._server is not None:
            self._server.close()
            await asyncio.sleep(0)  # what has just been accepted is handed over before it is dropped
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def link(self, port: int) -> Link | None:
        """The connection that the simulator knows by the peer's port; None if it is gone."""
        return self._links.get(port)

    def _accepted(self, client: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._carry(client, writer))
        self._running.add(task)

        def over(_: asyncio.Task[None]) -> None:
            self._running.discard(task)
            writer.transport.abort()  # a task that is cancelled before its first step closes nothing itself

        task.add_done_callback(over)

    async def _carry(self, client: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until it ends; a side that is gone ends it."""
        sides = [writer]
        try:
            head = await _head(client)
            wait_s, held = self._begin("sockets" if b"upgrade: websocket" in head.lower() else "rest")
            await asyncio.sleep(wait_s)
            server, upstream = await asyncio.open_connection(*self._target, limit=_BUFFER_BYTES)
            sides.append(upstream)
            link = Link(writer, upstream)
            self._links[link.port] = link
            try:
                upstream.write(head)
                await link.run(client, server, held)
            finally:
                del self._links[link.port]
        except OSError:
            pass
        finally:
            await _closed(sides)


async def _closed(writers: list[asyncio.StreamWriter]) -> None:
    """Close, and wait for it; whoever does not take what is still to be sent is dropped, as are all when cancelled."""
    for writer in writers:
        writer.close()
    try:
        async with asyncio.timeout(_CLOSE_S):
            await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
    except TimeoutError:
        pass
    finally:
        for writer in writers:
            writer.transport.abort()


async def _head(client: asyncio.StreamReader) -> bytes:
    """The first bytes, up to the end of a request's head."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _HEAD_BYTES:
        data = await client.read(_BUFFER_BYTES)
        if not data:
            raise ConnectionResetError
        head += data
    return head
