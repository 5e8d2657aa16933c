"""The default transport: the websockets library, compression off.

Its connection is driven from outside its own queues: frames are written through its sans-I/O protocol in the
caller's turn, and messages are handed over as they are assembled.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import ssl
import time
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidMessage, InvalidStatus, WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

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

__all__ = ["WebsocketsSocket", "open_websockets"]

_LOGGER = logging.Logger("workbench.socket", logging.CRITICAL)  # noqa: LOG001
"""Of no hierarchy: at DEBUG the library writes the upgrade's headers, token included, and every frame (S-29)."""

_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class _Connection(ClientConnection):
    """Stamps when bytes arrive and hands whole messages to a sink."""

    def __init__(self, *args: object, kernel: KernelStamps | None = None, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._kernel = kernel
        self.made_ns = 0
        self.blocked = False
        self.sink: Sink | None = None
        self._early: list[tuple[str | bytes, int]] = []
        self._arrived_ns = 0
        self._parts: list[bytes] = []
        self._is_text = True
        self._lost: tuple[int, str, int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.made_ns = time.perf_counter_ns()  # TCP, and TLS where there is any, stand
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._arrived_ns = time.perf_counter_ns()
        if self._kernel is not None:
            self._arrived_ns = self._kernel.of_arrival(self._arrived_ns)
        super().data_received(data)

    def process_event(self, event: Event) -> None:
        if not isinstance(event, Frame) or event.opcode not in _DATA:
            super().process_event(event)
            return
        if event.opcode is not Opcode.CONT:
            self._is_text = event.opcode is Opcode.TEXT
        self._parts.append(bytes(event.data))
        if event.fin:
            data = b"".join(self._parts)
            self._parts.clear()
            self._hand_over(text_or_bytes(data) if self._is_text else data)

    def _hand_over(self, raw: str | bytes) -> None:
        if self.sink is None:  # the answer to the handshake and a first message may share a segment
            self._early.append((raw, self._arrived_ns))
        else:
            self.sink.arrived(raw, self._arrived_ns)

    def attach(self, sink: Sink) -> None:
        self.sink = sink
        if self._kernel is not None:  # a transport that has just been made is not reading yet and cannot be stopped
            self._kernel.attach(self.transport)
        for raw, received_ns in self._early:
            sink.arrived(raw, received_ns)
        self._early.clear()
        if self._lost is not None:
            sink.closed(*self._lost)

    def pause_writing(self) -> None:
        self.blocked = True
        super().pause_writing()

    def resume_writing(self) -> None:
        self.blocked = False
        super().resume_writing()
        if self.sink is not None:
            self.sink.drained()

    def connection_lost(self, exc: Exception | None) -> None:
        received_ns = time.perf_counter_ns()
        super().connection_lost(exc)
        close = self.protocol.close_rcvd
        if close is None and not isinstance(self.protocol.parser_exc, EOFError | None):
            close = self.protocol.close_sent  # what the peer sent could not be taken: too large, or no WebSocket
        self._lost = (1006, "", received_ns) if close is None else (close.code, close.reason, received_ns)
        if self.sink is not None:
            self.sink.closed(*self._lost)


class WebsocketsSocket:
    """A :class:`workbench.client.transport.Socket` on the websockets library."""

    __slots__ = ("_connection", "phases")

    def __init__(self, connection: _Connection, phases: Connect) -> None:
        self._connection = connection
        self.phases = phases

    def write(self, frame: bytes) -> bool:
        """Hand one text frame to the system. True where the peer has stopped taking what is written. Raises Closed."""
        connection = self._connection
        if connection.protocol.state is not State.OPEN:
            raise Closed
        connection.protocol.send_text(frame)
        connection.send_data()
        return connection.blocked

    async def close(self) -> None:
        """Close politely."""
        with contextlib.suppress(WebSocketException, OSError):
            await self._connection.close()

    def abort(self) -> None:
        """Drop the connection without a closing handshake."""
        self._connection.transport.abort()


async def open_websockets(
    url: str,
    headers: dict[str, str],
    sink: Sink,
    *,
    tls: ssl.SSLContext | None,
    phases: Connect,
    close_timeout_s: float,
    kernel: KernelStamps | None = None,
    proxy: str | None = None,
) -> WebsocketsSocket:
    """Open a socket, each phase timed; the caller bounds the whole.

    Args:
        url: ``ws://`` or ``wss://`` with path.
        headers: credentials of the upgrade request (S-59); never part of the URL (S-60).
        sink: gets what arrives.
        tls: context for ``wss``.
        phases: filled while connecting, so that a failure keeps what was reached.
        close_timeout_s: bound on the closing handshake.
        kernel: stamps arrivals in place of this process; over TLS the stamps stay ours.
        proxy: the setting; None asks the environment, and this machine is reached straight.

    Raises:
        ConfigurationError: a proxy that cannot be used, or plain HTTP to another machine.
        ServiceError: host unknown, not reachable, TLS refused, or the handshake refused; ``status`` and
            ``error_id`` are set in the last case (S-65).
    """
    begun_ns = time.perf_counter_ns()
    raw = await connect_tcp(url, phases, proxy)
    tcp_ns = time.perf_counter_ns()
    secure = url.startswith("wss:")
    opened: ClientConnection | None = None
    try:
        opened = await connect(
            url,
            sock=raw,
            ssl=tls if secure else None,
            server_hostname=urlsplit(url).hostname if secure else None,
            # Annotated as a class, and only called.
            create_connection=functools.partial(_Connection, kernel=None if secure else kernel),  # type: ignore[arg-type]
            additional_headers=headers,
            user_agent_header=f"suki-workbench/{workbench.__version__}",
            compression=None,
            logger=_LOGGER,
            # The caller's timeout bounds the opening. Own pings would be traffic that nobody asked for, and their pongs
            # may wait behind audio that the service holds back.
            open_timeout=None,
            ping_interval=None,
            close_timeout=close_timeout_s,
            max_size=MAX_MESSAGE,
            write_limit=HIGH_WATER,
            proxy=None,  # the socket above is through it
        )
    except InvalidStatus as error:
        answer = error.response
        when = answer.headers.get("Retry-After")
        raise refusal(url, answer.status_code, answer.reason_phrase, bytes(answer.body or b""), when) from None
    except ssl.SSLError as error:
        raise tls_refused(url, error) from None
    except (InvalidMessage, InvalidHandshake, OSError, EOFError) as error:
        raise handshake_failed(url, error) from None
    finally:
        if opened is None:
            raw.close()
    assert isinstance(opened, _Connection)  # noqa: S101  the class named above
    now_ns = time.perf_counter_ns()
    phases.tls_ns = opened.made_ns - tcp_ns if secure else None
    phases.upgrade_ns = now_ns - opened.made_ns
    phases.total_ns = now_ns - begun_ns
    opened.attach(sink)
    return WebsocketsSocket(opened, phases)
