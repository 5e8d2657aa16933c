"""What a client does out of turn: ignored, reported, and never the end of an utterance (S-205, S-208…S-210, S-214).

Everything is shown on both ways through the simulator: served directly, and through ASGI where a scenario may spoil
frames.
"""

import asyncio
import base64
import contextlib
import json
from dataclasses import replace

import pytest
import pytest_asyncio
import websockets

from tests.asyncapi_frames import from_server
from tests.simulator.partner import AUDIO_END, TERMINAL, Partner, audio, dictate, read_all, running, until
from tests.simulator.visits import MARKER, QUICK, chunk, event, start, visit
from workbench.protocol.messages import Dialect
from workbench.simulator.faults.scenario import Scenario
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

CHUNK = bytes(3200)
LIMITS = replace(QUICK, release_s=0.02, least_audio_s=0.05)
WAYS = {"direct": None, "asgi": Scenario("faithful")}
LOGGER = "workbench.simulator.sockets.mistakes"


def options(way: str, dialect=Dialect.LIVE, **limits) -> SimulatorOptions:
    return SimulatorOptions(
        recogniser="scripted", limits=replace(LIMITS, **limits), scenario=WAYS[way], dialect=dialect
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=WAYS)
async def partner(request):
    async with running(options(request.param)) as who:
        yield who


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=WAYS)
async def third_party(request):
    """At a simulator of the AsyncAPI dialect."""
    async with running(options(request.param, Dialect.ASYNCAPI)) as who:
        yield who


def final(text: str, at_ms: float | None = None) -> dict:
    return {"kind": "final", "text": text, "at_ms": at_ms}


async def dictation(partner: Partner, *messages: dict) -> str:
    session_id = await partner.create()
    await partner.script(session_id, *messages)
    return session_id


def reports(caplog) -> list[str]:
    """Lines of standard error, as the logging module would write them."""
    return [record.getMessage() for record in caplog.records if record.name == LOGGER]


@rule("S-205")
@pytest.mark.parametrize("product", ["dictation", "ambient"])
async def test_no_ping_is_sent_and_a_client_may_read_after_it_has_sent(partner, product):
    """Pings of a client are answered; none comes by itself."""
    if product == "dictation":
        socket = partner.transcribe(await dictation(partner, final("one")))
        first, last = audio(CHUNK), AUDIO_END
    else:
        one = await visit(partner)
        await one.script("one")
        socket, first, last = one.socket(), start(), MARKER
    async with socket as open_socket:
        pings = []
        open_socket.protocol.recv_frame, receive = (
            lambda frame: (pings.append(frame) if frame.opcode == 0x9 else None, receive(frame))[1],
            open_socket.protocol.recv_frame,
        )
        await open_socket.send(first)
        await (await open_socket.ping())
        await open_socket.send(last)
        await read_all(open_socket)
        assert (pings, open_socket.close_code) == ([], 1000)


@rule("S-208")
@pytest.mark.parametrize("extra", [audio(CHUNK), AUDIO_END], ids=["audio", "second end"])
async def test_a_frame_after_the_end_of_audio_costs_nothing(partner, caplog, extra):
    """The finals and the terminal frame still come, and the frame is named."""
    session_id = await partner.create()
    await partner.script(session_id, final("one", 100), final("two"), end_delay_ms=30)
    async with partner.transcribe(session_id) as socket:
        for frame in (audio(CHUNK), AUDIO_END, extra, extra):
            await socket.send(frame)
        frames = await read_all(socket)
    assert [frame["transcript"]["transcript"] for frame in frames] == ["one", "two", "EOF"]
    assert (await partner.log(session_id))["audio_bytes"] == len(CHUNK)
    assert (await partner.end(session_id))["final_transcript"] == "one two"
    first, *_ = reports(caplog)
    assert first.startswith(f"session {session_id}, frame 3: ")
    assert "after the end of audio; ignored. " in first


