"""A way through an HTTP proxy: CONNECT on a socket that reaches it; what follows on the socket is between the ends."""

from __future__ import annotations

import asyncio
import socket

import h11

import workbench
from workbench.client.proxies import Proxy, refused_by_proxy
from workbench.errors import ServiceError

__all__ = ["open_tunnel"]

_READ_BYTES = 16 * 1024


async def open_tunnel(raw: socket.socket, proxy: Proxy, host: str, port: int) -> None:
    """Have the proxy connect a socket to a host; the caller bounds the wait and closes the socket where this fails.

    Args:
        raw: connected to the proxy, non-blocking.
        proxy: whose credentials are sent with the request.
        host: where to.
        port: there.

    Raises:
        ServiceError: the proxy refused, left, or speaks no HTTP.
    """
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    headers = [("Host", authority), ("User-Agent", f"suki-workbench/{workbench.__version__}")]
    if proxy.authorization is not None:
        headers.append(("Proxy-Authorization", proxy.authorization.reveal()))
    spoken = h11.Connection(h11.CLIENT)
    request = spoken.send(h11.Request(method="CONNECT", target=authority, headers=headers)) or b""
    request += spoken.send(h11.EndOfMessage()) or b""
    try:
        answer = await _answer(raw, spoken, request)
    except (OSError, h11.RemoteProtocolError):
        raise refused_by_proxy(host, f"no HTTP answer from {proxy}") from None
    if not 200 <= answer.status_code < 300:
        got = f"{answer.status_code} {bytes(answer.reason).decode('latin-1')}".strip()
        raise refused_by_proxy(host, f"{got} from {proxy}")
    if spoken.trailing_data[0]:  # nothing was asked of the host yet
        raise ServiceError("the proxy sent more than an answer", item=str(proxy), expected="a tunnel to the service")


async def _answer(raw: socket.socket, spoken: h11.Connection, request: bytes) -> h11.Response:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(raw, request)
    while True:
        event = spoken.next_event()
        if isinstance(event, h11.Response):
            return event
        if event is h11.NEED_DATA:
            spoken.receive_data(await loop.sock_recv(raw, _READ_BYTES))
        elif not isinstance(event, h11.InformationalResponse):
            raise ConnectionResetError("the proxy left")
