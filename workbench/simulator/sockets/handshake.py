"""The two forms in which a socket's credentials come, and the order that each endpoint demands.

Browsers can set no headers; they put the credentials into ``Sec-WebSocket-Protocol`` (S-58, S-144). Dictation wants
the token before the session id, the other products the session id before the token; the orders are not
interchangeable (S-68).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.websockets import WebSocket

from workbench.errors import ServiceError
from workbench.protocol.messages import Product
from workbench.simulator.dictation_sessions import is_uuid
from workbench.simulator.refusals import refusal
from workbench.simulator.sockets.mistakes import report_request

__all__ = ["SocketCredentials", "check_handshake", "read_credentials", "session_of"]

NAME = "SukiAmbientAuth"
LEGACY_NAME = "SukiTranscriptionAuth"

_ID_HEADERS = {
    Product.DICTATION: "transcription_session_id",
    Product.AMBIENT: "ambient_session_id",
    Product.FORM_FILLING: "ambient_session_id",
}


@dataclass(frozen=True, slots=True)
class SocketCredentials:
    """What the upgrade request carried.

    Attributes:
        token: token of the caller, not yet verified; None if it is missing.
        session_id: which session, None if it is missing.
        subprotocol: what the 101 selects: the name alone, never the token (S-69); None for the header form.
    """

    token: str | None = field(repr=False)
    session_id: str | None
    subprotocol: str | None


def check_handshake(websocket: WebSocket, session_id: str, *, strict: bool) -> None:
    """Report what an upgrade that can be served has wrong (S-214).

    Raises:
        ServiceError: 400 for the first mistake of a strict service.
    """
    for problem, remedy in _handshake_mistakes(websocket):
        if strict:
            raise ServiceError(f"invalid_request: {problem}", status=400, error_id="invalid_request", action=remedy)
        report_request(session_id, "handshake", problem, remedy)


def _handshake_mistakes(websocket: WebSocket) -> Iterator[tuple[str, str]]:
    if "sdp_suki_token" in websocket.headers and websocket.scope["subprotocols"]:
        yield (
            "Sec-WebSocket-Protocol together with the headers",
            "Send the headers alone; only browsers offer subprotocols",
        )
    if websocket.scope["query_string"]:
        yield "the address has a query", "Send token and session id in headers or subprotocols, never in the address"


def session_of(credentials: SocketCredentials, path: Mapping[str, str], product: Product) -> str:
    """Which session an upgrade is for: the one it names, or the one of its address where the dialect has it there.

    Raises:
        ServiceError: 400 where there is none, or where the two are not the same.
    """
    header, named, addressed = _ID_HEADERS[product], credentials.session_id, path.get("session_id")
    if named is None and addressed is None:
        raise refusal(400, f"invalid_request: header {header} is missing")
    if named and addressed and named.lower() != addressed.lower():
        raise refusal(400, f"invalid_request: {header} is not the session of this address")
    return addressed or named or ""


def read_credentials(
    headers: Mapping[str, str], offered: Sequence[str], product: Product, *, legacy: bool
) -> SocketCredentials:
    """Credentials of an upgrade request.

    Args:
        headers: by lower-case name.
        offered: members of ``Sec-WebSocket-Protocol``, blanks around them removed (S-70).
        product: decides names and order.
        legacy: whether the name of older pages is accepted (S-71).

    Raises:
        ServiceError: 401 for an offer in the wrong order or under a wrong name.
    """
    if "sdp_suki_token" in headers or not offered:
        return SocketCredentials(headers.get("sdp_suki_token"), headers.get(_ID_HEADERS[product]), None)
    name, members = offered[0], offered[1:]
    if name != NAME and not (legacy and name == LEGACY_NAME):
        raise refusal(401, f"invalid_sdp_token: the first subprotocol must be {NAME}")
    order = ("token", "session id") if product is Product.DICTATION else ("session id", "token")
    in_order = len(members) == 2 and is_uuid(members[order.index("session id")])
    if not in_order:
        raise refusal(401, f"invalid_sdp_token: expected {NAME}, {order[0]}, {order[1]} in this order")
    return SocketCredentials(members[order.index("token")], members[order.index("session id")], name)
