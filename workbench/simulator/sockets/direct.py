"""The sockets' bytes without a queue, a task and a frame object for each message.

A plain frame (text, whole, masked) is cut out of what arrived, unmasked in C and handed to the stream in the
transport's own callback; a frame goes to the system in the call that made it. Everything else, from the handshake to
fragments, pings, closes and frames that break RFC 6455, is handed on to uvicorn and the websockets library unchanged:
their rules and close codes are the ones that hold.
"""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any, cast

from starlette.websockets import WebSocket
from websockets.http11 import Request

try:
    from websockets.speedups import apply_mask
except ImportError:  # a platform without a wheel
    from websockets.utils import apply_mask

from workbench.simulator.sockets.endings import Ending
from workbench.simulator.sockets.lingering import LingeringProtocol
from workbench.simulator.sockets.stream_sockets import AsgiSocket, StreamSink, StreamSocket

__all__ = ["DirectProtocol", "stream_socket"]

_EXTENSION = "workbench.direct"
"""Name of the scope's extension under which a socket that can be served directly is found."""

_TEXT = 0x81
"""First byte of a whole text frame without extensions."""

_MASKED = 0x80
_FIN = 0x80
_OPCODE = 0x0F
_CONTINUATION, _FIRST_CONTROL = 0x0, 0x8


