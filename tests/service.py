"""A bare service whose every answer a test can choose; for what a faithful simulator would not do."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from workbench.protocol.endpoints import ENDPOINTS
from workbench.settings import ServiceAddress

TERMINAL = '{"transcript":{"transcript":"EOF"}}'


def partial(text: str) -> str:
    """A partial as the service writes it."""
    return json.dumps({"transcript": {"transcript": text, "words": []}, "is_final": False, "transcript_id": "p"})


def final(text: str) -> str:
    """A final as the service writes it."""
    words = [{"word": word, "speaker": {"id": "S1"}} for word in text.split()]
    return json.dumps({"transcript": {"transcript": text, "words": words}, "is_final": True, "transcript_id": "f"})


async def well_behaved(ws: WebSocket) -> None:
    """One partial, one final, the terminal frame."""
    await ws.accept()
    await ws.receive_text()
    await ws.send_text(partial("blood"))
    await read_to_end(ws)
    await ws.send_text(final("blood pressure"))
    await ws.send_text(TERMINAL)
    await ws.close()


async def read_to_end(ws: WebSocket) -> list[str]:
    """Everything the client sends, up to AUDIO_END."""
    seen = []
    while True:
        seen.append(await ws.receive_text())
        if "AUDIO_END" in seen[-1]:
            return seen


async def takes_it_all(ws: WebSocket) -> None:
    """A ``/ws/stream`` that says nothing and closes when the end marker is there."""
    await ws.accept()
    await read_to_marker(ws)
    await ws.close()


async def read_to_marker(ws: WebSocket) -> list[str]:
    """Everything the client sends, up to the end marker."""
    seen = []
    while True:
        seen.append(await ws.receive_text())
        if "RU9G" in seen[-1]:
            return seen


SESSION = "11111111-2222-4333-8444-555555555555"
TEMPLATE = "99999999-2222-4333-8444-555555555555"
SEGMENTS = [{"transcript": "blood", "lang_id": "en"}, {"transcript": "pressure", "lang_id": "en"}]
TEMPLATES = {
    "form_templates": [
        {"template_id": TEMPLATE, "type": "VITALS_ASSESSMENT", "name": "Vitals", "description": "", "schema": {}},
        {"template_id": SESSION, "type": "SKIN_ASSESSMENT", "name": "Skin", "description": "", "schema": {}},
    ]
}
DEFAULTS: dict[str, tuple[int, object]] = {
    "create_ambient": (201, {"ambient_session_id": SESSION}),
    "create_form": (201, {"ambient_session_id": SESSION}),
    "seed_ambient_context": (200, None),
    "end_ambient": (200, None),
    "ambient_status": (200, {"status": "completed"}),
    "form_status": (200, {"status": "completed"}),
    "ambient_transcript": (200, {"final_transcript": SEGMENTS}),
    "form_templates": (200, TEMPLATES),
    "form_structured_data": (
        200,
        {
            "structured_data": {
                "generated_values": [{"form_template_id": TEMPLATE}],
                "non_generated_values": [{"form_template_id": SESSION}],
            }
        },
    ),
}
"""What :class:`Service` answers by endpoint name where a test plans nothing; ``{}`` for all others."""


@dataclass(frozen=True)
class Call:
    """One request as it came."""

    name: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Service:
    """What a test may choose, and what it may look at afterwards."""

    stream: Callable[[WebSocket], Awaitable[None]] = well_behaved
    login: list[Response] = field(default_factory=list)
    create: list[Response] = field(default_factory=list)
    end: list[Response] = field(default_factory=list)
    register: list[Response] = field(default_factory=list)
    planned: dict[str, list[Response]] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    requests: list[Call] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    upgrades: list[dict[str, str]] = field(default_factory=list)
    address: ServiceAddress = field(default_factory=lambda: ServiceAddress("test", "", ""))

    async def _answer(self, name: str, planned: list[Response], request: Request, default: Response) -> Response:
        self.calls.append(name)
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.body())
        url = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        self.requests.append(Call(name, request.method, url, self.headers[-1], self.bodies[-1]))
        return planned.pop(0) if planned else default

    async def on_login(self, request: Request) -> Response:
        return await self._answer("login", self.login, request, JSONResponse({"suki_token": "token-1", "more": 1}))

    async def on_register(self, request: Request) -> Response:
        return await self._answer("register", self.register, request, Response(status_code=201))

    async def on_create(self, request: Request) -> Response:
        body = {"transcription_session_id": "11111111-2222-4333-8444-555555555555"}
        return await self._answer("create", self.create, request, JSONResponse(body, 201))

    async def on_end(self, request: Request) -> Response:
        return await self._answer("end", self.end, request, JSONResponse({}))

    async def on_other(self, name: str, request: Request) -> Response:
        """Any other endpoint of the route table."""
        self.paths.append(str(request.url.path) + (f"?{request.url.query}" if request.url.query else ""))
        status, body = DEFAULTS.get(name, (200, {}))
        default = Response(status_code=status) if body is None else JSONResponse(body, status)
        return await self._answer(name, self.planned.get(name, []), request, default)

    def other_routes(self) -> list[Route]:
        """Every endpoint that has no handler of its own."""
        own = ("login", "register", "create_dictation", "end_dictation")

        def handler(name: str) -> Callable[[Request], Awaitable[Response]]:
            async def handle(request: Request) -> Response:
                return await self.on_other(name, request)

            return handle

        return [Route(e.path, handler(e.name), methods=[e.method]) for e in ENDPOINTS if e.name not in own]

    async def on_socket(self, ws: WebSocket) -> None:
        self.upgrades.append(dict(ws.headers))
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self.stream(ws)


def envelope(status: int, message: str, **headers: str) -> Response:
    """An error as the service writes it."""
    return JSONResponse({"code": status, "message": message}, status, headers)


@contextlib.asynccontextmanager
async def serve(service: Service, **tls: str) -> AsyncIterator[Service]:
    """Run ``service`` on a free port of the loopback interface."""
    app = Starlette(
        routes=[
            Route("/api/v1/auth/login", service.on_login, methods=["POST"]),
            Route("/api/v1/auth/register", service.on_register, methods=["POST"]),
            Route("/api/v1/transcription/session/create", service.on_create, methods=["POST"]),
            Route("/api/v1/transcription/session/{id}/end", service.on_end, methods=["POST"]),
            *service.other_routes(),
            WebSocketRoute("/ws/transcribe", service.on_socket),
            WebSocketRoute("/ws/stream", service.on_socket),
        ]
    )
    listener = socket.socket()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        app, log_level="critical", lifespan="off", ws="websockets-sansio", ws_per_message_deflate=False,
        ws_ping_interval=None, timeout_graceful_shutdown=1, **tls,
    )  # fmt: skip
    # Started and ended by hand: uvicorn's own loop looks only ten times a second whether it should end.
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    scheme, sockets = ("https", "wss") if tls else ("http", "ws")
    host = "localhost" if tls else "127.0.0.1"
    service.address = ServiceAddress("test", f"{scheme}://{host}:{port}", f"{sockets}://{host}:{port}")
    try:
        yield service
    finally:
        await server.shutdown(sockets=[listener])
