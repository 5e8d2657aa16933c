"""Our own routes beside Streamlit's, and what runs as long as the app does.

Everything is below ``/workbench`` and passes :class:`workbench.app.guard.Guard`, so a handler here may
trust host, origin and token. A room of the app that has routes or a life of its own adds one line to each list.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.app.access import PREFIX
from workbench.app.live.routes import live_routes, live_service
from workbench.app.router import PAGES

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

__all__ = ["HEALTH", "OPEN_PATHS", "app_routes", "index_html", "page_paths", "services"]

HEALTH = f"{PREFIX}/health"
OPEN_PATHS = (HEALTH,)
"""Need no token: they tell nothing about what is stored."""


def app_routes() -> list[BaseRoute]:
    """Every route of ours, WebSockets among them."""
    from starlette.routing import Route

    return [
        Route(HEALTH, _health, methods=["GET"]),
        *(Route(path, _page, methods=["GET"]) for path in page_paths()),
        *(Route(f"{path}/{{rest:path}}", _below_a_page, methods=["GET"]) for path in page_paths() if path != "/"),
        *live_routes(),
    ]


def services() -> list[Callable[[], AbstractAsyncContextManager[None]]]:
    """What is entered when the server starts, in this order, and left in reverse when it stops."""
    return [live_service]


def page_paths() -> list[str]:
    """Addresses of the pages; the first page is at the root."""
    return ["/", *(f"/{facts.address}" for facts in PAGES if not facts.first)]


def index_html() -> bytes:
    """Streamlit's page with one line more.

    Told where its server is, it does not look for it below the address of the page: each fresh tab on a permalink would
    begin with two requests that are answered 404, which browsers report as errors.
    """
    import streamlit as st

    page = (Path(st.__file__).parent / "static" / "index.html").read_bytes()
    # Paths in it are relative to the root of the server.
    return page.replace(b"<head>", b'<head><base href="/">' + _BOOT, 1)


_BOOT = b"<script>window.__streamlit = { BACKEND_BASE_URL: window.location.origin }</script>"


async def _page(request: Request) -> Response:
    from starlette.responses import HTMLResponse

    return HTMLResponse(index_html(), headers={"Cache-Control": "no-cache"})


async def _below_a_page(request: Request) -> Response:
    """No page has pages below it: a run has its address by its id, anything else is unknown and says so."""
    from urllib.parse import quote

    from starlette.responses import HTMLResponse, RedirectResponse

    from workbench.store.manifest import is_run_id

    rest = str(request.path_params["rest"]).strip("/")
    first = request.url.path.strip("/").partition("/")[0]
    if first in ("runs", "run") and is_run_id(rest):
        return RedirectResponse(f"/run?id={quote(rest)}")
    if not rest:
        return RedirectResponse(f"/{first}")
    return HTMLResponse(_UNKNOWN, status_code=404)


_UNKNOWN = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Unknown address: Suki Workbench</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{font:16px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:36rem;padding:0 1rem}</style></head>
<body><main><h1>There is no page at this address</h1>
<p>A run is at <code>/run?id=</code> followed by its id.</p>
<p><a href="/runs">See every run</a> or <a href="/">go to the start page</a>.</p></main></body></html>
"""


async def _health(request: Request) -> Response:
    """Alive, and which version; nothing about what is stored."""
    from starlette.responses import JSONResponse

    from workbench import __version__

    return JSONResponse({"status": "ok", "version": __version__})
