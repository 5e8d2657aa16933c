"""Suki REST over httpx: login, sessions, results, and when to try again.

Retry policy, all of it: 429 and 5xx and lost connections are tried again with exponential back-off and jitter,
``Retry-After`` obeyed (S-35); 401 leads to one login and one replay (S-37); any other 4xx is final (S-34), 402 is
named as quota (S-36).
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

import httpx
import msgspec
import stamina

import workbench
from workbench.client.background import BackgroundLoop
from workbench.errors import ConfigurationError, ServiceError
from workbench.protocol import bodies, endpoints
from workbench.protocol.bodies import envelope_message, error_id_of
from workbench.protocol.endpoints import Endpoint
from workbench.settings import Credentials, Limits, ServiceAddress

__all__ = ["SukiRest"]

_T = TypeVar("_T")

TOKEN_LIFE_S = 3600.0
"""A Suki token lives one hour (S-12)."""

RENEW_BEFORE_S = 300.0
"""Log in afresh when less than this is left (S-13)."""

_MAX_WAIT_S = 60.0


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
    """

    def __init__(
        self,
        address: ServiceAddress,
        credentials: Credentials,
        limits: Limits | None = None,
        tls: ssl.SSLContext | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._limits = limits or Limits()
        self._now_s = now_s
        self._token: str | None = None
        self._token_at_s = 0.0
        self._logging_in = asyncio.Lock()
        self._background = BackgroundLoop()
        self._http = httpx.AsyncClient(
            base_url=address.rest_url,
            timeout=self._limits.rest_s,
            verify=tls if tls is not None else True,
            headers={"User-Agent": f"suki-workbench/{workbench.__version__}"},
            follow_redirects=False,
        )

    async def __aenter__(self) -> SukiRest:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._background.run(self._http.aclose())
        await self._background.close()

    async def token(self) -> str:
        """A token with at least five minutes to live; logs in where there is none.

        Raises:
            ConfigurationError: the credentials were refused.
            ServiceError: the service could not be reached or failed.
        """
        return await self._background.run(self._fresh_token())

    async def _fresh_token(self) -> str:
        async with self._logging_in:  # sessions that start together share one login
            if self._token is None or self._now_s() - self._token_at_s > TOKEN_LIFE_S - RENEW_BEFORE_S:
                await self._login()
            return self._token or ""

    def provider_header(self) -> dict[str, str]:
        """``sdp_provider_id`` for partners that act for many providers, else nothing (S-22)."""
        provider = self._credentials.provider_id
        return {"sdp_provider_id": provider} if provider else {}

    async def _login(self) -> None:
        """Log in; an unknown provider is registered once first (S-15)."""
        try:
            await self._login_once()
        except ServiceError as error:
            if not _is_unknown_provider(error):
                raise _as_configuration(error, self._credentials) from None
            await self._register()
            try:
                await self._login_once()
            except ServiceError as again:
                raise _as_configuration(again, self._credentials) from None

    async def _login_once(self) -> None:
        body = bodies.Login(
            partner_id=self._credentials.partner_id,
            partner_token=self._credentials.partner_token.reveal(),
            provider_id=self._credentials.provider_id,
        )
        # The life of a token counts from its issue, so the clock is read before the request.
        asked_s = self._now_s()
        answer = _decode(endpoints.LOGIN, await self._request(endpoints.LOGIN, body), bodies.LoggedIn)
        self._token, self._token_at_s = answer.suki_token, asked_s

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
            await self._request(endpoints.REGISTER, body)
        except ServiceError as error:
            if error.status != 409:  # already linked is as good as linked (S-18)
                raise _as_configuration(error, who) from None

    async def create_dictation(self, sample_rate_hz: int, session_id: str | None = None) -> str:
        """Create a dictation session; returns its id. The audio configuration is always sent (S-47).

        Args:
            sample_rate_hz: of the audio that will be streamed.
            session_id: a UUID to ask for (S-43); None lets the service choose.
        """
        config = bodies.AudioConfigBody("LINEAR16", "en-US", sample_rate_hz)
        body = bodies.CreateDictation(session_id, config)
        answer = await self._authorised(endpoints.CREATE_DICTATION, bodies.CreatedDictation, body)
        return answer.transcription_session_id

    async def end_dictation(self, session_id: str) -> bodies.DictationResult:
        """End a dictation session; every field of the answer may be missing (S-54)."""
        return await self._authorised(
            endpoints.END_DICTATION, bodies.DictationResult, None, transcription_session_id=session_id
        )

    async def _authorised(
        self, endpoint: Endpoint, answer: type[_T], body: msgspec.Struct | None = None, **path: str
    ) -> _T:
        return _decode(endpoint, await self._background.run(self._replayed(endpoint, body, path)), answer)

    async def _replayed(self, endpoint: Endpoint, body: msgspec.Struct | None, path: dict[str, str]) -> httpx.Response:
        """One request with a token; a 401 leads to one login and one replay (S-37)."""
        try:
            return await self._request(endpoint, body, await self._fresh_token(), path)
        except ServiceError as error:
            if error.status != 401:
                raise
            await self._login()
            return await self._request(endpoint, body, await self._fresh_token(), path)

    async def _request(
        self,
        endpoint: Endpoint,
        body: msgspec.Struct | None = None,
        token: str | None = None,
        path: dict[str, str] | None = None,
    ) -> httpx.Response:
        headers = {"sdp_suki_token": token} | self.provider_header() if token else {}
        content = None
        if body is not None:
            content, headers["Content-Type"] = msgspec.json.encode(body), "application/json"
        request = self._http.build_request(
            endpoint.method, endpoint.path.format(**(path or {})), content=content, headers=headers
        )
        try:
            async for attempt in stamina.retry_context(
                on=_back_off, attempts=self._limits.rest_attempts, wait_initial=0.25, wait_max=8.0, timeout=None
            ):
                with attempt:
                    response = await self._send(endpoint, request)
        except _Transient as last:
            raise last.error from None
        return response

    async def _send(self, endpoint: Endpoint, request: httpx.Request) -> httpx.Response:
        item = f"{endpoint.method} {endpoint.path}"
        try:
            response = await self._http.send(request)
        except httpx.TimeoutException:
            raise _Transient(
                ServiceError("no answer in time", item=item, expected=f"one within {self._limits.rest_s:g} s"), None
            ) from None
        except httpx.TransportError as error:
            raise _unreachable(item, self._address, error) from None
        if response.status_code == 429 or response.status_code >= 500:
            raise _Transient(_refused(item, response), _retry_after_s(response))
        if response.status_code != endpoint.status and not response.is_success:
            raise _refused(item, response)
        return response


def _back_off(error: Exception) -> bool | float:
    if not isinstance(error, _Transient):
        return False
    return True if error.retry_after_s is None else min(error.retry_after_s, _MAX_WAIT_S)


def _retry_after_s(response: httpx.Response) -> float | None:
    try:
        return max(0.0, float(response.headers["retry-after"]))
    except (KeyError, ValueError):
        return None


def _unreachable(item: str, address: ServiceAddress, error: httpx.TransportError) -> Exception:
    text = str(error) or type(error).__name__
    if isinstance(error, httpx.ConnectError):
        name_unknown = any(part in text for part in ("Name or service", "getaddrinfo", "nodename", "Temporary failure"))
        if name_unknown or "CERTIFICATE" in text.upper():
            # Neither a spelling nor a certificate gets better by asking again.
            return ServiceError(
                "host name does not resolve" if name_unknown else "TLS was refused",
                item=address.rest_url,
                got=text,
                action="Check --endpoint" if name_unknown else "Give the service's authority with --ca-file",
            )
    failed = ServiceError("service cannot be reached", item=f"{item} at {address.name}", got=text)
    failed.action = "Check that the service is up and the address is right"
    return _Transient(failed, None)


def _refused(item: str, response: httpx.Response) -> ServiceError:
    message = envelope_message(response.content)
    quota = response.status_code == 402
    return ServiceError(
        "quota is used up" if quota else "request refused",
        item=item,
        got=f"{response.status_code} {message or response.reason_phrase}".strip(),
        action="Ask the partner's account manager for more" if quota else None,
        status=response.status_code,
        error_id=error_id_of(message),
    )


def _decode(endpoint: Endpoint, response: httpx.Response, answer: type[_T]) -> _T:
    content = response.content if response.content.strip() else b"{}"
    try:
        return msgspec.json.decode(content, type=answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ServiceError(
            "answer cannot be understood",
            item=f"{endpoint.method} {endpoint.path}",
            got=str(error),
            expected=answer.__name__,
            status=response.status_code,
        ) from None


def _is_unknown_provider(error: ServiceError) -> bool:
    return error.error_id == "provider_not_registered"


def _as_configuration(error: ServiceError, who: Credentials) -> ServiceError | ConfigurationError:
    """Login refused with 400, 401, 403 or 412 is a matter of credentials, not of the service."""
    if error.status in (400, 401, 403, 412):
        return ConfigurationError(
            "login refused",
            item=f"partner {who.partner_id}",
            got=error.got,
            expected="a partner id and a valid partner token",
            action="Check SUKI_PARTNER_ID and SUKI_PARTNER_TOKEN",
        )
    return error
