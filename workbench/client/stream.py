"""The socket: connect with its phases timed, send, receive, stamp.

Arrivals are stamped in the first callback that sees the bytes, before anything is decoded or queued: a stamp taken
after ``recv()`` returns would add the time that the reading task waited for its turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websockets_connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    WebSocketException,
)
from websockets.frames import Frame, Opcode

import workbench
from workbench.errors import ServiceError
from workbench.protocol.bodies import ErrorEnvelope, error_id_of
from workbench.recording import Connect

__all__ = ["Closed", "Socket", "connect_socket", "tls_context"]

_MAX_MESSAGE = 16 * 1024 * 1024
_HIGH_WATER = 64 * 1024


class Closed(Exception):  # noqa: N818  an event of the transport, not a fault of anyone
    """The socket is closed.

    Attributes:
        code: RFC 6455 close code, 1006 when there was none.
        reason: the peer's words.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"closed with {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class _StampedConnection(ClientConnection):
    """A websockets connection that stamps each message when its bytes arrive."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.stamps_ns: deque[int] = deque()
        self.made_ns = 0
        self._arrived_ns = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.made_ns = time.perf_counter_ns()  # TCP, and TLS where there is any, stand
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self._arrived_ns = time.perf_counter_ns()
        super().data_received(data)

    def process_event(self, event: object) -> None:
        # A message is complete with the frame that carries FIN, its first or a continuation.
        if isinstance(event, Frame) and event.fin and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            self.stamps_ns.append(self._arrived_ns)
        super().process_event(event)  # type: ignore[arg-type]


@dataclass(slots=True)
class Socket:
    """An open socket.

    Attributes:
        connect: durations of the phases of opening it.
        opened_ns: when the 101 arrived.
    """

    connect: Connect
    opened_ns: int
    _connection: _StampedConnection = field(repr=False)

    async def send(self, frame: bytes) -> None:
        """Write one text frame; returns when it is in the transport's buffer and that is below its limit.

        Raises:
            Closed: the socket is closed.
        """
        try:
            await self._connection.send(frame, text=True)
        except ConnectionClosed as error:
            raise _closed(error) from None

    async def receive(self) -> tuple[str | bytes, int]:
        """Next message as it came, and when it arrived (monotonic ns).

        Raises:
            Closed: nothing more will come.
        """
        try:
            raw = await self._connection.recv()
        except ConnectionClosed as error:
            raise _closed(error) from None
        return raw, self._connection.stamps_ns.popleft()

    async def close(self) -> None:
        """Close from our side; bounded by the connection's close timeout."""
        with contextlib.suppress(WebSocketException, OSError):
            await self._connection.close()

    def abort(self) -> None:
        """Drop the connection without a closing handshake."""
        self._connection.transport.abort()


def _closed(error: ConnectionClosed) -> Closed:
    frame = error.rcvd or error.sent
    return Closed(frame.code if frame else 1006, frame.reason if frame else "no close frame")


def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificates and host names verified (S-1); ``ca_file`` adds an authority.

    Raises:
        ServiceError: the authority file cannot be read.
    """
    try:
        context = ssl.create_default_context()
        if ca_file is not None:
            context.load_verify_locations(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise ServiceError(
            "certificate authority cannot be read", item=str(ca_file), got=str(error), expected="a PEM file"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def connect_socket(
    url: str,
    headers: dict[str, str],
    *,
    tls: ssl.SSLContext | None = None,
    phases: Connect | None = None,
    close_timeout_s: float = 2.0,
) -> Socket:
    """Open a socket, each phase timed.

    Args:
        url: ``ws://`` or ``wss://`` with path.
        headers: credentials of the upgrade request (S-59); never part of the URL (S-60).
        tls: context for ``wss``.
        phases: filled while connecting, so that a failure keeps what was reached.
        close_timeout_s: bound on the closing handshake.

    Raises:
        ServiceError: host unknown, not reachable, TLS refused, or the handshake refused; ``status`` and
            ``error_id`` are set in the last case (S-65). The caller bounds the whole with a timeout.
    """
    phases = phases if phases is not None else Connect()
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    begun_ns = time.perf_counter_ns()
    raw = await _connect_tcp(host, port, phases)
    tcp_ns = time.perf_counter_ns()
    opened: ClientConnection | None = None
    try:
        opened = await websockets_connect(
            url,
            sock=raw,
            ssl=tls if parts.scheme == "wss" else None,
            server_hostname=host if parts.scheme == "wss" else None,
            create_connection=_StampedConnection,
            additional_headers=headers,
            user_agent_header=f"suki-workbench/{workbench.__version__}",
            compression=None,
            # The caller's timeout bounds the opening; own pings would be traffic that nobody asked for.
            open_timeout=None,
            ping_interval=None,
            close_timeout=close_timeout_s,
            max_size=_MAX_MESSAGE,
            max_queue=None,
            write_limit=_HIGH_WATER,
            proxy=None,
        )
    except InvalidStatus as error:
        raise _refusal(parts.path, error) from None
    except InvalidMessage as error:
        raise ServiceError("connection was dropped during the handshake", item=host, got=str(error)) from None
    except ssl.SSLError as error:
        raise ServiceError(
            "TLS was refused",
            item=f"{host}:{port}",
            got=getattr(error, "verify_message", "") or error.reason,
            expected="a certificate that this machine trusts",
            action="Give the service's authority with --ca-file",
        ) from None
    except (InvalidHandshake, OSError, EOFError) as error:
        raise ServiceError("handshake failed", item=f"{host}:{port}", got=str(error) or type(error).__name__) from None
    finally:
        if opened is None:
            raw.close()
    now_ns = time.perf_counter_ns()
    assert isinstance(opened, _StampedConnection)  # noqa: S101  the class named above
    made_ns = opened.made_ns
    phases.tls_ns = made_ns - tcp_ns if parts.scheme == "wss" else None
    phases.upgrade_ns = now_ns - made_ns
    phases.total_ns = now_ns - begun_ns
    return Socket(phases, now_ns, opened)


async def _connect_tcp(host: str, port: int, phases: Connect) -> socket.socket:
    loop = asyncio.get_running_loop()
    begun_ns = time.perf_counter_ns()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServiceError(
            "host name does not resolve",
            item=host,
            got=error.strerror or str(error),
            action="Check the spelling of --endpoint and the network",
        ) from None
    phases.dns_ns = time.perf_counter_ns() - begun_ns
    begun_ns = time.perf_counter_ns()
    failure: OSError | None = None
    for family, kind, number, _, address in found:
        raw = socket.socket(family, kind, number)
        raw.setblocking(False)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await loop.sock_connect(raw, address)
        except OSError as error:
            raw.close()
            failure = error
        except BaseException:
            raw.close()
            raise
        else:
            phases.tcp_ns = time.perf_counter_ns() - begun_ns
            return raw
    raise ServiceError(
        "nobody answers",
        item=f"{host}:{port}",
        got=(failure.strerror or str(failure)) if failure else "no address",
        action="Check that the service is up and the port is right",
    )


def _refusal(path: str, error: InvalidStatus) -> ServiceError:
    import msgspec

    response = error.response
    try:
        message = msgspec.json.decode(bytes(response.body or b""), type=ErrorEnvelope).message
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = ""
    return ServiceError(
        "handshake refused",
        item=path,
        got=f"{response.status_code} {message or response.reason_phrase}".strip(),
        expected="101",
        status=response.status_code,
        error_id=error_id_of(message),
    )
