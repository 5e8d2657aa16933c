"""Rules of dictation that bind the service: create and end, and the messages of the socket."""

import asyncio
import json
import re
import uuid

import pytest
import websockets
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulator.partner import AUDIO_END, TERMINAL, audio, dictate, read_all
from workbench.simulator.recognition.recognisers import StreamFailed

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

CREATE = "/api/v1/transcription/session/create"
SECOND = b"\0" * 32_000


def partial(text: str, at_ms: float, **more) -> dict:
    return {"kind": "partial", "text": text, "at_ms": at_ms, **more}


def final(text: str, at_ms: float | None, **more) -> dict:
    return {"kind": "final", "text": text, "at_ms": at_ms, **more}


async def session_of(partner, *messages, **script) -> str:
    """A new session that says ``messages`` on each connection."""
    session_id = await partner.create()
    await partner.script(session_id, *messages, **script)
    return session_id


async def frames_of(partner, *messages, pcm=SECOND, **script) -> list[dict]:
    """Every frame of one connection, terminal frame included."""
    async with partner.transcribe(await session_of(partner, *messages, **script)) as socket:
        return await dictate(socket, pcm)


async def read_until_closed(socket) -> list[dict]:
    """Every frame, however the connection ends."""
    frames = []
    try:
        while True:
            frames.append(json.loads(await socket.recv()))
    except websockets.ConnectionClosed:
        return frames


@rule("S-41")
async def test_create_is_answered_201_with_the_id(partner):
    """The one documented field."""
    answer = await partner.post(CREATE, {})
    assert answer.status_code == 201
    assert isinstance(answer.json()["transcription_session_id"], str)


@rule("S-42")
async def test_an_id_that_is_not_given_is_made(partner):
    """A UUID, another one for each session."""
    ids = {await partner.create() for _ in range(5)}
    assert len({uuid.UUID(found) for found in ids}) == 5


@rule("S-43")
async def test_an_id_that_is_given_is_kept(partner):
    """To the letter, capitals included."""
    for wanted in (str(uuid.uuid4()), str(uuid.uuid4()).upper()):
        assert await partner.create(transcription_session_id=wanted) == wanted


@rule("S-43")
@pytest.mark.parametrize("wanted", ["123dfg-456dfg", "", "0" * 32, 7, {}, "../../etc"])
async def test_an_id_that_is_no_uuid_is_refused(partner, wanted):
    """400, and nothing is created."""
    answer = await partner.post(CREATE, {"transcription_session_id": wanted})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("invalid_request")


@rule("S-44")
@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"audio_config": None},
        {"audio_config": {}},
        {"audio_config": {"audio_encoding": "LINEAR16"}},
        {"audio_config": {"audio_encoding": "LINEAR16", "audio_language": "en-US", "sample_rate_hertz": 16_000}},
    ],
)
async def test_the_audio_configuration_and_each_of_its_members_may_be_missing(partner, body):
    """What is missing is 16 kHz LINEAR16."""
    answer = await partner.post(CREATE, body)
    assert answer.status_code == 201
    assert (await partner.log(answer.json()["transcription_session_id"]))["sample_rate_hz"] == 16_000


@rule("S-45")
@pytest.mark.parametrize("encoding", ["MULAW", "FLAC", "linear16", "", "LINEAR16 ", 16])
async def test_no_encoding_but_linear16_is_accepted(partner, encoding):
    """400 for others and for other spellings."""
    answer = await partner.post(CREATE, {"audio_config": {"audio_encoding": encoding}})
    assert (answer.status_code, answer.json()["code"]) == (400, 400)


@rule("S-50")
@pytest.mark.parametrize("path", ["/status", "", "/transcript", "/content", "/state"])
async def test_there_is_no_status_of_a_dictation(partner, path):
    """404 for a session that exists, by any method."""
    session_id = await partner.create()
    for method in ("GET", "POST"):
        answer = await partner.http.request(
            method, f"/api/v1/transcription/session/{session_id}{path}", headers=partner.headers
        )
        assert (answer.status_code, answer.json()["code"]) == (404, 404)


