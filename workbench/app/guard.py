"""Admission and headers: every request passes here before Streamlit and before our own routes.

A host that is not ours (DNS rebinding), a page of another origin, its port included, and a request without the cookie
are refused everywhere, sockets before they are accepted; below ``/workbench`` a missing or wrong token is, too. The
start token of the printed address buys the cookie. Refusals say what was wrong and no more.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from workbench.app.access import PREFIX, Access

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard", "content_security_policy", "host_of", "security_headers"]

_START = "start"
_PRINTED = "open the address that workbench app printed when it started"

_INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


class Guard:
    """ASGI middleware.

    Args:
        app: application behind it.
        access: hosts and tokens.
        open_paths: routes of ours that need no token, because they tell nothing.
        headers: headers set on every answer.
    """

    def __init__(self, app: ASGIApp, access: Access, open_paths: Collection[str], headers: Mapping[str, str]) -> None:
        self._app = app
        self._access = access
        self._open = frozenset(open_paths)
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on and add the headers."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        problem = self._foreign(scope, headers)
        if problem is None and scope["type"] == "http" and scope["method"] == "GET" and _START in _query(scope):
            if self._access.starts(_query(scope)[_START][-1]):
                await self._admit(scope, send)
                return
            problem = f"the start token is of another process; {_PRINTED}"
        problem = problem or self._locked(scope, headers)
        if problem is not None:
            await _refuse(scope, send, problem, self._headers)
            return
        own = _is_own(scope["path"])

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in self._headers}
                passed_on = [(name, value) for name, value in message.get("headers", []) if name.lower() not in ours]
                extra = [(b"cache-control", b"no-store")] if own else []
                message = {**message, "headers": [*passed_on, *self._headers, *extra]}
            await send(message)

        await self._app(scope, receive, with_headers)

    def _foreign(self, scope: Scope, headers: Mapping[str, str]) -> str | None:
        """Why a request is refused for where it comes from; None if it may."""
        authority = headers.get("host", "")
        if host_of(authority) not in self._access.hosts:
            return "this host name is not served here"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != authority.lower():
            return "a page of another origin may not call this"
        if headers.get("sec-fetch-site") in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate":
            return "a page of another site may not call this"
        if _is_own(scope["path"]) and headers.get("sec-fetch-site") == "cross-site":
            return "a page of another site may not call this"
        return None

    def _locked(self, scope: Scope, headers: Mapping[str, str]) -> str | None:
        """Why a request is refused for what it lacks; None if it has all."""
        if scope["path"] in self._open:
            return None
        if not self._access.knows(headers.get("cookie", "")):
            return _PRINTED
        if not _is_own(scope["path"]):
            return None
        token = _query(scope).get("token", [None])[-1]
        return None if self._access.admits(token) else "the token of this process is missing or wrong"

    async def _admit(self, scope: Scope, send: Send) -> None:
        """Give the cookie, and lead to the same page without the token in its address."""
        query = {name: values for name, values in _query(scope).items() if name != _START}
        # Two slashes would be read as a host of somebody else.
        place = "/" + quote(scope["path"].lstrip("/")) + (f"?{urlencode(query, doseq=True)}" if query else "")
        cookie = f"{self._access.cookie_name}={self._access.cookie.reveal()}; HttpOnly; SameSite=Strict; Path=/"
        start = [
            (b"location", place.encode()), (b"set-cookie", cookie.encode()), (b"cache-control", b"no-store"),
            (b"content-length", b"0"), *self._headers,
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": 303, "headers": start})
        await send({"type": "http.response.body", "body": b""})


def _query(scope: Scope) -> dict[str, list[str]]:
    return parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)


def _is_own(path: str) -> bool:
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def host_of(authority: str) -> str | None:
    """Host of a Host header in lower case, without its port; None if it is not one.

    >>> host_of("LocalHost:8501"), host_of("[::1]:80"), host_of("a@b")
    ('localhost', '::1', None)
    """
    try:
        parts = urlsplit(f"//{authority}")
        _ = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment or not parts.hostname:
        return None
    return parts.hostname.lower().rstrip(".")


async def _refuse(scope: Scope, send: Send, problem: str, headers: list[tuple[bytes, bytes]]) -> None:
    if scope["type"] == "websocket":
        # Closed before it is accepted: the browser sees a refused handshake (403).
        await send({"type": "websocket.close", "code": 1008, "reason": problem})
        return
    body = f"{problem}\n".encode()
    start = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": 403, "headers": start})
    await send({"type": "http.response.body", "body": body})


def content_security_policy(index_html: bytes) -> str:
    """The policy that lets Streamlit's own page run and nothing else.

    Args:
        index_html: the page; its inline scripts are admitted by their hashes, so that a new Streamlit brings
            its own.
    """
    scripts = _INLINE_SCRIPT.findall(index_html)
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" for script in scripts)
    rules = (
        "default-src 'self'",
        # Streamlit's protobuf reader multiplies 64-bit integers in WebAssembly; scripts made from text stay forbidden.
        f"script-src 'self' 'wasm-unsafe-eval' {hashes}".rstrip(),
        # Streamlit styles its elements through style tags that it makes at run time.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob: data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-src 'self'",
        "frame-ancestors 'none'",
    )
    return "; ".join(rules)


def security_headers(index_html: bytes) -> dict[str, str]:
    """Headers of every answer."""
    return {
        "Content-Security-Policy": content_security_policy(index_html),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # Addresses of our routes carry the token.
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
