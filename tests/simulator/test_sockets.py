"""Handshakes and streams of the simulator, with scripts for the words."""

import json
import uuid

import pytest
import websockets

from tests.simulator.partner import AUDIO_END, TERMINAL, audio, dictate, read_all, refusal_of, running, until, upgrade
from workbench.errors import ServiceError
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHUNK = audio(b"\x01\x02" * 1600)


async def scripted_session(partner, *messages):
    session_id = await partner.create()
    await partner.script(session_id, *messages)
    return session_id


async def test_frames_are_those_of_the_documents(partner):
    """Partials without words, finals with speakers, a bare terminal frame, then a normal close."""
    session_id = await scripted_session(
        partner,
        {"kind": "partial", "text": "blood", "at_ms": 100},
        {"kind": "final", "text": "blood pressure", "at_ms": 200},
    )
    async with partner.transcribe(session_id) as socket:
        partial, final, terminal = await dictate(socket, b"\0" * 6400)
        assert socket.close_code == 1000
    assert partial.pop("transcript_id") != final.pop("transcript_id")
    assert partial == {"transcript": {"transcript": "blood", "words": []}, "is_final": False}
    assert final["is_final"] is True
    assert final["transcript"]["words"] == [
        {"word": "blood", "speaker": {"id": "S1"}},
        {"word": "pressure", "speaker": {"id": "S1"}},
    ]
    assert terminal == TERMINAL


async def test_a_browser_gets_the_name_echoed_and_nothing_else(partner):
    """Token before session id; the answer selects SukiAmbientAuth."""
    session_id = await scripted_session(partner)
    async with partner.transcribe_as_browser("SukiAmbientAuth", partner.token, session_id) as socket:
        assert socket.subprotocol == "SukiAmbientAuth"
        await socket.send(AUDIO_END)
        assert await read_all(socket) == [TERMINAL]


@pytest.mark.parametrize("separator", [",", ", ", " ,  "])
async def test_blanks_around_the_commas_of_an_offer_are_fine(scripted, partner, separator):
    """Browsers join members with a comma and a blank."""
    session_id = await scripted_session(partner)
    offer = separator.join(["SukiAmbientAuth", partner.token, session_id])
    status, headers = await upgrade(scripted, {"Sec-WebSocket-Protocol": offer})
    assert (status, headers["sec-websocket-protocol"]) == (101, "SukiAmbientAuth")


@pytest.mark.parametrize(
    "members",
    [
        ("SukiAmbientAuth", "SESSION", "TOKEN"),
        ("SukiTranscriptionAuth", "TOKEN", "SESSION"),
        ("SukiAmbientAuth", "TOKEN"),
        ("SukiAmbientAuth",),
        ("SukiAmbientAuth", "TOKEN", "SESSION", "more"),
        ("other", "TOKEN", "SESSION"),
        ("SukiAmbientAuth", "not.a.token", "SESSION"),
    ],
)
async def test_an_offer_in_another_order_is_refused(partner, members):
    """The order of the ambient endpoint is not that of dictation."""
    session_id = await scripted_session(partner)
    actual = [m.replace("SESSION", session_id).replace("TOKEN", partner.token) for m in members]
    status, body = await refusal_of(partner.transcribe_as_browser(*actual))
    assert status == 401
    assert body["message"].startswith("invalid_sdp_token")
    assert partner.token not in body["message"]


async def test_the_legacy_name_works_where_it_is_asked_for():
    """SukiTranscriptionAuth of older pages, behind a switch."""
    options = SimulatorOptions(recogniser="scripted", limits=SimulatorLimits(legacy_subprotocol=True))
    async with running(options) as partner:
        session_id = await scripted_session(partner)
        async with partner.transcribe_as_browser("SukiTranscriptionAuth", partner.token, session_id) as socket:
            assert socket.subprotocol == "SukiTranscriptionAuth"


async def test_a_bad_token_or_an_unknown_session_is_refused_before_101(partner):
    """401, 404 and 400 with the envelope."""
    session_id = await scripted_session(partner)
    token, partner.token = partner.token, "nonsense"
    status, body = await refusal_of(partner.transcribe(session_id))
    assert (status, body["code"]) == (401, 401)
    partner.token = token
    assert (await refusal_of(partner.transcribe(str(uuid.uuid4()))))[0] == 404
    headers_only = websockets.connect(
        f"{partner.simulator.ws_url}/ws/transcribe", additional_headers={"sdp_suki_token": token}
    )
    assert (await refusal_of(headers_only))[0] == 400
    nowhere = websockets.connect(f"{partner.simulator.ws_url}/ws/nowhere", additional_headers=partner.headers)
    assert (await refusal_of(nowhere))[0] == 404


async def test_a_running_session_takes_no_second_socket(partner):
    """412 FailedPrecondition, and the first stream is not disturbed."""
    session_id = await scripted_session(partner, {"kind": "final", "text": "one", "at_ms": 100})
    async with partner.transcribe(session_id) as socket:
        status, body = await refusal_of(partner.transcribe(session_id))
        assert status == 412
        assert "transcript session is not accepting new speech sessions" in body["message"]
        assert len(await dictate(socket, b"\0" * 3200)) == 2


async def test_several_utterances_make_one_transcript(partner):
    """Push-to-talk: the session is READY, then IDLE between streams, COMPLETED after end."""
    session_id = await scripted_session(partner, {"kind": "final", "text": "again", "at_ms": 100})
    states = [(await partner.log(session_id))["state"]]
    for _ in range(2):
        async with partner.transcribe(session_id) as socket:
            await dictate(socket, b"\0" * 3200)
        states.append((await partner.log(session_id))["state"])
    result = await partner.end(session_id)
    assert states == ["READY", "IDLE", "IDLE"]
    assert (result["final_transcript"], result["duration"]) == ("again again", 0)
    assert (await refusal_of(partner.transcribe(session_id)))[0] == 412