@rule("S-52")
async def test_end_answers_with_five_fields(partner):
    """The id, the status, the whole text, the seconds of audio and the time."""
    session_id = await session_of(partner, final("Blood pressure is normal.", 1000))
    async with partner.transcribe(session_id) as socket:
        await dictate(socket, SECOND)
    answer = await partner.post(f"/api/v1/transcription/session/{session_id}/end")
    result = answer.json()
    assert answer.status_code == 200
    assert result.pop("ended_at")
    assert result == {
        "transcription_session_id": session_id,
        "status": "completed",
        "final_transcript": "Blood pressure is normal.",
        "duration": 1.0,
    }


@rule("S-53")
async def test_a_session_whose_streams_were_drained_is_completed(partner):
    """Also one that never had a stream."""
    assert (await partner.end(await partner.create()))["status"] == "completed"


@rule("S-53")
async def test_a_session_that_was_cut_off_is_cancelled(partner):
    """Its text may be incomplete."""
    session_id = await session_of(partner)
    async with partner.transcribe(session_id):
        assert (await partner.end(session_id))["status"] == "cancelled"


@rule("S-53")
async def test_a_session_whose_recogniser_was_lost_is_failed(partner, scripted, monkeypatch):
    """The socket closes with 1011 and no terminal frame."""
    session_id = await session_of(partner)

    class Lost:
        def listen(self, listener):
            """Is lost at once."""
            lost = StreamFailed("recogniser_lost: the worker is gone", status=500)
            asyncio.get_running_loop().call_soon(listener.over, lost)

        def drop(self):
            """Has nothing."""

    monkeypatch.setattr(scripted.recogniser, "open", lambda *_: Lost())
    async with partner.transcribe(session_id) as socket:
        assert await read_until_closed(socket) == []
        assert socket.close_code == 1011
    assert (await partner.end(session_id))["status"] == "failed"


@rule("S-57")
async def test_the_end_is_dated_in_utc(partner):
    """RFC 3339, to the second, with Z."""
    ended_at = (await partner.end(await partner.create()))["ended_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", ended_at)


NOT_ONE_OBJECT = {
    "binary": (b'{"type":"AUDIO","audioData":"AAA="}', 1003),
    "raw-audio": (b"\0" * 3200, 1003),
    "text": ("hello", 1007),
    "nothing": ("", 1007),
    "two-objects": ('{"type":"EVENT","event":"x"}{"type":"EVENT","event":"AUDIO_END"}', 1007),
    "array": ("[]", 1007),
    "number": ("7", 1007),
    "nested": ("[" * 10_000, 1007),
    "no-type": ('{"audioData":"AAA="}', 1007),
    "truncated": ('{"type":"AUDIO","audioData":"AA', 1007),
    "url-safe": ('{"type":"AUDIO","audioData":"-_-_"}', 1007),
    "unpadded": ('{"type":"AUDIO","audioData":"AAA"}', 1007),
    "odd": (audio(b"\1\2\3"), 1007),
    "too-large": (" " * 70_000, 1009),
}


@rule("S-74")
@pytest.mark.parametrize("case", NOT_ONE_OBJECT)
async def test_a_frame_that_is_not_one_json_object_is_a_parse_error(partner, case):
    """The socket closes with the code of its kind, nothing is transcribed, and others are served on."""
    frame, code = NOT_ONE_OBJECT[case]
    session_id, other = await session_of(partner, final("never", 0.01)), await session_of(partner, final("one", 100))
    async with partner.transcribe(other) as bystander, partner.transcribe(session_id) as socket:
        await socket.send(frame)
        assert await read_until_closed(socket) == []
        assert socket.close_code == code
        assert len(await dictate(bystander, SECOND)) == 2
    (log,) = (await partner.log(session_id))["connections"]
    assert log["arrivals"] == []


@rule("S-74")
async def test_a_parse_error_leaves_what_was_final(partner):
    """Text before the bad frame stands, and the session takes another stream."""
    session_id = await session_of(partner, final("kept", 100))
    async with partner.transcribe(session_id) as socket:
        await socket.send(audio(SECOND[:3200]))
        assert json.loads(await socket.recv())["is_final"] is True
        await socket.send(b"\0\0")
        assert await read_until_closed(socket) == []
    assert (await partner.end(session_id))["final_transcript"] == "kept"


