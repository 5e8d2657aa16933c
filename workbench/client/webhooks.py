"""Notifications: a receiver that verifies before it reads, and turns an arrival into a time.

It listens on the loopback interface unless told otherwise; a service that is not on this machine needs a public HTTPS
address in front of it that passes raw bodies and headers on.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urljoin

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from workbench.client.answers import exchange_text
from workbench.errors import ConfigurationError
from workbench.protocol.webhooks import API_KEY_HEADER, GENERATED_AT_HEADER, Notification, signature
from workbench.recording.record import WEBHOOK
from workbench.settings import Secret

__all__ = ["PATH", "Arrival", "WebhookReceiver", "resolved_links"]

PATH = "/webhooks/notification"

KNOWN_STATUSES = frozenset({"success", "failure"})
"""Any other body means a timeout or a cancellation and is confirmed by polling (S-197)."""

MAX_AGE_MS = 5 * 60 * 1000
"""How far ``generated-at`` may lie from this clock, in either direction; the documents name no tolerance."""

_BODY_BYTES = 1_048_576
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """A verified notification.

    Attributes:
        session_id: whose.
        status: ``success`` or ``failure``; None if the body says neither (S-197).
        received_ns: monotonic stamp of its last byte.
        notification: the decoded body.
        text: what goes into the event log.
    """

    session_id: str
    status: str | None
    received_ns: int
    notification: Notification
    text: str

    def __repr__(self) -> str:
        """Ids only."""
        return f"Arrival({self.session_id!r}, {self.status!r})"


def resolved_links(notification: Notification, rest_url: str) -> dict[str, list[str]]:
    """Addresses by kind; a relative ``href`` belongs to the API's own host (S-195). Missing kinds are missing (S-196).

    >>> from workbench.protocol.webhooks import Link
    >>> resolved_links(Notification("s", links={"status": [Link("/api/v1/x")]}), "https://sdp.suki.ai")
    {'status': ['https://sdp.suki.ai/api/v1/x']}
    """
    links = {} if notification.links is msgspec.UNSET else notification.links
    return {kind: [urljoin(rest_url + "/", link.href) for link in members] for kind, members in links.items()}


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the receiver."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebhookReceiver:
    """Receives notifications; use as ``async with``.

    Args:
        secret: agreed at onboarding, of ``SUKI_WEBHOOK_SECRET``.
        host, port: where to listen; port 0 takes a free one.
        now_ms: Unix milliseconds, to tell stale notifications.

    Attributes:
        url: address to register, once started.
        refused: notifications that failed verification.
        repeated: verified ones that had come before.
    """

    def __init__(
        self,
        secret: Secret,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._secret = secret
        self._host, self._port, self._now_ms = host, port, now_ms
        self._seen: OrderedDict[tuple[str, str | None], None] = OrderedDict()
        self._arrivals: OrderedDict[str, Arrival] = OrderedDict()
        self._waiting: dict[str, list[asyncio.Future[Arrival]]] = {}
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self.url = ""
        self.refused = 0
        self.repeated = 0

    async def __aenter__(self) -> WebhookReceiver:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            listener = socket.create_server((self._host, self._port), family=family)
        except OSError as error:
            raise ConfigurationError(
                "cannot listen for notifications",
                item=f"{self._host}:{self._port}",
                got=error.strerror or str(error),
                action="Choose another `webhook_port`, or 0 for any free one",
            ) from None
        application = Starlette(routes=[Route(PATH, self._receive, methods=["POST"])])
        config = uvicorn.Config(
            application, lifespan="off", log_config=None, access_log=False, server_header=False,
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve([listener]))
        while not self._server.started:
            await asyncio.wait([self._serving], timeout=0.005)
            if self._serving.done():
                self._serving.result()
        host, port = listener.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving

    def notified(self, session_id: str) -> asyncio.Future[Arrival]:
        """A future that is done when the first notification of a session is there; done already if it came before."""
        future: asyncio.Future[Arrival] = asyncio.get_running_loop().create_future()
        if (arrival := self._arrivals.get(session_id)) is not None:
            future.set_result(arrival)
        else:
            waiting = self._waiting.setdefault(session_id, [])
            waiting.append(future)
            future.add_done_callback(lambda _: self._forget(session_id, future))
        return future

    def _forget(self, session_id: str, future: asyncio.Future[Arrival]) -> None:
        waiting = self._waiting.get(session_id, [])
        if future in waiting:
            waiting.remove(future)
        if not waiting:
            self._waiting.pop(session_id, None)

    async def _receive(self, request: Request) -> Response:
        try:
            body = await _bounded_body(request)
        except ClientDisconnect:
            return Response(status_code=400)
        received_ns = time.perf_counter_ns()
        if body is None:
            return Response(status_code=413)
        if not self._genuine(request, body):  # nothing of the body has been read as JSON yet (S-191)
            self.refused += 1
            return Response(status_code=401)
        try:
            notification = msgspec.json.decode(body, type=Notification)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            notification = Notification()
        if not notification.session_id:
            return Response(status_code=400)
        self._take(notification, body, received_ns)
        return Response(status_code=200)

    def _genuine(self, request: Request, body: bytes) -> bool:
        """Whether the signature is ours and the time is now; compared in constant time."""
        generated_at = request.headers.get(GENERATED_AT_HEADER, "")
        given = request.headers.get(API_KEY_HEADER, "").lower()
        wanted = signature(self._secret.reveal(), generated_at, body)
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            return False
        # A signed time is ASCII digits; int() would also take underscores and other scripts' digits.
        if not (generated_at.isascii() and generated_at.isdigit()) or len(generated_at) > 16:
            return False
        return abs(self._now_ms() - int(generated_at)) <= MAX_AGE_MS

    def _take(self, notification: Notification, body: bytes, received_ns: int) -> None:
        status_text = None if notification.status is msgspec.UNSET else notification.status
        key = (notification.session_id, status_text)
        if key in self._seen:  # S-194
            self.repeated += 1
            return
        self._seen[key] = None
        status = status_text if status_text in KNOWN_STATUSES else None
        text = exchange_text(WEBHOOK, 200, body)
        arrival = Arrival(notification.session_id, status, received_ns, notification, text)
        self._arrivals.setdefault(arrival.session_id, arrival)
        for memory in (self._seen, self._arrivals):
            if len(memory) > _REMEMBERED:
                memory.popitem(last=False)
        for future in list(self._waiting.get(arrival.session_id, ())):
            if not future.done():
                future.set_result(arrival)


async def _bounded_body(request: Request) -> bytes | None:
    """The raw body; None if it is greater than any notification."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _BODY_BYTES:
            return None
    return bytes(body)
