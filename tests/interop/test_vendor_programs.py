"""Programs in the manner of the vendor's samples, unmodified but for address, token, ids and audio.

websocket-client sends everything and reads then, as the documents' Python sample does; aiohttp reads while it sends;
Node offers subprotocols. Each streams 92 s and 6 minutes of speech, as fast as it can and at the pace of speech; a
build plays the six minutes at four times their pace, ``pytest -m soak tests/interop`` at their own.
"""

import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import requests
import soundfile

from tests.interop.test_foreign_clients import Backend
from tests.simulator.partner import speech
from workbench.simulator.control_token import control_headers
from workbench.simulator.local import LocalSimulator

PROGRAMS = Path(__file__).with_name("programs")
NODE = shutil.which("node")
CLIENTS = {
    "websocket-client": [sys.executable, PROGRAMS / "stream_websocket_client.py"],
    "aiohttp": [sys.executable, PROGRAMS / "stream_aiohttp.py"],
    "node": [NODE or "node", "--experimental-websocket", "--no-warnings", PROGRAMS / "stream_node.mjs"],
}
EVERY_MS = 4_000
"""A final so often."""


@pytest.fixture(scope="module")
def backend():
    with LocalSimulator("--recogniser", "scripted", "--processing", "0", "--streams", "64") as simulator:
        yield Backend(simulator)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """WAV files of 92 s and of 6 minutes: one utterance, again and again."""
    pcm = np.frombuffer(speech("librivox", "cards-001"), np.int16)
    files = {}
    for seconds in (92, 360):
        files[seconds] = tmp_path_factory.mktemp("speech") / f"{seconds}.wav"
        soundfile.write(files[seconds], np.resize(pcm, 16_000 * seconds), 16_000, "PCM_16")
        assert files[seconds].stat().st_size == 44 + 32_000 * seconds
    return files


def words(seconds: int) -> list[str]:
    return [f"utterance {number}" for number in range(1, 1 + seconds * 1000 // EVERY_MS)]


def played(backend, recordings, client: str, product: str, seconds: int, pace: str) -> tuple[dict, str]:
    """What the program reports, and the id of its session."""
    if client == "node" and NODE is None:
        pytest.skip("no node on the PATH")
    if product == "dictation":
        session_id = backend.create()
    else:
        session_id = backend.post("/api/v1/ambient/session/create", {}).json()["ambient_session_id"]
    finals = [{"kind": "final", "text": t, "at_ms": EVERY_MS * (i + 1)} for i, t in enumerate(words(seconds))]
    url = backend.simulator.url
    requests.post(
        f"{url}/_sim/scripts/{session_id}", json={"messages": finals}, timeout=10, headers=control_headers(url)
    ).raise_for_status()
    arguments = [product, backend.simulator.ws_url, backend.token, session_id, recordings[seconds], pace]
    program = subprocess.run(
        [*CLIENTS[client], *arguments], capture_output=True, text=True, check=False, timeout=seconds + 120
    )
    assert program.returncode == 0, program.stderr[-2000:]
    return json.loads(program.stdout), session_id


def check(backend, product: str, seconds: int, report: dict, session_id: str) -> None:
    """Every word, a clean close, and the service's own result."""
    assert report["code"] == 1000
    if product == "dictation":
        texts = [frame["transcript"]["transcript"] for frame in report["received"]]
        assert texts == [*words(seconds), "EOF"]
        result = backend.end(session_id)
        assert (result["status"], result["duration"]) == ("completed", seconds)
        assert result["final_transcript"] == " ".join(words(seconds))
        return
    assert report["received"] == []
    base = f"/api/v1/ambient/session/{session_id}"
    assert backend.post(f"{base}/end").status_code == 200
    until = time.monotonic() + 300
    while (status := backend.get(f"{base}/status").json()["status"]) != "completed":
        assert time.monotonic() < until, status
        time.sleep(0.05)
    transcript = backend.get(f"{base}/transcript").json()["final_transcript"]
    assert [segment["transcript"] for segment in transcript] == words(seconds)


@pytest.mark.parametrize("seconds", [92, pytest.param(360, marks=pytest.mark.slow)])
@pytest.mark.parametrize("product", ["dictation", "ambient"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_program_streams_as_fast_as_it_can(backend, recordings, client, product, seconds):
    """All of the words arrive, although nobody waits for them."""
    report, session_id = played(backend, recordings, client, product, seconds, "0")
    check(backend, product, seconds, report, session_id)


def paced(backend, recordings, lengths: list[tuple[int, str]]) -> None:
    """Every program and product at the same time, for each length in seconds with its pace."""
    cases = [(c, p, *length) for c in CLIENTS for p in ("dictation", "ambient") for length in lengths]
    with ThreadPoolExecutor(len(cases)) as pool:
        playing = [pool.submit(played, backend, recordings, *case) for case in cases]
    for (_, product, seconds, _), done in zip(cases, playing, strict=True):
        check(backend, product, seconds, *done.result())


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_programs_stream_at_a_steady_pace(backend, recordings):
    """92 s as they are spoken, beside 6 minutes at four times the pace: ninety seconds for all of them together."""
    paced(backend, recordings, [(92, "1"), (360, "4")])


@pytest.mark.soak
@pytest.mark.timeout(2_400)
def test_programs_stream_for_six_minutes_at_the_pace_of_speech(backend, recordings):
    """By hand: ``pytest -m soak tests/interop``; six minutes are too long for a build."""
    paced(backend, recordings, [(360, "1")])
