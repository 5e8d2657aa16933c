"""What the server admits, and the headers of everything it answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from workbench.app.access import Access, close_access, current_access, open_access, own_url
from workbench.app.guard import Guard, content_security_policy, host_of, security_headers
from workbench.app.router import PAGES
from workbench.app.routes import HEALTH, OPEN_PATHS, index_html, page_paths
from workbench.app.server import Launch

OWN = "/workbench/thing"


async def _thing(request: object) -> PlainTextResponse:
    return PlainTextResponse("inside")


async def _socket(socket: WebSocket) -> None:
    await socket.accept()
    await socket.send_text("inside")
    await socket.close()


@pytest.fixture
def server() -> Iterator[Starlette]:
    """One route of ours, one socket of ours and one page behind the guard."""
    access = open_access(Launch().admitted)
    guard = Middleware(Guard, access=access, open_paths=OPEN_PATHS, headers=security_headers(index_html()))
    routes = [Route(path, _thing) for path in (OWN, HEALTH, "/page")]
    yield Starlette(routes=[*routes, WebSocketRoute("/workbench/socket", _socket)], middleware=[guard])
    close_access()


class Asking:
    """Asks a server in this process, as a browser that opened the printed address unless told otherwise."""

    def __init__(self, server: Starlette) -> None:
        self._transport = httpx.ASGITransport(server)

    def get(self, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        """One request."""
        headers = {"Cookie": cookie()} | (headers or {})

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://localhost:8501") as client:
                return await client.get(path, headers=headers, **more)

        return asyncio.run(ask())


@pytest.fixture
def client(server: Starlette) -> Asking:
    """Asks the guarded server."""
    return Asking(server)


async def opened(server: Starlette, query: str, headers: dict[str, str]) -> list[str]:
    """Types of what a socket is told, from its handshake on."""
    told: list[str] = []
    headers = {"Host": "localhost:8501", "Cookie": cookie()} | headers
    scope = {
        "type": "websocket", "path": "/workbench/socket", "raw_path": b"", "query_string": query.encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "subprotocols": [], "asgi": {"version": "3.0"}, "scheme": "ws", "root_path": "",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        told.append(message["type"])

    await server(scope, receive, send)  # type: ignore[arg-type]  a message is any mapping
    return told


def access() -> Access:
    """Of this process."""
    access = current_access()
    assert access is not None
    return access


def token() -> str:
    """Of this process, for routes of ours."""
    return access().token.reveal()


def cookie() -> str:
    """What a browser sends that opened the printed address."""
    return f"theme=dark; {access().cookie_name}={access().cookie.reveal()}"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1@evil.example"])
def test_a_host_name_that_is_not_ours_is_refused_everywhere(client: Asking, host: str) -> None:
    """A name that somebody else resolves to this machine reads nothing."""
    assert client.get("/page", headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8501", "127.0.0.1:9", "[::1]:8501"])
def test_the_names_of_this_machine_are_admitted(client: Asking, host: str) -> None:
    """With any port and in any case."""
    assert client.get("/page", headers={"Host": host}).status_code == 200


def test_a_route_of_ours_needs_the_token_of_this_process(client: Asking) -> None:
    """Missing and wrong ones are refused alike."""
    assert client.get(OWN).status_code == 403
    assert client.get(OWN, params={"token": "guess"}).status_code == 403
    assert client.get(OWN, params={"token": token()}).text == "inside"


def test_a_page_of_another_origin_may_not_call_us_even_with_the_token(client: Asking) -> None:
    """A token that leaked into another page is of no use there."""
    asked = {"params": {"token": token()}}
    assert client.get(OWN, **asked, headers={"Origin": "http://evil.example"}).status_code == 403
    assert client.get(OWN, **asked, headers={"Origin": "http://localhost:9999"}).status_code == 403
    assert client.get(OWN, **asked, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.get(OWN, **asked, headers={"Origin": "http://localhost:8501"}).status_code == 200


WRONG = ("", "workbench-0=guess", "workbench-0=", "other=x; workbench-1=x", "workbench-0=\u00e9")


@pytest.mark.parametrize("cookies", WRONG)
@pytest.mark.parametrize("path", ["/page", OWN, "/_stcore/stream", "/nowhere"])
def test_without_the_cookie_there_is_nothing_at_any_path(client: Asking, path: str, cookies: str) -> None:
    """Another user of the machine has none; the token of a route alone is not enough."""
    answer = client.get(path, params={"token": token()}, headers={"Cookie": cookies.encode("latin-1")})  # type: ignore[dict-item]
    assert (answer.status_code, "workbench app printed" in answer.text) == (403, True)
    assert client.get("/page").status_code == 200


def test_the_printed_address_buys_the_cookie_once_and_leaves_no_token_in_the_address(client: Asking) -> None:
    """HttpOnly and SameSite=Strict; the rest of the address stays, and leads nowhere else."""
    start = access().start.reveal()
    answer = client.get("/page", params={"start": start, "runs": "a b"}, headers={"Cookie": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, "/page?runs=a+b")
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name == f"{access().cookie_name}={access().cookie.reveal()}"
    assert set(attributes) == {"HttpOnly", "SameSite=Strict", "Path=/"}
    assert answer.headers["cache-control"] == "no-store"
    assert client.get("/page", params={"start": "guess"}).status_code == 403
    assert (
        client.get("http://localhost:8501//evil.example/", params={"start": start}).headers["location"]
        == "/evil.example/"
    )
    from_evil = {"Host": "evil.example", "Cookie": ""}
    assert client.get("/page", params={"start": start}, headers=from_evil).status_code == 403


@pytest.mark.parametrize("headers", [
    {"Origin": "http://localhost:9999"}, {"Origin": "http://127.0.0.1:8501"}, {"Origin": "null"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, {"Sec-Fetch-Site": "cross-site"},
])  # fmt: skip
async def test_a_page_of_another_port_sees_nothing_although_the_browser_sends_the_cookie(
    server: Starlette, headers: dict[str, str]
) -> None:
    """Cookies know no ports, origins do; pages and sockets of Streamlit alike."""
    assert await opened(server, f"token={token()}", headers) == ["websocket.close"]
    answer = await httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://localhost:8501").get(
        "/page", headers={"Cookie": cookie()} | headers
    )
    assert answer.status_code == 403


async def test_a_socket_is_refused_before_it_is_accepted(server: Starlette) -> None:
    """Without token, without cookie, and from a foreign page."""
    assert await opened(server, f"token={token()}", {"Cookie": ""}) == ["websocket.close"]
    assert await opened(server, "", {}) == ["websocket.close"]
    assert await opened(server, f"token={token()}", {"Origin": "http://evil.example"}) == ["websocket.close"]
    told = await opened(server, f"token={token()}", {"Origin": "http://localhost:8501"})
    assert told == ["websocket.accept", "websocket.send", "websocket.close"]


def test_health_needs_no_token_and_tells_nothing(client: Asking) -> None:
    """Alive is all there is to know."""
    assert client.get(HEALTH, headers={"Cookie": ""}).status_code == 200


def test_every_answer_has_the_headers_also_a_refusal(client: Asking) -> None:
    """No sniffing, no framing, no referrer; our own routes are not kept in a cache."""
    for answer in (client.get("/page"), client.get(OWN), client.get("/page", headers={"Host": "evil.example"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert client.get(HEALTH).headers["cache-control"] == "no-store"


def test_the_policy_admits_each_inline_script_by_its_hash_and_nothing_else_inline() -> None:
    """One hash a script; no unsafe-inline and no unsafe-eval for scripts, no other machine at all."""
    page = index_html()
    rules = dict(rule.split(" ", 1) for rule in content_security_policy(page).split("; "))
    assert rules["script-src"].count("'sha256-") == len(re.findall(rb"<script>", page)) > 0
    assert not {"'unsafe-inline'", "'unsafe-eval'"} & set(rules["script-src"].split())
    assert "http" not in content_security_policy(page)
    assert rules["object-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"


def test_the_page_knows_its_server_so_that_permalinks_ask_for_nothing_that_is_not_there() -> None:
    """Served at every address of a page, with paths from the root."""
    assert b'<base href="/">' in index_html()
    assert "/" in page_paths()
    assert "/audio-lab" in page_paths()
    assert len(page_paths()) == len(PAGES)


def test_an_address_of_ours_carries_the_token_and_none_is_offered_to_a_bare_script() -> None:
    """Pages ask for the address and fall back where there is none."""
    close_access()
    assert own_url("/live") is None
    access = open_access(frozenset({"localhost"}))
    assert own_url("/live", {"id": "a b"}) == f"/workbench/live?id=a+b&token={access.token.reveal()}"
    close_access()


def test_the_token_is_in_no_repr() -> None:
    """A log that prints what it has gives nothing away."""
    access = open_access(frozenset())
    secrets = (access.token, access.start, access.cookie)
    assert not [secret for secret in secrets if secret.reveal() in repr(access)]
    close_access()


def test_a_host_header_that_is_none_names_no_host() -> None:
    """Credentials, paths and bad ports are refused."""
    assert [host_of(text) for text in ("a@localhost", "localhost/x", "localhost:port", "")] == [None] * 4


def test_an_address_of_every_interface_is_no_name_to_call_us_by() -> None:
    """Listening everywhere does not admit everybody."""
    assert Launch(host="0.0.0.0").admitted == Launch().admitted  # noqa: S104  compared, not bound
    assert "bench.local" in Launch(host="10.0.0.7", hosts=("Bench.Local",)).admitted
    assert "10.0.0.7" in Launch(host="10.0.0.7").admitted
