"""The path to the service, step by step: name, TCP, TLS, WebSocket, login. No session is created."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from workbench.client.answers import as_configuration
from workbench.client.credentials import DEMO_CREDENTIALS, find_credentials
from workbench.client.proxies import proxy_for
from workbench.client.rest import SukiRest
from workbench.client.rest_process import RestProcess
from workbench.client.transport import connect_tcp, tls_context
from workbench.errors import ConfigurationError, ServiceError, WorkbenchError
from workbench.instrument.doctor.check import Check, failed, good, skipped, warning
from workbench.protocol import bodies, endpoints
from workbench.protocol.messages import Product
from workbench.recording.record import Connect
from workbench.settings import Credentials, Secret, ServiceAddress, Settings, is_loopback, resolve_endpoint
from workbench.simulator.local import LocalSimulator
from workbench.units import NS_PER_MS

__all__ = ["reach"]

_STEPS = ("name", "TCP", "TLS", "WebSocket", "credentials")
_PATH = endpoints.SOCKET_PATHS[Product.DICTATION]
_EXPIRES_SOON_DAYS = 14


async def reach(settings: Settings) -> list[Check]:
    """Every step to the endpoint of the settings; ``simulator`` starts one for the time of the check."""
    if settings.endpoint == "simulator":
        try:
            async with LocalSimulator(silent=True) as simulator:
                address = ServiceAddress("simulator", simulator.url, simulator.ws_url)
                known = Credentials(simulator.partner_id, Secret(simulator.partner_token))
                return await _steps(address, replace(settings, credentials=known), "simulator, started for this check")
        except ServiceError as error:
            action = "See whether the checks above failed; then start it by hand: workbench simulate"
            return _stopped([failed("endpoint", _said(error), action, error.exit_code)])
    try:
        address = resolve_endpoint(settings.endpoint, settings.proxy)
        proxy = proxy_for(address.rest_url, address.proxy)
    except ConfigurationError as error:
        action = error.action or "Correct `endpoint`, WORKBENCH_ENDPOINT or workbench.toml"
        return _stopped([failed("endpoint", _said(error), action, error.exit_code)])
    named = f"{address.name}, {address.rest_url}"
    return await _steps(address, settings, named if proxy is None else f"{named}, by {proxy.said_by} through {proxy}")


async def _steps(address: ServiceAddress, settings: Settings, named: str) -> list[Check]:
    done = [good("endpoint", named)]
    phases = Connect()
    try:
        async with asyncio.timeout(settings.limits.connect_s):
            raw = await connect_tcp(address.ws_url, phases, address.proxy)
    except TimeoutError:
        return _stopped([*done, *_name(phases), _silent("TCP", settings)])
    except ServiceError as error:
        step = "name" if phases.dns_ns is None else "TCP"
        action = error.action or "Check the network"
        return _stopped([*done, *_name(phases), failed(step, _said(error), action, error.exit_code)])
    done += [*_name(phases), good("TCP", f"connected in {(phases.tcp_ns or 0) / NS_PER_MS:.1f} ms")]
    done += await _upgrade(address, raw, settings)
    if done[-1].name == "TLS":
        return _stopped(done)
    return [*done, await _login(address, settings)]


def _said(error: WorkbenchError) -> str:
    """The error without its action, which stands on a line of its own."""
    return str(WorkbenchError(error.problem, item=error.item, got=error.got, expected=error.expected))


def _name(phases: Connect) -> list[Check]:
    return [] if phases.dns_ns is None else [good("name", f"resolved in {phases.dns_ns / NS_PER_MS:.1f} ms")]


def _silent(step: str, settings: Settings) -> Check:
    facts = f"no answer within {settings.limits.connect_s:g} s"
    return failed(step, facts, "Ask whether a firewall lets this machine out to the service", ServiceError.exit_code)


def _stopped(done: list[Check]) -> list[Check]:
    """What was done, and the steps that could not be tried."""
    names = {check.name for check in done}
    return done + [skipped(step, f"{done[-1].name} failed") for step in _STEPS if step not in names]


async def _upgrade(address: ServiceAddress, raw: socket.socket, settings: Settings) -> list[Check]:
    """TLS, and the answer to an upgrade that names no session: that a service answers it is what matters."""
    parts = urlsplit(address.ws_url)
    secure = parts.scheme == "wss"
    writer: asyncio.StreamWriter | None = None
    done = [] if secure else [good("TLS", "none, on this machine")]
    try:
        tls = tls_context(settings.ca_file) if secure else None
        async with asyncio.timeout(settings.limits.connect_s):
            reader, writer = await asyncio.open_connection(
                sock=raw, ssl=tls, server_hostname=parts.hostname if secure else None
            )
            if secure:
                done.append(_tls(writer.get_extra_info("ssl_object")))
            key = base64.b64encode(os.urandom(16)).decode()
            writer.write(
                f"GET {_PATH} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            line = await reader.readline()
    except TimeoutError:
        return [*done, _silent("WebSocket" if done else "TLS", settings)]
    except ssl.SSLError as error:
        cause = getattr(error, "verify_message", "") or error.reason or "the handshake failed"
        action = "Name the service's certificate authority with `ca_file`, or check that no proxy replaces certificates"
        return [*done, failed("TLS", f"refused: {cause}", action, ServiceError.exit_code)]
    except (OSError, WorkbenchError) as error:
        action = getattr(error, "action", None) or "Check the network, and the file given with `ca_file`"
        step = "WebSocket" if done else "TLS"
        problem = _said(error) if isinstance(error, WorkbenchError) else str(error) or type(error).__name__
        return [*done, failed(step, problem, action, ServiceError.exit_code)]
    finally:
        if writer is not None:
            writer.close()
        else:
            raw.close()
    return [*done, _answered(line)]


def _tls(session: ssl.SSLObject) -> Check:
    certificate = session.getpeercert() or {}
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    facts = f"{session.version()}, certificate until {until:%Y-%m-%d}"
    if (until - datetime.now(UTC)).days < _EXPIRES_SOON_DAYS:
        return warning("TLS", facts, "The certificate ends soon: tell the service's operator")
    return good("TLS", facts)


def _answered(line: bytes) -> Check:
    words = line.decode("latin-1").split(maxsplit=2)
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else None
    if status == 101 or status in (400, 401, 403):
        return good("WebSocket", f"an upgrade without a session is answered with {status}")
    action = "Something between here and the service does not let WebSockets through: ask for a way without a proxy"
    got = "nothing" if not line else " ".join(words[1:]) or "no HTTP"
    return failed("WebSocket", f"an upgrade is answered with {got}", action, ServiceError.exit_code)


async def _login(address: ServiceAddress, settings: Settings) -> Check:
    """Log in and nothing else: a provider that is not known yet is not registered."""
    try:
        who = find_credentials(settings)
    except ConfigurationError as error:
        return failed(
            "credentials", _said(error), "Set both, or keep the token in the system's keyring", error.exit_code
        )
    if who is None and is_loopback(urlsplit(address.rest_url).hostname or ""):
        who = DEMO_CREDENTIALS
    if who is None:
        action = "Set SUKI_PARTNER_ID and SUKI_PARTNER_TOKEN"
        return failed("credentials", "none in the environment", action, ConfigurationError.exit_code)
    body = bodies.Login(
        partner_id=who.partner_id, partner_token=who.partner_token.reveal(), provider_id=who.provider_id
    )
    try:
        async with (
            RestProcess() as apart,
            SukiRest(address, who, settings.limits, apart=apart, ca_file=settings.ca_file) as rest,
        ):
            await rest.call(endpoints.LOGIN, body)
    except ServiceError as error:
        if error.error_id == "provider_not_registered":
            action = "The first run registers it, with SUKI_PROVIDER_NAME and SUKI_PROVIDER_ORG_ID; check these"
            return warning("credentials", "accepted; this provider is not registered yet", action)
        refused = as_configuration(error, who)
        action = refused.action or "Try again; if it stays so, ask the service's operator"
        return failed("credentials", _said(refused), action, refused.exit_code)
    return good("credentials", f"login accepted for partner {who.partner_id}")
