"""Rules of ``/ws/stream`` that bind the service."""

import contextlib
import json
import uuid
from dataclasses import replace

import pytest
import pytest_asyncio
import websockets
from websockets.asyncio.client import connect

from tests.simulator.partner import partner_of, refusal_of, running, until
from tests.simulator.visits import FORM, MARKER, QUICK, SECOND, chunk, event, start, visit
from tests.simulators import new_simulator
from workbench.simulator.auth.tokens import Identity
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def partner():
    """Logged in at a scripted simulator that is quick with its notes."""
    async with (
        new_simulator(SimulatorOptions(recogniser="scripted", limits=QUICK)) as simulator,
        partner_of(simulator) as who,
    ):
        yield who


@contextlib.asynccontextmanager
async def impatient(**limits):
    """A partner at a simulator whose limits are short."""
    options = SimulatorOptions(recogniser="scripted", limits=replace(QUICK, **limits))
    async with running(options) as who:
        yield who


def offering(partner, *members):
    return connect(
        f"{partner.simulator.ws_url}/ws/stream",
        subprotocols=list(members),
        compression=None,
        ping_interval=None,
        open_timeout=300,
    )


async def closed_with(socket) -> int:
    """The code of the close; nothing else comes."""
    with pytest.raises(websockets.ConnectionClosed):
        raise AssertionError(await socket.recv())
    return socket.close_code


async def scripted_visit(partner, *texts):
    one = await visit(partner)
    await one.script(*texts)
    return one


@rule("S-147")
async def test_a_session_that_is_not_there_is_refused_before_101(partner):
    """404 for unknown, 403 for foreign, 412 for finished ones, 400 without an id; the envelope each time."""
    one = await visit(partner)
    one.id = str(uuid.uuid4())
    assert (await refusal_of(one.socket()))[0] == 404
    done = await visit(partner)
    await done.speak("no fever")
    await done.end()
    status, body = await refusal_of(done.socket())
    assert (status, body["message"].split(":")[0]) == (412, "FailedPrecondition")
    foreign = await visit(partner)
    partner.simulator.notes.any_session(foreign.id).owner = Identity("another-partner")
    assert (await refusal_of(foreign.socket()))[0] == 403
    assert (await refusal_of(one.socket(sdp_suki_token="forged")))[0] == 401
    bare = connect(f"{partner.simulator.ws_url}/ws/stream", additional_headers=partner.headers)
    assert (await refusal_of(bare))[0] == 400
    assert (await partner.http.get("/ws/stream")).status_code == 426


async def test_a_dictation_session_is_none_of_this_socket(partner):
    """Each socket knows its own products only."""
    one = await visit(partner)
    one.id = await partner.create()
    assert (await refusal_of(one.socket()))[0] == 404


@pytest.mark.parametrize("base", ["/api/v1/ambient/session", FORM])
async def test_browsers_offer_session_id_before_token(partner, base):
    """Only the name is echoed; the order of dictation and other names are refused."""
    one = await visit(partner, base)
    await one.script()
    async with offering(partner, "SukiAmbientAuth", one.id, partner.token) as socket:
        assert socket.subprotocol == "SukiAmbientAuth"
        await socket.send(start())
        await socket.send(MARKER)
        assert await closed_with(socket) == 1000
    wrong = [("SukiAmbientAuth", partner.token, one.id), ("SukiTranscriptionAuth", one.id, partner.token)]
    for members in wrong:
        assert (await refusal_of(offering(partner, *members)))[0] == 401


async def test_a_session_has_one_socket(partner):
    """The second is refused while the first is open, and accepted afterwards."""
    one = await scripted_visit(partner)
    async with one.socket() as socket:
        status, body = await refusal_of(one.socket())
        assert (status, body["message"].split(":")[0]) == (412, "FailedPrecondition")
        await socket.send(start())
        await socket.send(MARKER)
        await closed_with(socket)
    async with one.socket():
        pass


