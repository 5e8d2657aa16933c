"""Stamps of the kernel: earlier than ours, of the same arrivals, and nothing else changes."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from tests.service import Service, serve
from workbench.client.kernel_stamps import KernelStamps
from workbench.client.transport_picows import open_picows
from workbench.client.transport_websockets import open_websockets
from workbench.recording.record import Connect

OPENERS = {"websockets": open_websockets, "picows": open_picows}
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="SO_TIMESTAMPNS is Linux's")


class Ears:
    """A sink that remembers."""

    def __init__(self):
        self.arrivals = []
        self.over = asyncio.get_running_loop().create_future()

    def arrived(self, raw, received_ns):
        self.arrivals.append((raw, received_ns, time.perf_counter_ns()))

    def drained(self):
        pass

    def closed(self, code, reason, received_ns):
        self.over.set_result((code, reason))


async def talk(transport, stream, kernel):
    """Open a socket, say one thing and listen to the end."""
    async with serve(Service(stream=stream)) as service:
        ears = Ears()
        socket = await OPENERS[transport](
            service.address.ws_url + "/ws/transcribe", {"sdp_suki_token": "t", "transcription_session_id": "s"}, ears,
            tls=None, phases=Connect(), close_timeout_s=1.0, kernel=kernel,
        )  # fmt: skip
        socket.write(b'{"type":"AUDIO","audioData":"AAAA"}')
        async with asyncio.timeout(60):
            code, _ = await ears.over
        await socket.close()
    return ears.arrivals, code


async def answers(websocket):
    await websocket.accept()
    await websocket.receive_text()
    for text in ("one", "two", "x" * 200_000):
        await websocket.send_text(text)
        await asyncio.sleep(0.02)
    await websocket.close(1001)


@pytest.mark.parametrize("transport", OPENERS)
async def test_arrivals_carry_the_kernels_stamp(transport):
    """Every arrival once, in order, stamped before this process saw it; the close is seen as without it."""
    kernel = KernelStamps()
    began_ns = time.perf_counter_ns()
    arrivals, code = await talk(transport, answers, kernel)
    assert [raw for raw, _, _ in arrivals] == ["one", "two", "x" * 200_000]
    stamps = [received for _, received, _ in arrivals]
    assert began_ns < stamps[0] < stamps[1] < stamps[2]
    assert all(received <= seen for _, received, seen in arrivals)
    assert len(kernel.waits_ns) >= 3
    assert min(kernel.waits_ns) >= 0
    assert code == 1001


@pytest.mark.parametrize("transport", OPENERS)
async def test_a_connection_that_is_reset_is_closed_as_ever(transport):
    """The transport reads the end for itself."""

    async def drops(websocket):
        await websocket.accept()
        await websocket.receive_text()
        await websocket.send_text("one")
        raise RuntimeError("gone")

    arrivals, code = await talk(transport, drops, KernelStamps())
    assert [raw for raw, _, _ in arrivals] == ["one"]
    assert code in (1006, 1011)


def test_an_arrival_without_a_stamp_keeps_ours():
    """And is counted."""
    kernel = KernelStamps()
    assert kernel.of_arrival(5) == 5
    assert (kernel.missing, len(kernel.waits_ns)) == (1, 0)
