"""The simulator: a Suki on this machine, REST and sockets on one port.

What it recognises, it recognises by decoding the audio it receives (``pocketsphinx``) or says by script
(``scripted``). Its dictation text is lower case and has no punctuation, where the vendor formats.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import uvicorn
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from workbench.errors import ConfigurationError
from workbench.protocol.dialects import socket_path
from workbench.protocol.messages import Dialect, Product
from workbench.settings import DEFAULT_MODEL, Secret, is_loopback
from workbench.simulator.admission import Admission
from workbench.simulator.auth.accounts import DEMO_PARTNER, Accounts, Partner
from workbench.simulator.auth.tokens import TokenAuthority
from workbench.simulator.call import Call
from workbench.simulator.control import Control
from workbench.simulator.control_token import new_token, publish, withdraw
from workbench.simulator.dictation_sessions import SessionStore
from workbench.simulator.faults.application import FaultyApplication
from workbench.simulator.faults.faults import Faults
from workbench.simulator.faults.scenario import Scenario
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.local import decodable_streams, usable_cores
from workbench.simulator.notes.maker import NoteMaker
from workbench.simulator.notes.notifications import Notifier
from workbench.simulator.notes.preferences import PreferenceStore
from workbench.simulator.notes.recordings import RecordingLinks
from workbench.simulator.notes.rest import NoteRest
from workbench.simulator.notes.result_rest import ResultRest
from workbench.simulator.notes.sockets import NoteSockets
from workbench.simulator.notes.store import NoteStore
from workbench.simulator.recognition.models import check_model
from workbench.simulator.recognition.pool import WorkerPool
from workbench.simulator.recognition.recognisers import Recogniser
from workbench.simulator.recognition.replay import Replay
from workbench.simulator.recognition.scripted import Scripted
from workbench.simulator.recognition.timelines import Timelines
from workbench.simulator.refusals import envelope, refusal
from workbench.simulator.rest.asyncapi import dialect_handlers
from workbench.simulator.rest.info import info_handlers
from workbench.simulator.rest.pages import page_routes
from workbench.simulator.rest.routes import Rest
from workbench.simulator.sockets.direct import DirectProtocol
from workbench.simulator.sockets.malformed import EnvelopeProtocol
from workbench.simulator.sockets.sockets import Sockets, refuse_handshake
from workbench.simulator.sockets.wire import WireProtocol

__all__ = ["Simulator", "SimulatorOptions"]

_SHUTDOWN_S = 2


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """How to run a simulator.

    Attributes:
        host, port: where to listen; port 0 takes a free one.
        recogniser: ``live``, ``scripted`` or ``replay``.
        workers: processes of pocketsphinx or threads of Whisper; None is one per core.
        streams: streams at the same time; None is what the workers decode in real time. More are refused with 503.
        max_backlog_s: seconds of undecoded audio above which new streams are refused with 503.
        model: model of ``live`` and ``replay``, see :mod:`workbench.simulator.recognition.models`.
        partials: what Whisper's partials show: ``all``, ``settled`` or ``agreed``.
        partial_every_s: seconds of audio between two partials of Whisper.
        tls_cert, tls_key: PEM files; both or neither.
        decode_unknown: ``replay`` decodes audio that no decoder has heard yet; otherwise its streams are broken off.
        partner, partners: whose credentials are accepted; the second are further ones.
        cors: origins whose pages may read REST answers, ``*`` for all; none by default, as the service.
        limits: bounds and times.
        dialect: whose addresses and messages it has; those of the other one are not there (S-201).
        webhook_url: where results are announced; None announces nothing.
        webhook_secret: secret that notifications are signed with; needed where there is an address.
        scenario: what goes wrong on purpose; None is a faithful simulator.
    """

    host: str = "127.0.0.1"
    port: int = 0
    recogniser: Literal["live", "scripted", "replay"] = "live"
    workers: int | None = None
    streams: int | None = None
    max_backlog_s: float = 10.0
    model: str = DEFAULT_MODEL
    partials: str = "settled"
    partial_every_s: float = 0.5
    decode_unknown: bool = True
    tls_cert: Path | None = None
    tls_key: Path | None = None
    partner: Partner = DEMO_PARTNER
    partners: tuple[Partner, ...] = ()
    cors: tuple[str, ...] = ()
    limits: SimulatorLimits = field(default_factory=SimulatorLimits)
    dialect: Dialect = Dialect.LIVE
    webhook_url: str | None = None
    webhook_secret: Secret | None = None
    scenario: Scenario | None = None


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs the simulator; uvicorn would raise them again after its shutdown."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Simulator:
    """A running simulator; use as ``async with Simulator(options) as simulator``.

    Args:
        options: how to run it; None is pocketsphinx on a free port.
        signing_key: what its tokens are signed with, for those who start many simulators; None makes a key pair.

    Attributes:
        url, ws_url: base addresses, once started.
        accounts: the partners and the providers linked to them.
        sessions: sessions of dictation.
        notes: sessions of ambient and form filling.
        recogniser: what turns audio into text.
        faults: the scenario being played; None if there is none.
    """

    def __init__(self, options: SimulatorOptions | None = None, *, signing_key: RSAPrivateKey | None = None) -> None:
        self.options = options or SimulatorOptions()
        self.url = ""
        self.ws_url = ""
        limits = self.options.limits
        self.accounts = Accounts(self.options.partner, *self.options.partners)
        self.sessions = SessionStore(limits.kept_sessions)
        self.notes = NoteStore(
            limits.kept_sessions, limits.recordings_bytes, uuids_only=self.options.dialect is Dialect.LIVE
        )
        self.recogniser = _recogniser(self.options)
        self.faults = _faults(self.options)
        self._notifier = _notifier(self.options, self.faults)
        self._maker = NoteMaker(self.notes, limits, self._notifier, self.options.dialect)
        wall_s = time.time if self.faults is None else self.faults.wall_s
        self._tokens = TokenAuthority(limits.token_life_s, wall_s, signing_key)
        if self.faults is not None:
            self.faults.expire_tokens = self._tokens.expire
        self._control_token = new_token()
        self._published: Path | None = None
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Simulator:
        listener = _listen(self.options)
        proxy = self.faults.proxy if self.faults is not None else None
        served = listener if proxy is None else _listen(SimulatorOptions())
        try:
            await self.recogniser.start()
            self._server = _Server(self._config())
            self._serving = asyncio.create_task(self._server.serve([served]))
            while not self._server.started:
                await asyncio.wait([self._serving], timeout=0.005)
                if self._serving.done():
                    self._serving.result()
            if proxy is not None:
                await proxy.start(listener, served.getsockname()[:2])
            self._published = publish(listener.getsockname()[1], self._control_token)
        except BaseException:
            listener.close()
            served.close()
            await self.recogniser.close()
            raise
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        secure = "s" if self.options.tls_cert else ""
        self.url, self.ws_url = f"http{secure}://{shown}:{port}", f"ws{secure}://{shown}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._published is not None:
            withdraw(self._published, self._control_token)
        if self.faults is not None and self.faults.proxy is not None:
            await self.faults.proxy.close()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await self._serving
        await self._maker.close()
        if self._notifier is not None:
            await self._notifier.close()
        await self.recogniser.close()

    def application(self) -> Starlette:
        """The ASGI application: every route of REST, of the sockets and of the control API."""
        limits, dialect = self.options.limits, self.options.dialect
        links = RecordingLinks(self.notes, limits.recording_life_s)
        others = self._note_handlers(links)
        rest = Rest(self.accounts, self._tokens, self.sessions, others, limits, dialect, self.recogniser.backlog_ms)
        if dialect is not Dialect.LIVE:
            rest.handlers |= dialect_handlers(self.sessions, self.notes, dict(rest.handlers))
        control = Control(self.recogniser, self.sessions, self.notes, limits.body_bytes, dialect, self._control_token)
        application = Starlette(
            routes=[
                *rest.routes(),
                *control.routes(),
                *links.routes(),
                *page_routes(dialect),
                *self._socket_routes(),
            ],
            exception_handlers={HTTPException: _http_refusal},
            middleware=_middleware(self.options.cors),
        )
        application.router.redirect_slashes = False
        application.router.default = _nowhere
        return application

    def _socket_routes(self) -> list[BaseRoute]:
        limits, dialect = self.options.limits, self.options.dialect
        admission = Admission(self.accounts, self._tokens, self.recogniser, limits, dialect)
        dictation, notes = Sockets(admission, self.sessions), NoteSockets(admission, self.notes, self._maker)
        served = {Product.DICTATION: dictation.transcribe, Product.AMBIENT: notes.stream}
        if dialect is not Dialect.LIVE:
            served |= {Product.AMBIENT: notes.ambient, Product.FORM_FILLING: notes.form_filling}
        paths = {socket_path(dialect, product): serve for product, serve in served.items()}
        return [
            *(WebSocketRoute(path, serve) for path, serve in paths.items()),
            *(Route(path, _upgrade_required) for path in paths),
        ]

    def _note_handlers(self, links: RecordingLinks) -> dict[str, Callable[[Call], Any]]:
        preferences = PreferenceStore()
        return {
            **NoteRest(self.notes, self._maker, preferences, strict=self.options.limits.strict).handlers,
            **ResultRest(self.notes, links, preferences).handlers,
            **info_handlers(),
        }

    def _config(self) -> uvicorn.Config:
        logging.getLogger("uvicorn.error").addFilter(_without_traceback)
        faithful = self.application()
        return uvicorn.Config(
            faithful if self.faults is None else FaultyApplication(faithful, self.faults, self.options.dialect),
            http=EnvelopeProtocol,
            ws=DirectProtocol if self.faults is None else WireProtocol,
            ws_max_size=self.options.limits.message_bytes,
            ws_per_message_deflate=False,
            # Clients may read only after they have sent, and a pong may lie behind audio that is held back. Who is gone
            # is noticed by the idle and keep-alive times (S-205).
            ws_ping_interval=None,
            ws_ping_timeout=None,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_SHUTDOWN_S,
            ssl_certfile=self.options.tls_cert,
            ssl_keyfile=self.options.tls_key,
        )


def _middleware(origins: Sequence[str]) -> list[Middleware]:
    """Leave for pages of other origins to call REST; sockets need none."""
    if not origins:
        return []
    shown = ["Retry-After", "Content-Range", "Accept-Ranges"]
    return [
        Middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=shown
        )
    ]


def _recogniser(options: SimulatorOptions) -> Recogniser:
    if options.recogniser == "scripted":
        return Scripted()
    check_model(options.model)
    workers = options.workers or usable_cores()
    streams = options.streams or decodable_streams(options.model, workers)
    how = options.model, options.partials, options.partial_every_s
    pool = WorkerPool(workers, streams, options.max_backlog_s, *how)
    if options.recogniser == "live":
        return pool
    timelines = Timelines(options.model, None, options.partials, options.partial_every_s)
    return Replay(timelines, pool if options.decode_unknown else None)


def _faults(options: SimulatorOptions) -> Faults | None:
    if options.scenario is None:
        return None
    if options.scenario.needs_network and (options.tls_cert is not None or not is_loopback(options.host)):
        # Behind the proxy every peer looks like this machine, and TLS hides which connection is a socket's.
        raise ConfigurationError(
            "a scenario with faults of the network needs plain HTTP on this machine", item="scenario",
            got=options.host if options.tls_cert is None else "tls_cert", expected="the default host and no TLS",
        )  # fmt: skip
    return Faults(options.scenario)


def _notifier(options: SimulatorOptions, faults: Faults | None) -> Notifier | None:
    if options.webhook_url is None:
        return None
    if options.webhook_secret is None:
        raise ConfigurationError(
            "no secret to sign notifications with",
            item="webhook_url",
            expected="SUKI_WEBHOOK_SECRET in the environment",
        )
    return Notifier(options.webhook_url, options.webhook_secret, faults)


def _listen(options: SimulatorOptions) -> socket.socket:
    """A bound socket. Raises ConfigurationError for an address, certificate or key that cannot be used."""
    if (options.tls_cert is None) != (options.tls_key is None):
        raise ConfigurationError(
            "certificate and key belong together",
            item="tls_cert",
            got="one of them",
            expected="both or none",
        )
    if options.tls_cert is not None:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(options.tls_cert, options.tls_key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                "certificate and key cannot be used",
                item=str(options.tls_cert),
                got=str(error),
                expected="a PEM certificate and the PEM key that belongs to it",
            ) from None
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        listener = socket.create_server((options.host, options.port), family=family, backlog=1024)
    except OSError as error:
        raise ConfigurationError(
            "cannot listen",
            item=f"{options.host}:{options.port}",
            got=error.strerror or str(error),
            action="Choose another `port`, or 0 for any free one",
        ) from None
    # Accepted sockets inherit it. asyncio would set it only on sockets made with IPPROTO_TCP; without it Nagle's
    # algorithm and delayed acknowledgements hold the second of two small frames back for 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _without_traceback(record: logging.LogRecord) -> bool:
    """One line for whoever runs it; a traceback may hold frames of speech."""
    if record.exc_info and record.exc_info[0] is not None:
        record.msg, record.args = f"{record.getMessage().strip()}: {record.exc_info[0].__name__}", None
    record.exc_info = None
    # uvicorn takes a handshake that was refused on purpose, before the 101, for a fault of the application.
    return "returned without completing handshake" not in record.getMessage()


async def _http_refusal(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else None
    message = {404: "not_found: no such address", 405: "method_not_allowed: not for this address"}
    return envelope(refusal(status, message.get(status, "invalid_request")), headers)


async def _upgrade_required(_: Request) -> Response:
    return envelope(refusal(426, "upgrade_required: this address is a WebSocket"), {"Upgrade": "websocket"})


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Unknown addresses, for requests and for handshakes."""
    error = refusal(404, "not_found: no such address")
    if scope["type"] == "websocket":
        await refuse_handshake(WebSocket(scope, receive, send), error)
    else:
        await envelope(error)(scope, receive, send)