@rule("S-208")
@pytest.mark.parametrize("extra", [chunk(CHUNK), MARKER], ids=["audio", "second marker"])
async def test_a_frame_after_the_marker_costs_nothing(partner, extra):
    """The note has what came before it."""
    one = await visit(partner)
    await one.script("no fever")
    async with one.socket() as socket:
        frames = [start(), *[chunk(CHUNK)] * 10, MARKER, extra]
        for frame in frames:
            await socket.send(frame)
        assert await read_all(socket) == []
        assert socket.close_code == 1000
    assert await one.end() == "completed"
    assert (await one.get("transcript")).json()["final_transcript"][0]["transcript"] == "no fever"


@rule("S-208")
async def test_a_frame_after_the_end_in_the_dialect_costs_nothing(third_party):
    """FINAL and EOF still come."""
    answer = await third_party.post("/api/v1/dictation/sessions", {"providerId": "ada"})
    session_id = answer.json()["sessionId"]
    await third_party.script(session_id, final("one", 100), end_delay_ms=20)
    headers = third_party.headers | {"transcription_session_id": session_id}
    url = answer.json()["audioWebsocketUrl"]
    async with websockets.connect(url, additional_headers=headers, compression=None) as socket:
        for frame in (audio(CHUNK), AUDIO_END, audio(CHUNK), AUDIO_END):
            await socket.send(frame)
        came = [from_server(raw, dictation=True)["type"] async for raw in socket]
    assert came == ["FINAL", "EOF"]


def dropped(socket) -> None:
    socket.transport.abort()


@rule("S-209")
@pytest.mark.parametrize("how", ["reset", "closed", "broken", "silent"])
async def test_what_was_heard_before_a_drop_is_in_the_session(how):
    """Finals that were still due as well; ``completed`` promises the whole text."""
    for way in WAYS:
        async with running(options(way, idle_s=1.0 if how == "silent" else 25.0)) as who:
            session_id = await dictation(who, final("one", 100), final("two", 200), final("three"))
            async with who.transcribe(session_id) as socket:
                await socket.send(audio(CHUNK))
                await socket.send(audio(CHUNK))
                await until(lambda: who.log(session_id), lambda log: log["audio_bytes"] == 2 * len(CHUNK))  # noqa: B023
                await {"reset": lost, "closed": closed, "broken": broken, "silent": left_alone}[how](socket)
            result = await who.end(session_id)
            assert (result["final_transcript"], result["status"]) == ("one two three", "completed")


async def lost(socket):
    socket.transport.abort()


async def closed(socket):
    await socket.close()


async def broken(socket):
    await socket.send(b"\0\0")
    await left_alone(socket)


async def left_alone(socket):
    with contextlib.suppress(websockets.ConnectionClosedError):
        while True:
            await socket.recv()


@rule("S-209")
async def test_the_end_waits_for_what_a_drop_left_to_be_heard(partner):
    """The answer comes after the last final, and not before."""
    session_id = await partner.create()
    await partner.script(
        session_id, final("one", 100), {"kind": "final", "text": "late", "at_ms": 100, "delay_ms": 150}
    )
    async with partner.transcribe(session_id) as socket:
        await socket.send(audio(CHUNK))
        assert json.loads(await socket.recv())["is_final"]
        dropped(socket)
    assert (await partner.end(session_id))["final_transcript"] == "one late"


@rule("S-209")
async def test_an_utterance_after_a_drop_comes_after_what_was_dropped(partner):
    """The session is free when the lost stream is recognised to its end."""
    session_id = await partner.create()
    await partner.script(session_id, {"kind": "final", "text": "first", "at_ms": 100, "delay_ms": 60})
    async with partner.transcribe(session_id) as socket:
        await socket.send(audio(CHUNK))
        await until(lambda: partner.log(session_id), lambda log: log["audio_bytes"] > 0)
        dropped(socket)
    await partner.script(session_id, final("second", 100))
    await until(lambda: partner.log(session_id), lambda log: log["state"] == "IDLE")
    async with partner.transcribe(session_id) as socket:
        await dictate(socket, CHUNK)
    assert (await partner.end(session_id))["final_transcript"] == "first second"


