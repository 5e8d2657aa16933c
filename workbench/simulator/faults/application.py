"""The ASGI application that strikes requests and sockets with the faults of a scenario."""

from __future__ import annotations

import asyncio
import re

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workbench.protocol.bodies import ErrorEnvelope
from workbench.protocol.dialects import endpoints_of
from workbench.protocol.messages import Dialect
from workbench.simulator.faults.faults import Faults
from workbench.simulator.faults.scenario import (
    Answer,
    Refuse,
    SlowHandshake,
)
from workbench.simulator.faults.stream import FaultyStream, is_socket_path
from workbench.simulator.refusals import json_response

__all__ = ["FaultyApplication"]


class FaultyApplication:
    """The simulator's application with a scenario around it.

    Args:
        application: the faithful one.
        faults: what goes wrong.
        dialect: by whose route table requests are known.
    """

    def __init__(self, application: ASGIApp, faults: Faults, dialect: Dialect = Dialect.LIVE) -> None:
        self._application = application
        self._faults = faults
        self._calls = [(call.method, _pattern(call.path), call.name) for call in endpoints_of(dialect)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] == "websocket" and is_socket_path(scope["path"]):
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._application(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        for slow in self._faults.struck(SlowHandshake):
            await asyncio.sleep(slow.delay_s)
        for refused in self._faults.struck(Refuse):
            body = ErrorEnvelope(refused.status, refused.message)
            answer = json_response(refused.status, body, _retry_after(refused.retry_after))
            start = {"type": "websocket.http.response.start", "status": answer.status_code}
            await send(start | {"headers": answer.raw_headers})
            await send({"type": "websocket.http.response.body", "body": bytes(answer.body)})
            return
        stream = FaultyStream(self._faults, scope, receive, send)
        await self._application(scope, stream.receive, stream.send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = self._name_of(scope)
        fault = next(self._faults.struck(Answer, lambda answer: answer.call == name), None) if name else None
        if fault is None:
            await self._application(scope, receive, send)
            return
        await asyncio.sleep(fault.delay_s)
        if fault.takes_effect:
            await self._application(scope, receive, _unheard)
        link = self._faults.link(scope)
        if fault.reset and link is not None:
            link.reset()
            while (await receive())["type"] != "http.disconnect":
                pass
        elif fault.status is not None:
            answer = Response(fault.body, fault.status, _retry_after(fault.retry_after), "application/json")
            await answer(scope, receive, send)
        elif not fault.takes_effect:
            await self._application(scope, receive, send)

    def _name_of(self, scope: Scope) -> str | None:
        for method, pattern, name in self._calls:
            if method == scope["method"] and pattern.fullmatch(scope["path"]):
                return name
        return None


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path))


async def _unheard(_: Message) -> None:
    """Where an answer goes that is lost."""


def _retry_after(value: str | None) -> dict[str, str] | None:
    return None if value is None else {"Retry-After": value}
