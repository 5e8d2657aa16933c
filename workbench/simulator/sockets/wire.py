"""The WebSocket below its messages: frames that no polite server writes. Used only where a scenario asks for it."""

from __future__ import annotations

import asyncio
import struct
from typing import Any, cast

from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from workbench.simulator.sockets.lingering import LingeringProtocol

__all__ = ["WIRE", "Wire", "WireProtocol"]

WIRE = "workbench.wire"
"""Name of the scope's extension under which an application finds the :class:`Wire` of its socket."""

_ECHO_S = 1.0
"""How long a client has to answer a close frame before TCP is closed."""


class WireProtocol(LingeringProtocol):
    """uvicorn's own protocol, with a handle to the wire in the scope."""

    deaf = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As uvicorn's, counting what is written."""
        super().connection_made(cast("asyncio.Transport", _CountingTransport(cast("asyncio.Transport", transport))))

    def handle_connect(self, event: Request) -> None:
        """As uvicorn's; a request that is no good handshake has no scope."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            cast("dict[str, Any]", self.scope["extensions"])[WIRE] = Wire(self)

    def handle_ping(self) -> None:
        """Answer, or not."""
        if self.deaf:
            self.conn.data_to_send()  # the pong that the library has ready
        else:
            super().handle_ping()


class _CountingTransport:
    """A transport that knows how many bytes were written to it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.written = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  whatever the transport has
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        self.written += len(data)
        self._transport.write(data)


class Wire:
    """Writes frames past the checks of the WebSocket library.

    Args:
        protocol: protocol of one accepted socket.
    """

    def __init__(self, protocol: WireProtocol) -> None:
        self._protocol = protocol

    @property
    def written_bytes(self) -> int:
        """Everything that this connection was given to send so far, the 101 too."""
        return cast("_CountingTransport", self._protocol.transport).written

    def write(self, opcode: Opcode, payload: bytes, *, fin: bool = True) -> None:
        """One frame, as it is."""
        if not self._protocol.transport.is_closing():
            self._protocol.transport.write(Frame(opcode, payload, fin).serialize(mask=False))

    def write_pieces(self, payload: bytes, piece_bytes: int, *, pings: bool) -> None:
        """One text message in fragments, with pings between them where asked for."""
        places = range(0, max(1, len(payload)), piece_bytes)
        for place in places:
            if pings and place:
                self.write(Opcode.PING, b"between")
            last = place + piece_bytes >= len(payload)
            opcode = Opcode.CONT if place else Opcode.TEXT
            self.write(opcode, payload[place : place + piece_bytes], fin=last)

    def deafen(self) -> None:
        """Answer no ping from now on."""
        self._protocol.deaf = True

    def close(self, code: int | None, reason: str) -> None:
        """A close frame, with any code or none; TCP follows when the client has answered, or soon."""
        protocol = self._protocol
        if protocol.close_sent or protocol.transport.is_closing():
            return
        self.write(Opcode.CLOSE, b"" if code is None else struct.pack("!H", code) + reason.encode())
        protocol.close_sent = True
        protocol.queue.put_nowait({"type": "websocket.disconnect", "code": code or 1005, "reason": reason})
        if protocol.read_paused:  # the client's answer would never be seen
            protocol.read_paused = False
            protocol.transport.resume_reading()
        protocol.close_timer = protocol.loop.call_later(_ECHO_S, protocol.transport.close)
