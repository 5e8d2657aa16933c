"""Rules of the dictation handshake that bind the service: who gets a 101, and what the others are told."""

import asyncio
import re
import uuid

import pytest
import websockets

from tests.simulator.partner import TERMINAL, dictate, refusal_of, running, upgrade
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

NOT_ACCEPTING = "transcript session is not accepting new speech sessions"
ONE = {"kind": "final", "text": "one", "at_ms": 100}
CHUNK = b"\0" * 3200


async def session_of(partner, *messages) -> str:
    """A new session that says ``messages`` on each connection."""
    session_id = await partner.create()
    await partner.script(session_id, *messages)
    return session_id


@rule("S-62")
@rule("S-63")
@rule("S-64")
async def test_a_session_that_runs_or_is_over_refuses_the_handshake(partner):
    """412 FailedPrecondition in the envelope, with the documented words."""
    running_id, over_id = await session_of(partner), await session_of(partner)
    await partner.end(over_id)
    async with partner.transcribe(running_id):
        for session_id in (running_id, over_id):
            status, body = await refusal_of(partner.transcribe(session_id))
            assert (status, set(body), body["code"]) == (412, {"code", "message"}, 412)
            assert body["message"].startswith("FailedPrecondition")
            assert NOT_ACCEPTING in body["message"]


@rule("S-64")
async def test_the_status_of_that_refusal_can_be_chosen():
    """No document writes it down; 400 is the other candidate."""
    limits = SimulatorLimits(refusal_status=400)
    async with running(SimulatorOptions(recogniser="scripted", limits=limits)) as partner:
        session_id = await session_of(partner)
        await partner.end(session_id)
        status, body = await refusal_of(partner.transcribe(session_id))
    assert (status, body["code"]) == (400, 400)
    assert NOT_ACCEPTING in body["message"]


@rule("S-66")
@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "Bearer {token}"])
async def test_a_handshake_with_a_bad_token_is_refused(partner, token):
    """401 ``invalid_sdp_token`` in the envelope, in both forms of the handshake."""
    session_id = await session_of(partner)
    bad = token.format(token=partner.token)
    status, body = await refusal_of(partner.transcribe(session_id, sdp_suki_token=bad))
    assert (status, body["code"], body["message"].split(":")[0]) == (401, 401, "invalid_sdp_token")
    if re.fullmatch(r"[\w.]+", bad):
        status, body = await refusal_of(partner.transcribe_as_browser("SukiAmbientAuth", bad, session_id))
        assert (status, body["message"].split(":")[0]) == (401, "invalid_sdp_token")


@rule("S-66")
async def test_a_handshake_without_a_token_is_refused(partner):
    """401, whatever session it names."""
    anonymous = websockets.connect(
        f"{partner.simulator.ws_url}/ws/transcribe", additional_headers={"transcription_session_id": str(uuid.uuid4())}
    )
    status, body = await refusal_of(anonymous)
    assert (status, body["message"].split(":")[0]) == (401, "invalid_sdp_token")


@rule("S-67")
async def test_of_many_handshakes_at_once_one_is_accepted(partner):
    """The others are refused; the one is served to its end."""
    session_id = await session_of(partner, ONE)

    async def attempt():
        try:
            async with partner.transcribe(session_id) as socket:
                await asyncio.wait_for(all_tried.wait(), 60)
                return await dictate(socket, CHUNK)
        except websockets.InvalidStatus as refused:
            refusals.append(refused.response.status_code)
            if len(refusals) == 7:
                all_tried.set()

    refusals, all_tried = [], asyncio.Event()
    served = [frames for frames in await asyncio.gather(*(attempt() for _ in range(8))) if frames]
    assert refusals == [412] * 7
    assert [len(frames) for frames in served] == [2]


@rule("S-68")
@pytest.mark.parametrize(
    "members",
    [
        ("SukiAmbientAuth", "{id}", "{token}"),
        ("{token}", "{id}", "SukiAmbientAuth"),
        ("{id}", "SukiAmbientAuth", "{token}"),
    ],
    ids=["ambient", "name-last", "name-second"],
)
async def test_the_order_of_another_endpoint_is_refused(partner, members):
    """The dictation order is name, token, session id; nothing of the offer is repeated in the refusal."""
    session_id = await session_of(partner)
    offer = [member.format(id=session_id, token=partner.token) for member in members]
    status, body = await refusal_of(partner.transcribe_as_browser(*offer))
    assert (status, body["code"]) == (401, 401)
    assert partner.token not in body["message"]


@rule("S-69")
async def test_a_browser_is_answered_with_the_name_alone(partner):
    """``SukiAmbientAuth``: a token in the answer would be on the wire twice."""
    session_id = await session_of(partner, ONE)
    async with partner.transcribe_as_browser("SukiAmbientAuth", partner.token, session_id) as socket:
        assert socket.subprotocol == "SukiAmbientAuth"
        assert partner.token not in str(socket.response.headers)
        assert len(await dictate(socket, CHUNK)) == 2


@rule("S-70")
@pytest.mark.parametrize("separator", [",", ", ", "  ,  ", ",\t"])
async def test_blanks_around_the_commas_are_accepted(scripted, partner, separator):
    """As browsers and the samples of the documents differ."""
    session_id = await session_of(partner)
    offer = separator.join(["SukiAmbientAuth", partner.token, session_id])
    status, headers = await upgrade(scripted, {"Sec-WebSocket-Protocol": offer})
    assert (status, headers["sec-websocket-protocol"]) == (101, "SukiAmbientAuth")


@rule("S-71")
async def test_the_legacy_name_is_refused_unless_asked_for(partner):
    """``SukiTranscriptionAuth`` is of pages older than May 2026."""
    session_id = await session_of(partner)
    legacy = partner.transcribe_as_browser("SukiTranscriptionAuth", partner.token, session_id)
    assert (await refusal_of(legacy))[0] == 401
    limits = SimulatorLimits(legacy_subprotocol=True)
    async with running(SimulatorOptions(recogniser="scripted", limits=limits)) as older:
        for name in ("SukiTranscriptionAuth", "SukiAmbientAuth"):
            session_id = await session_of(older)
            async with older.transcribe_as_browser(name, older.token, session_id) as socket:
                assert socket.subprotocol == name
                assert await dictate(socket, b"") == [TERMINAL]
