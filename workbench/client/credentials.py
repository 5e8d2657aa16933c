"""Who logs in: the environment, the system's keyring or a prompt; on this machine a simulator takes known ones.

Credentials never come from a file or a flag that a process list would show.
"""

from __future__ import annotations

import getpass
import logging
import sys
from urllib.parse import urlsplit

from workbench.client.proxies import proxy_for
from workbench.errors import ConfigurationError
from workbench.settings import PRODUCTION, STAGING, Credentials, Secret, ServiceAddress, Settings, is_loopback

__all__ = ["DEMO_CREDENTIALS", "KEYRING_SERVICE", "announce", "default_credentials", "find_credentials"]

_log = logging.getLogger(__name__)

KEYRING_SERVICE = "suki-workbench"
"""Name under which the keyring holds partner tokens, one for each partner id."""


def _keyring_token(partner: str) -> str | None:
    """The partner token in the system's keyring; None without the package ``keyring`` or an entry."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        token: str | None = keyring.get_password(KEYRING_SERVICE, partner)
    except KeyringError:  # locked, or there is none on this machine
        return None
    return token


def _typed_token(partner: str) -> str | None:
    """The partner token as typed, unseen; None if nobody sits at a terminal."""
    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return getpass.getpass(f"Partner token of {partner}: ", stream=sys.stderr)


def find_credentials(settings: Settings) -> Credentials | None:
    """Credentials for login: those of the settings, or of the environment, the keyring or a prompt.

    Called when a service is opened; None if the environment names none.

    Raises:
        ConfigurationError: only one half is set.
    """
    if settings.credentials is not None:
        return settings.credentials
    environment = settings.environment
    partner, token = environment.get("SUKI_PARTNER_ID"), environment.get("SUKI_PARTNER_TOKEN")
    if not partner and not token:
        return None
    if partner and not token:
        token = _keyring_token(partner) or _typed_token(partner)
    if not partner or not token:
        raise ConfigurationError(
            "incomplete credentials",
            item="environment",
            got="SUKI_PARTNER_ID alone" if partner else "SUKI_PARTNER_TOKEN alone",
            expected="both SUKI_PARTNER_ID and SUKI_PARTNER_TOKEN, or the token in the system's keyring",
        )
    return Credentials(
        partner_id=partner,
        partner_token=Secret(token),
        provider_id=settings.provider_id or environment.get("SUKI_PROVIDER_ID"),
        provider_name=environment.get("SUKI_PROVIDER_NAME", "Workbench Provider"),
        provider_org_id=environment.get("SUKI_PROVIDER_ORG_ID", "workbench"),
        provider_specialty=environment.get("SUKI_PROVIDER_SPECIALTY"),
    )


DEMO_CREDENTIALS = Credentials("demo-partner", Secret("demo-partner-token"))
"""What a simulator accepts by default; used for loopback endpoints where the environment has none."""


def default_credentials(address: ServiceAddress) -> Credentials:
    """What a simulator on this machine takes. Raises ConfigurationError for any other address."""
    if is_loopback(urlsplit(address.rest_url).hostname or ""):
        return DEMO_CREDENTIALS
    raise ConfigurationError(
        "no credentials",
        item=address.name,
        expected="SUKI_PARTNER_ID and SUKI_PARTNER_TOKEN in the environment",
        action="Set both, or use the endpoint simulator",
    )


def announce(address: ServiceAddress, credentials: Credentials) -> None:
    """Name the host that credentials are about to go to, unless it is one of Suki's or they protect nothing."""
    if address.rest_url in (STAGING.rest_url, PRODUCTION.rest_url) or address.name == "simulator":
        return
    if is_loopback(urlsplit(address.rest_url).hostname or "") and (
        credentials.partner_token == DEMO_CREDENTIALS.partner_token
    ):
        return
    proxy = proxy_for(address.rest_url, address.proxy)
    _log.warning(
        "the credentials of %s go to %s%s",
        credentials.partner_id,
        address.rest_url,
        f", through {proxy}" if proxy else "",
    )
