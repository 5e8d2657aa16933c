"""The dense transport: picows, for hundreds and thousands of sessions on one core.

A frame costs about 8 us of CPU here against 34 in the websockets library. The library comes with the extra ``load``.
TLS and the upgrade are one phase, because picows does not say when the first ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time

from picows import WSCloseCode, WSFrame, WSHandshakeError, WSListener, WSMsgType, WSTransport, ws_connect

import workbench
from workbench.client.kernel_stamps import KernelStamps
from workbench.client.transport import (
    HIGH_WATER,
    MAX_MESSAGE,
    Closed,
    Sink,
    connect_tcp,
    handshake_failed,
    refusal,
    text_or_bytes,
    tls_refused,
)
from workbench.recording.record import Connect

__all__ = ["PicowsSocket", "open_picows"]

_TEXT, _CONTINUATION = WSMsgType.TEXT, WSMsgType.CONTINUATION
"""Looked up for every frame."""

_LOGGER = logging.Logger("workbench.socket", logging.CRITICAL)  # noqa: LOG001
"""Of no hierarchy: at DEBUG the library writes the upgrade's headers, token included (S-29)."""


class _Listener(WSListener):
    """Hands whole messages and the close to a sink; stamps in the first callback that sees them."""

    __slots__ = ("_close", "_is_text", "_kernel", "_parts", "_parts_bytes", "_refused", "_sink", "blocked")

    def __init__(self, sink: Sink, kernel: KernelStamps | None) -> None:
        self._sink = sink
        self._kernel = kernel
        self._parts: list[bytes] = []
        self._is_text = True
        self._parts_bytes = 0
        self.blocked = False
        self._close: tuple[int, str] = (1006, "")
        self._refused = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        transport.underlying_transport.set_write_buffer_limits(high=HIGH_WATER)
        if self._kernel is not None:
            self._kernel.attach(transport.underlying_transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        received_ns = time.perf_counter_ns()
        if self._kernel is not None:
            received_ns = self._kernel.of_arrival(received_ns)
        kind = frame.msg_type
        if kind is _TEXT and frame.fin and not (self._parts or self._refused):
            data = frame.get_payload_as_bytes()
            if len(data) <= MAX_MESSAGE:
                self._sink.arrived(text_or_bytes(data), received_ns)
                return
        self._on_other_frame(transport, frame, received_ns)

    def _on_other_frame(self, transport: WSTransport, frame: WSFrame, received_ns: int) -> None:
        kind = frame.msg_type
        if kind is WSMsgType.CLOSE:
            if not self._refused:
                self._close = (frame.get_close_code().value or 1005, frame.get_close_reason() or "")
            transport.send_close(WSCloseCode.OK)
            transport.disconnect()
            return
        if self._refused or kind not in (_TEXT, WSMsgType.BINARY, _CONTINUATION):
            return
        if kind is not _CONTINUATION:
            self._is_text = kind is _TEXT
        data = frame.get_payload_as_bytes()
        # The library bounds a frame, and only one that it has not read whole; a message may come in many.
        self._parts_bytes = len(data) + (self._parts_bytes if kind is _CONTINUATION else 0)
        if self._parts_bytes > MAX_MESSAGE:
            self._refuse(transport)
            return
        if not frame.fin or self._parts:
            self._parts.append(data)
            if not frame.fin:
                return
            data = b"".join(self._parts)
            self._parts.clear()
        self._sink.arrived(text_or_bytes(data) if self._is_text else data, received_ns)

    def _refuse(self, transport: WSTransport) -> None:
        reason = f"message with {self._parts_bytes} bytes exceeds limit of {MAX_MESSAGE} bytes"
        self._refused, self._close = True, (1009, reason)
        self._parts.clear()
        transport.send_close(WSCloseCode.MESSAGE_TOO_BIG, reason.encode())
        transport.disconnect()

    def pause_writing(self) -> None:
        self.blocked = True

    def resume_writing(self) -> None:
        self.blocked = False
        self._sink.drained()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        shake = transport.close_handshake
        # There is none after a reset, whatever the library's types say.
        sent = shake.sent if shake else None  # type: ignore[truthy-bool]
        if sent is not None and shake.recv is None and sent.code is not WSCloseCode.OK:
            # What the peer sent could not be taken, and the library says why in its own close.
            self._close = (sent.code.value, sent.reason or "")
        self._sink.closed(*self._close, time.perf_counter_ns())
        # What ended the connection is in the close; asyncio would print it again, with a traceback.
        asyncio.ensure_future(transport.wait_disconnected()).add_done_callback(_looked_at)


def _looked_at(ended: asyncio.Future[None]) -> None:
    if not ended.cancelled():
        ended.exception()


def _dropped(opened: asyncio.Future[tuple[WSTransport, WSListener]]) -> None:
    """Drop what was opened for nobody."""
    if not opened.cancelled() and opened.exception() is None:
        opened.result()[0].disconnect(graceful=False)


class PicowsSocket:
    """A :class:`workbench.client.transport.Socket` on picows."""

    __slots__ = ("_close_timeout_s", "_listener", "_transport", "phases")

    def __init__(self, transport: WSTransport, listener: _Listener, phases: Connect, close_timeout_s: float) -> None:
        self._transport = transport
        self._listener = listener
        self._close_timeout_s = close_timeout_s
        self.phases = phases

    def write(self, frame: bytes) -> bool:
        """Hand one text frame to the system. True where the peer has stopped taking what is written. Raises Closed."""
        transport = self._transport
        if transport.is_disconnected or transport.is_close_frame_sent:
            raise Closed
        transport.send(_TEXT, frame)
        return self._listener.blocked

    async def close(self) -> None:
        """Close politely."""
        if self._transport.is_disconnected:
            return
        if not self._transport.is_close_frame_sent:
            self._transport.send_close(WSCloseCode.OK)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._close_timeout_s):
                await self._transport.wait_disconnected()
        self._transport.disconnect(graceful=False)

    def abort(self) -> None:
        """Drop the connection without a closing handshake."""
        self._transport.disconnect(graceful=False)