async def test_end_closes_the_socket_that_is_open(partner):
    """The stream that was cut off gets its terminal frame, and the result says that it was cut."""
    session_id = await scripted_session(partner)
    async with partner.transcribe(session_id) as socket:
        await socket.send(CHUNK)
        result = await partner.end(session_id)
        assert await read_all(socket) == [TERMINAL]
        assert socket.close_code == 1000
    assert result["status"] == "cancelled"


async def test_a_dropped_socket_frees_the_session_after_a_while(partner):
    """Refused at first, accepted once the loss was noticed; what had been final stays."""
    session_id = await scripted_session(partner, {"kind": "final", "text": "kept", "at_ms": 100})
    async with partner.transcribe(session_id) as socket:
        await socket.send(CHUNK)
        assert "kept" in await socket.recv()
        socket.transport.abort()
    assert (await refusal_of(partner.transcribe(session_id)))[0] == 412
    await until(lambda: partner.log(session_id), lambda log: log["state"] == "IDLE")
    async with partner.transcribe(session_id) as socket:
        await dictate(socket, b"\0" * 3200)
    assert (await partner.end(session_id))["final_transcript"] == "kept kept"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", 1007),
        ("{}{}", 1007),
        ("[" * 10_000, 1007),
        ("[]", 1007),
        (b"\x00\x01", 1003),
        (audio(b"\x01\x02\x03"), 1007),
        ('{"type":"AUDIO","audioData":"-_-_"}', 1007),
        ('{"type":"AUDIO","audioData":"AAA"}', 1007),
        (" " * 70_000, 1009),
    ],
)
async def test_frames_against_the_contract_close_the_socket(partner, frame, code):
    """Each with the code of its kind, and never a transcript; everyone else is served on."""
    session_id = await scripted_session(partner, {"kind": "final", "text": "never", "at_ms": 1})
    async with partner.transcribe(session_id) as socket:
        await socket.send(frame)
        assert await read_all_or_closed(socket) == []
        assert socket.close_code == code
    assert (await partner.post("/api/v1/transcription/session/create", {})).status_code == 201


async def read_all_or_closed(socket):
    try:
        return await read_all(socket)
    except websockets.ConnectionClosedError:
        return []


async def test_audio_after_the_end_is_ignored(partner):
    """AUDIO_END is the last message of a connection."""
    session_id = await partner.create()
    await partner.script(session_id)
    async with partner.transcribe(session_id) as socket:
        await socket.send(AUDIO_END)
        await socket.send(CHUNK)
        assert await read_all_or_closed(socket) == [TERMINAL]
        assert socket.close_code == 1000
    assert (await partner.log(session_id))["audio_bytes"] == 0


@pytest.mark.parametrize(
    "frame",
    [
        audio(b"\0\0", field="data"),
        '{"type":"START_TIME","data":"MjAyNg=="}',
        '{"type":"EVENT","event":"PAUSE"}',
        '{"type":"EVENT","data":"AUDIO_END"}',
        '{"type":"end_of_stream"}',
        '{"type":"AUDIO","audioData":""}',
    ],
)
async def test_messages_of_other_products_are_ignored_and_kept_note_of(partner, frame):
    """``data`` in place of ``audioData`` is no audio."""
    session_id = await scripted_session(partner, {"kind": "final", "text": "never", "at_ms": 0.1})
    async with partner.transcribe(session_id) as socket:
        await socket.send(frame)
        await socket.send(AUDIO_END)
        assert await read_all(socket) == [TERMINAL]
    (log,) = (await partner.log(session_id))["connections"]
    assert len(log["ignored"]) == 1
    assert log["arrivals"] == []


async def test_silence_of_the_client_ends_the_stream():
    """No audio for the idle time closes with 1008; other messages do not count as audio."""
    options = SimulatorOptions(recogniser="scripted", limits=SimulatorLimits(idle_s=0.1))
    async with running(options) as partner:
        session_id = await scripted_session(partner)
        async with partner.transcribe(session_id) as socket:
            await socket.send(audio(b"\0\0", field="data"))
            assert await read_all_or_closed(socket) == []
            assert (socket.close_code, "no audio" in socket.close_reason) == (1008, True)


async def test_a_session_without_a_script_is_refused(partner):
    """The scripted recogniser invents nothing."""
    status, body = await refusal_of(partner.transcribe(await partner.create()))
    assert (status, body["message"].split(":")[0]) == (412, "no_script")


async def test_a_simulator_that_ends_closes_its_sockets():
    """1012: the service restarts."""
    async with running(SimulatorOptions(recogniser="scripted")) as partner:
        session_id = await scripted_session(partner)
        async with partner.transcribe(session_id) as socket:
            partner.simulator._server.should_exit = True
            assert await read_all_or_closed(socket) == []
            assert socket.close_code == 1012


async def test_a_refusal_is_an_error_of_the_service():
    """The envelope is built from the same error type that the client raises."""
    from workbench.simulator.refusals import envelope, refusal

    error = refusal(503, "recogniser_busy: 4 of 4 streams are open")
    assert isinstance(error, ServiceError)
    assert json.loads(envelope(error).body) == {"code": 503, "message": "recogniser_busy: 4 of 4 streams are open"}
