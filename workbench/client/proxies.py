"""The way to a host: straight, or through a proxy. Whatever opens a connection asks here, REST and sockets alike.

What is meant for this machine never leaves it: no setting and no variable sends a loopback address to a proxy. A
proxy is an HTTP proxy that is asked with CONNECT, so it sees a host's name and TLS, and both ways can use it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from workbench.errors import ConfigurationError, ServiceError
from workbench.settings import Secret, in_the_clear, is_loopback

if TYPE_CHECKING:
    import httpx

__all__ = ["Proxy", "proxy_for", "refused_by_proxy", "through"]

_FOR_TLS = ("https", "all")
"""Variables that speak of such a host, as ``HTTPS_PROXY`` or ``https_proxy``; the first that is set counts."""

_DEFAULT_PORT = 80


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy; as text its host and port, never its credentials.

    Attributes:
        host, port: where it listens.
        said_by: the variable or setting that names it.
        authorization: value of ``Proxy-Authorization``, or None.
    """

    host: str
    port: int
    said_by: str
    authorization: Secret | None = None

    def __str__(self) -> str:
        """``proxy.example:3128``."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def proxy_for(url: str, given: str | None = None) -> Proxy | None:
    """The proxy that the way to a URL leads through; None if it goes straight.

    Args:
        url: ``https``, ``wss``, or for this machine ``http`` and ``ws``.
        given: the setting ``proxy``; then the environment is not asked, ``NO_PROXY`` included.

    Raises:
        ConfigurationError: plain HTTP to another machine, or a proxy that cannot be used.

    >>> print(proxy_for("wss://suki.example/ws", "proxy.example:3128"))
    proxy.example:3128
    >>> proxy_for("http://127.0.0.1:8765", "proxy.example:3128") is None
    True
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host):
        return None
    if parts.scheme not in ("https", "wss"):
        raise in_the_clear(host, f"{parts.scheme}://")
    if given is not None:
        return _understood(given, "proxy")
    environment = getproxies()
    said_by = next((name for name in _FOR_TLS if environment.get(name)), None)
    if said_by is None or proxy_bypass(host if ":" in host else f"{host}:{parts.port or 443}"):
        return None
    return _understood(environment[said_by], f"{said_by.upper()}_PROXY")


class _Through(TypedDict):
    trust_env: bool
    proxy: httpx.Proxy | None


def through(proxy: Proxy | None) -> _Through:
    """What makes an httpx client take this way and ask no environment; give it as keyword arguments."""
    if proxy is None:
        return {"trust_env": False, "proxy": None}
    import httpx

    headers = {} if proxy.authorization is None else {"Proxy-Authorization": proxy.authorization.reveal()}
    return {"trust_env": False, "proxy": httpx.Proxy(f"http://{proxy}", headers=headers)}


def refused_by_proxy(host: str, got: str) -> ServiceError:
    """A proxy that does not open the way to a host."""
    return ServiceError(
        "the proxy refused the connection to the service",
        item=host,
        got=got,
        expected="200",
        action="Check the proxy's address and credentials, or name the service's host in NO_PROXY",
    )


def _understood(text: str, said_by: str) -> Proxy:
    """A proxy from what somebody wrote. Its error shows the scheme alone: the rest may be a password."""
    try:
        parts = urlsplit(text.strip() if "://" in text else f"http://{text.strip()}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _unusable(said_by, "no host and port that can be read") from None
    if parts.scheme != "http":
        raise _unusable(said_by, f"{parts.scheme}://…" if parts.scheme.isalnum() else "no URL")
    if not host or port == 0 or parts.path not in ("", "/") or parts.query or parts.fragment or not _is_name(host):
        raise _unusable(said_by, "no host and port that can be read")
    login, _, _ = parts.netloc.rpartition("@")
    if login and said_by == "proxy":
        raise ConfigurationError(
            "credentials of a proxy are not allowed in settings",
            item="proxy",
            got="an address with credentials in it",
            expected="http://host:port",
            action="Set HTTPS_PROXY in the environment instead",
        )
    basic = f"Basic {base64.b64encode(unquote(login).encode()).decode()}" if login else None
    return Proxy(host, port or _DEFAULT_PORT, said_by, None if basic is None else Secret(basic))


def _is_name(host: str) -> bool:
    """Whether it can be a name or an address: what else is there may be a piece of a password."""
    return all(sign.isalnum() or sign in "-._:%" for sign in host)


def _unusable(said_by: str, got: str) -> ConfigurationError:
    return ConfigurationError(
        "this proxy cannot be used",
        item=said_by,
        got=got,
        expected="an HTTP proxy, http://host:port",
        action="Name one in HTTPS_PROXY or as proxy in workbench.toml, or the service's host in NO_PROXY",
    )
