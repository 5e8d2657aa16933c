"""A strict integrator's session: ``workbench simulate --strict`` names each of thirty mistakes on standard error."""

import base64
import contextlib
import json
import re
import subprocess
import threading
import uuid

import pytest
import requests
import websocket

from tests.interop.test_foreign_clients import Backend
from workbench.child_process import python_command
from workbench.simulator.control_token import control_headers

SPEECH = b"\x17\x01" * 1600
WAV = b"RIFF\x24\0\0\0WAVEfmt " + bytes(24) + b"data" + bytes(3156)


def text(**members) -> str:
    return json.dumps(members)


def b64(pcm: bytes = SPEECH) -> str:
    return base64.b64encode(pcm).decode()


def said(pcm: bytes = SPEECH) -> str:
    return text(type="AUDIO", audioData=b64(pcm))


def heard(pcm: bytes = SPEECH) -> str:
    return text(type="AUDIO", data=b64(pcm))


def event(name: str) -> str:
    return text(type="EVENT", event=name)


START = text(type="START_TIME", data=base64.b64encode(b"2026-05-01T10:00:00Z").decode())

DICTATION = [
    (text(type="AUDIO", data=b64()), 1, "Rename the member to 'audioData'"),
    (text(type="AUDIO"), 1, "Put the Base64 of the samples into 'audioData'"),
    (text(type="AUDIO", audioData=""), 1, "Send a chunk when it holds samples"),
    (text(type="EVENT", data="AUDIO_END"), 1, "Put the name into 'event'"),
    (event("PAUSE"), 1, "Open a connection for each utterance"),
    (event("FINISH"), 1, "The only event of dictation is AUDIO_END"),
    (START, 1, "Begin with AUDIO"),
    (text(type="audio", audioData=b64()), 1, "Write 'AUDIO'"),
    (text(type="end_of_stream"), 1, 'End it with {"type":"EVENT","event":"AUDIO_END"}'),
    (said(WAV), 1, "leave the header out"),
    (said(SPEECH * 20), 1, "Send chunks of 100 ms"),
    (text(type="AUDIO", audioData="RU9G"), 1, "AUDIO_END"),
    (said(b"\1\2\3"), 1, "Expected was an even count"),
    (text(type="AUDIO", audioData="-_-_"), 1, "the padded standard alphabet of RFC 4648"),
    (said() + said(), 1, "exactly one JSON object"),
    (SPEECH, 1, "one JSON object in a text frame"),
]
"""Frame, its number, and a part of the remedy."""

STREAM = [
    ([text(type="AUDIO", audioData=b64())], 2, "Rename the member to 'data'"),
    ([text(type="EVENT", data="PAUSE")], 2, "Put the name into 'event'"),
    ([event("AUDIO_END")], 2, 'End it with {"type":"AUDIO","data":"RU9G"}'),
    ([event("EOF")], 2, 'End it with {"type":"AUDIO","data":"RU9G"}'),
    ([event("SING")], 2, "Use PAUSE, RESUME, KEEP_ALIVE, CANCEL, ABORT"),
    ([event("PAUSE"), heard()], 3, "Send RESUME before audio"),
    ([heard(SPEECH * 2)], 2, "Send 3200 bytes at a time"),
    ([heard(SPEECH[:1000]), heard()], 3, "only the last chunk may be shorter"),
    ([START], 2, "Expected was AUDIO"),
    ([heard(WAV)], 2, "leave the header out"),
]


@pytest.fixture(scope="module")
def strict():
    """The command as an integrator starts it; what it writes to standard error, line by line."""
    command = python_command("workbench", "simulate", "--json", "--port", "0", "--recogniser", "scripted", "--strict")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines: list[str] = []
    reading = threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, "")))
    reading.start()
    try:
        yield type("Announced", (), json.loads(process.stdout.readline())), lines
    finally:
        process.terminate()
        process.wait(300)
        reading.join(20)
        process.stdout.close()
        process.stderr.close()


@pytest.fixture(scope="module")
def backend(strict):
    url = strict[0].url
    script = {"messages": [{"kind": "final", "text": "Blood pressure is normal.", "at_ms": 100}]}
    requests.post(f"{url}/_sim/scripts/*", json=script, timeout=10, headers=control_headers(url)).raise_for_status()
    return Backend(strict[0])


