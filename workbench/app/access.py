"""Who may use our own routes: one token a process, given to the pages and asked for by the server.

House rules: pages ask :func:`own_url` and get None where the app was started as a bare script, which has no routes of
ours; then they fall back and say so. The token is in no log and no repr.
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
        token: of this process.
        hosts: names and addresses, lower case, by which a browser may call this server.
    """

    token: Secret
    hosts: frozenset[str]

    def admits(self, token: str | None) -> bool:
        """Whether ``token`` is the one of this process; takes as long for a wrong one as for the right one."""
        return token is not None and secrets.compare_digest(token.encode(), self.token.reveal().encode())


class _Door:
    """One a process: server and pages are the same process."""

    access: Access | None = None


def open_access(hosts: frozenset[str]) -> Access:
    """Make the token of this process; called by the server before it listens."""
    _Door.access = Access(Secret(secrets.token_urlsafe(32)), hosts)
    return _Door.access


def close_access() -> None:
    """Forget the token; no page offers a route of ours from here on."""
    _Door.access = None


def current_access() -> Access | None:
    """What the server admits; None where the app runs as a bare script."""
    return _Door.access


def own_url(path: str, query: Mapping[str, str] | None = None) -> str | None:
    """Address of one of our routes with the token in its query, without scheme and host.

    Args:
        path: below ``/workbench``, for instance ``/audio/20261121T044855890Z-17da34``.
        query: further parameters.

    Returns:
        None where the app runs as a bare script.
    """
    access = current_access()
    if access is None:
        return None
    return f"{PREFIX}{path}?{urlencode({**(query or {}), 'token': access.token.reveal()})}"
