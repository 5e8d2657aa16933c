"""``/openapi.json`` and a page for people at ``/docs``, both made from the route table; the page loads nothing."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from workbench import __version__
from workbench.protocol.dialects import endpoints_of, socket_path
from workbench.protocol.messages import Dialect, Product
from workbench.protocol.openapi import openapi_document
from workbench.simulator.notes.forms import TEMPLATE_IDS
from workbench.simulator.refusals import json_response

__all__ = ["page_routes"]

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c1c1c;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.05rem;margin:2rem 0 .25rem;overflow-wrap:anywhere}
code{font:0.95em ui-monospace,monospace}.m{display:inline-block;min-width:3.6em}
pre{background:#f4f4f4;padding:.75rem;overflow:auto;max-height:24rem}a{color:#0b57d0}
@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#161616}pre{background:#242424}a{color:#8ab4f8}}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SOCKETS = {Dialect.LIVE: """
<p><code>/ws/transcribe</code> takes dictation; <code>/ws/stream</code> takes ambient and form filling. Programs send
the headers <code>sdp_suki_token</code> and <code>transcription_session_id</code> or <code>ambient_session_id</code>.
Browsers offer the subprotocols <code>SukiAmbientAuth, token, session id</code> on the first, and <code>SukiAmbientAuth,
session id, token</code> on the second.</p>
""", Dialect.ASYNCAPI: """
<p>Creating a session gives its <code>audioWebsocketUrl</code>. Programs send the headers <code>sdp_suki_token</code>
and <code>transcription_session_id</code> or <code>ambient_session_id</code>. Browsers offer the subprotocols
<code>SukiAmbientAuth, token, session id</code> for dictation, else <code>SukiAmbientAuth, session id, token</code>.</p>
"""}  # fmt: skip


def page_routes(dialect: Dialect = Dialect.LIVE) -> list[Route]:
    """Both addresses; neither needs a token."""
    sockets = {product: socket_path(dialect, product) for product in Product}
    document = openapi_document(__version__, endpoints_of(dialect), sockets, sorted(TEMPLATE_IDS))
    page = _page(document, _SOCKETS[dialect])

    async def description(_: Request) -> Response:
        return json_response(200, document)

    async def docs(_: Request) -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})

    return [Route("/openapi.json", description, methods=["GET"]), Route("/docs", docs, methods=["GET"])]


def _page(document: dict[str, Any], sockets: str) -> str:
    title = escape(document["info"]["title"])
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>",
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1><p>{escape(document['info']['description'])}",
        " Notes, structured data and forms are made from the recognised transcript by plain rules. The same for"
        " programs: <a href=/openapi.json>openapi.json</a>.</p><h2>Sockets</h2>",
        sockets,
    ]
    for path, operations in document["paths"].items():
        parts += [_operation(method, path, operation) for method, operation in operations.items()]
    schemas = json.dumps(document["components"]["schemas"], indent=1)
    parts.append(f"<h2>Bodies</h2><pre>{escape(schemas)}</pre></html>")
    return "".join(parts)


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    parts = [f"<h2><code><span class=m>{method.upper()}</span> {escape(path)}</code></h2>"]
    parts.append(f"<p>{escape(operation['summary'])}.")
    if "requestBody" in operation:
        parts.append(f" Takes <code>{escape(_name(operation['requestBody']))}</code>.")
    statuses = []
    for code, answer in operation["responses"].items():
        named = f" <code>{escape(_name(answer))}</code>" if code.startswith("2") and "content" in answer else ""
        statuses.append(f"{code}{named}")
    return "".join(parts) + f" Answers {', '.join(statuses)}.</p>"


def _name(body: dict[str, Any]) -> str:
    schema: dict[str, str] = body["content"]["application/json"]["schema"]
    return schema.get("$ref", "object").rsplit("/", 1)[-1]
