"""The one route table: client methods, simulator handlers and the API description are all made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.protocol import bodies
from workbench.protocol.messages import Product

__all__ = [
    "CREATE_DICTATION",
    "ENDPOINTS",
    "END_DICTATION",
    "JWKS",
    "LOGIN",
    "REGISTER",
    "SOCKET_PATHS",
    "Endpoint",
]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One REST operation.

    Attributes:
        name: identifier, also the operation id.
        method: HTTP method.
        path: template with ``{name}`` placeholders.
        status: status of success.
        request: body type, or None where there is none.
        response: body type, or None for an empty body.
        authenticated: whether ``sdp_suki_token`` is needed (S-11).
        errors: statuses that the documents name for it.
        summary: one line for people.
    """

    name: str
    method: str
    path: str
    status: int
    request: type[Any] | None
    response: type[Any] | None
    authenticated: bool
    errors: tuple[int, ...]
    summary: str


LOGIN = Endpoint(
    "login", "POST", "/api/v1/auth/login", 200, bodies.Login, bodies.LoggedIn, False, (400, 401),
    "Exchange a partner token for a Suki token that lives one hour",
)  # fmt: skip
REGISTER = Endpoint(
    "register", "POST", "/api/v1/auth/register", 201, bodies.Register, None, False, (400, 401, 409),
    "Link a provider to a partner",
)  # fmt: skip
JWKS = Endpoint(
    "jwks", "GET", "/api/auth/.well-known/jwks-pub.json", 200, None, dict, False, (),
    "Public keys of Suki tokens (RFC 7517)",
)  # fmt: skip
CREATE_DICTATION = Endpoint(
    "create_dictation", "POST", "/api/v1/transcription/session/create", 201, bodies.CreateDictation,
    bodies.CreatedDictation, True, (400, 401, 403, 409), "Create a dictation session",
)  # fmt: skip
END_DICTATION = Endpoint(
    "end_dictation", "POST", "/api/v1/transcription/session/{transcription_session_id}/end", 200, None,
    bodies.DictationResult, True, (401, 403, 404), "End a dictation session and fetch its whole transcript",
)  # fmt: skip

ENDPOINTS: tuple[Endpoint, ...] = (LOGIN, REGISTER, JWKS, CREATE_DICTATION, END_DICTATION)

SOCKET_PATHS: dict[Product, str] = {
    Product.DICTATION: "/ws/transcribe",
    Product.AMBIENT: "/ws/stream",
    Product.FORM_FILLING: "/ws/stream",
}
