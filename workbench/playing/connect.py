"""Open the socket of a session: address, credentials, transport and retries."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from workbench.client.retries import HandshakePatience
from workbench.client.transport import Sink, Socket
from workbench.client.transport_websockets import open_websockets
from workbench.errors import ConfigurationError, ServiceError
from workbench.playing.plan import SessionPlan
from workbench.playing.service import Service
from workbench.playing.slots import is_busy
from workbench.playing.stream import SessionFailed
from workbench.protocol.endpoints import SOCKET_PATHS
from workbench.protocol.messages import Dialect, Product
from workbench.recording.record import Connect, Outcome, SessionRecord
from workbench.settings import ServiceAddress

__all__ = ["open_socket", "transport_for"]

_WEBSOCKETS_SESSIONS = 200


def transport_for(sessions: int) -> str:
    """The transport for so many sessions at a time: picows, where it is installed, beyond what websockets carries well.

    With 500 sessions on websockets, stamps and chunks begin to wait for each other; picows costs a quarter of the CPU.
    """
    if sessions <= _WEBSOCKETS_SESSIONS or importlib.util.find_spec("picows") is None:
        return "websockets"
    return "picows"


def _opener(transport: str) -> Callable[..., Awaitable[Socket]]:
    if transport == "picows":
        from workbench.client.transport_picows import open_picows  # the extra ``load``

        return open_picows
    return open_websockets


def _session_header(product: Product) -> str:
    return "transcription_session_id" if product is Product.DICTATION else "ambient_session_id"


async def open_socket(
    record: SessionRecord, plan: SessionPlan, service: Service, sink: Sink, given: str | None, *, again: bool
) -> Socket:
    """Open the socket; what is refused is tried again where :mod:`workbench.client.retries` says so, and counted."""
    loop = asyncio.get_running_loop()
    patience = HandshakePatience(service.limits, loop.time(), again=again)
    token = await _token(service.rest.token())
    renewed = False
    while True:
        record.connect = Connect()
        try:
            return await _handshake(record, plan, service, sink, given, token)
        except ServiceError as error:
            error.got = service.rest.secrets.cut(str(error.got)) if error.got is not None else None
            if error.status is None:
                raise SessionFailed(Outcome.UNREACHABLE, error) from None
            record.facts["handshakes_refused"] = int(record.facts.get("handshakes_refused") or 0) + 1
            if error.status == 401 and not renewed:
                token, renewed = await _token(service.rest.token_after(token)), True
                continue
            if service.slots is not None and is_busy(error) and await service.slots.wait_refused():
                patience = HandshakePatience(service.limits, loop.time(), again=again)
                continue
            wait_s = patience.wait_s(error, loop.time())
            if wait_s is None:
                raise SessionFailed(Outcome.REFUSED, error) from None
        await asyncio.sleep(wait_s)


async def _token(login: Awaitable[str]) -> str:
    try:
        return await login
    except ConfigurationError as error:
        raise SessionFailed(Outcome.LOGIN_FAILED, error) from None
    except ServiceError as error:
        raise SessionFailed(Outcome.UNREACHABLE, error) from None


async def _handshake(
    record: SessionRecord, plan: SessionPlan, service: Service, sink: Sink, given: str | None, token: str
) -> Socket:
    """One try to open the socket. Raises ServiceError where it is refused or not reached."""
    headers = {"sdp_suki_token": token, _session_header(plan.product): record.remote_id or ""}
    headers |= service.rest.provider_header() if plan.dialect is Dialect.LIVE else {}
    url = _socket_url(plan.product, service.address, given)
    limits = service.limits
    try:
        async with asyncio.timeout(limits.connect_s):
            return await _opener(service.transport)(
                url,
                headers,
                sink,
                tls=service.tls,
                phases=record.connect,
                close_timeout_s=limits.close_s,
                kernel=service.kernel,
                proxy=service.address.proxy,
            )
    except TimeoutError:
        waited = f"the socket was not open after {limits.connect_s:g} s"
        raise SessionFailed(Outcome.CONNECT_TIMEOUT, waited) from None


def _socket_url(product: Product, address: ServiceAddress, given: str | None) -> str:
    """The fixed path, or the address that create gave; a token never goes to another host than its own (S-2)."""
    if given is None:
        return address.ws_url + SOCKET_PATHS[product]
    if urlsplit(given)[:2] != urlsplit(address.ws_url)[:2]:
        where = urlsplit(given)
        raise SessionFailed(
            Outcome.PROTOCOL_ERROR, f"create gave a socket at another host: {where.scheme}://{where.hostname}"
        )
    return given
