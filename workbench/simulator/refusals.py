"""Refusals, in the one envelope that the documents know: ``{"code", "message"}`` (S-30).

A refusal is a ServiceError that carries its status; ``problem`` is the message that goes on the wire. It names
fields and states, never values: a value may be a token or speech.
"""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from workbench.errors import ServiceError
from workbench.protocol.bodies import ErrorEnvelope, error_id_of

__all__ = ["envelope", "json_response", "refusal"]


_BUSY = 503
_RETRY_AFTER_S = 5
"""About what a short utterance leaves a recogniser occupied for."""


def refusal(status: int, message: str) -> ServiceError:
    """An error to raise in a handler.

    Args:
        status: HTTP status.
        message: an error id, ``<id>: details``, or free text (S-31, S-32).
    """
    return ServiceError(message, status=status, error_id=error_id_of(message))


def json_response(status: int, body: object, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    return Response(msgspec.json.encode(body), status, headers, "application/json")


def envelope(error: ServiceError, headers: dict[str, str] | None = None) -> Response:
    """The answer that says a refusal; one for want of room says when to come again (S-216)."""
    status = error.status or 500
    if status == _BUSY:
        headers = {"Retry-After": str(_RETRY_AFTER_S)} | (headers or {})
    return json_response(status, ErrorEnvelope(status, error.problem), headers)