async def test_a_refused_socket_leaves_the_session_as_it_was(partner):
    """Nothing to say is known before the 101."""
    one = await visit(partner)
    status, body = await refusal_of(one.socket())
    assert (status, body["message"].split(":")[0], await one.status()) == (412, "no_script", "created")


@rule("S-151")
async def test_audio_before_start_time_is_a_violation(partner):
    """1002, and the session may be streamed to again."""
    one = await scripted_visit(partner, "no fever")
    async with one.socket() as socket:
        await socket.send(chunk())
        assert await closed_with(socket) == 1002
    assert await one.speak("no fever") == []
    assert await one.end() == "completed"


@rule("S-158")
async def test_events_are_accepted_anywhere_in_the_stream(partner):
    """Between START_TIME and the end marker, before and after audio; unknown ones are kept and ignored."""
    one = await scripted_visit(partner, "no fever")
    async with one.socket() as socket:
        await socket.send(start())
        for name in ("KEEP_ALIVE", "PAUSE", "KEEP_ALIVE", "RESUME", "SING"):
            await socket.send(event(name))
        await socket.send(chunk())
        for name in ("RESUME", "PAUSE"):
            await socket.send(event(name))
        await socket.send(MARKER)
        assert await closed_with(socket) == 1000
    log = (await partner.log(one.id))["connections"][0]
    assert len(log["ignored"]) == 1
    assert await one.end() == "completed"


@rule("S-161")
@rule("S-170")
@rule("S-172")
async def test_the_marker_ends_the_stream_without_a_word(partner):
    """It is no audio, the simulator closes after it, and no data frame was sent."""
    one = await visit(partner)
    assert await one.speak("no fever") == []
    log = await partner.log(one.id)
    assert (log["audio_bytes"], log["connections"][0]["ending"]) == (len(SECOND), "end of audio")
    assert log["connections"][0]["emissions"] == []


@rule("S-163")
@pytest.mark.parametrize(("keep_alive_s", "code"), [(0.01, 1008), (15.0, 1000)])
async def test_the_silence_of_a_pause_is_bounded_as_configured(partner, keep_alive_s, code):
    """Paused without KEEP_ALIVE: closed after the tolerance, and not before."""
    async with impatient(keep_alive_s=keep_alive_s, idle_s=0.05) as who:
        one = await scripted_visit(who)
        async with one.socket() as socket:
            await socket.send(start())
            await socket.send(event("PAUSE"))
            if code == 1000:
                await until(one.status, lambda status: status == "ready")
                await socket.send(MARKER)
            assert await closed_with(socket) == code


@rule("S-164")
@pytest.mark.parametrize("name", [None, "KEEP_ALIVE"])
async def test_without_audio_a_stream_is_closed(partner, name):
    """1008; the session stays and may be streamed to again."""
    async with impatient(idle_s=0.05) as who:
        one = await scripted_visit(who, "no fever")
        async with one.socket() as socket:
            await socket.send(start())
            if name:
                await socket.send(event(name))
            assert await closed_with(socket) == 1008
        assert await one.status() == "ready"
        await one.speak("no fever")
        assert await one.end() == "completed"


@rule("S-165")
async def test_a_long_pause_is_closed_although_it_is_kept_alive(partner):
    """1008 after the bound on pauses."""
    async with impatient(paused_s=0.1) as who:
        one = await scripted_visit(who)
        async with one.socket() as socket:
            await socket.send(start())
            await socket.send(event("PAUSE"))
            await socket.send(event("KEEP_ALIVE"))
            assert await closed_with(socket) == 1008
            assert socket.close_reason == "paused for 0.1 s"


@rule("S-166")
async def test_cancel_aborts_the_session(partner):
    """No note, no recording, no further stream."""
    one = await scripted_visit(partner, "no fever")
    async with one.socket() as socket:
        await socket.send(start())
        await socket.send(chunk())
        await socket.send(event("CANCEL"))
        assert await closed_with(socket) == 1000
    assert await one.status() == "aborted"
    assert (await one.post("end")).status_code == 412
    assert (await one.get("content")).status_code == 412
    assert (await one.get("recording")).status_code == 410
    assert (await refusal_of(one.socket()))[0] == 412


