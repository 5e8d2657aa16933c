"""The service that a run is played against: found, started where it is ours, logged in to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from workbench.client.rest import SukiRest
from workbench.client.stream import tls_context
from workbench.client.webhooks import WebhookReceiver
from workbench.errors import ConfigurationError
from workbench.protocol.messages import Dialect
from workbench.runner import Service
from workbench.settings import Credentials, Secret, ServiceAddress, Settings, is_loopback, resolve_endpoint
from workbench.simulator.local import LocalSimulator

__all__ = ["DEMO_CREDENTIALS", "open_service"]

DEMO_CREDENTIALS = Credentials("demo-partner", Secret("demo-partner-token"))
"""What a simulator accepts by default; used for loopback endpoints where the environment has none."""


@contextlib.asynccontextmanager
async def open_service(
    settings: Settings, transport: str = "websockets", dialect: Dialect = Dialect.LIVE
) -> AsyncIterator[tuple[Service, str | None]]:
    """The service behind ``settings.endpoint``; ``simulator`` starts one for the duration, which speaks ``dialect``.

    Yields:
        The service, and the recogniser of a simulator that was started for it.

    Raises:
        ConfigurationError: an endpoint that is none, or no credentials for it.
        ServiceError: the simulator does not start.
    """
    async with contextlib.AsyncExitStack() as stack:
        recogniser: str | None = None
        webhooks: WebhookReceiver | None = None
        if settings.webhook_port is not None and settings.webhook_secret is not None:
            receiver = WebhookReceiver(settings.webhook_secret, port=settings.webhook_port)
            webhooks = await stack.enter_async_context(receiver)
        if settings.endpoint == "simulator":
            recogniser = f"pocketsphinx {settings.model}"
            arguments = ["--model", settings.model, "--dialect", dialect.value]
            arguments += ["--single-auth"] if settings.provider_id is not None else []
            with contextlib.ExitStack() as starting:
                if webhooks is not None and settings.webhook_secret is not None:
                    arguments += ["--webhook-url", webhooks.url]
                    starting.enter_context(_in_environment("SUKI_WEBHOOK_SECRET", settings.webhook_secret))
                simulator = await stack.enter_async_context(LocalSimulator(*arguments))
            address = ServiceAddress("simulator", simulator.url, simulator.ws_url)
            token = Secret(simulator.partner_token)
            credentials = Credentials(simulator.partner_id, token, provider_id=settings.provider_id)
        else:
            address = resolve_endpoint(settings.endpoint)
            credentials = settings.credentials or replace(
                _default_credentials(address), provider_id=settings.provider_id
            )
        tls = tls_context(settings.ca_file)
        rest = await stack.enter_async_context(SukiRest(address, credentials, settings.limits, tls))
        yield Service(address, rest, tls, settings.limits, transport, webhooks), recogniser


@contextlib.contextmanager
def _in_environment(name: str, secret: Secret) -> Iterator[None]:
    """A secret that a child process inherits; a command line would show it to everybody on this machine."""
    before = os.environ.get(name)
    os.environ[name] = secret.reveal()
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _default_credentials(address: ServiceAddress) -> Credentials:
    if is_loopback(urlsplit(address.rest_url).hostname or ""):
        return DEMO_CREDENTIALS
    raise ConfigurationError(
        "no credentials",
        item=address.name,
        expected="SUKI_PARTNER_ID and SUKI_PARTNER_TOKEN in the environment",
        action="Set both, or use --endpoint simulator",
    )
