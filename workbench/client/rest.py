"""Suki REST over httpx: login, sessions, results. What is tried again, and how often: :mod:`.retries`."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec
import stamina

import workbench
from workbench.client.answers import Exchange, as_configuration, decoded, refused, unreachable
from workbench.client.credentials import announce
from workbench.client.live_secrets import LiveSecrets
from workbench.client.proxies import proxy_for, through
from workbench.client.rest_process import RestProcess
from workbench.client.retries import is_transient, retry_after_s
from workbench.client.transport import tls_context
from workbench.errors import ServiceError, WorkbenchError
from workbench.protocol import bodies, endpoints
from workbench.protocol.endpoints import Endpoint
from workbench.settings import Credentials, Limits, ServiceAddress

__all__ = ["SukiRest"]

_T = TypeVar("_T")

TOKEN_LIFE_S = 3600.0
"""A Suki token lives one hour (S-12)."""

RENEW_BEFORE_S = 300.0
"""Log in afresh when less than this is left (S-13)."""

_MAX_BODY = 16 * 1024 * 1024
"""Greatest answer that is read; a note with its sources takes some hundred kB."""


class _Transient(Exception):  # noqa: N818  internal: this answer is worth another try
    def __init__(self, error: ServiceError, retry_after_s: float | None) -> None:
        super().__init__(error.problem)
        self.error = error
        self.retry_after_s = retry_after_s


class SukiRest:
    """REST client of one service and one set of credentials; use as ``async with``.

    Args:
        address: where the service is.
        credentials: what login needs.
        limits: request timeout and number of tries.
        tls: context for https.
        now_s: monotonic seconds, for token age.
        apart: makes the requests in a process of its own, where they delay no stamp; they are made here otherwise.
        ca_file: the authority behind ``tls``, for that process.

    Attributes:
        secrets: tokens that the service was given or gave; cut out of what it says.
    """

    def __init__(
        self,
        address: ServiceAddress,
        credentials: Credentials,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        now_s: Callable[[], float] = time.monotonic,
        apart: RestProcess | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._apart = apart
        self._ca_file = ca_file
        self._address = address
        self._credentials = credentials
        self.secrets = LiveSecrets([credentials.partner_token.reveal()])
        self._limits = limits or Limits()
        self._now_s = now_s
        self._token: str | None = None
        self._token_at_s = 0.0
        self._logging_in = asyncio.Lock()
        self._http = httpx.AsyncClient(
            base_url=address.rest_url,
            timeout=self._limits.rest_s,
            # Plain HTTP, which stays on this machine, has no certificate to check; to load the authorities takes 45 ms.
            verify=tls or (address.rest_url.startswith("https:") and tls_context()),
            headers={"User-Agent": f"suki-workbench/{workbench.__version__}"},
            follow_redirects=False,
            **through(proxy_for(address.rest_url, address.proxy)),
        )

    async def __aenter__(self) -> SukiRest:
        announce(self._address, self._credentials)
        if self._apart is not None:
            await self._apart.ask("open", self._address, self._credentials, self._limits, self._ca_file)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    @classmethod
    def opened_apart(
        cls, address: ServiceAddress, credentials: Credentials, limits: Limits, ca_file: Path | None
    ) -> SukiRest:
        """The client that makes the requests of another one, in another process."""
        return cls(address, credentials, limits, tls_context(ca_file))

    async def answer_apart(self, what: str, *arguments: Any) -> Any:  # noqa: ANN401  a question of the other process
        """What the client in the other process asks for: a token, or a request's status, body, exchanges and error."""
        if what == "token":
            return await self._fresh_token()
        if what == "token_after":
            return await self._token_after(*arguments)
        endpoint, body, path, query = arguments
        exchanges: list[Exchange] = []
        call = _Call(endpoint, body, path, query, exchanges)
        try:
            response = await self._replayed(call)
        except WorkbenchError as error:
            return None, b"", exchanges, error
        return response.status_code, response.content, exchanges, None

    async def _response(self, call: _Call) -> httpx.Response:
        """One request with all that belongs to it, made where requests are made."""
        if self._apart is None:
            return await self._replayed(call)
        body = None if call.body is None else msgspec.Raw(msgspec.json.encode(call.body))
        status, content, exchanges, error = await self._apart.ask(
            "request", call.endpoint, body, dict(call.path), dict(call.query)
        )
        if call.exchanges is not None:
            call.exchanges.extend(exchanges)
        if error is not None:
            raise error
        return httpx.Response(status, content=content)

    async def token(self) -> str:
        """A token with at least five minutes to live; logs in if there is none.

        Raises:
            ConfigurationError: the credentials were refused.
            ServiceError: the service could not be reached or failed.
        """
        if self._apart is not None:
            token: str = await self._apart.ask("token")
            self.secrets.add(token)
            return token
        return await self._fresh_token()

    async def _fresh_token(self) -> str:
        async with self._logging_in:  # sessions that start together share one login
            if self._token is None or self._now_s() - self._token_at_s > TOKEN_LIFE_S - RENEW_BEFORE_S:
                await self._login()
            return self._token or ""

    def provider_header(self) -> dict[str, str]:
        """``sdp_provider_id`` for partners that act for many providers, else nothing (S-22)."""
        provider = self._credentials.provider_id
        return {"sdp_provider_id": provider} if provider else {}

    @property
    def provider(self) -> str:
        """Who speaks, for bodies that name a provider: its id, else its name."""
        return self._credentials.provider_id or self._credentials.provider_name

    async def _login(self) -> None:
        """Log in; an unknown provider is registered once first (S-15)."""
        try:
            await self._login_once()
        except ServiceError as error:
            if not _is_unknown_provider(error):
                raise as_configuration(error, self._credentials) from None
            await self._register()
            try:
                await self._login_once()
            except ServiceError as again:
                raise as_configuration(again, self._credentials) from None

    async def _login_once(self) -> None:
        body = bodies.Login(
            partner_id=self._credentials.partner_id,
            partner_token=self._credentials.partner_token.reveal(),
            provider_id=self._credentials.provider_id,
        )
        # The life of a token counts from its issue, so the clock is read before the request.
        asked_s = self._now_s()
        response = await self._request(_Call(endpoints.LOGIN, body))
        answer = decoded(endpoints.LOGIN, response, bodies.LoggedIn)
        self._token, self._token_at_s = answer.suki_token, asked_s
        self.secrets.add(self._token)

    async def _register(self) -> None:
        who = self._credentials
        body = bodies.Register(
            partner_id=who.partner_id,
            partner_token=who.partner_token.reveal(),
            provider_name=who.provider_name,
            provider_org_id=who.provider_org_id,
            provider_id=who.provider_id,
            **({"provider_specialty": who.provider_specialty} if who.provider_specialty else {}),
        )
        try:
            await self._request(_Call(endpoints.REGISTER, body))
        except ServiceError as error:
            if error.status != 409:  # already linked is as good as linked (S-18)
                raise as_configuration(error, who) from None

    async def call(
        self,
        endpoint: Endpoint,
        body: msgspec.Struct | None = None,
        *,
        query: Mapping[str, bool] | None = None,
        answer: type[_T] | None = None,
        exchanges: list[Exchange] | None = None,
        **path: str,
    ) -> Any:  # noqa: ANN401  the table says the type
        """Call an endpoint of the route table.

        Args:
            endpoint: which one.
            body: a value of its request type, or None.
            query: values of its query parameters; those not given are not sent.
            answer: what to decode the answer to, if not to ``endpoint.response``.
            exchanges: gets every try of the request, failed ones too; logins are never among them.
            path: values of the placeholders in its path.

        Returns:
            The answer as ``endpoint.response``, or None if that is None (S-38).

        Raises:
            ConfigurationError: login refused.
            ServiceError: refused, not reachable, or not understood.
        """
        call = _Call(endpoint, body, path, query or {}, exchanges)
        response = await self._response(call)
        wanted = answer or endpoint.response
        return None if wanted is None else decoded(endpoint, response, wanted)

    async def create_dictation(self, sample_rate_hz: int, session_id: str | None = None) -> str:
        """Create a dictation session; returns its id. The audio configuration is always sent (S-47).

        Args:
            sample_rate_hz: sample rate of the audio that will be streamed.
            session_id: a UUID to ask for (S-43); None lets the service choose.
        """
        config = bodies.AudioConfigBody("LINEAR16", "en-US", sample_rate_hz)
        body = bodies.CreateDictation(session_id, config)
        answer: bodies.CreatedDictation = await self.call(endpoints.CREATE_DICTATION, body)
        return answer.transcription_session_id

    async def end_dictation(self, session_id: str) -> bodies.DictationResult:
        """End a dictation session; every field of the answer may be missing (S-54)."""
        result: bodies.DictationResult = await self.call(endpoints.END_DICTATION, transcription_session_id=session_id)
        return result

    async def _replayed(self, call: _Call) -> httpx.Response:
        """One request with a token where it needs one; a 401 leads to one login and one replay (S-37)."""
        if not call.endpoint.authenticated:
            return await self._request(call)
        token = await self._fresh_token()
        try:
            return await self._request(call, token)
        except ServiceError as error:
            if error.status != 401:
                raise
            return await self._request(call, await self._token_after(token))

    async def token_after(self, refused_token: str) -> str:
        """A token in place of one that was refused; logs in once, whoever asks first.

        Raises:
            ConfigurationError: the credentials were refused.
            ServiceError: the service could not be reached or failed.
        """
        if self._apart is not None:
            token: str = await self._apart.ask("token_after", refused_token)
            self.secrets.add(token)
            return token
        return await self._token_after(refused_token)

    async def _token_after(self, refused_token: str) -> str:
        """A token that is not the one just refused; sessions refused together share one login."""
        async with self._logging_in:
            if self._token == refused_token:
                await self._login()
            return self._token or ""

    async def _request(self, call: _Call, token: str | None = None) -> httpx.Response:
        endpoint = call.endpoint
        headers = {"sdp_suki_token": token} | self.provider_header() if token else {}
        content = None
        if call.body is not None:
            content, headers["Content-Type"] = msgspec.json.encode(call.body), "application/json"
        request = self._http.build_request(
            endpoint.method,
            endpoint.path.format_map({name: quote(value, safe="") for name, value in call.path.items()}),
            params={name: str(value).lower() for name, value in call.query.items()} or None,
            content=content,
            headers=headers,
        )
        try:
            async for attempt in stamina.retry_context(
                on=_back_off, attempts=self._limits.rest_attempts, wait_initial=0.25, wait_max=8.0, timeout=None
            ):
                with attempt:
                    response = await self._send(call, request)
        except _Transient as last:
            raise last.error from None
        return response

    async def _send(self, call: _Call, request: httpx.Request) -> httpx.Response:
        endpoint = call.endpoint
        item = f"{endpoint.method} {endpoint.path}"
        sent_ns = time.perf_counter_ns()
        try:
            response = await self._http.send(request, stream=True)
            await _read_bounded(response, item)
            if endpoint is not endpoints.LOGIN or not response.is_success:  # that one has the token to use
                response._content = self.secrets.cut_bytes(response.content)
        except httpx.TransportError as error:
            call.note(Exchange.unanswered(endpoint.name, sent_ns))
            if isinstance(error, httpx.TimeoutException):
                late = ServiceError("no answer in time", item=item, expected=f"one within {self._limits.rest_s:g} s")
                raise _Transient(late, None) from None
            failed, again = unreachable(item, self._address, error)
            raise _Transient(failed, None) if again else failed from None
        except httpx.DecodingError as error:
            raise ServiceError(
                "answer cannot be decompressed",
                item=item,
                got=type(error).__name__,
                expected="gzip, deflate or no compression",
            ) from None
        call.note(Exchange.of(endpoint.name, sent_ns, time.perf_counter_ns(), response))
        if is_transient(response.status_code):
            raise _Transient(self._refused(item, response), retry_after_s(response.headers.get("retry-after")))
        if not response.is_success:
            raise self._refused(item, response)
        return response

    def _refused(self, item: str, response: httpx.Response) -> ServiceError:
        error = refused(item, response)
        error.got = self.secrets.cut(str(error.got))  # the reason of the status line, too
        return error


@dataclass(frozen=True, slots=True)
class _Call:
    """One call: everything but the token."""

    endpoint: Endpoint
    body: msgspec.Struct | msgspec.Raw | None = field(default=None, repr=False)
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, bool] = field(default_factory=dict)
    exchanges: list[Exchange] | None = field(default=None, repr=False)

    def note(self, exchange: Exchange) -> None:
        if self.exchanges is not None:
            self.exchanges.append(exchange)


async def _read_bounded(response: httpx.Response, item: str) -> None:
    """Read the body into the response, unless it is greater than any answer. Raises ServiceError."""
    body = bytearray()
    try:
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > _MAX_BODY:
                raise ServiceError(
                    "answer is too large", item=item, got=f"more than {len(body)} bytes",
                    expected=f"at most {_MAX_BODY}", status=response.status_code,
                )  # fmt: skip
    finally:
        await response.aclose()
    response._content = bytes(body)


def _back_off(error: Exception) -> bool | float:
    if not isinstance(error, _Transient):
        return False
    return True if error.retry_after_s is None else error.retry_after_s


def _is_unknown_provider(error: ServiceError) -> bool:
    return error.error_id == "provider_not_registered"
