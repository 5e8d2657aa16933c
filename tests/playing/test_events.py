"""Control events of the workbench's client at the simulator: pause, abort, cancel."""

import uuid

import httpx
import numpy as np
import pytest_asyncio

from tests.simulator.visits import QUICK
from tests.simulators import new_simulator
from workbench.client.credentials import DEMO_CREDENTIALS
from workbench.client.rest import SukiRest
from workbench.playing.job import Job
from workbench.playing.plan import build_plan
from workbench.playing.runner import play_many
from workbench.playing.service import Service
from workbench.protocol.messages import EventName, Product
from workbench.recording.record import Outcome, SessionKey
from workbench.reference import Reference
from workbench.settings import Limits, ServiceAddress
from workbench.simulator.control_token import control_headers
from workbench.simulator.server import SimulatorOptions

LIMITS = Limits(poll_first_s=0.02, poll_max_s=0.05, keep_alive_s=0.05)
SAID = [{"kind": "final", "text": text, "at_ms": at} for text, at in (("no fever", 500), ("no cough", 900))]


@pytest_asyncio.fixture
async def play():
    """Play a second of silence to a scripted simulator; the record, and the simulator's own session."""

    async def playing(**events):
        plan = build_plan(
            np.zeros(16_000, np.int16), 16_000, utterance_id="u", cell="c", reference=Reference("", ""),
            product=Product.AMBIENT, pace=4.0,
        )  # fmt: skip
        session_id, records = str(uuid.uuid4()), []
        async with new_simulator(SimulatorOptions(recogniser="scripted", limits=QUICK)) as simulator:
            async with httpx.AsyncClient(base_url=simulator.url, headers=control_headers(simulator.url)) as http:
                await http.post(f"/_sim/scripts/{session_id}", json={"messages": SAID})
            address = ServiceAddress("simulator", simulator.url, simulator.ws_url)
            async with SukiRest(address, DEMO_CREDENTIALS, LIMITS) as rest:
                job = Job(SessionKey("c", "u"), plan, session_id=session_id, **events)
                await play_many([job], Service(address, rest, None, LIMITS), concurrency=1, on_done=records.append)
            (record,) = records
            assert (record.outcome, record.error) == (Outcome.COMPLETED, None)
            return record, simulator.notes.any_session(session_id)

    return playing


async def test_a_pause_loses_nothing(play):
    """It is kept alive, and all of the audio is in the note."""
    record, session = await play(pauses=((100, 200),))
    assert record.final_transcript == "no fever no cough"
    assert session.audio_bytes == 32_000


async def test_after_abort_the_note_has_what_was_sent(play):
    """Up to 600 ms."""
    record, session = await play(cut_off=(150, EventName.ABORT))
    assert record.facts["result_status"] == "completed"
    assert record.final_transcript == "no fever"
    assert (session.audio_bytes, session.connections[0].ending) == (19_200, "interrupted")


async def test_after_cancel_there_is_nothing(play):
    """The session is aborted, its audio is gone."""
    record, session = await play(cut_off=(150, EventName.CANCEL))
    assert record.facts["result_status"] == "aborted"
    assert record.final_transcript is None
    assert (session.audio_bytes, session.connections[0].ending) == (0, "cancelled")