@rule("S-76")
async def test_data_is_no_audio_on_the_dictation_socket(partner):
    """Ignored and kept note of; ``audioData`` afterwards is heard."""
    session_id = await session_of(partner, final("heard", 100))
    async with partner.transcribe(session_id) as socket:
        await socket.send(audio(SECOND, field="data"))
        frames = await dictate(socket, SECOND[:3200])
    log = await partner.log(session_id)
    assert [f["transcript"]["transcript"] for f in frames] == ["heard", "EOF"]
    assert log["audio_bytes"] == 3200
    assert len(log["connections"][0]["ignored"]) == 1


@rule("S-86")
async def test_a_partial_is_not_final_and_has_no_words(partner):
    """Exactly the four documented members."""
    frame, _ = await frames_of(partner, partial("blood pressure", 100))
    assert frame.pop("transcript_id")
    assert frame == {"transcript": {"transcript": "blood pressure", "words": []}, "is_final": False}


@rule("S-87")
async def test_a_final_names_its_words_and_their_speaker(partner):
    """Entries of a word and a speaker with an id."""
    frame, _ = await frames_of(partner, final("blood pressure", 100))
    assert frame["is_final"] is True
    assert frame["transcript"]["transcript"] == "blood pressure"
    assert frame["transcript"]["words"] == [
        {"word": "blood", "speaker": {"id": "S1"}},
        {"word": "pressure", "speaker": {"id": "S1"}},
    ]


@rule("S-89")
async def test_every_transcript_frame_has_an_id_of_its_own(partner):
    """Partials included, and also when the session streams again."""
    said = [partial("a", at) for at in range(10, 100, 10)] + [final("a b", 200), partial("c", 300), final("c", None)]
    session_id = await session_of(partner, *said)
    seen = []
    for _ in range(2):
        async with partner.transcribe(session_id) as socket:
            seen += (await dictate(socket, SECOND))[:-1]
    ids = [frame["transcript_id"] for frame in seen]
    assert len(seen) == 2 * len(said)
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", found) for found in ids)


@rule("S-93")
@settings(max_examples=25, deadline=None)
@given(kinds=st.lists(st.sampled_from(["partial", "final"]), max_size=12))
async def test_finals_come_once_in_order_and_stand(partner, kinds):
    """Whatever comes between them, and to the letter in the result of the session."""
    said = [{"kind": kind, "text": f"w{i}", "at_ms": 10.0 * (i + 1)} for i, kind in enumerate(kinds)]
    wanted = [message["text"] for message in said if message["kind"] == "final"]
    session_id = await session_of(partner, *said)
    async with partner.transcribe(session_id) as socket:
        frames = (await dictate(socket, SECOND))[:-1]
    assert [f["transcript"]["transcript"] for f in frames if f["is_final"]] == wanted
    assert (await partner.end(session_id))["final_transcript"] == " ".join(wanted)


@rule("S-94")
async def test_the_stream_ends_with_the_terminal_frame_and_a_close(partner):
    """Then the socket closes normally, without waiting for the client."""
    session_id = await session_of(partner, final("one", None))
    async with partner.transcribe(session_id) as socket:
        frames = await dictate(socket, SECOND)
        assert frames[-1] == TERMINAL
        assert socket.close_code == 1000


@rule("S-95")
async def test_nothing_follows_the_terminal_frame(partner):
    """Not even what was still due when the session was ended."""
    session_id = await session_of(partner, final("due", 100, delay_ms=60_000))
    async with partner.transcribe(session_id) as socket:
        await socket.send(audio(SECOND))
        await partner.end(session_id)
        assert await read_all(socket) == [TERMINAL]
    frames = await frames_of(partner, *(final(f"w{i}", None) for i in range(20)))
    assert [frame == TERMINAL for frame in frames] == [False] * 20 + [True]


@rule("S-96")
async def test_the_terminal_frame_has_neither_flag_nor_id(partner):
    """It is these bytes; a speaker who says EOF is told from it by the id."""
    said = [final("EOF", 100)]
    async with partner.transcribe(await session_of(partner, *said)) as socket:
        await socket.send(audio(SECOND))
        await socket.send(AUDIO_END)
        spoken, terminal = [frame async for frame in socket]
    assert terminal == '{"transcript":{"transcript":"EOF"}}'
    assert "transcript_id" in json.loads(spoken)
