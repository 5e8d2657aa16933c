"""Our own routes beside Streamlit's, and what runs as long as the app does.

House rules: everything is below ``/workbench`` and passes :class:`workbench.app.guard.Guard`, so a handler here may
trust host, origin and token. A room of the app that has routes or a life of its own adds one line to each list.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from workbench.app.access import PREFIX
from workbench.app.live.routes import live_routes, live_service

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

__all__ = ["HEALTH", "OPEN_PATHS", "app_routes", "services"]

HEALTH = f"{PREFIX}/health"
OPEN_PATHS = (HEALTH,)
"""Need no token: they tell nothing about what is stored."""


def app_routes() -> list[BaseRoute]:
    """Every route of ours, WebSockets among them."""
    from starlette.routing import Route

    return [Route(HEALTH, _health, methods=["GET"]), *live_routes()]


def services() -> list[Callable[[], AbstractAsyncContextManager[None]]]:
    """What is entered when the server starts, in this order, and left in reverse when it stops."""
    return [live_service]


async def _health(request: Request) -> Response:
    """Alive, and which version; nothing about what is stored."""
    from starlette.responses import JSONResponse

    from workbench import __version__

    return JSONResponse({"status": "ok", "version": __version__})