@rule("S-210")
async def test_audio_while_paused_and_an_early_keep_alive_cost_nothing(partner, caplog):
    """Both are ignored and named; what comes in its turn is heard."""
    one = await visit(partner)
    await one.script("no fever")
    async with one.socket() as socket:
        frames = [event("KEEP_ALIVE"), start(), event("PAUSE"), chunk(CHUNK), event("RESUME")]
        for frame in [*frames, *[chunk(CHUNK)] * 10, MARKER]:
            await socket.send(frame)
        await read_all(socket)
        assert socket.close_code == 1000
    assert (await partner.log(one.id))["audio_bytes"] == 10 * len(CHUNK)
    assert await one.end() == "completed"
    assert (await one.get("transcript")).json()["final_transcript"][0]["transcript"] == "no fever"
    early, paused = reports(caplog)
    assert early == f"session {one.id}, frame 1: KEEP_ALIVE before START_TIME; ignored. Send START_TIME first"
    assert paused.startswith(f"session {one.id}, frame 4: AUDIO while the stream is paused; ignored. ")


WAV = b"RIFF\x24\0\0\0WAVEfmt " + bytes(24) + b"data" + bytes(3200 - 44)


def frame(**members) -> str:
    return json.dumps(members)


def b64(pcm: bytes = CHUNK) -> str:
    return base64.b64encode(pcm).decode()


DICTATION = {
    "the other product's member": (frame(type="AUDIO", data=b64()), "Rename the member to 'audioData'"),
    "no member": (frame(type="AUDIO"), "Put the Base64 of the samples into 'audioData'"),
    "no samples": (frame(type="AUDIO", audioData=""), "Send a chunk when it holds samples"),
    "event in data": (frame(type="EVENT", data="AUDIO_END"), "Put the name into 'event'"),
    "event nowhere": (frame(type="EVENT"), "Put the name into 'event'"),
    "pause": (event("PAUSE"), "Open a connection for each utterance"),
    "unknown event": (event("SING"), "The only event of dictation is AUDIO_END"),
    "start time": (start(), "Begin with AUDIO"),
    "lower case": (frame(type="audio", audioData=b64()), "Write 'AUDIO'"),
    "end of stream": (frame(type="end_of_stream"), 'End it with {"type":"EVENT","event":"AUDIO_END"}'),
    "unknown type": (frame(type="PING"), "Use START_TIME, AUDIO or EVENT"),
    "WAV header": (audio(WAV), "leave the header out"),
    "the recording at once": (audio(bytes(64_000)), "Send chunks of 100 ms"),
}
STREAM = {
    "the other product's member": (frame(type="AUDIO", audioData=b64()), "Rename the member to 'data'"),
    "no member": (frame(type="AUDIO"), "Put the Base64 of the samples into 'data'"),
    "event in data": (frame(type="EVENT", data="PAUSE"), "Put the name into 'event'"),
    "end of dictation": (AUDIO_END, 'End it with {"type":"AUDIO","data":"RU9G"}'),
    "event EOF": (event("EOF"), 'End it with {"type":"AUDIO","data":"RU9G"}'),
    "unknown event": (event("SING"), "Use PAUSE, RESUME, KEEP_ALIVE, CANCEL, ABORT"),
    "end of stream": (frame(type="end_of_stream"), 'End it with {"type":"AUDIO","data":"RU9G"}'),
    "WAV header": (chunk(WAV), "leave the header out"),
    "chunk of 200 ms": (chunk(bytes(6400)), "Send 3200 bytes at a time"),
}
DIALECT = {
    "start time in data": (start(), "into 'startTime'"),
    "events": (event("PAUSE"), "Leave events out"),
    "the other product's member": (frame(type="AUDIO", audioData=b64()), "Rename the member to 'data'"),
}


@rule("S-214")
@pytest.mark.parametrize("name", DICTATION)
async def test_what_dictation_swallows_is_named(partner, caplog, name):
    """Session, number of the frame, and what to do; no content. What is right afterwards is heard."""
    wrong, remedy = DICTATION[name]
    session_id = await dictation(partner, final("heard"))
    async with partner.transcribe(session_id) as socket:
        await socket.send(wrong)
        frames = await dictate(socket, CHUNK)
    assert [f["transcript"]["transcript"] for f in frames] == ["heard", "EOF"]
    (line,) = reports(caplog)
    assert line.startswith(f"session {session_id}, frame 1: ")
    assert remedy in line
    assert b64()[:40] not in line


