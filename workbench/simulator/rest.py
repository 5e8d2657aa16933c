"""REST of the simulator: a handler for every row of the route table, and one way in for all of them.

House rules: order of checks is token, body, state. A handler raises a refusal or returns a body; it never sees the
transport. Whatever goes wrong, the answer is the envelope of the documents (S-30) and nobody sees a traceback.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from workbench.errors import ServiceError
from workbench.protocol import endpoints
from workbench.protocol.bodies import AudioConfigBody, CreatedDictation, CreateDictation, LoggedIn
from workbench.protocol.dialects import endpoints_of
from workbench.protocol.endpoints import Endpoint
from workbench.protocol.messages import Dialect
from workbench.simulator.accounts import Accounts
from workbench.simulator.refusals import envelope, json_response, refusal
from workbench.simulator.sessions import SessionStore
from workbench.simulator.tokens import Identity, TokenAuthority

__all__ = ["Call", "Rest", "answer_safely", "read_body"]

RATES_HZ = (8_000, 48_000)
"""Least and greatest rate that is accepted. Only 16 kHz is documented; others serve experiments."""

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, checked as far as the route table can.

    Attributes:
        path: values of the placeholders.
        body: decoded as the table says, None where it has no request body.
        caller: verified, None for open endpoints.
        query: values of the query parameters that the table names.
        base_url: of this simulator as the caller knows it.
    """

    path: Mapping[str, str]
    body: Any
    caller: Identity | None
    query: Mapping[str, bool] = field(default_factory=dict)
    base_url: str = ""

    def identity(self) -> Identity:
        """Who calls. Raises ServiceError 401 at an open endpoint."""
        if self.caller is None:
            raise refusal(401, "invalid_sdp_token: this endpoint needs a token")
        return self.caller


class Rest:
    """Handlers by endpoint name, and the routes made from them.

    Args:
        accounts: the partner and the providers linked to it.
        tokens: verifies callers.
        sessions: of dictation.
        others: handlers of the other products.
        body_bytes: greatest body.
        dialect: whose routes there are.

    Attributes:
        handlers: by endpoint name; those of another dialect may take the place of some.
    """

    def __init__(
        self,
        accounts: Accounts,
        tokens: TokenAuthority,
        sessions: SessionStore,
        others: Mapping[str, Callable[[Call], Any]],
        body_bytes: int,
        dialect: Dialect = Dialect.LIVE,
    ) -> None:
        self._accounts = accounts
        self._tokens = tokens
        self._sessions = sessions
        self._body_bytes = body_bytes
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
            return await answer_safely(lambda: self._answer(endpoint, request))

        return Route(path, answer, methods=list(by_method))

    async def _answer(self, endpoint: Endpoint, request: Request) -> Response:
        caller = self._caller_of(request) if endpoint.authenticated else None
        query = {name: _flag(name, request.query_params.getlist(name)) for name in endpoint.query}
        body = None
        if endpoint.request:
            body = await read_body(request, endpoint.request, self._body_bytes, endpoint.invalid)
        call = Call(request.path_params, body, caller, query, str(request.base_url).rstrip("/"))
        answer = self.handlers[endpoint.name](call)
        return Response(status_code=endpoint.status) if answer is None else json_response(endpoint.status, answer)

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
        rate_hz = _checked_rate(body.audio_config or AudioConfigBody())
        session = self._sessions.create_dictation(call.identity(), body.transcription_session_id, rate_hz)
        return CreatedDictation(session.id)

    def _end_dictation(self, call: Call) -> object:
        return self._sessions.dictation(call.path["transcription_session_id"], call.identity()).end()


def _flag(name: str, values: list[str]) -> bool:
    """A query parameter; one that is missing is false. Raises ServiceError 400."""
    if values not in ([], ["true"], ["false"]):
        raise refusal(400, f"invalid_request: {name} must be true or false")
    return values == ["true"]


def _checked_rate(config: AudioConfigBody) -> int:
    """The rate of a session's audio; defaults where a member is missing (S-44). Raises ServiceError 400 (S-45)."""
    if config.audio_encoding not in (None, "LINEAR16"):
        raise refusal(400, "invalid_request: audio_encoding must be LINEAR16")
    if config.audio_language not in (None, "en-US"):
        raise refusal(400, "invalid_request: audio_language must be en-US")
    rate_hz = 16_000 if config.sample_rate_hertz is None else config.sample_rate_hertz
    if not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
        raise refusal(400, f"invalid_request: sample_rate_hertz must be from {RATES_HZ[0]} to {RATES_HZ[1]}")
    return rate_hz


async def read_body(request: Request, kind: type[_T], limit_bytes: int, invalid: str = "invalid_request") -> _T:
    """The request's JSON as ``kind``; an empty body counts as ``{}``.

    Args:
        request: with a body that was not read yet.
        kind: of the table.
        limit_bytes: greatest size.
        invalid: error id of a body that is not of that kind.

    Raises:
        ServiceError: 413 when it is too big, 400 when it is not what the table says.
    """
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > limit_bytes:
            raise refusal(413, f"invalid_request: body is larger than {limit_bytes} bytes")
    try:
        return msgspec.json.decode(bytes(data) if data.strip() else b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # msgspec names the JSON path and the types, and of enumerations the value, which is not repeated.
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        reason = re.sub(r"^Invalid (enum value|value) .* - at", "Not a value of the list - at", reason, flags=re.DOTALL)
        if reason.endswith("`$.ambient_session_id`"):
            invalid = "invalid_ambient_id_format"  # S-115
        raise refusal(400, f"{invalid}: {reason}") from None


async def answer_safely(answer: Callable[[], Awaitable[Response]]) -> Response:
    """The answer, or the envelope of what went wrong."""
    try:
        return await answer()
    except ServiceError as error:
        return envelope(error)
    except ClientDisconnect:
        return envelope(refusal(499, "request_cancelled: the client left"))
    except Exception as error:  # noqa: BLE001  a fault of ours is a 500 with the envelope, and one line in the log
        _log.error("request failed with %s at %s", type(error).__name__, _place(error))
        return envelope(refusal(500, "internal_server_error"))


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else "unknown place"
