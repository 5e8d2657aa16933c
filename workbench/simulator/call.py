"""One REST call as the handlers see it."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from workbench.errors import ServiceError
from workbench.protocol.endpoints import FLAGS
from workbench.simulator.auth.tokens import Identity
from workbench.simulator.refusals import envelope, refusal

__all__ = ["Call", "answer_safely", "read_body", "read_flag"]

_T = TypeVar("_T")


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, checked as far as the route table can.

    Attributes:
        path: values of the placeholders.
        body: decoded as the table says, None if it has no request body.
        caller: verified, None for open endpoints.
        query: values of the query parameters that the table names.
        base_url: address of this simulator as the caller knows it.
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


def read_flag(name: str, values: list[str]) -> bool:
    """A boolean query parameter; one that is missing is false (S-207). Raises ServiceError 400."""
    text = values[0] if len(values) == 1 else "false" if not values else ""
    if text not in FLAGS:
        raise refusal(400, f"invalid_request: {name} must be true or false")
    return FLAGS[text]


async def read_body(request: Request, kind: type[_T], limit_bytes: int, invalid: str = "invalid_request") -> _T:
    """The request's JSON as ``kind``; an empty body counts as ``{}``.

    Args:
        request: with a body that was not read yet.
        kind: body type of the route table.
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
        return _decode(bytes(data) if data.strip() else b"{}", kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # msgspec names the JSON path and the types, and of enumerations the value, which is not repeated.
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        reason = re.sub(r"^Invalid (enum value|value) .* - at", "Not a value of the list - at", reason, flags=re.DOTALL)
        if reason.endswith("`$.ambient_session_id`"):
            invalid = "invalid_ambient_id_format"  # S-115
        raise refusal(400, f"{invalid}: {reason}") from None


def _decode(data: bytes, kind: type[_T]) -> _T:
    """JSON as ``kind``. To JSON Schema 16000.0 is an integer, to msgspec a float: such numbers are read as integers."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        if "got `float`" not in str(error):
            raise
        return msgspec.convert(_with_integers(msgspec.json.decode(data)), kind)


def _with_integers(value: Any) -> Any:  # noqa: ANN401  any JSON
    if isinstance(value, dict):
        return {name: _with_integers(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_with_integers(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


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
