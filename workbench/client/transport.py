"""The socket: connect with its phases timed, write, and hand over arrivals with their stamp.

One narrow seam: a session gives a :class:`Sink`, a transport gives a :class:`Socket`. Nothing on either side waits
for a task to be scheduled: a chunk is written in the pacer's callback, an arrival is stamped and handed over in the
first callback that sees its bytes. A stamp taken after ``await recv()`` would add the time that the reading task
waited for its turn: 0.6 ms at the median with 1,000 sessions.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from workbench.client.proxies import proxy_for
from workbench.client.retries import retry_after_s
from workbench.client.tunnel import open_tunnel
from workbench.errors import ServiceError
from workbench.protocol.bodies import envelope_message, error_id_of
from workbench.recording.record import Connect

__all__ = [
    "Closed",
    "Sink",
    "Socket",
    "connect_tcp",
    "handshake_failed",
    "refusal",
    "text_or_bytes",
    "tls_context",
    "tls_refused",
]

HIGH_WATER = 64 * 1024
"""Bytes that may lie in this process before a socket counts as blocked: about 1.5 s of speech."""

MAX_MESSAGE = 16 * 1024 * 1024


class Closed(Exception):  # noqa: N818  an event of the transport, not a fault of anyone
    """The socket is closed and nothing more can be written."""


class Sink(Protocol):
    """What a session gives to its socket; called in the event loop, never concurrently."""

    def arrived(self, raw: str | bytes, received_ns: int) -> None:
        """A whole message: text, or bytes for a binary frame and for text that is not UTF-8."""
        ...

    def drained(self) -> None:
        """A blocked socket takes frames again."""
        ...

    def closed(self, code: int, reason: str, received_ns: int) -> None:
        """Nothing more will arrive; 1006 when the peer said no code."""
        ...


class Socket(Protocol):
    """An open socket.

    Attributes:
        phases: durations of the phases of opening it.
    """

    phases: Connect

    def write(self, frame: bytes) -> bool:
        """Hand one text frame to the system. True where the peer has stopped taking what is written. Raises Closed."""
        ...

    async def close(self) -> None:
        """Close politely, bounded by the close timeout given at opening."""
        ...

    def abort(self) -> None:
        """Drop the connection without a closing handshake."""
        ...


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


async def connect_tcp(url: str, phases: Connect, proxy: str | None = None) -> socket.socket:
    """A connected, non-blocking TCP socket for a ``ws`` or ``wss`` URL; fills the DNS and TCP phases.

    Through a proxy the name is the proxy's, and TCP is done when the proxy has opened the way.

    Args:
        url: where to.
        phases: filled as far as it comes.
        proxy: the setting, see :func:`workbench.client.proxies.proxy_for`.

    Raises:
        ConfigurationError: plain HTTP to another machine, or a proxy that cannot be used.
        ServiceError: the name does not resolve, the connection is refused or times out, or the proxy refuses.
    """
    parts, way = urlsplit(url), proxy_for(url, proxy)
    target = parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80)
    if way is None:
        return await _connected(*target, phases)
    raw = await _connected(way.host, way.port, phases)
    begun_ns = time.perf_counter_ns()
    try:
        await open_tunnel(raw, way, *target)
    except BaseException:
        raw.close()
        raise
    phases.tcp_ns = (phases.tcp_ns or 0) + time.perf_counter_ns() - begun_ns
    return raw


async def _connected(host: str, port: int, phases: Connect) -> socket.socket:
    loop = asyncio.get_running_loop()
    begun_ns = time.perf_counter_ns()
    try:
        addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServiceError(
            "host name does not resolve",
            item=host,
            got=error.strerror or str(error),
            action="Check the spelling of `endpoint`, or of the proxy, and the network",
        ) from None
    phases.dns_ns = time.perf_counter_ns() - begun_ns
    begun_ns = time.perf_counter_ns()
    failure: OSError | None = None
    for family, kind, number, _, address in addresses:
        raw = socket.socket(family, kind, number)
        try:
            raw.setblocking(False)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
        "connection refused or timed out",
        item=f"{host}:{port}",
        got=(failure.strerror or str(failure)) if failure else "no address",
        action="Check that the service is up and the port is right",
    )


def refusal(url: str, status: int, reason: str, body: bytes | None, retry_after: str | None = None) -> ServiceError:
    """A handshake that was answered with anything but 101 (S-65)."""
    message = envelope_message(body or b"")
    return ServiceError(
        "handshake refused",
        item=urlsplit(url).path,
        got=f"{status} {message or reason}".strip(),
        expected="101",
        status=status,
        error_id=error_id_of(message),
        retry_after_s=retry_after_s(retry_after),
    )


def handshake_failed(url: str, error: BaseException) -> ServiceError:
    """A handshake that was not answered as RFC 6455 asks, or not at all."""
    return ServiceError(
        "handshake failed",
        item=urlsplit(url).netloc,
        got=str(error) or type(error).__name__,
        action="See what is between here and the service: workbench doctor",
    )


def tls_refused(url: str, error: ssl.SSLError) -> ServiceError:
    """A certificate or handshake that TLS did not accept."""
    return ServiceError(
        "TLS was refused",
        item=urlsplit(url).netloc,
        got=getattr(error, "verify_message", "") or error.reason,
        expected="a certificate that this machine trusts",
        action="Name the service's certificate authority with `ca_file`",
    )


def text_or_bytes(data: bytes) -> str | bytes:
    """A text message as text; as bytes where it is not UTF-8.

    RFC 6455 8.1 lets a client fail the connection then; a measurement keeps what came and goes on.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data