@rule("S-167")
async def test_abort_keeps_the_session_and_its_audio(partner):
    """The same id streams again; the note holds both segments."""
    one = await scripted_visit(partner, "no fever")
    async with one.socket() as socket:
        await socket.send(start())
        await socket.send(chunk())
        await socket.send(event("ABORT"))
        assert await closed_with(socket) == 1000
    assert await one.status() == "ready"
    await one.speak("no cough")
    assert await one.end() == "completed"
    assert (await one.get("content")).json()["summary"][0]["content"] == "No fever. No cough."


async def test_rest_end_closes_an_open_stream(partner):
    """What was streamed before is in the note."""
    one = await scripted_visit(partner, "no fever")
    async with one.socket() as socket:
        await socket.send(start())
        await socket.send(chunk())
        await until(lambda: partner.log(one.id), lambda log: log["audio_bytes"] == len(SECOND))
        assert await one.end() == "completed"
        assert await closed_with(socket) == 1000
    assert (await one.get("content")).json()["summary"][0]["content"] == "No fever."


async def test_a_lost_socket_leaves_the_session_to_the_next(partner):
    """Audio that had come stays."""
    one = await scripted_visit(partner, "no fever")
    async with one.socket() as socket:
        await socket.send(start())
        await socket.send(chunk())
    await until(one.status, lambda status: status == "ready")
    assert (await partner.log(one.id))["connections"][0]["ending"] == "client left"
    await one.speak("no cough")
    assert await one.end() == "completed"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"\x00\x01", 1003),
        ("no json", 1007),
        (chunk() + chunk(), 1007),
        (json.dumps({"type": "AUDIO", "data": "-_-_"}), 1007),
        (chunk(b"\x00"), 1007),
        ("[" * 10_000 + "]" * 10_000, 1007),
        (start("yesterday"), 1002),
        (chunk(bytes(1_048_576)), 1009),
    ],
)
async def test_what_is_no_message_closes_the_socket_and_nothing_else(partner, frame, code):
    """The session keeps what it had."""
    one = await scripted_visit(partner, "no fever")
    async with one.socket() as socket:
        await socket.send(start())
        await socket.send(chunk())
        await until(lambda: partner.log(one.id), lambda log: log["audio_bytes"] == len(SECOND))
        await socket.send(frame)
        assert await closed_with(socket) == code
    assert await one.end() == "completed"
    assert (await one.get("content")).json()["summary"][0]["content"] == "No fever."


async def test_a_start_time_that_is_none_is_refused(partner):
    """RFC 3339 text or nothing."""
    one = await scripted_visit(partner)
    for text in ("yesterday", "2026-13-45T00:00:00Z", "2026-04-25 12:34:56"):
        async with one.socket() as socket:
            await socket.send(start(text))
            assert await closed_with(socket) == 1007


async def test_audio_data_where_data_belongs_is_ignored(partner):
    """The spelling of dictation is no audio here."""
    one = await scripted_visit(partner)
    async with one.socket() as socket:
        await socket.send(start())
        await socket.send(json.dumps({"type": "AUDIO", "audioData": "AAAA"}))
        await socket.send(MARKER)
        assert await closed_with(socket) == 1000
    assert (await partner.log(one.id))["audio_bytes"] == 0


async def test_recordings_make_room_and_open_sessions_do_not():
    """Memory is bounded: the oldest finished recording goes first; without one, new streams are refused."""
    async with impatient(recordings_bytes=40_000) as who:
        first, second = await visit(who), await visit(who)
        await first.speak("no fever")
        await first.end()
        await second.speak("no fever")
        third = await scripted_visit(who, "no fever")
        async with third.socket() as socket:
            await socket.send(start())
            await socket.send(chunk())
            await socket.send(MARKER)
            await closed_with(socket)
        assert (await first.get("recording")).status_code == 410
        fourth = await scripted_visit(who)
        assert (await refusal_of(fourth.socket()))[0] == 503