class DirectProtocol(LingeringProtocol):
    """uvicorn's protocol of a socket, with a way past it for plain text frames once a stream is attached."""

    # What is looked at for every frame, two of uvicorn's own among it. Its instances have more attributes than Python
    # keeps side by side, and with a thousand sessions each look-up in their dictionaries waits for memory.
    __slots__ = (
        "_arrived_ns", "_fd", "_fragmented", "_held", "_max_size", "_paused", "_plain", "_sink", "close_sent",
        "transport",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  uvicorn's own signature
        super().__init__(*args, **kwargs)
        self._max_size = self.config.ws_max_size
        self._sink: StreamSink | None = None
        self._plain = True
        self._held = b""
        self._fragmented = False
        self._arrived_ns = 0
        self._paused = False
        self._fd: int | None = None

    def handle_connect(self, event: Request) -> None:
        """As uvicorn's, and the application finds the socket in its scope."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast("dict[str, Any]", self.scope["extensions"])[_EXTENSION] = self

    def attach(self, sink: StreamSink) -> None:
        """Hand messages to ``sink`` from now on, those that came first too."""
        self._sink = sink
        waiting, self.queue = self.queue, cast("asyncio.Queue[Any]", _SinkQueue(self, sink))
        if not self.config.is_ssl:
            self._fd = self.transport.get_extra_info("socket").fileno()
        while not waiting.empty():
            self.queue.put_nowait(waiting.get_nowait())
        self.let_read()

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn's; the stream is let go, so that nothing of it waits for a garbage collection."""
        super().connection_lost(exc)
        self._sink, self._held, self.queue = None, b"", asyncio.Queue()

    def data_received(self, data: bytes) -> None:
        """Bytes of the client."""
        self._arrived_ns = time.perf_counter_ns()
        if self._sink is not None and self._plain:
            self._cut(self._held + data if self._held else data)
            return
        if self._sink is None and not (data.endswith(b"\r\n\r\n") and not self.handshake_initiated):
            # Frames came before the stream was there: the library may be in the middle of one and stays in charge.
            self._plain = False
        super().data_received(data)

    def _cut(self, data: bytes) -> None:
        """Hand over the whole frames in ``data`` until the stream asks to pause, and keep what is left."""
        place, size = 0, len(data)
        while size - place >= 2 and not self._paused:
            first, second = data[place], data[place + 1]
            length, head = second & 0x7F, 6
            if length >= 126:
                wide = 2 if length == 126 else 8
                head += wide
                if size - place < head:
                    break
                length = int.from_bytes(data[place + 2 : place + 2 + wide], "big")
            end = place + head + length
            if not second & _MASKED or length > self._max_size or not self._plain:
                self._plain = False
                super().data_received(data[place:])
                return
            if end > size:
                break
            if first != _TEXT or self._fragmented:
                self._other(first, data[place:end])
            elif not self.close_sent and self._sink is not None:  # else as uvicorn: nobody listens any more
                payload = place + head
                try:
                    text = apply_mask(data[payload:end], data[payload - 4 : payload]).decode()
                except UnicodeDecodeError:
                    super().data_received(data[place:end])
                else:
                    self._sink.arrived(text, self._arrived_ns)
            place = end
        self._held = data[place:]

    def _other(self, first: int, frame: bytes) -> None:
        opcode = first & _OPCODE
        if opcode < _FIRST_CONTROL:
            self._fragmented = not first & _FIN
        super().data_received(frame)
        if self.conn.parser_exc is not None or self.conn.eof_sent:
            self._plain = False

    def send_receive_event_to_app(self) -> None:
        """As uvicorn's, without stopping to read after each message where a stream is attached."""
        super().send_receive_event_to_app()
        if self._sink is not None:
            self.let_read()

    def let_read(self) -> None:
        """Undo uvicorn's pause after a message, unless the stream asked for one itself."""
        if self.read_paused and not self._paused:
            self.read_paused = False
            self.transport.resume_reading()

    def pause(self, paused: bool) -> None:
        """Stop reading, or read again."""
        if paused != self._paused and not self.transport.is_closing():
            self._paused = paused
            if paused:
                self.read_paused = True
                self.transport.pause_reading()
                return
            held, self._held = self._held, b""
            self._cut(held)
            self.let_read()

    def send_now(self, frame: bytes) -> int:
        """Write a text frame; the moment right before it, in ns.

        Straight to the system where nothing waits before it: a transport writes at the end of the loop's turn, which
        with a thousand sessions is half a millisecond after the stamp.
        """
        size = len(frame)
        if size < 126:
            data = b"\x81" + size.to_bytes(1, "big") + frame
        elif size < 65_536:
            data = b"\x81\x7e" + size.to_bytes(2, "big") + frame
        else:
            data = b"\x81\x7f" + size.to_bytes(8, "big") + frame
        transport = self.transport
        if self._fd is None or transport.get_write_buffer_size() or transport.is_closing():
            sent_ns = time.perf_counter_ns()
            if not (self.close_sent or transport.is_closing()):
                transport.write(data)
            return sent_ns
        sent_ns = time.perf_counter_ns()
        if self.close_sent:
            return sent_ns
        try:
            written = os.write(self._fd, data)
        except BlockingIOError:
            written = 0
        except ConnectionError:
            return sent_ns  # the transport sees it, too, and says so
        if written < len(data):
            transport.write(data[written:])
        return sent_ns


class _SinkQueue:
    """Stands where uvicorn puts events for an application that receives; hands them to the sink instead."""

    def __init__(self, protocol: DirectProtocol, sink: StreamSink) -> None:
        self._protocol = protocol
        self._sink = sink

    def put_nowait(self, event: dict[str, Any]) -> None:
        if event["type"] == "websocket.disconnect":
            self._sink.left(event.get("code"))
        elif event["type"] == "websocket.receive":
            raw = event.get("text")
            self._sink.arrived(raw if raw is not None else event["bytes"], time.perf_counter_ns())


class _DirectSocket:
    """A :class:`workbench.simulator.sockets.stream_sockets.StreamSocket` on the protocol itself."""

    __slots__ = ("_protocol", "_websocket", "attach", "send")

    def __init__(self, protocol: DirectProtocol, websocket: WebSocket) -> None:
        self._protocol = protocol
        self._websocket = websocket
        self.attach = protocol.attach
        self.send = protocol.send_now

    def hold(self) -> None:
        self._protocol.pause(True)

    def resume(self) -> None:
        self._protocol.pause(False)

    async def close(self, ending: Ending) -> None:
        self.resume()  # the client's answer to the close is to be read
        await ending.close(self._websocket)


def stream_socket(websocket: WebSocket) -> StreamSocket:
    """The socket behind an accepted handshake, by the shortest way to it."""
    protocol: DirectProtocol | None = websocket.scope.get("extensions", {}).get(_EXTENSION)
    return AsgiSocket(websocket) if protocol is None else _DirectSocket(protocol, websocket)
