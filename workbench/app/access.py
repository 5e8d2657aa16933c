"""Who may use the app: whoever opened the address that was printed, and for our own routes the pages themselves.

The printed address carries a start token. The server takes it once a browser and gives a cookie, which every path and
socket asks for; whoever merely shares the machine has neither. Routes of ours want a second token in their address,
which only a page has. None of the three is in a log or a repr.

Pages ask :func:`own_url` and get None if the app was started as a bare script, which has no routes of
ours; then they fall back and say so.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from workbench.settings import Secret

__all__ = ["PREFIX", "Access", "close_access", "current_access", "open_access", "own_url"]

PREFIX = "/workbench"
"""Every route of ours is below it; the guard asks for the token there, except where a route is listed as open."""


@dataclass(frozen=True, slots=True)
class Access:
    """What the server admits.

    Attributes:
        token: token of this process, for routes of ours.
        hosts: names and addresses, lower case, by which a browser may call this server.
        start: token in the printed address.
        cookie: value of the cookie.
        cookie_name: name of the cookie; two apps on one machine have two, because cookies know no ports.
    """

    token: Secret
    hosts: frozenset[str]
    start: Secret
    cookie: Secret
    cookie_name: str

    def admits(self, token: str | None) -> bool:
        """Whether ``token`` is the one of this process; takes as long for a wrong one as for the right one."""
        return _same(token, self.token)

    def starts(self, token: str | None) -> bool:
        """Whether ``token`` is the one of the printed address."""
        return _same(token, self.start)

    def knows(self, cookies: str) -> bool:
        """Whether one of the cookies of a request is ours, as the header has them."""
        pairs = (part.strip().partition("=") for part in cookies.split(";"))
        return any(_same(value, self.cookie) for name, _, value in pairs if name == self.cookie_name)


def _same(given: str | None, secret: Secret) -> bool:
    return given is not None and secrets.compare_digest(given.encode(), secret.reveal().encode())


class _Door:
    """One a process: server and pages are the same process."""

    access: Access | None = None


def open_access(hosts: frozenset[str], port: int = 0) -> Access:
    """Make the tokens of this process; called by the server before it listens."""
    token, start, cookie = (Secret(secrets.token_urlsafe(32)) for _ in range(3))
    _Door.access = Access(token, hosts, start, cookie, f"workbench-{port}")
    return _Door.access


def close_access() -> None:
    """Forget the token; no page offers a route of ours from here on."""
    _Door.access = None


def current_access() -> Access | None:
    """What the server admits; None if the app runs as a bare script."""
    return _Door.access


def own_url(path: str, query: Mapping[str, str] | None = None) -> str | None:
    """Address of one of our routes with the token in its query, without scheme and host.

    Args:
        path: below ``/workbench``, for instance ``/audio/20261121T044855890Z-17da34``.
        query: further parameters.

    Returns:
        None if the app runs as a bare script.
    """
    access = current_access()
    if access is None:
        return None
    return f"{PREFIX}{path}?{urlencode({**(query or {}), 'token': access.token.reveal()})}"