@rule("S-214")
@pytest.mark.parametrize("name", STREAM)
async def test_what_the_stream_swallows_is_named(partner, caplog, name):
    """On /ws/stream."""
    wrong, remedy = STREAM[name]
    one = await visit(partner)
    await one.script("no fever")
    async with one.socket() as socket:
        for each in (start(), wrong, *[chunk(CHUNK)] * 10, MARKER):
            await socket.send(each)
        await read_all(socket)
    (line,) = reports(caplog)
    assert line.startswith(f"session {one.id}, frame 2: ")
    assert remedy in line
    assert await one.end() == "completed"


@rule("S-214")
@pytest.mark.parametrize("name", DIALECT)
async def test_what_the_dialect_swallows_is_named(third_party, caplog, name):
    """The dialect has a START_TIME of its own and no events."""
    wrong, remedy = DIALECT[name]
    answer = (await third_party.post("/api/v1/ambient/sessions", {"providerId": "ada"})).json()
    await third_party.script(answer["sessionId"])
    headers = third_party.headers | {"ambient_session_id": answer["sessionId"]}
    async with websockets.connect(answer["audioWebsocketUrl"], additional_headers=headers, compression=None) as socket:
        for each in (frame(type="START_TIME", startTime="2026-04-25T12:34:56Z"), wrong, chunk(CHUNK), MARKER):
            await socket.send(each)
        assert [from_server(raw, dictation=False)["type"] async for raw in socket][-1] == "ENDED"
    (line,) = reports(caplog)
    assert line.startswith(f"session {answer['sessionId']}, frame 2: ")
    assert remedy in line


@rule("S-214")
async def test_a_mistake_is_said_once_and_counted(partner, caplog):
    """A client that makes it with every chunk would bury all others."""
    session_id = await dictation(partner)
    async with partner.transcribe(session_id) as socket:
        for _ in range(20):
            await socket.send(frame(type="AUDIO", data=b64()))
        await socket.send(AUDIO_END)
        assert await read_all(socket) == [TERMINAL]
    first, total = reports(caplog)
    assert "frame 1: " in first
    assert total.startswith(f"session {session_id}: 20 frames in all: ")


@rule("S-214")
async def test_a_short_chunk_is_a_mistake_only_where_another_follows(partner, caplog):
    """The last one may be shorter."""
    for sizes, expected in (([3200, 1000], 0), ([3200, 1000, 3200], 1)):
        caplog.clear()
        one = await visit(partner)
        await one.script()
        async with one.socket() as socket:
            for each in (start(), *[chunk(bytes(size)) for size in sizes], MARKER):
                await socket.send(each)
            await read_all(socket)
        assert len(reports(caplog)) == expected


@rule("S-214")
@pytest.mark.parametrize("name", DICTATION)
async def test_a_strict_service_refuses_what_it_would_swallow(name):
    """1008 with the reason; the session stays as it was for the next stream."""
    wrong, _ = DICTATION[name]
    for way in WAYS:
        async with running(options(way, strict=True)) as who:
            session_id = await dictation(who, final("heard"))
            async with who.transcribe(session_id) as socket:
                await socket.send(wrong)
                with pytest.raises(websockets.ConnectionClosedError):
                    raise AssertionError(await socket.recv())
                assert (socket.close_code, bool(socket.close_reason)) == (1008, True)


async def test_a_line_repeats_no_content_that_a_client_put_into_a_name(partner, caplog):
    """Whatever stands in ``type`` or ``event`` may be speech or a token."""
    session_id = await dictation(partner)
    secret = "Ada Lovelace has chest pain"
    async with partner.transcribe(session_id) as socket:
        for wrong in (frame(type=secret), event(secret), frame(type="EVENT", data=secret), frame(type=partner.token)):
            await socket.send(wrong)
        await socket.send(AUDIO_END)
        await read_all(socket)
    text = "\n".join(reports(caplog)) + str(await partner.log(session_id))
    assert secret not in text
    assert partner.token not in text


async def test_who_leaves_before_the_end_of_audio_is_told(partner, caplog):
    """Once it is gone."""
    session_id = await dictation(partner)
    async with partner.transcribe(session_id) as socket:
        await socket.send(audio(CHUNK))
    await until(lambda: asyncio.sleep(0, reports(caplog)), bool)
    assert "left before the end of audio" in reports(caplog)[0]
