"""Ambient and form filling by clients that nobody here wrote: requests, websocket-client and a browser."""

import json
import time
from base64 import b64encode

import pytest
import requests
import websocket

from tests.interop.browser import CHROMIUM, report_of
from tests.interop.test_foreign_clients import CHUNK_BYTES, Backend
from workbench.simulator.control_token import control_headers
from workbench.simulator.local import LocalSimulator

TWO_SECONDS = b"\0" * 64_000
SAID = "Blood pressure is one twenty over eighty."


@pytest.fixture(scope="module")
def simulator():
    """In a process of its own, quick with its notes."""
    with LocalSimulator("--recogniser", "scripted", "--processing", "0") as running:
        yield running


@pytest.fixture(scope="module")
def backend(simulator):
    return Backend(simulator)


def created(backend, product: str) -> str:
    """A session of ``product`` that will hear SAID."""
    answer = backend.post(f"/api/v1/{product}/session/create", {})
    assert answer.status_code == 201
    session_id = answer.json()["ambient_session_id"]
    script = {"messages": [{"kind": "final", "text": SAID, "at_ms": 1500}]}
    url = backend.simulator.url
    requests.post(
        f"{url}/_sim/scripts/{session_id}", json=script, timeout=10, headers=control_headers(url)
    ).raise_for_status()
    return session_id


def stream(backend, session_id: str, *, as_browser: bool) -> None:
    """START_TIME, audio and the end marker; the server closes."""
    headers = {"sdp_suki_token": backend.token, "ambient_session_id": session_id}
    members = ["SukiAmbientAuth", session_id, backend.token]
    how = {"subprotocols": members} if as_browser else {"header": headers}
    socket = websocket.create_connection(f"{backend.simulator.ws_url}/ws/stream", timeout=120, **how)
    socket.send(json.dumps({"type": "START_TIME", "data": b64encode(b"2026-05-01T10:00:00Z").decode()}))
    for start in range(0, len(TWO_SECONDS), CHUNK_BYTES):
        payload = b64encode(TWO_SECONDS[start : start + CHUNK_BYTES]).decode()
        socket.send(json.dumps({"type": "AUDIO", "data": payload}))
    socket.send(json.dumps({"type": "AUDIO", "data": "RU9G"}))
    opcode, _ = socket.recv_data()
    assert opcode == websocket.ABNF.OPCODE_CLOSE
    socket.shutdown()


def finished(backend, base: str) -> str:
    """End the session and poll until its status is final."""
    assert backend.post(f"{base}/end").status_code == 200
    patience = time.monotonic() + 300
    while (status := backend.get(f"{base}/status").json()["status"]) not in {"completed", "skipped", "failed"}:
        assert time.monotonic() < patience, status
        time.sleep(0.05)
    return status


@pytest.mark.parametrize("as_browser", [False, True], ids=["headers", "subprotocol"])
def test_an_ambient_session_from_create_to_note(backend, as_browser):
    """Context, stream, end, status, transcript, content and recording."""
    session_id = created(backend, "ambient")
    base = f"/api/v1/ambient/session/{session_id}"
    assert backend.post(f"{base}/context", {"provider": {"specialty": "CARDIOLOGY"}}).status_code == 200
    stream(backend, session_id, as_browser=as_browser)
    assert finished(backend, base) == "completed"
    transcript = backend.get(f"{base}/transcript").json()["final_transcript"]
    assert [piece["transcript"] for piece in transcript] == [SAID]
    assert backend.get(f"{base}/content").json()["summary"]
    (recording,) = backend.get(f"{base}/recording").json()["recordings"]
    wav = requests.get(recording["presigned_url"], timeout=10).content
    assert wav.endswith(TWO_SECONDS)


def test_a_form_from_create_to_its_values(backend):
    """Templates, context, stream, end, status and structured data."""
    listed = backend.get("/api/v1/info/suki-medical-form-templates").json()["form_templates"]
    (vitals,) = [form["template_id"] for form in listed if form["type"] == "VITALS_ASSESSMENT"]
    session_id = created(backend, "form-filling")
    base = f"/api/v1/form-filling/session/{session_id}"
    chosen = {"values": [{"form_template_id": vitals}]}
    assert backend.post(f"{base}/context", {"form_filling": chosen}).status_code == 200
    stream(backend, session_id, as_browser=False)
    assert finished(backend, base) == "completed"
    (filled,) = backend.get(f"{base}/structured-data").json()["structured_data"]["generated_values"]
    assert (filled["form_template_id"], filled["type"]) == (vitals, "VITALS_ASSESSMENT")


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")
def test_a_page_in_a_browser_streams_a_visit(backend, tmp_path):
    """Session id before token, the other way round than in dictation; no data frame comes back."""
    session_id = created(backend, "ambient")
    socket = f"{backend.simulator.ws_url}/ws/stream"
    report = report_of(TWO_SECONDS, tmp_path, socket=socket, token=backend.token, session=session_id)
    assert (report["opened"], report["protocol"], report["frames"]) == (True, "SukiAmbientAuth", [])
    assert finished(backend, f"/api/v1/ambient/session/{session_id}") == "completed"
