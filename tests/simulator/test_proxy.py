"""The TCP proxy: everything passes in order, until it is told otherwise."""

import asyncio
import contextlib
import random
import socket

import pytest

from workbench.simulator.faults.proxy import FaultProxy

HEAD = b"GET /x HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"


async def echo(reader, writer):
    """Sends back what comes."""
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def proxied(wait_s=0.0, delays=()):
    """An echo behind a proxy, and a connection through it; gives proxy, reader, writer."""
    carried = []

    def begin(what):
        carried.append(what)
        return wait_s, list(delays)

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = FaultProxy(begin)
    listener = socket.create_server(("127.0.0.1", 0))
    await proxy.start(listener, server.sockets[0].getsockname())
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    writer.write(HEAD)
    assert await reader.readexactly(len(HEAD)) == HEAD
    assert carried == ["sockets"]
    try:
        yield proxy, reader, writer
    finally:
        writer.transport.abort()  # what a stall kept back is not waited for
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        await proxy.close()
        server.close()


def only_link(proxy):
    """The one connection."""
    (link,) = proxy._links.values()
    return link


async def test_everything_passes_in_order_whatever_the_jitter():
    """A hundred thousand bytes there and back."""
    draw = random.Random(1)
    data = draw.randbytes(100_000)
    async with proxied(delays=[lambda: draw.uniform(0, 0.002)]) as (_, reader, writer):
        writer.write(data)
        async with asyncio.timeout(60):
            assert await reader.readexactly(len(data)) == data


async def test_a_stall_holds_back_and_then_goes_on_without_loss():
    """In the direction that was named."""
    async with proxied() as (proxy, reader, writer):
        only_link(proxy).stall("reading", 0.2, 0)
        writer.write(b"held")
        begun_s = asyncio.get_running_loop().time()
        assert await reader.readexactly(4) == b"held"
        assert asyncio.get_running_loop().time() - begun_s > 0.1


async def test_a_sender_feels_a_stall_long_before_megabytes_are_on_their_way():
    """Windows are small on purpose."""
    async with proxied() as (proxy, _, writer):
        only_link(proxy).stall("reading", 60, 0)
        writer.transport.set_write_buffer_limits(high=1024)
        taken = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                while taken < 4_000_000:
                    writer.write(bytes(16_384))
                    await writer.drain()
                    taken += 16_384
        assert taken < 2_000_000


async def test_silence_passes_nothing_and_closes_nothing():
    """What was said before is still delivered."""
    async with proxied() as (proxy, reader, writer):
        link = only_link(proxy)
        link.silence(len(HEAD) + 0)
        writer.write(b"nobody hears this")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await reader.read(1)
        assert not reader.at_eof()


async def test_a_reset_is_a_reset():
    """Not a polite close."""
    async with proxied() as (proxy, reader, _):
        only_link(proxy).reset()
        with pytest.raises(ConnectionResetError):
            await reader.read(1)


async def test_what_was_said_before_a_reset_is_delivered_first():
    """The reset waits for so many bytes, and for none more."""
    async with proxied() as (proxy, reader, writer):
        only_link(proxy).reset(len(HEAD) + 5)
        writer.write(b"12345678")
        assert await reader.readexactly(5) == b"12345"
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)


async def test_closing_drops_every_connection_and_forgets_it():
    """Nothing is left behind."""
    async with proxied() as (proxy, _, _):
        assert proxy._links
        await proxy.close()
        assert not proxy._links
        assert not proxy._running


async def test_a_client_that_says_nothing_and_one_that_leaves_cost_nothing():
    """Before their first bytes."""
    async with proxied() as (proxy, _, _):
        address = proxy._server.sockets[0].getsockname()
        _, silent = await asyncio.open_connection(*address)
        _, leaving = await asyncio.open_connection(*address)
        leaving.close()
        await leaving.wait_closed()
        silent.close()
        await silent.wait_closed()
