"""A bare service whose every answer a test can choose; for what a faithful simulator would not do."""

from __future__ import annotations

import asyncio
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


@dataclass
class Service:
    """What a test may choose, and what it may look at afterwards."""

    stream: Callable[[WebSocket], Awaitable[None]] = well_behaved
    login: list[Response] = field(default_factory=list)
    create: list[Response] = field(default_factory=list)
    end: list[Response] = field(default_factory=list)
    register: list[Response] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    upgrades: list[dict[str, str]] = field(default_factory=list)
    address: ServiceAddress = field(default_factory=lambda: ServiceAddress("test", "", ""))

    async def _answer(self, name: str, planned: list[Response], request: Request, default: Response) -> Response:
        self.calls.append(name)
        self.headers.append(dict(request.headers))
        self.bodies.append(await request.body())
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
            WebSocketRoute("/ws/transcribe", service.on_socket),
        ]
    )
    listener = socket.socket()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        app, log_level="critical", lifespan="off", ws="websockets-sansio", ws_per_message_deflate=False,
        timeout_graceful_shutdown=1, **tls,
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110  uvicorn has a flag, no event
        await asyncio.sleep(0.005)
    scheme, sockets = ("https", "wss") if tls else ("http", "ws")
    host = "localhost" if tls else "127.0.0.1"
    service.address = ServiceAddress("test", f"{scheme}://{host}:{port}", f"{sockets}://{host}:{port}")
    try:
        yield service
    finally:
        server.should_exit = True
        await running
        listener.close()
