"""The server of ``workbench app``: Streamlit's own application, our routes beside it, the guard in front of both."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from workbench.app.access import Access, close_access, open_access
from workbench.app.guard import Guard, security_headers
from workbench.app.router import PAGES
from workbench.app.routes import OPEN_PATHS, app_routes, index_html, services
from workbench.app.theme import config
from workbench.errors import ConfigurationError
from workbench.settings import is_loopback

if TYPE_CHECKING:
    import streamlit as st

__all__ = ["SCRIPT", "Launch", "make_app", "serve"]

SCRIPT = Path(__file__).parent / "script" / "streamlit_app.py"

_HEAVY = ("duckdb", "pandas", "plotly.graph_objects", "plotly.io", "pyarrow.parquet", "scipy.stats", "streamlit")
"""Imported, with the pages, before the first one is asked for, and frozen: no collection has to look at it again."""


@dataclass(frozen=True, slots=True)
class Launch:
    """How the app listens.

    Attributes:
        host: address to bind.
        port: port to listen on.
        hosts: further names by which a browser may call it.
    """

    host: str = "127.0.0.1"
    port: int = 8501
    hosts: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Address to open, without the start token."""
        if self.host in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
            return f"http://localhost:{self.port}"
        return (
            f"http://[{self.host.strip('[]')}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"
        )

    @property
    def admitted(self) -> frozenset[str]:
        """Every host name a browser may use; an address that means every interface is no name."""
        bound = () if self.host in ("0.0.0.0", "::") else (self.host.strip("[]").lower(),)  # noqa: S104  compared, not bound
        return frozenset({"localhost", "127.0.0.1", "::1", *bound, *(name.lower() for name in self.hosts)})


def make_app(access: Access, ready: Callable[[], None] = lambda: None) -> st.App:
    """The ASGI application: Streamlit, our routes, the guard; not yet started.

    Args:
        access: hosts and the tokens of this process.
        ready: called once everything is there to serve.
    """
    import streamlit as st
    from starlette.middleware import Middleware

    guard = Middleware(Guard, access=access, open_paths=OPEN_PATHS, headers=security_headers(index_html()))
    return st.App(SCRIPT, lifespan=functools.partial(_lifespan, ready=ready), routes=app_routes(), middleware=[guard])


@contextlib.asynccontextmanager
async def _lifespan(app: st.App, *, ready: Callable[[], None]) -> AsyncIterator[dict[str, Any] | None]:
    """Import what is heavy, freeze it, and run our services as long as the app runs."""
    for name in (*_HEAVY, *(f"workbench.app.pages.{facts.name}" for facts in PAGES)):
        importlib.import_module(name)
    gc.collect()
    # Every rerun ends in a full collection; without the freeze it costs about eight times as much.
    gc.freeze()
    async with contextlib.AsyncExitStack() as stack:
        for service in services():
            await stack.enter_async_context(service())
        ready()
        yield None


def serve(launch: Launch) -> None:
    """Serve the app until it is interrupted.

    Raises:
        ConfigurationError: the port is taken or the address is not one of this machine.
    """
    _check_free(launch)
    if not is_loopback(launch.host):
        logging.getLogger(__name__).warning(
            "listening on %s: whoever has or intercepts the printed address can read the stored runs, "
            "transcripts included",
            launch.host,
        )
    access = open_access(launch.admitted, launch.port)
    address = f"{launch.url}/?{urlencode({'start': access.start.reveal()})}"
    # On standard output alone: it is the key to what is stored, and logs are kept.
    app = make_app(access, lambda: print(f"Suki Workbench: {address}", flush=True))  # noqa: T201
    listening = {
        # Ours says more; Streamlit's would also ask another machine for the address of this one.
        "logger.hideWelcomeMessage": True,
        "server.address": launch.host,
        "server.port": launch.port,
        "server.allowedHosts": sorted(launch.admitted),
    }
    try:
        app.run(config={**config(), **listening})
    finally:
        close_access()


def _check_free(launch: Launch) -> None:
    family = socket.AF_INET6 if ":" in launch.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((launch.host.strip("[]"), launch.port))
        except OSError as error:
            raise ConfigurationError(
                "cannot listen",
                item=f"{launch.host}:{launch.port}",
                got=error.strerror,
                action="Choose another port or host",
            ) from None