async def open_picows(
    url: str,
    headers: dict[str, str],
    sink: Sink,
    *,
    tls: ssl.SSLContext | None,
    phases: Connect,
    close_timeout_s: float,
    kernel: KernelStamps | None = None,
    proxy: str | None = None,
) -> PicowsSocket:
    """Open a socket; arguments and errors as :func:`workbench.client.transport_websockets.open_websockets`."""
    begun_ns = time.perf_counter_ns()
    raw = await connect_tcp(url, phases, proxy)
    tcp_ns = time.perf_counter_ns()
    listener = _Listener(sink, kernel if tls is None or not url.startswith("wss:") else None)
    opening = asyncio.ensure_future(
        ws_connect(
            lambda: listener,
            url,
            ssl_context=tls,
            websocket_handshake_timeout=None,
            logger_name=_LOGGER,
            extra_headers=headers | {"User-Agent": f"suki-workbench/{workbench.__version__}"},
            max_frame_size=MAX_MESSAGE,
            max_redirects=0,
            socket_factory=lambda _: raw,
            enable_auto_ping=False,  # their pongs may wait behind audio that the service holds back
            use_aiofastnet=False,  # its transports are left open when a peer resets
        )
    )
    try:
        transport, taken = await asyncio.shield(opening)
    except asyncio.CancelledError:
        # A cancelled ws_connect would leave its transport open; on a shut-down socket it ends, and closes it.
        opening.add_done_callback(_dropped)
        with contextlib.suppress(OSError):
            raw.shutdown(socket.SHUT_RDWR)
        await asyncio.wait((opening,), timeout=close_timeout_s)
        if opening.done():
            raw.close()  # where it ended before there was a transport
        else:
            opening.cancel()
        raise
    except WSHandshakeError as error:
        if error.response is None:
            raise handshake_failed(url, error) from None
        status = error.response.status
        when = error.response.headers.get("Retry-After")
        raise refusal(url, status.value, status.phrase, error.raw_body, when) from None
    except ssl.SSLError as error:
        raw.close()
        raise tls_refused(url, error) from None
    except (OSError, EOFError) as error:
        raw.close()
        raise handshake_failed(url, error) from None
    if taken is None:  # whatever the library's types say
        raise handshake_failed(url, EOFError("the peer left before it answered"))
    phases.upgrade_ns = time.perf_counter_ns() - tcp_ns
    phases.total_ns = time.perf_counter_ns() - begun_ns
    return PicowsSocket(transport, listener, phases, close_timeout_s)
