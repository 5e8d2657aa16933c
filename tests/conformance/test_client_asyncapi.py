"""The client in the AsyncAPI dialect: its frames, and whole sessions at a simulator that speaks it."""

import json

import numpy as np
import pytest
import pytest_asyncio

from tests.asyncapi_frames import from_client, from_server
from tests.simulator.partner import speech
from tests.simulators import new_simulator
from workbench.client.calls import SessionCalls
from workbench.client.context import with_templates
from workbench.client.credentials import DEMO_CREDENTIALS
from workbench.client.rest import SukiRest
from workbench.playing.job import Job
from workbench.playing.plan import build_plan
from workbench.playing.runner import play_many
from workbench.playing.service import Service
from workbench.protocol.messages import (
    Audio,
    Dialect,
    EndOfResults,
    Final,
    Partial,
    Product,
    StartTime,
    StreamStatus,
)
from workbench.protocol.stream import Role, StreamSession, StreamState
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome, SessionKey, SessionRecord
from workbench.reference import Reference
from workbench.settings import Limits, ServiceAddress
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.server import SimulatorOptions

QUICK = Limits(poll_first_s=0.05, poll_max_s=0.1)
LEAST = SimulatorLimits(processing_s=0.02, staged_s=0.02, least_audio_s=0.5)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def simulator():
    """A simulator of the dialect that really decodes."""
    async with new_simulator(
        SimulatorOptions(model="general", workers=1, dialect=Dialect.ASYNCAPI, limits=LEAST)
    ) as running:
        yield running


@pytest.mark.rule("S-203")
def test_start_time_is_plain_and_flat_frames_are_read():
    """``startTime`` out; ``type``, ``transcript``, ``isFinal`` in."""
    ambient = StreamSession(Role.CLIENT, Product.AMBIENT, Dialect.ASYNCAPI)
    start = json.loads(ambient.send(StartTime("2026-04-25T12:34:56Z")))
    assert start == {"type": "START_TIME", "startTime": "2026-04-25T12:34:56Z"}
    dictation = StreamSession(Role.CLIENT, Product.DICTATION, Dialect.ASYNCAPI)
    dictation.send(Audio(b"\0\0"))
    frames = [
        {"type": "PARTIAL", "transcript": "a", "isFinal": False, "sessionId": "s"},
        {"type": "FINAL", "transcript": "a b", "isFinal": True, "sessionId": "s"},
        {"type": "EOF"},
    ]
    found = [dictation.receive_server(json.dumps(frame)) for frame in frames]
    assert found == [Partial("a"), Final("a b"), EndOfResults()]
    assert dictation.violations == []


@pytest.mark.slow
@pytest.mark.rule("S-200")
@pytest.mark.rule("S-203")
@pytest.mark.parametrize("product", list(Product))
@pytest.mark.asyncio(loop_scope="module")
async def test_a_whole_session_has_nothing_but_messages_of_the_dialect(simulator, product):
    """From create to result; every frame of either end passes the schema of its message."""
    plan = build_plan(
        np.frombuffer(speech("librivox", "cards-003"), np.int16), 16_000, utterance_id="u", cell="c",
        reference=Reference("", ""), product=product, dialect=Dialect.ASYNCAPI,
    )  # fmt: skip
    dictation = product is Product.DICTATION
    address = ServiceAddress("simulator", simulator.url, simulator.ws_url)
    records = []
    async with SukiRest(address, DEMO_CREDENTIALS, QUICK) as rest:
        context = await with_templates(rest, None, ["vitals_assessment"]) if product is Product.FORM_FILLING else None
        job = Job(SessionKey("c", "u"), plan, context=context)
        await play_many([job], Service(address, rest, None, QUICK), concurrency=1, on_done=records.append)
    (record,) = records
    assert (record.outcome, record.error) == (Outcome.COMPLETED, None)
    assert record.violations == ()
    frames = [f for f in record.frames.frames() if f.kind in (FrameKind.TEXT, FrameKind.CONTROL)]
    sent = [from_client(raw, dictation=dictation) for raw in plan.frames]
    sent += [from_client(frame.text, dictation=dictation) for frame in frames if frame.sent]
    came = [from_server(frame.text, dictation=dictation) for frame in frames if not frame.sent]
    assert {frame["sessionId"] for frame in came} == {record.remote_id}
    if dictation:
        assert {frame["type"] for frame in came} == {"PARTIAL", "FINAL", "EOF"}
        assert record.final_transcript
    else:
        assert [frame["type"] for frame in came if frame["type"] != "STATUS"] == ["READY", "ENDED"]
        assert record.facts["result_status"] == "completed"


@pytest.mark.rule("S-218")
@pytest.mark.parametrize("status", ["STATUS", "READY", "ENDED", "ERROR"])
def test_status_events_are_no_breach_and_no_text(status):
    """Acknowledgements of a start and of audio are recorded and change nothing."""
    session = StreamSession(Role.CLIENT, Product.AMBIENT, Dialect.ASYNCAPI)
    session.send(StartTime("2026-04-25T12:34:56Z"))
    frame = json.dumps({"type": status, "message": "received 1 s of audio", "sessionId": "s"})
    assert session.receive_server(frame) == StreamStatus(status, "received 1 s of audio")
    assert (session.state, session.violations) == (StreamState.STREAMING, [])


@pytest.mark.rule("S-218")
@pytest.mark.parametrize("encounter_id", ["enc_2026_05_24_001", "0c9f2b0e-3b1a-4a7e-9a63-2f4f8f2b8c11"])
@pytest.mark.asyncio(loop_scope="module")
async def test_an_encounter_may_have_any_name(simulator, encounter_id):
    """The companion's example is no UUID; the live dialect refuses such a name before it is sent (S-116)."""
    address = ServiceAddress("simulator", simulator.url, simulator.ws_url)
    async with SukiRest(address, DEMO_CREDENTIALS, QUICK) as rest:
        record = SessionRecord(
            SessionKey("c", "u"), Product.AMBIENT, Dialect.ASYNCAPI, "", 16_000, 0, 1_600, Reference("", "")
        )
        created = await SessionCalls(rest, record).create(encounter_id)
    assert simulator.notes.any_session(created.session_id).encounter_id == encounter_id
