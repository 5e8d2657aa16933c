"""The AsyncAPI dialect by clients that nobody here wrote: requests and websocket-client, all three products."""

import json
import time
from base64 import b64encode

import pytest
import requests
import websocket

from tests.interop.test_foreign_clients import CHUNK_BYTES, Backend
from workbench.simulator.control_token import control_headers
from workbench.simulator.local import LocalSimulator

TWO_SECONDS = b"\0" * 64_000
SAID = "Blood pressure is one twenty over eighty."


@pytest.fixture(scope="module")
def backend():
    """At a simulator of the dialect, in a process of its own."""
    with LocalSimulator("--recogniser", "scripted", "--processing", "0", "--dialect", "asyncapi") as running:
        yield Backend(running)


def opened(backend, product: str) -> dict:
    """A session of ``product`` that will hear SAID."""
    answer = backend.post(f"/api/v1/{product}/sessions", {"providerId": "ada", "languageCode": "en-US"})
    assert answer.status_code == 201
    session, url = answer.json(), backend.simulator.url
    requests.post(
        f"{url}/_sim/scripts/{session['sessionId']}",
        json={"messages": [{"kind": "final", "text": SAID, "at_ms": 1500}]},
        timeout=10,
        headers=control_headers(url),
    ).raise_for_status()
    return session


def streamed(session: dict, credentials: dict, first: list[dict], field: str, last: dict) -> list[dict]:
    """Everything said on the address that create gave, up to the server's close; the frames that came back."""
    socket = websocket.create_connection(session["audioWebsocketUrl"], timeout=120, **credentials)
    for message in first:
        socket.send(json.dumps(message))
    for start in range(0, len(TWO_SECONDS), CHUNK_BYTES):
        payload = b64encode(TWO_SECONDS[start : start + CHUNK_BYTES]).decode()
        socket.send(json.dumps({"type": "AUDIO", field: payload}))
    socket.send(json.dumps(last))
    frames = []
    while True:
        opcode, data = socket.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            socket.shutdown()
            assert int.from_bytes(data[:2], "big") == 1000
            return frames
        frames.append(json.loads(data))
        assert frames[-1]["sessionId"] == session["sessionId"]


@pytest.mark.parametrize("as_browser", [False, True], ids=["headers", "subprotocol"])
def test_a_dictation(backend, as_browser):
    """Flat responses, EOF, the transcript at the end."""
    session = opened(backend, "dictation")
    headers = {"sdp_suki_token": backend.token, "transcription_session_id": session["sessionId"]}
    members = ["SukiAmbientAuth", backend.token, session["sessionId"]]
    credentials = {"subprotocols": members} if as_browser else {"header": headers}
    frames = streamed(session, credentials, [], "audioData", {"type": "EVENT", "event": "AUDIO_END"})
    assert [(f["type"], f.get("transcript")) for f in frames] == [("FINAL", SAID), ("EOF", None)]
    ended = backend.post(f"/api/v1/dictation/sessions/{session['sessionId']}/end")
    assert (ended.status_code, ended.json()["transcript"], ended.json()["durationMs"]) == (200, SAID, 2000)


@pytest.mark.parametrize("product", ["ambient", "form-filling"])
def test_a_visit(backend, product):
    """Context, READY, STATUS, ENDED, end, status, result."""
    session = opened(backend, product)
    base = f"/api/v1/{product}/sessions/{session['sessionId']}"
    listed = backend.get("/api/v1/info/suki-medical-form-templates").json()["form_templates"]
    chosen = {"form_filling": {"values": [{"form_template_id": listed[0]["template_id"]}]}}
    context = chosen if product == "form-filling" else {"provider": {"specialty": "CARDIOLOGY"}}
    assert backend.post(f"{base}/context", context).json() == context
    headers = {"sdp_suki_token": backend.token, "ambient_session_id": session["sessionId"]}
    start = {"type": "START_TIME", "startTime": "2026-05-01T10:00:00Z"}
    frames = streamed(session, {"header": headers}, [start], "data", {"type": "AUDIO", "data": "RU9G"})
    assert [f["type"] for f in frames] == ["READY", "STATUS", "STATUS", "STATUS", "ENDED"]
    assert backend.post(f"{base}/end").status_code == 200
    patience = time.monotonic() + 300
    while (status := backend.get(f"{base}/status").json()["status"]) not in {"complete", "failed"}:
        assert time.monotonic() < patience, status
        time.sleep(0.05)
    assert status == "complete"
    found = backend.get(f"{base}/structured-data").json()["structured_data"]
    if product == "ambient":
        assert backend.get(f"{base}/transcript").json()["final_transcript"][0]["transcript"] == SAID
        assert backend.get(f"{base}/content").json()["summary"]
    else:
        assert found["generated_values"][0]["type"] == listed[0]["type"]
