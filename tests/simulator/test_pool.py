"""Real recognition behind the socket: streams, bounds, and workers that die."""

import asyncio
import os
import signal

import pytest
import pytest_asyncio
import websockets

from tests.simulator.partner import TERMINAL, audio, dictate, read_all, refusal_of, running, speech, until
from workbench.errors import ServiceError
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.recognition.pool import WorkerPool
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def partner():
    """One worker, two streams, at most two seconds behind."""
    limits = SimulatorLimits(release_s=0.05)
    async with running(
        SimulatorOptions(model="general", workers=1, streams=2, max_backlog_s=2.0, limits=limits)
    ) as who:
        yield who


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def idle(partner):
    """A busy machine may still decode for the test before, which has a stream of two."""
    await until(partner.health, lambda health: health["streams"] == 0, within_s=120)


async def test_speech_becomes_text(partner):
    """Partials while it is said, a final with words, the same text at the end."""
    session_id = await partner.create(audio_config={"sample_rate_hertz": 16_000})
    async with partner.transcribe(session_id) as socket:
        *partials, final, terminal = await dictate(socket, speech("librivox", "librivox-0930"))
    result = await partner.end(session_id)
    assert partials
    assert not any(frame["is_final"] for frame in partials)
    assert terminal == TERMINAL
    assert "amiable" in final["transcript"]["transcript"]
    assert final["transcript"]["words"][0]["speaker"] == {"id": "S1"}
    assert result["final_transcript"] == final["transcript"]["transcript"]
    assert result["status"] == "completed"


async def test_streams_beyond_the_bound_are_refused_until_one_ends(partner):
    """503 with the reason; a refused socket leaves its session as it was."""
    ids = [await partner.create() for _ in range(3)]
    async with partner.transcribe(ids[0]), partner.transcribe(ids[1]) as second:
        status, body = await refusal_of(partner.transcribe(ids[2]))
        assert (status, body["message"]) == (503, "recogniser_busy: 2 of 2 streams are open")
        assert (await partner.log(ids[2]))["state"] == "READY"
        await dictate(second, b"\0" * 3200)
        async with partner.transcribe(ids[2]) as third:
            assert (await dictate(third, b"\0" * 3200))[-1] == TERMINAL
    assert (await partner.health())["refused"] >= 1


@pytest.mark.slow
async def test_too_much_undecoded_audio_refuses_new_streams_and_slows_its_sender(partner):
    """What waits never exceeds the bound and one chunk; a newcomer is told why it is refused."""
    ids = [await partner.create() for _ in range(2)]
    pcm = speech("librivox", "librivox-0870") * 2
    async with partner.transcribe(ids[0]) as socket:
        sending = asyncio.create_task(dictate(socket, pcm, 16_000))
        await until(partner.health, lambda health: health["backlog_s"] > 2.0)
        status, body = await refusal_of(partner.transcribe(ids[1]))
        assert status == 503
        assert "of audio wait" in body["message"]
        highest = 0.0
        while not sending.done():
            highest = max(highest, (await partner.health())["backlog_s"])
            await asyncio.sleep(0.02)  # asked without a pause the simulator does nothing else
        assert (await sending)[-1] == TERMINAL
    assert highest <= 2.0 + 0.5
    assert (await partner.health())["backlog_s"] == 0


@pytest.mark.slow
async def test_a_worker_that_dies_ends_its_streams_and_is_replaced(partner):
    """1011 with the reason, a failed result that keeps what was final, and a simulator that goes on."""
    session_id = await partner.create()
    async with partner.transcribe(session_id) as socket:
        await socket.send(audio(speech("librivox", "librivox-0880")))
        await socket.recv()
        (pid,) = (await partner.health())["workers"]
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(websockets.ConnectionClosedError):
            await read_all(socket)
        assert (socket.close_code, socket.close_reason) == (1011, "recogniser process ended")
    assert (await partner.end(session_id))["status"] == "failed"
    next_id = await partner.create()
    await until(partner.health, lambda health: health["workers"])
    async with partner.transcribe(next_id) as socket:
        assert len(await dictate(socket, speech("librivox", "librivox-0880"))) > 2
    assert (await partner.health())["replaced_workers"] == 1


@pytest.mark.slow
async def test_a_client_that_leaves_gives_its_decoder_back(partner):
    """Dropped streams do not pile up."""
    for _ in range(3):
        await until(partner.health, lambda health: health["streams"] < 2)  # what was sent is still decoded (S-209)
        async with partner.transcribe(await partner.create()) as socket:
            await socket.send(audio(speech("librivox", "librivox-0880")[:32_000]))
            socket.transport.abort()
    await until(partner.health, lambda health: health["streams"] == 0)
    async with partner.transcribe(await partner.create()) as socket:
        assert len(await dictate(socket, speech("librivox", "librivox-0880"))) > 2


async def test_a_recogniser_that_cannot_start_says_so(monkeypatch):
    """After three tries, in one line."""
    monkeypatch.setattr("workbench.child_process.sys.executable", "/bin/false")
    with pytest.raises(ServiceError, match="recogniser does not start"):
        await WorkerPool(1, 1, 1.0).start()


async def test_the_end_of_a_session_tells_how_far_behind_the_recogniser_was(partner):
    """In a header of ours: a burst of seven seconds waits for seconds, a tenth of a second for nothing."""
    await until(partner.health, lambda health: health["streams"] == 0)
    behind = []
    for pcm in (speech("librivox", "librivox-0930"), b"\0" * 3200):
        session_id = await partner.create()
        async with partner.transcribe(session_id) as socket:
            await dictate(socket, pcm)
        answer = await partner.post(f"/api/v1/transcription/session/{session_id}/end")
        behind.append(int(answer.headers["X-Simulator-Backlog-Ms"]))
        assert set(answer.json()) <= {"transcription_session_id", "status", "final_transcript", "duration", "ended_at"}
    assert behind[0] > 1_000
    assert behind[1] == 0


async def test_a_script_has_no_backlog():
    """Nothing is decoded, so nothing is told."""
    async with running(SimulatorOptions(recogniser="scripted")) as other:
        answer = await other.post(f"/api/v1/transcription/session/{await other.create()}/end")
        assert answer.status_code == 200
        assert "X-Simulator-Backlog-Ms" not in answer.headers
