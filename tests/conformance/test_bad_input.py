"""Bad input of every kind that the contract names, while two other sessions stream on the same simulator.

Each case is refused as the rules say, what its own session had before is kept, and the others lose nothing.
"""

import contextlib
import json
import uuid

import pytest
import pytest_asyncio
import websockets
from websockets.asyncio.client import connect

from tests.simulator.partner import TERMINAL, audio, dictate, refusal_of, running
from tests.simulator.visits import AMBIENT, FORM, MARKER, QUICK, SECOND, chunk, start, visit
from workbench.simulator.auth.tokens import Identity
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

PIECE = SECOND[:3200]
MEBIBYTE = bytes(1_048_576)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def partner():
    """One simulator for all cases: whatever one of them broke, the next ones would see."""
    async with running(SimulatorOptions(recogniser="scripted", limits=QUICK)) as who:
        yield who


@contextlib.asynccontextmanager
async def others(partner):
    """A dictation and a visit in mid-stream; both must come to their full result afterwards."""
    session_id = await partner.create()
    messages = [{"kind": "final", "text": f"word {i}", "at_ms": 100 * (i + 1)} for i in range(4)]
    await partner.script(session_id, *messages)
    note = await visit(partner)
    await note.script("no fever")
    async with partner.transcribe(session_id) as dictation, note.socket() as stream:
        await dictation.send(audio(PIECE))
        await stream.send(start())
        await stream.send(chunk(SECOND[: len(SECOND) // 2]))
        first = json.loads(await dictation.recv())
        yield
        frames = [first, *(await dictate(dictation, PIECE * 3))]
        assert [f["transcript"]["transcript"] for f in frames] == ["word 0", "word 1", "word 2", "word 3", "EOF"]
        await stream.send(chunk(SECOND[len(SECOND) // 2 :]))
        await stream.send(MARKER)
        await stream.wait_closed()
        assert stream.close_code == 1000
    assert (await partner.end(session_id))["final_transcript"] == "word 0 word 1 word 2 word 3"
    assert await note.end() == "completed"
    assert (await note.get("content")).json()["summary"][0]["content"] == "No fever."


@pytest.fixture(scope="module")
def frames():
    """Frame to its close code on either socket; None is ignored."""
    return {
        "odd byte count": (lambda field: audio(b"\1\2\3", field), 1007),
        "URL-safe base64": (lambda field: json.dumps({"type": "AUDIO", field: "-_-_"}), 1007),
        "binary frame": (lambda _: SECOND, 1003),
        "two objects": (lambda field: audio(PIECE, field) * 2, 1007),
        "one mebibyte": (lambda field: audio(MEBIBYTE, field), 1009),
        "nested brackets": (lambda _: "[" * 10_000, 1007),
        "nested and closed": (lambda _: "[" * 10_000 + "]" * 10_000, 1007),
        "nested in a member": (lambda field: f'{{"type":"AUDIO","{field}":{"[" * 10_000}', 1007),
        "the other's member": (lambda field: audio(PIECE, "data" if field == "audioData" else "audioData"), None),
    }


CASES = [
    "odd byte count", "URL-safe base64", "binary frame", "two objects", "one mebibyte", "nested brackets",
    "nested and closed", "nested in a member", "the other's member",
]  # fmt: skip


async def rest_of(socket):
    """Frames until the close, of whatever kind that is."""
    found = []
    with contextlib.suppress(websockets.ConnectionClosed):
        while True:
            found.append(json.loads(await socket.recv()))
    return found


@rule("S-74")
@rule("S-76")
@pytest.mark.parametrize("case", CASES)
async def test_a_bad_frame_of_a_dictation_harms_nobody(partner, frames, case):
    """What was final before stands, the session takes another stream."""
    frame, code = frames[case]
    async with others(partner):
        session_id = await partner.create()
        await partner.script(session_id, {"kind": "final", "text": "kept", "at_ms": 100})
        async with partner.transcribe(session_id) as socket:
            await socket.send(audio(PIECE))
            assert json.loads(await socket.recv())["transcript"]["transcript"] == "kept"
            await socket.send(frame("audioData"))
            if code is None:
                assert await dictate(socket, b"") == [TERMINAL]
            else:
                assert await rest_of(socket) == []
            assert socket.close_code == (code or 1000)
        log = await partner.log(session_id)
        assert (log["audio_bytes"], log["state"]) == (len(PIECE), "IDLE" if code is None else "RUNNING")
        result = await partner.end(session_id)
        assert result["final_transcript"] == "kept"


@rule("S-151")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("base", [AMBIENT, FORM], ids=["ambient", "form filling"])
async def test_a_bad_frame_of_a_note_harms_nobody(partner, frames, base, case):
    """Audio from before stays, and the session streams again."""
    frame, code = frames[case]
    async with others(partner):
        one = await visit(partner, base)
        await one.script("no cough")
        async with one.socket() as socket:
            await socket.send(start())
            await socket.send(chunk())
            await socket.send(frame("data"))
            if code is None:
                await socket.send(MARKER)
            assert await rest_of(socket) == []
            assert socket.close_code == (code or 1000)
        assert (await partner.log(one.id))["audio_bytes"] == len(SECOND)
        assert await one.status() == "ready"
        await one.speak("no cough")
        assert (await partner.log(one.id))["audio_bytes"] == 2 * len(SECOND)


def browser(partner, path, *members):
    return connect(
        f"{partner.simulator.ws_url}{path}",
        subprotocols=list(members),
        compression=None,
        ping_interval=None,
        open_timeout=300,
    )


@rule("S-62")
@rule("S-68")
@rule("S-147")
async def test_a_bad_handshake_harms_nobody(partner):
    """Wrong order, unknown, foreign and no UUID at both sockets: a status each, and the session stays as it was."""
    async with others(partner):
        dictated, note = await partner.create(), await visit(partner)
        token, name = partner.token, "SukiAmbientAuth"
        foreign, foreign_note = await partner.create(), await visit(partner)
        partner.simulator.sessions.any_dictation(foreign).owner = Identity("another-partner")
        partner.simulator.notes.any_session(foreign_note.id).owner = Identity("another-partner")
        unknown = str(uuid.uuid4())
        stream = f"{partner.simulator.ws_url}/ws/stream"
        refusals = [
            (browser(partner, "/ws/transcribe", name, dictated, token), 401),
            (browser(partner, "/ws/stream", name, token, note.id), 401),
            (partner.transcribe(unknown), 404),
            (partner.transcribe(foreign), 403),
            (partner.transcribe("no-uuid"), 404),
            (partner.transcribe(note.id), 404),
            (note.socket(ambient_session_id=unknown), 404),
            (foreign_note.socket(), 403),
            (note.socket(ambient_session_id="no-uuid"), 400),
            (connect(stream, additional_headers=partner.headers | {"ambient_session_id": dictated}), 404),
        ]
        for connection, status in refusals:
            found, body = await refusal_of(connection)
            assert (found, body["code"]) == (status, status)
            assert token not in body["message"]
        assert (await partner.log(dictated))["state"] == "READY"
        assert await note.status() == "created"
        assert (await partner.log(note.id))["connections"] == []


@rule("S-115")
@pytest.mark.parametrize("call", ["status", "structured-data", "end", "context"])
async def test_an_id_on_the_paths_of_another_product_harms_nobody(partner, call):
    """An ambient id on a form-filling path and the reverse are 412, what is no UUID is 400, nothing moves."""
    async with others(partner):
        method = "POST" if call in ("end", "context") else "GET"
        for base, other in ((AMBIENT, FORM), (FORM, AMBIENT)):
            one = await visit(partner, base)
            for session_id, status in ((one.id, 412), ("no-uuid", 400), (str(uuid.uuid4()), 404)):
                url = f"{other}/{session_id}/{call}"
                answer = await partner.http.request(method, url, headers=partner.headers, json={})
                assert (answer.status_code, answer.json()["code"]) == (status, status)
            assert await one.status() == "created"
        for base in (AMBIENT, FORM):
            answer = await partner.post(f"{base}/create", {"ambient_session_id": "no-uuid"})
            assert answer.status_code == 400
            assert answer.json()["message"].startswith("invalid_ambient_id_format")
