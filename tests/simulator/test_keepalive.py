"""No ping of the server's own: who does not read, or is not read, is no dead client (S-205)."""

import asyncio
import contextlib
import functools
import json
import os
import signal
import time

import pytest
import uvicorn
import websocket
from websockets.asyncio.client import connect

from tests.simulator.partner import AUDIO_END, TERMINAL, audio, read_all, running, speech, until
from tests.simulator.test_direct import Raw, frame
from workbench.simulator.faults.scenario import Scenario
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.server import SimulatorOptions

CHUNK = audio(b"\x01\x02" * 1600)
CHUNK_S = 0.1
PING, CLOSE = 9, 8
NOTHING = Scenario("nothing goes wrong")

real_time = pytest.mark.slow
"""uvicorn would ping after 20 s and give up after 40 s."""


@pytest.fixture
def pings_every_s(request, monkeypatch):
    """uvicorn's defaults made short, so that a ping which nobody turned off is soon there; None leaves them alone."""
    if request.param is not None:
        hasty = functools.partial(uvicorn.Config, ws_ping_interval=request.param, ws_ping_timeout=request.param)
        monkeypatch.setattr(uvicorn, "Config", hasty)


def send_then_read(url, headers, chunks):
    """What a program without a reading thread does: paced audio, the end, and only then everything that came.

    Opcodes, texts and close code of what it read; a server that hung up on it breaks it off with an exception.
    """
    socket = websocket.create_connection(url, header=headers, timeout=60)
    try:
        begun_s = time.monotonic()
        for number in range(chunks):
            time.sleep(max(0.0, begun_s + number * CHUNK_S - time.monotonic()))
            socket.send(CHUNK)
        socket.send(AUDIO_END)
        opcodes, texts = [], []
        while CLOSE not in opcodes:
            opcode, arrived = socket.recv_data_frame(control_frame=True)
            opcodes.append(opcode)
            if opcode == websocket.ABNF.OPCODE_TEXT:
                texts.append(json.loads(arrived.data))
    finally:
        socket.shutdown()
    return opcodes, texts, int.from_bytes(arrived.data[:2], "big")


@pytest.mark.rule("S-205")
@pytest.mark.parametrize(
    ("pings_every_s", "seconds", "scenario"),
    [
        pytest.param(0.1, 1, None, id="short"),
        pytest.param(0.1, 1, NOTHING, id="short, with a scenario"),
        pytest.param(None, 65, None, id="65 s", marks=real_time),
    ],
    indirect=["pings_every_s"],
)
async def test_a_client_that_reads_only_after_it_has_sent_finds_every_final(pings_every_s, seconds, scenario):
    """All of them in order, the terminal frame, a normal close, and no ping among them."""
    finals = [f"sentence {second}" for second in range(seconds)]
    said = [{"kind": "final", "text": text, "at_ms": 1000 * n + 500} for n, text in enumerate(finals)]
    async with running(SimulatorOptions(recogniser="scripted", scenario=scenario)) as partner:
        session_id = await partner.create()
        await partner.script(session_id, *said)
        headers = partner.headers | {"transcription_session_id": session_id}
        opcodes, texts, code = await asyncio.to_thread(
            send_then_read, f"{partner.simulator.ws_url}/ws/transcribe", headers, round(seconds / CHUNK_S)
        )
        result = await partner.end(session_id)
    assert [text["transcript"]["transcript"] for text in texts] == [*finals, "EOF"]
    assert texts[-1] == TERMINAL
    assert (PING in opcodes, code) == (False, 1000)
    assert (result["final_transcript"], result["status"]) == (" ".join(finals), "completed")


@pytest.mark.rule("S-205")
@pytest.mark.parametrize(
    ("pings_every_s", "stopped_s"),
    [pytest.param(0.1, 1, id="short"), pytest.param(None, 45, id="45 s", marks=real_time)],
    indirect=["pings_every_s"],
)
async def test_streams_that_are_held_back_by_decoding_are_not_closed(pings_every_s, stopped_s):
    """Three on one worker that stands still; their pongs would lie behind audio that the server does not read."""
    pcm = speech("librivox", "librivox-0930")
    options = SimulatorOptions(model="general", workers=1, streams=3, max_backlog_s=0.3)
    async with running(options) as partner, contextlib.AsyncExitStack() as open_sockets:
        sockets = [
            await open_sockets.enter_async_context(
                connect(
                    f"{partner.simulator.ws_url}/ws/transcribe", compression=None, ping_interval=None,
                    additional_headers=partner.headers | {"transcription_session_id": await partner.create()},
                )
            )
            for _ in range(3)
        ]  # fmt: skip
        (worker,) = (await partner.health())["workers"]
        os.kill(worker, signal.SIGSTOP)
        try:
            for start in range(0, len(pcm), 3200):
                for socket in sockets:
                    await socket.send(audio(pcm[start : start + 3200]))
            # Each stream is over its bound by a chunk, then the simulator reads no more of it.
            await until(partner.health, lambda health: health["backlog_s"] >= 3 * 0.3)
            await asyncio.sleep(stopped_s)
            assert (await partner.health())["backlog_s"] < 3 * 0.5
        finally:
            os.kill(worker, signal.SIGCONT)
        for socket in sockets:
            await socket.send(AUDIO_END)
        heard = await asyncio.gather(*(read_all(socket) for socket in sockets))
        assert [socket.close_code for socket in sockets] == [1000] * 3
    finals = [[f["transcript"]["transcript"] for f in frames if f.get("is_final")] for frames in heard]
    assert "amiable" in finals[0][0]
    assert finals == [finals[0]] * 3
    assert [frames[-1] for frames in heard] == [TERMINAL] * 3


@pytest.mark.slow  # the close is given 10 s to be answered
@pytest.mark.parametrize("scenario", [None, NOTHING], ids=["direct", "with a scenario"])
async def test_a_client_that_is_gone_without_a_word_is_still_let_go(scenario):
    """The idle time closes its stream, then TCP, and the session takes another socket: without any ping."""
    limits = SimulatorLimits(idle_s=0.1, release_s=0.05)
    async with running(SimulatorOptions(recogniser="scripted", scenario=scenario, limits=limits)) as partner:
        session_id = await partner.create()
        await partner.script(session_id)
        raw = await Raw.open(partner, session_id)
        raw.writer.write(frame(CHUNK.encode()))
        sent = await raw.reader.read()  # until TCP is closed; the close frame is never answered
        raw.writer.close()
        assert (sent[0] & 15, int.from_bytes(sent[2:4], "big")) == (CLOSE, 1008)
        log = await until(lambda: partner.log(session_id), lambda log: log["state"] == "IDLE")
        assert "no audio" in log["connections"][0]["ending"]
