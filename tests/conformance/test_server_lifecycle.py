"""Rules of a dictation session's life that bind the service: from READY to COMPLETED, over several sockets."""

import asyncio
import json

import pytest
import websockets

from tests.simulator.partner import AUDIO_END, TERMINAL, audio, dictate, read_all, refusal_of, running, until
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

CHUNK = b"\0" * 3200


async def session_of(partner, *finals: str) -> str:
    """A new session that says one final per connection and chunk of audio."""
    session_id = await partner.create()
    messages = [{"kind": "final", "text": text, "at_ms": 100 * (i + 1)} for i, text in enumerate(finals)]
    await partner.script(session_id, *messages)
    return session_id


async def state_of(partner, session_id) -> str:
    return (await partner.log(session_id))["state"]


async def drop(partner, session_id) -> None:
    """Stream one chunk, hear its final, then vanish without AUDIO_END."""
    async with partner.transcribe(session_id) as socket:
        await socket.send(audio(CHUNK))
        await socket.recv()
        socket.transport.abort()


@rule("S-61")
async def test_a_session_that_is_ready_or_idle_opens_a_socket(partner):
    """101 both times."""
    session_id = await session_of(partner, "one")
    for state in ("READY", "IDLE"):
        assert await state_of(partner, session_id) == state
        async with partner.transcribe(session_id) as socket:
            assert socket.response.status_code == 101
            assert await state_of(partner, session_id) == "RUNNING"
            await dictate(socket, CHUNK)


@rule("S-103")
@rule("S-104")
async def test_the_next_utterance_may_follow_the_terminal_frame_at_once(partner):
    """It ends its connection, not the session: ten utterances without a pause."""
    session_id = await session_of(partner, "word")
    for _ in range(10):
        async with partner.transcribe(session_id) as socket:
            await socket.send(audio(CHUNK))
            await socket.send(AUDIO_END)
            while json.loads(await socket.recv()) != TERMINAL:
                pass
            async with partner.transcribe(session_id) as following:
                assert await dictate(following, b"") == [TERMINAL]
    assert (await partner.end(session_id))["final_transcript"] == " ".join(["word"] * 10)


@rule("S-105")
async def test_a_session_is_ready_at_first_and_idle_between_streams(partner):
    """And READY never again."""
    session_id = await session_of(partner, "one")
    states = [await state_of(partner, session_id)]
    for _ in range(2):
        async with partner.transcribe(session_id) as socket:
            states.append(await state_of(partner, session_id))
            await dictate(socket, CHUNK)
        states.append(await state_of(partner, session_id))
    assert states == ["READY", "RUNNING", "IDLE", "RUNNING", "IDLE"]


@rule("S-108")
async def test_a_lost_socket_keeps_its_session_for_a_while():
    """RUNNING and refused as long as the loss is not dealt with."""
    limits = SimulatorLimits(release_s=3600)
    async with running(SimulatorOptions(recogniser="scripted", limits=limits)) as partner:
        session_id = await session_of(partner, "one")
        await drop(partner, session_id)
        assert (await refusal_of(partner.transcribe(session_id)))[0] == 412
        assert await state_of(partner, session_id) == "RUNNING"


@rule("S-108")
async def test_a_lost_socket_frees_its_session_in_the_end(partner):
    """IDLE, and accepted again."""
    session_id = await session_of(partner, "one")
    await drop(partner, session_id)
    await until(lambda: state_of(partner, session_id), lambda state: state == "IDLE")
    async with partner.transcribe(session_id) as socket:
        assert len(await dictate(socket, CHUNK)) == 2


@rule("S-108")
async def test_a_socket_that_was_closed_without_audio_end_frees_its_session_too(partner):
    """A polite close says no more than a broken line: the end was not announced."""
    session_id = await session_of(partner, "one")
    async with partner.transcribe(session_id) as socket:
        await socket.send(audio(CHUNK))
        await socket.close()
    await until(lambda: state_of(partner, session_id), lambda state: state == "IDLE")


@rule("S-108")
async def test_a_client_that_falls_silent_frees_its_session():
    """The idle limit closes the socket with 1008."""
    limits = SimulatorLimits(idle_s=0.1, release_s=0.02)
    async with running(SimulatorOptions(recogniser="scripted", limits=limits)) as partner:
        session_id = await session_of(partner, "one")
        async with partner.transcribe(session_id) as socket:
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1008
        await until(lambda: state_of(partner, session_id), lambda state: state == "IDLE")


@rule("S-109")
async def test_the_result_has_the_finals_of_all_connections_in_order(partner):
    """Drained, dropped and drained again, each with a script of its own."""
    session_id = await session_of(partner, "one", "two")
    async with partner.transcribe(session_id) as socket:
        await dictate(socket, CHUNK * 2)
    await partner.script(session_id, {"kind": "final", "text": "three", "at_ms": 100})
    await drop(partner, session_id)
    await until(lambda: state_of(partner, session_id), lambda state: state == "IDLE")
    await partner.script(session_id, {"kind": "partial", "text": "no", "at_ms": 50}, {"kind": "final", "text": "four"})
    async with partner.transcribe(session_id) as socket:
        await dictate(socket, CHUNK)
    result = await partner.end(session_id)
    assert result["final_transcript"] == "one two three four"
    assert result["duration"] == 0


@rule("S-110")
async def test_after_end_no_socket_opens(partner):
    """COMPLETED for good, in both forms of the handshake."""
    session_id = await session_of(partner, "one")
    async with partner.transcribe(session_id) as socket:
        await dictate(socket, CHUNK)
    await partner.end(session_id)
    assert await state_of(partner, session_id) == "COMPLETED"
    browser = partner.transcribe_as_browser("SukiAmbientAuth", partner.token, session_id)
    for attempt in (partner.transcribe(session_id), browser, partner.transcribe(session_id)):
        status, body = await refusal_of(attempt)
        assert (status, body["message"].split(":")[0]) == (412, "FailedPrecondition")


@rule("S-111")
async def test_end_closes_a_socket_that_is_open(partner):
    """With its terminal frame; what was final until then is the result."""
    session_id = await session_of(partner, "one", "two")
    async with partner.transcribe(session_id) as socket:
        await socket.send(audio(CHUNK))
        first = json.loads(await socket.recv())
        result = await partner.end(session_id)
        assert await read_all(socket) == [TERMINAL]
        assert socket.close_code == 1000
    assert first["transcript"]["transcript"] == result["final_transcript"] == "one"
    assert await state_of(partner, session_id) == "COMPLETED"


@rule("S-111")
async def test_end_after_a_drop_leaves_the_session_completed(scripted, partner):
    """The late release does not open it again."""
    session_id = await session_of(partner, "one")
    await drop(partner, session_id)
    await partner.end(session_id)
    scripted.sessions.any_dictation(session_id).release()
    assert await state_of(partner, session_id) == "COMPLETED"


@rule("S-113")
async def test_a_second_end_changes_nothing(partner):
    """The same answer to the letter, time included."""
    session_id = await session_of(partner, "one")
    async with partner.transcribe(session_id) as socket:
        await dictate(socket, CHUNK)
    first = await partner.end(session_id)
    assert [await partner.end(session_id) for _ in range(3)] == [first] * 3


@rule("S-113")
async def test_ends_at_the_same_time_agree(partner):
    """Also while a socket is open."""
    session_id = await session_of(partner, "one")
    async with partner.transcribe(session_id) as socket:
        await socket.send(audio(CHUNK))
        await socket.recv()
        results = await asyncio.gather(*(partner.end(session_id) for _ in range(5)))
    assert results == [results[0]] * 5
