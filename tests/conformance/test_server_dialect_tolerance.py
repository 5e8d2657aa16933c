"""What holds in the live dialect holds in the AsyncAPI dialect as well, on both ways through the simulator."""

import contextlib
import json
import re
from dataclasses import replace

import pytest
import pytest_asyncio
import websockets

from tests.asyncapi_frames import from_server
from tests.conformance.test_server_asyncapi import BASE, STARTED, created
from tests.simulator.partner import AUDIO_END, audio, read_all, refusal_of, running, until
from tests.simulator.visits import MARKER, QUICK, SECOND, chunk, templates
from workbench.protocol.messages import Dialect, Product
from workbench.simulator.faults.scenario import Scenario
from workbench.simulator.recognition.recognisers import busy
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

WAYS = {"direct": None, "asgi": Scenario("faithful")}
CHUNK = bytes(3200)
LIMITS = replace(QUICK, release_s=0.02, least_audio_s=0.05)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=WAYS)
async def partner(request):
    """Logged in at a simulator of the dialect."""
    options = SimulatorOptions(
        recogniser="scripted", limits=LIMITS, dialect=Dialect.ASYNCAPI, scenario=WAYS[request.param]
    )
    async with running(options) as who:
        yield who


def finals(*texts):
    return [{"kind": "final", "text": text, "at_ms": 1000 * (i + 1)} for i, text in enumerate(texts)]


async def over(session):
    assert (await session.call("end")).status_code == 200
    return await until(session.status, lambda status: status in ("complete", "failed"))


async def noted(partner, product, *texts, context=None):
    """A finished session of which these texts were heard."""
    session = await created(partner, product)
    if context:
        assert (await session.call("context", context)).status_code == 200
    await partner.script(session.id, *finals(*texts))
    await session.stream(STARTED, *[chunk(SECOND)] * len(texts), MARKER)
    assert await over(session) == "complete"
    return session


@rule("S-205")
@pytest.mark.parametrize("product", Product)
async def test_no_ping_is_sent(partner, product):
    """Nor is one needed: the frames are read when all was sent."""
    session = await created(partner, product)
    await partner.script(session.id, *finals("one"))
    dictation = product is Product.DICTATION
    async with session.socket() as socket:
        pings = []
        socket.protocol.recv_frame, receive = (
            lambda frame: (pings.append(frame) if frame.opcode == 0x9 else None, receive(frame))[1],
            socket.protocol.recv_frame,
        )
        for frame in (audio(CHUNK), AUDIO_END) if dictation else (STARTED, chunk(CHUNK), MARKER):
            await socket.send(frame)
        came = [from_server(raw, dictation=dictation)["type"] async for raw in socket]
    assert (pings, came[-1]) == ([], "EOF" if dictation else "ENDED")


@rule("S-209")
async def test_what_was_heard_before_a_drop_is_in_the_session(partner):
    """Of a dictation at its end, of a visit in its transcript."""
    session = await created(partner, Product.DICTATION)
    await partner.script(session.id, *finals("one", "two"))
    async with session.socket() as socket:
        for frame in (audio(SECOND), audio(SECOND)):
            await socket.send(frame)
        await until(lambda: partner.log(session.id), lambda log: log["audio_bytes"] == 2 * len(SECOND))
        socket.transport.abort()
    assert (await session.call("end")).json()["transcript"] == "one two"
    session = await created(partner, Product.AMBIENT)
    await partner.script(session.id, *finals("one", "two"))
    async with session.socket() as socket:
        for frame in (STARTED, chunk(SECOND), chunk(SECOND)):
            await socket.send(frame)
        await until(lambda: partner.log(session.id), lambda log: log["audio_bytes"] == 2 * len(SECOND))
        socket.transport.abort()
    assert await over(session) == "complete"
    heard = (await session.call("transcript")).json()["final_transcript"]
    assert [part["transcript"] for part in heard] == ["one", "two"]


@rule("S-211")
async def test_a_recording_answers_ranges(partner):
    """206 with the bytes that were asked for."""
    session = await noted(partner, Product.AMBIENT, "no fever")
    listed = (await session.call("recording")).json()
    assert listed["is_streamable"] is True
    url = listed["recordings"][0]["presigned_url"]
    whole = (await partner.http.get(url)).content
    part = await partner.http.get(url, headers={"Range": "bytes=44-143"})
    assert (part.status_code, part.content) == (206, whole[44:144])


@rule("S-212")
async def test_notes_orders_and_forms_use_the_vendors_names(partner):
    """Sections, codes, units, templates; complete orders as values, others as partial values."""
    texts = ("You have hypertension.", "Take lisinopril, 10 mg once a day in the morning.", "Take aspirin.")
    session = await noted(partner, Product.AMBIENT, *texts)
    summary = (await session.call("content")).json()["summary"]
    assert (summary[0]["title"], summary[0]["loinc_code"]) == ("Chief Complaint", "10154-3")
    found = (await session.call("structured-data")).json()["structured_data"]
    assert [len(d["codes"]) for d in found["diagnoses"]["values"]] == [1]
    orders = found["orders"]["medication_orders"]
    (order,) = orders["values"]
    assert (order["dosage"]["unit"], order["frequency"]["structured_value"]) == ("MG", "ONE_A_DAY")
    assert order["medication_timing"]["structured_value"] == "IN_THE_MORNING"
    assert [o["drug_name"] for o in orders["partial_values"]] == ["aspirin"]


@rule("S-215")
async def test_numbers_are_whole_and_no_reason_has_a_number_of_our_rules(partner):
    """Forms, durations, and what a socket or a refusal says."""
    template = (await templates(partner))["VITALS_ASSESSMENT"]
    chosen = {"form_filling": {"values": [{"form_template_id": template}]}}
    session = await noted(partner, Product.FORM_FILLING, "Blood pressure is 128 over 82.", context=chosen)
    (form,) = (await session.call("structured-data")).json()["structured_data"]["generated_values"]
    assert form["data"] == {"systolic": 128, "diastolic": 82}
    assert [type(value) for value in form["data"].values()] == [int, int]
    session = await created(partner, Product.DICTATION)
    await partner.script(session.id)
    async with session.socket() as socket:
        await socket.send("{")
        with contextlib.suppress(websockets.ConnectionClosed):
            await read_all(socket)
    refused = await partner.post(BASE.format("dictation"), {"mode": "x"})
    said = f"{socket.close_reason} {refused.text} {json.dumps(await partner.log(session.id))}"
    assert not re.search(r"\bS-\d+\b", said)


@rule("S-216")
@pytest.mark.parametrize("product", Product)
async def test_a_full_recogniser_says_when_to_come_again(partner, monkeypatch, product):
    """503 with Retry-After in whole seconds, before the 101."""

    def refuse(*_):
        raise busy("every stream is taken")

    session = await created(partner, product)
    monkeypatch.setattr(partner.simulator.recogniser, "open", refuse)
    with pytest.raises(websockets.InvalidStatus) as refused:
        await session.socket()
    assert refused.value.response.status_code == 503
    assert int(refused.value.response.headers["Retry-After"]) > 0
    assert (await refusal_of(session.socket()))[0] == 503
