"""Connections that never become a request, and providers without end."""

import asyncio

import httpx
import pytest

from tests.simulators import new_simulator
from workbench.errors import ServiceError
from workbench.protocol.bodies import Register
from workbench.simulator.auth import accounts
from workbench.simulator.auth.accounts import DEMO_PARTNER, Accounts
from workbench.simulator.server import SimulatorOptions


@pytest.mark.parametrize(
    "begun",
    [
        b"", b"GET / HT", b"GET /health HTTP/1.1\r\nHost: x\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HT",
    ],
)  # fmt: skip
async def test_a_connection_that_never_becomes_a_request_is_closed(begun, monkeypatch):
    """Nothing, half a line, half a head, half a body, half a second request; others are served meanwhile."""
    monkeypatch.setattr("workbench.simulator.sockets.malformed.REQUEST_S", 0.2)
    async with new_simulator(SimulatorOptions(recogniser="scripted")) as running:
        url = httpx.URL(running.url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(begun)
        async with httpx.AsyncClient() as client:
            assert (await client.get(running.url + "/")).status_code < 500
        async with asyncio.timeout(60):
            await reader.read()
        writer.close()


def test_providers_are_bounded(monkeypatch):
    """In number and in the length of what names them."""
    monkeypatch.setattr(accounts, "MOST_PROVIDERS", 2)
    kept = Accounts(DEMO_PARTNER)

    def register(name):
        kept.register(Register(DEMO_PARTNER.id, DEMO_PARTNER.token, name, "org"))

    register("a")
    with pytest.raises(ServiceError) as long:
        register("x" * 1_001)
    register("b")
    with pytest.raises(ServiceError) as many:
        register("c")
    assert (long.value.status, many.value.status) == (400, 429)
