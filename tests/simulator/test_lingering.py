"""A client whose frame is too large reads why, however much of it is still on its way."""

import asyncio
import struct
import uuid

import httpx
import numpy as np
import pytest
import websocket

from tests.simulator.partner import audio, running
from tests.simulators import new_simulator
from workbench.client.credentials import DEMO_CREDENTIALS
from workbench.client.rest import SukiRest
from workbench.playing.job import Job
from workbench.playing.plan import build_plan
from workbench.playing.runner import play_many
from workbench.playing.service import Service
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome, SessionKey
from workbench.reference import Reference
from workbench.settings import Limits, ServiceAddress
from workbench.simulator.control_token import control_headers
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.server import SimulatorOptions

CLOSE = 8


@pytest.mark.parametrize("mebibytes", [1, 4, 16])
async def test_a_client_that_reads_only_after_it_has_sent_everything_finds_1009(mebibytes):
    """A blocking client that nobody here wrote; a reset would take the close frame away."""

    def send_and_read(url, headers):
        socket = websocket.create_connection(url, header=headers, timeout=20)
        socket.send(audio(bytes(mebibytes * 1_048_576)))
        opcode, payload = socket.recv_data()
        socket.shutdown()
        return opcode, struct.unpack("!H", payload[:2])[0]

    async with running(SimulatorOptions(recogniser="scripted")) as partner:
        url = f"{partner.simulator.ws_url}/ws/transcribe"
        for _ in range(3):
            session_id = await partner.create()
            await partner.script(session_id)
            headers = partner.headers | {"transcription_session_id": session_id}
            assert await asyncio.to_thread(send_and_read, url, headers) == (CLOSE, 1009)


@pytest.mark.parametrize("transport", ["websockets", "picows"])
async def test_the_workbench_says_what_it_was(transport):
    """A session that failed, with code and reason, whichever library writes the frames."""
    if transport == "picows":
        pytest.importorskip("picows", reason="the extra 'load' is not installed")
    plan = build_plan(
        np.zeros(24_000, np.int16), 16_000, utterance_id="u", cell="c", reference=Reference("", ""), chunk_ms=500
    )
    options = SimulatorOptions(recogniser="scripted", limits=SimulatorLimits(message_bytes=20_000))
    session_id, records = str(uuid.uuid4()), []
    async with new_simulator(options) as simulator:
        address = ServiceAddress("simulator", simulator.url, simulator.ws_url)
        async with httpx.AsyncClient(base_url=simulator.url, headers=control_headers(simulator.url)) as http:
            await http.post(f"/_sim/scripts/{session_id}", json={"messages": []})
        async with SukiRest(address, DEMO_CREDENTIALS) as rest:
            job = Job(SessionKey("c", "u"), plan, session_id=session_id)
            target = Service(address, rest, None, Limits(), transport)
            await play_many([job], target, concurrency=1, on_done=records.append)
    (record,) = records
    assert record.outcome is Outcome.CLOSED_EARLY
    assert "1009" in record.error
    assert [f.kind for f in record.frames.frames()][-2:-1] == [FrameKind.CLOSE]
