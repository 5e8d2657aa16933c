"""Sends signed notifications to one address (S-189, S-190, S-198, S-199)."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from workbench.client.proxies import proxy_for, through
from workbench.errors import ConfigurationError
from workbench.protocol.webhooks import API_KEY_HEADER, GENERATED_AT_HEADER, Notification, signature
from workbench.settings import Secret, is_loopback
from workbench.simulator.faults.faults import Delivery, Faults

if TYPE_CHECKING:
    import httpx

__all__ = ["Notifier"]

_TIMEOUT_S = 10.0
_log = logging.getLogger(__name__)


class Notifier:
    """Posts notifications; each is sent once, whatever comes back, unless a scenario has it otherwise.

    Args:
        url: address of the receiver: https, or plain HTTP to this machine.
        secret: agreed with the receiver.
        faults: the scenario being played, or None.

    Raises:
        ConfigurationError: no such address, or plain HTTP to another machine (S-199), or a proxy that cannot be used.
    """

    def __init__(self, url: str, secret: Secret, faults: Faults | None = None) -> None:
        _check(url)
        self._url = url
        self._secret = secret
        self._proxy = proxy_for(url)
        self._faults = faults
        self._http: httpx.AsyncClient | None = None

    async def post(self, notification: Notification) -> None:
        """Send it. A receiver that does not take it is worth a line in the log and no second try."""
        for delivery in [Delivery()] if self._faults is None else self._faults.deliveries():
            await self._deliver(notification, delivery)

    async def _deliver(self, notification: Notification, delivery: Delivery) -> None:
        import httpx

        await asyncio.sleep(delivery.delay_s)
        if self._http is None:
            self._http = httpx.AsyncClient(timeout=_TIMEOUT_S, **through(self._proxy))
        body = msgspec.json.encode(notification)
        wall_s = time.time() if self._faults is None else self._faults.wall_s()
        generated_at = str(int(wall_s * 1000))
        secret = "forged" if delivery.forged else self._secret.reveal()
        headers = {
            "Content-Type": "application/json",
            GENERATED_AT_HEADER: generated_at,
            API_KEY_HEADER: signature(secret, generated_at, body),
        }
        try:
            answer = await self._http.post(self._url, content=body, headers=headers)
        except httpx.HTTPError as error:
            _log.warning("notification of %s was not taken: %s", notification.session_id, type(error).__name__)
            return
        if not answer.is_success:
            _log.warning("notification of %s was refused with %d", notification.session_id, answer.status_code)

    async def close(self) -> None:
        """Close connections."""
        if self._http is not None:
            await self._http.aclose()


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigurationError(
            "notifications cannot be sent there", item="webhook_url", expected="an address that begins with https://"
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            "notifications are not sent in the clear",
            item="webhook_url",
            got=f"plain HTTP to {host}",
            expected="https://, or http:// to this machine (S-199)",
        )
