"""Connections that end badly: one clear error, no socket left, and the truth about the close, over both transports."""

import asyncio
import base64
import contextlib
import functools
import gc
import hashlib
import re
import socket
import struct
import sys
from pathlib import Path

import pytest

from workbench.errors import ServiceError
from workbench.recording.record import Connect

UNAUTHORISED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nwrong"


class Closes:
    """Keeps what is said of the close; nothing else may be handed over."""

    def __init__(self):
        self.seen = []

    def arrived(self, raw, received_ns):
        raise AssertionError

    def drained(self):
        raise AssertionError

    def closed(self, code, reason, received_ns):
        self.seen.append((code, reason))


async def tried(opening, answer, bound_s=5.0):
    """The error of a connection whose peer answers so."""
    left = asyncio.Event()

    async def serve(reader, writer):
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)
        writer.close()
        left.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    sink = Closes()
    try:
        async with asyncio.timeout(bound_s):
            await opening(f"ws://{host}:{port}/ws", {}, sink, tls=None, phases=Connect(), close_timeout_s=1.0)
    finally:
        server.close()
        await left.wait()
        assert sink.seen == [], "nothing is handed over before the connection is open"


async def half(writer):
    """A part of the answer, and the end."""
    writer.write(b"HTTP/1.1 101 Switch")


async def nothing(writer):
    """The end."""


async def reset(writer):
    """No end, but a reset."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def refused(writer):
    """A refusal with a body."""
    writer.write(UNAUTHORISED)


async def late(writer):
    """Silence, until the other side has gone."""
    while not writer.transport.is_closing():
        await asyncio.sleep(0.01)
        writer.write(b"H")  # and something that nobody reads any more


@pytest.mark.parametrize("answer", [half, nothing, reset])
async def test_a_peer_that_leaves_in_the_handshake_is_a_failed_handshake(opening, answer):
    """Never an open connection."""
    with pytest.raises(ServiceError, match="handshake failed"):
        await tried(opening, answer)


async def test_a_refusal_is_told_with_its_status(opening):
    """401."""
    with pytest.raises(ServiceError) as caught:
        await tried(opening, refused)
    assert caught.value.status == 401


def test_no_socket_is_left_when_the_loop_ends_at_once(opening):
    """Given up in time or refused: the descriptor is closed before the error is seen, not some time after."""

    async def every():
        for answer in (half, nothing, reset, refused, late):
            with contextlib.suppress(ServiceError, TimeoutError):
                await tried(opening, answer, 0.2 if answer is late else 5.0)

    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("open descriptors are counted in /proc")
    asyncio.run(every())
    gc.collect()
    before = len(list(descriptors.iterdir()))
    asyncio.run(every())
    gc.collect()  # a socket that only the collector closes is an error here
    assert len(list(descriptors.iterdir())) == before


async def upgraded(reader, writer):
    """The right answer to a handshake."""
    head = await reader.readuntil(b"\r\n\r\n")
    key = re.search(rb"(?i)sec-websocket-key: *(\S+)", head)[1]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())  # noqa: S324
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
    writer.write(b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")


async def test_a_close_that_is_never_answered_is_no_clean_close(opening):
    """Half-open: our own close frame says nothing about the peer (RFC 6455 7.1.5)."""
    gone = asyncio.Event()

    async def serve(reader, writer):
        await upgraded(reader, writer)
        with contextlib.suppress(ConnectionError):
            while await reader.read(4096):
                pass
        writer.close()
        gone.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    sink = Closes()
    opened = await opening(f"ws://{host}:{port}/ws", {}, sink, tls=None, phases=Connect(), close_timeout_s=0.2)
    await opened.close()
    await gone.wait()
    server.close()
    assert sink.seen == [(1006, "")]


async def test_a_service_that_says_nothing_is_asked_for_no_pong(opening, monkeypatch):
    """A pong may wait behind audio that the service holds back. The libraries' own pings, made hasty, stay off."""
    module = sys.modules[opening.__module__]
    name, hasty = {
        "open_websockets": ("connect", {"ping_interval": 0.05, "ping_timeout": 0.05}),
        "open_picows": (
            "ws_connect", {"enable_auto_ping": True, "auto_ping_idle_timeout": 0.05, "auto_ping_reply_timeout": 0.05}
        ),
    }[opening.__name__]  # fmt: skip
    monkeypatch.setattr(module, name, functools.partial(getattr(module, name), **hasty))
    read, gone = asyncio.get_running_loop().create_future(), asyncio.Event()

    async def serve(reader, writer):
        await upgraded(reader, writer)
        try:
            read.set_result(await asyncio.wait_for(reader.read(4096), 0.5))
        except TimeoutError:
            read.set_result(None)
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        gone.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    sink = Closes()
    opened = await opening(f"ws://{host}:{port}/ws", {}, sink, tls=None, phases=Connect(), close_timeout_s=0.2)
    try:
        assert await read is None
        assert sink.seen == []
    finally:
        await opened.close()
        await gone.wait()
        server.close()
