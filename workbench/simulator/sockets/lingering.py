"""A refused frame is answered so that the client can read the answer.

A frame that is too large is refused from its head, while most of it is still on its way. To close TCP then would answer
what still arrives with a reset, and a reset takes the close frame with it: eight clients of ten saw no 1009 after one
MiB. So the server says its close, says that it will say no more, and reads on until the client is quiet (RFC 6455
section 7.1.1 asks for the same).
"""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

__all__ = ["LingeringProtocol"]

_QUIET_S = 0.5
"""A client from which nothing has come for so long has read the answer or never will."""

_AT_MOST_S = 10.0
"""About what one MiB takes on the slowest line that the documents allow (1 Mbit/s)."""


class LingeringProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol of a socket, whose TCP connection outlives a frame that it refused."""

    _until_s: float | None = None
    """When the client is given up, in the loop's time; None while nothing was refused."""

    def data_received(self, data: bytes) -> None:
        """Bytes of the client; of one that was refused they are thrown away."""
        if self._until_s is None:
            super().data_received(data)
        else:
            self._wait(self._until_s)

    def handle_parser_exception(self) -> None:
        """Close, as uvicorn does, but for the connection."""
        close = self.conn.close_sent
        assert close is not None  # noqa: S101  the library has its close frame ready before it says so
        self.queue.put_nowait({"type": "websocket.disconnect", "code": close.code, "reason": close.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        if self.transport.can_write_eof():  # TLS cannot
            self.transport.write_eof()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self._until_s = self.loop.time() + _AT_MOST_S
        self._wait(self._until_s)

    def _wait(self, until_s: float) -> None:
        if self.close_timer is not None:
            self.close_timer.cancel()
        # uvicorn leaves a connection with this timer to it, also when the application is through.
        due_s = min(self.loop.time() + _QUIET_S, until_s)
        self.close_timer = self.loop.call_at(due_s, self.transport.close)
