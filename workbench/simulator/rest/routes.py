"""REST of the simulator: a handler for every row of the route table, and one way in for all of them.

The order of checks is token, body, state. A handler raises a refusal or returns a body; it never sees the transport.
Whatever goes wrong, the answer is the envelope of the documents (S-30) and nobody sees a traceback.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workbench.errors import ServiceError
from workbench.protocol import endpoints
from workbench.protocol.bodies import AudioConfigBody, CreatedDictation, CreateDictation, LoggedIn
from workbench.protocol.dialects import endpoints_of
from workbench.protocol.endpoints import Endpoint
from workbench.protocol.messages import Dialect
from workbench.protocol.vocabulary import BACKLOG_HEADER
from workbench.simulator.auth.accounts import Accounts
from workbench.simulator.auth.tokens import Identity, TokenAuthority
from workbench.simulator.call import Call, answer_safely, read_body, read_flag
from workbench.simulator.dictation_sessions import SessionStore, is_uuid
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.refusals import json_response
from workbench.simulator.sockets.mistakes import report_refusal

__all__ = ["Rest"]


_RATE_HZ = 16_000
"""Rate of audio that no create describes."""


class Rest:
    """Handlers by endpoint name, and the routes made from them.

    Args:
        accounts: the partner and the providers linked to it.
        tokens: verifies callers.
        sessions: sessions of dictation.
        others: handlers of the other products.
        limits: greatest body; whether every refusal is reported.
        dialect: whose routes there are.
        backlog_ms: largest backlog of a session by its id; None if none was measured.

    Attributes:
        handlers: by endpoint name; those of another dialect may take the place of some.
    """

    def __init__(
        self,
        accounts: Accounts,
        tokens: TokenAuthority,
        sessions: SessionStore,
        others: Mapping[str, Callable[[Call], Any]],
        limits: SimulatorLimits,
        dialect: Dialect = Dialect.LIVE,
        backlog_ms: Callable[[str], int | None] = lambda _: None,
    ) -> None:
        self._backlog_ms = backlog_ms
        self._accounts = accounts
        self._tokens = tokens
        self._sessions = sessions
        self._limits = limits
        self._dialect = dialect
        self.handlers: dict[str, Callable[[Call], Any]] = {
            endpoints.LOGIN.name: self._login,
            endpoints.REGISTER.name: self._register,
            endpoints.JWKS.name: self._jwks,
            endpoints.CREATE_DICTATION.name: self._create_dictation,
            endpoints.END_DICTATION.name: self._end_dictation,
            **others,
        }

    def routes(self) -> list[Route]:
        """One route for each path of the table."""
        ordered = sorted(endpoints_of(self._dialect), key=lambda e: e.path)
        return [self._route(path, list(rows)) for path, rows in groupby(ordered, key=lambda e: e.path)]

    def _route(self, path: str, rows: list[Endpoint]) -> Route:
        by_method = {row.method: row for row in rows}

        async def answer(request: Request) -> Response:
            # GET routes answer HEAD as well.
            endpoint = by_method.get(request.method) or by_method["GET"]
            return await answer_safely(lambda: self._reported(endpoint, request))

        return Route(path, answer, methods=list(by_method))

    async def _reported(self, endpoint: Endpoint, request: Request) -> Response:
        try:
            return await self._answer(endpoint, request)
        except ServiceError as error:
            if self._limits.strict:
                ids = (v for k, v in request.path_params.items() if k.endswith("session_id") and is_uuid(v))
                report_refusal(next(ids, None), f"{endpoint.method} {endpoint.path}", error)
            raise

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        caller = self._caller_of(request) if endpoint.authenticated else None
        query = {name: read_flag(name, request.query_params.getlist(name)) for name in endpoint.query}
        body = None
        if endpoint.request:
            body = await read_body(request, endpoint.request, self._limits.body_bytes, endpoint.invalid)
        call = Call(request.path_params, body, caller, query, str(request.base_url).rstrip("/"))
        answer = self.handlers[endpoint.name](call)
        if inspect.isawaitable(answer):
            answer = await answer
        response = Response(status_code=endpoint.status) if answer is None else json_response(endpoint.status, answer)
        if endpoint.name.startswith("end_"):
            session_id = next(value for name, value in request.path_params.items() if name.endswith("session_id"))
            backlog_ms = self._backlog_ms(session_id)
            if backlog_ms is not None:
                response.headers[BACKLOG_HEADER] = str(backlog_ms)
        return response

    def _caller_of(self, request: Request) -> Identity:
        caller = self._tokens.verify(request.headers.get("sdp_suki_token"))
        named = request.headers.get("sdp_provider_id")
        return self._accounts.acting(caller, named, required=self._dialect is Dialect.LIVE)

    def _login(self, call: Call) -> LoggedIn:
        return LoggedIn(self._tokens.issue(self._accounts.login(call.body)))

    def _register(self, call: Call) -> None:
        self._accounts.register(call.body)

    def _jwks(self, _: Call) -> dict[str, Any]:
        return self._tokens.key_set()

    def _create_dictation(self, call: Call) -> CreatedDictation:
        body: CreateDictation = call.body
        config = body.audio_config or AudioConfigBody()
        rate_hz = config.sample_rate_hertz or _RATE_HZ  # S-44
        session = self._sessions.create_dictation(call.identity(), body.transcription_session_id, rate_hz)
        return CreatedDictation(session.id)

    async def _end_dictation(self, call: Call) -> object:
        return await self._sessions.dictation(call.path["transcription_session_id"], call.identity()).end()