def send(backend, path: str, headers: dict, frames, **how) -> None:
    """Send frames and wait for the close; what comes back is of no interest."""
    address = f"{backend.simulator.ws_url}{path}"
    socket = websocket.create_connection(address, timeout=20, header={"sdp_suki_token": backend.token} | headers, **how)
    with contextlib.suppress(websocket.WebSocketException, OSError):
        for frame in frames:
            (socket.send if isinstance(frame, str) else socket.send_binary)(frame)
        while socket.recv():
            pass
    socket.shutdown()


def line_of(lines: list[str], session_id: str) -> str:
    """The one line about a session; lines come a moment after the close."""
    patience = threading.Event()
    for _ in range(400):
        found = [line for line in list(lines) if session_id in line]
        if found:
            (line,) = found
            return line
        patience.wait(0.01)
    raise AssertionError(f"nothing was said about {session_id}: {lines[-3:]}")


def ambient(backend) -> str:
    return backend.post("/api/v1/ambient/session/create", {}).json()["ambient_session_id"]


def test_thirty_mistakes_are_named(strict, backend):
    """Session, frame and remedy; sixteen of dictation, ten of the stream, and those of requests and handshakes."""
    _, lines = strict
    named = 0
    for frame, number, remedy in DICTATION:
        session_id = backend.create()
        send(backend, "/ws/transcribe", {"transcription_session_id": session_id}, [frame])
        line = line_of(lines, session_id)
        assert f"session {session_id}, frame {number}: " in line
        assert remedy in line, line
        named += 1
    for frames, number, remedy in STREAM:
        session_id = ambient(backend)
        send(backend, "/ws/stream", {"ambient_session_id": session_id}, [START, *frames])
        line = line_of(lines, session_id)
        assert f"session {session_id}, frame {number}: " in line
        assert remedy in line, line
        named += 1
    for act, remedy in MISTAKES_OF_REQUESTS:
        session_id = act(backend)
        line = line_of(lines, session_id)
        assert f"session {session_id}, " in line
        assert remedy in line, line
        named += 1
    assert named >= 30
    everything = "".join(lines)
    assert backend.token not in everything
    assert "Blood" not in everything
    assert b64()[:32] not in everything
    assert not re.search(r"\bS-\d+\b|Traceback", everything)


def early_keep_alive(backend) -> str:
    session_id = ambient(backend)
    send(backend, "/ws/stream", {"ambient_session_id": session_id}, [event("KEEP_ALIVE")])
    return session_id


def early_audio(backend) -> str:
    session_id = ambient(backend)
    send(backend, "/ws/stream", {"ambient_session_id": session_id}, [heard()])
    return session_id


def subprotocol_beside_headers(backend) -> str:
    session_id = ambient(backend)
    offered = ["SukiAmbientAuth", session_id, backend.token]
    with pytest.raises(websocket.WebSocketBadStatusException):
        send(backend, "/ws/stream", {"ambient_session_id": session_id}, [], subprotocols=offered)
    return session_id


def credentials_in_the_address(backend) -> str:
    session_id = backend.create()
    path = f"/ws/transcribe?sdp_suki_token={backend.token}"
    with pytest.raises(websocket.WebSocketBadStatusException):
        send(backend, path, {"transcription_session_id": session_id}, [])
    return session_id


def unknown_session(backend) -> str:
    session_id = str(uuid.uuid4())
    assert backend.post(f"/api/v1/transcription/session/{session_id}/end").status_code == 404
    return session_id


def unlinked_code(backend) -> str:
    session_id = ambient(backend)
    linked = [{"code": "I10", "type": "ICD10"}]
    code, origin = {"code": "1191", "type": "RXCUI"}, {"origin": "SUKI_AMBIENT"}
    order = {"drug_name": "aspirin", "medication_code": code, "status": "ACTIVE", "metadata": origin}
    order["linked_diagnosis_codes"] = linked
    body = {"orders": {"medication_orders": {"values": [order]}}}
    assert backend.post(f"/api/v1/ambient/session/{session_id}/context", body).status_code == 400
    return session_id


def early_content(backend) -> str:
    session_id = ambient(backend)
    assert backend.get(f"/api/v1/ambient/session/{session_id}/content").status_code == 412
    return session_id


MISTAKES_OF_REQUESTS = [
    (early_keep_alive, "Send START_TIME first"),
    (early_audio, "Expected was START_TIME"),
    (subprotocol_beside_headers, "only browsers offer subprotocols"),
    (credentials_in_the_address, "never in the address"),
    (unknown_session, "Create the session first"),
    (unlinked_code, "Correct the member that is named"),
    (early_content, "Follow the order create, context, stream, end, status, results"),
]
