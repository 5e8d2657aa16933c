"""The two sockets: what is told arrives, what is spoken is passed on."""

import asyncio
import contextlib
import json
import socket
import threading

import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import connect as open_socket
from websockets.exceptions import ConnectionClosed

from workbench.app.live import routes
from workbench.errors import ServiceError


class Registry:
    """Remembers what it was told to do."""

    def __init__(self, told=(), problem=None):
        self.told = told
        self.problem = problem
        self.heard = []
        self.left = False
        self.silent = None
        self.over, self.sounded = threading.Event(), threading.Event()
        self.begun = threading.Event()
        self.may_begin = threading.Event()
        self.may_begin.set()

    def listen(self, session, listener):
        if session != "known":
            return None
        for message in self.told:
            listener(message)

        def leave():
            self.left = True

        return leave

    def microphone(self, name, facts, lanes):
        if self.problem:
            raise self.problem
        self.begun.set()
        assert self.may_begin.wait(300)
        self.heard.append((name, facts))
        return "known"

    def when_silent(self, session, heard):
        self.silent = heard

    def sound(self, session, pcm):
        self.heard.append((session, pcm))
        self.sounded.set()

    def silence(self, session):
        self.heard.append((session, "silence"))
        self.over.set()


@contextlib.asynccontextmanager
async def connected(registry, path, monkeypatch):
    """A socket of our routes over a registry of the test's choice; when it is closed, so is the server."""
    monkeypatch.setattr(routes, "live_registry", lambda: registry)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            Starlette(routes=routes.live_routes()), log_level="critical", lifespan="off", ws="websockets-sansio",
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        try:
            async with open_socket(f"ws://127.0.0.1:{listener.getsockname()[1]}/workbench{path}", proxy=None) as client:
                yield client
        finally:
            await server.shutdown(sockets=[listener])


async def closing(client):
    """The code with which the server closes."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await client.recv()
    return client.close_code


async def test_a_viewer_is_told_everything_in_one_array_or_more(monkeypatch):
    """Several waiting messages share a frame; leaving is noticed."""
    registry = Registry([b'{"n":0}', b'{"n":1}'])
    async with connected(registry, "/live/known", monkeypatch) as client:
        assert json.loads(await client.recv()) == [{"n": 0}, {"n": 1}]
    assert registry.left


async def test_a_session_that_is_not_there_is_said(monkeypatch):
    """With a code of its own."""
    async with connected(Registry(), "/live/other", monkeypatch) as client:
        assert await closing(client) == 4404


async def test_a_microphone_greets_and_sends_until_it_ends(monkeypatch):
    """Its session is named in the answer."""
    registry = Registry()
    async with connected(registry, "/microphone", monkeypatch) as client:
        await client.send(json.dumps({"name": "spoken", "facts": {"gain_control": False}}))
        assert json.loads(await client.recv()) == {"session": "known"}
        await client.send(b"\x00\x01")
        await client.send("end")
        assert await closing(client) == 1000
    assert registry.heard == [("spoken", {"gain_control": False}), ("known", b"\x00\x01"), ("known", "silence")]


async def test_a_microphone_that_goes_away_ends_its_audio(monkeypatch):
    """The session goes on to its finals."""
    registry = Registry()
    async with connected(registry, "/microphone", monkeypatch) as client:
        await client.send('{"name":"spoken"}')
        await client.recv()
    assert registry.heard[-1] == ("known", "silence")


async def test_a_session_that_wants_no_more_sound_closes_its_microphone(monkeypatch):
    """It was stopped elsewhere, or it ended by itself; what is sent afterwards goes nowhere."""
    registry = Registry()
    async with connected(registry, "/microphone", monkeypatch) as client:
        await client.send('{"name":"spoken"}')
        await client.recv()
        await client.send(b"\x00\x01")
        assert await asyncio.to_thread(registry.sounded.wait, 30)
        # As the registry does: from another thread.
        await asyncio.to_thread(registry.silent)
        assert await closing(client) == 1000
    assert registry.heard[1:] == [("known", b"\x00\x01"), ("known", "silence")]


async def test_a_microphone_that_leaves_while_its_session_begins_ends_it(monkeypatch):
    """Nobody would ever end it otherwise, and the simulator would keep a place for it."""
    registry = Registry()
    registry.may_begin.clear()
    async with connected(registry, "/microphone", monkeypatch) as client:
        await client.send('{"name":"spoken"}')
        assert await asyncio.to_thread(registry.begun.wait, 30)
        await client.close()
        registry.may_begin.set()
        assert await asyncio.to_thread(registry.over.wait, 30)
    assert registry.heard == [("spoken", {}), ("known", "silence")]


@pytest.mark.parametrize("greeting", ["", "{}", "[1]", '{"name":"a","token":"b"}', b"sound"])
async def test_what_is_no_greeting_is_refused(monkeypatch, greeting):
    """Nothing is begun."""
    registry = Registry()
    async with connected(registry, "/microphone", monkeypatch) as client:
        await client.send(greeting)
        assert await closing(client) == 1008
    assert registry.heard == []


async def test_half_a_sample_and_a_flood_end_the_socket(monkeypatch):
    """Neither reaches the session."""
    for sound in (b"odd", bytes(70_000)):
        registry = Registry()
        async with connected(registry, "/microphone", monkeypatch) as client:
            await client.send('{"name":"spoken"}')
            await client.recv()
            await client.send(sound)
            assert await closing(client) == 1009
        assert registry.heard[1:] == [("known", "silence")]


async def test_a_service_that_cannot_be_used_is_told_to_the_browser(monkeypatch):
    """In one line."""
    registry = Registry(problem=ServiceError("no service", item="simulator"))
    async with connected(registry, "/microphone", monkeypatch) as client:
        await client.send('{"name":"spoken"}')
        assert json.loads(await client.recv()) == {"problem": "simulator: no service"}
