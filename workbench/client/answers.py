"""What a REST answer becomes: a value, a refusal with its reason, or a frame of the event log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import httpx
import msgspec

from workbench.client.proxies import proxy_for, refused_by_proxy
from workbench.errors import ConfigurationError, ServiceError
from workbench.protocol.bodies import envelope_message, error_id_of
from workbench.protocol.endpoints import Endpoint
from workbench.protocol.vocabulary import BACKLOG_HEADER
from workbench.settings import Credentials, ServiceAddress

__all__ = ["Exchange", "as_configuration", "decoded", "exchange_text", "refused", "unreachable"]

_T = TypeVar("_T")

_SPELLING = "Check the spelling of --endpoint, or of the proxy, and the network"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One try of a REST request, for the event log.

    Attributes:
        text: JSON object of ``call``, ``status`` and ``body``.
        sent_ns, received_ns: monotonic; ``received_ns`` is None if no answer came.
        backlog_ms: what a simulator says of its recogniser; None from any other service.
    """

    text: str
    sent_ns: int
    received_ns: int | None
    backlog_ms: int | None = None

    def __repr__(self) -> str:
        """Length only: results are patient data."""
        return f"Exchange({len(self.text)} chars)"

    @classmethod
    def of(cls, call: str, sent_ns: int, received_ns: int, response: httpx.Response) -> Exchange:
        """An answer; a body that is no JSON is kept as a JSON string."""
        text = exchange_text(call, response.status_code, response.content)
        backlog = response.headers.get(BACKLOG_HEADER, "")
        return cls(text, sent_ns, received_ns, int(backlog) if backlog.isascii() and backlog.isdigit() else None)

    @classmethod
    def unanswered(cls, call: str, sent_ns: int) -> Exchange:
        """A request that nobody answered."""
        return cls(exchange_text(call, None, b""), sent_ns, None)


def exchange_text(call: str, status: int | None, body: bytes) -> str:
    """Text of a REST frame.

    >>> exchange_text("ambient_status", 200, b'{"status":"ready"}')
    '{"call":"ambient_status","status":200,"body":{"status":"ready"}}'
    """
    text = body.decode("utf-8", "replace")
    raw: object = None
    if text.strip():
        try:
            raw = msgspec.json.decode(text, type=msgspec.Raw)
        except (msgspec.DecodeError, RecursionError):
            raw = text
    return msgspec.json.encode({"call": call, "status": status, "body": raw}).decode()


def decoded(endpoint: Endpoint, response: httpx.Response, answer: type[_T]) -> _T:
    """The answer as its type; an empty body counts as ``{}`` (S-38, S-181).

    Raises:
        ServiceError: with the JSON path of what is wrong, never the content.
    """
    content = response.content if response.content.strip() else b"{}"
    try:
        return msgspec.json.decode(content, type=answer)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ServiceError(
            "answer cannot be understood",
            item=f"{endpoint.method} {endpoint.path}",
            got=str(error),
            expected=getattr(answer, "__name__", str(answer)),
            status=response.status_code,
        ) from None


def refused(item: str, response: httpx.Response) -> ServiceError:
    """An answer that is no success: the status decides, the body refines (S-33)."""
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


def unreachable(item: str, address: ServiceAddress, error: httpx.TransportError) -> tuple[ServiceError, bool]:
    """A connection that did not come about or was lost, and whether another try may mend it."""
    text = str(error) or type(error).__name__
    proxy = proxy_for(address.rest_url, address.proxy)
    if isinstance(error, httpx.ProxyError):
        # A proxy that wants a login or forbids a host does so again; one that cannot reach it may a little later.
        return refused_by_proxy(address.name, f"{text} from {proxy}"), not text.startswith("4")
    if isinstance(error, httpx.ConnectError):
        name_unknown = any(part in text for part in ("Name or service", "getaddrinfo", "nodename", "Temporary failure"))
        if name_unknown or "CERTIFICATE" in text.upper():
            # Neither a spelling nor a certificate gets better by asking again.
            failed = ServiceError(
                "host name does not resolve" if name_unknown else "TLS was refused",
                item=str(proxy) if proxy is not None and name_unknown else address.rest_url,
                got=text,
                action=_SPELLING if name_unknown else "Name the service's certificate authority with `ca_file`",
            )
            return failed, False
    failed = ServiceError(
        "service cannot be reached",
        item=f"{item} at {address.name}" + (f" through the proxy {proxy}" if proxy is not None else ""),
        got=text,
        action="Check that the service is up and the address is right",
    )
    return failed, True


def as_configuration(error: ServiceError, who: Credentials) -> ServiceError | ConfigurationError:
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
