"""Clients that nobody here wrote against the simulator as it is: requests, websocket-client and a browser."""

import json
import uuid
from base64 import b64encode

import pytest
import requests
import websocket

from tests.interop.browser import CHROMIUM, report_of
from tests.simulator.partner import speech
from workbench.simulator.control_token import control_headers
from workbench.simulator.local import LocalSimulator

TERMINAL = {"transcript": {"transcript": "EOF"}}
CHUNK_BYTES = 3200
SCRIPT = [
    {"kind": "partial", "text": "Blood", "at_ms": 100},
    {"kind": "partial", "text": "Blood pressure", "at_ms": 300},
    {"kind": "final", "text": "Blood pressure is normal.", "at_ms": 500},
]
HALF_A_SECOND = b"\0" * 16_000


class Backend:
    """What a partner writes with requests after reading the documents."""

    def __init__(self, simulator) -> None:
        self.simulator = simulator
        body = {"partner_id": simulator.partner_id, "partner_token": simulator.partner_token}
        answer = requests.post(f"{simulator.url}/api/v1/auth/login", json=body, timeout=10)
        answer.raise_for_status()
        self.token = answer.json()["suki_token"]

    def post(self, path: str, body=None) -> requests.Response:
        headers = {"sdp_suki_token": self.token}
        return requests.post(f"{self.simulator.url}{path}", json=body, headers=headers, timeout=120)

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.simulator.url}{path}", headers={"sdp_suki_token": self.token}, timeout=120)

    def create(self) -> str:
        config = {"audio_encoding": "LINEAR16", "audio_language": "en-US", "sample_rate_hertz": 16_000}
        answer = self.post("/api/v1/transcription/session/create", {"audio_config": config})
        assert answer.status_code == 201
        return answer.json()["transcription_session_id"]

    def end(self, session_id: str) -> dict:
        answer = self.post(f"/api/v1/transcription/session/{session_id}/end")
        assert answer.status_code == 200
        return answer.json()

    def connect(self, session_id: str, *, as_browser: bool = False) -> websocket.WebSocket:
        address = f"{self.simulator.ws_url}/ws/transcribe"
        if as_browser:
            members = ["SukiAmbientAuth", self.token, session_id]
            return websocket.create_connection(address, subprotocols=members, timeout=120)
        headers = {"sdp_suki_token": self.token, "transcription_session_id": session_id}
        return websocket.create_connection(address, header=headers, timeout=120)


def script(simulator, session_id: str) -> None:
    """What the simulator will say: the one call that is none of the vendor's."""
    requests.post(
        f"{simulator.url}/_sim/scripts/{session_id}",
        json={"messages": SCRIPT},
        timeout=10,
        headers=control_headers(simulator.url),
    ).raise_for_status()


def utterance(socket: websocket.WebSocket, pcm: bytes) -> list[dict]:
    """Stream, say that it is over, read up to the terminal frame and see the server close."""
    for start in range(0, len(pcm), CHUNK_BYTES):
        payload = b64encode(pcm[start : start + CHUNK_BYTES]).decode()
        socket.send(json.dumps({"type": "AUDIO", "audioData": payload}))
    socket.send(json.dumps({"type": "EVENT", "event": "AUDIO_END"}))
    frames = [json.loads(socket.recv())]
    while frames[-1] != TERMINAL:
        frames.append(json.loads(socket.recv()))
    opcode, payload = socket.recv_data()
    assert (opcode, int.from_bytes(payload[:2], "big")) == (websocket.ABNF.OPCODE_CLOSE, 1000)
    # websocket-client keeps the file descriptor of a connection that the server closed.
    socket.shutdown()
    return frames


@pytest.fixture(scope="module")
def simulator():
    """In a process of its own, as a partner would start it."""
    with LocalSimulator("--recogniser", "scripted") as running:
        yield running


@pytest.fixture(scope="module")
def backend(simulator):
    return Backend(simulator)


@pytest.mark.parametrize("as_browser", [False, True], ids=["headers", "subprotocol"])
def test_a_dictation_from_login_to_end(simulator, backend, as_browser):
    """Create, stream, read partials and finals, end: the documented flow with either form of credentials."""
    session_id = backend.create()
    script(simulator, session_id)
    socket = backend.connect(session_id, as_browser=as_browser)
    # websocket-client gives the selected subprotocol in lower case, whatever the answer wrote.
    assert socket.getsubprotocol() == ("sukiambientauth" if as_browser else None)
    frames = utterance(socket, HALF_A_SECOND)
    assert [f["transcript"]["transcript"] for f in frames[:-1]] == [m["text"] for m in SCRIPT]
    assert [f["is_final"] for f in frames[:-1]] == [False, False, True]
    result = backend.end(session_id)
    assert (result["status"], result["final_transcript"]) == ("completed", "Blood pressure is normal.")


def test_push_to_talk_over_one_session(simulator, backend):
    """A connection for each utterance, one end, one transcript."""
    session_id = backend.create()
    script(simulator, session_id)
    for _ in range(3):
        assert utterance(backend.connect(session_id), HALF_A_SECOND)[-1] == TERMINAL
    assert backend.end(session_id)["final_transcript"] == " ".join(["Blood pressure is normal."] * 3)


def test_refusals_are_read_by_foreign_clients(backend):
    """A status and an envelope, on REST and instead of a 101."""
    unknown = str(uuid.uuid4())
    answer = backend.post(f"/api/v1/transcription/session/{unknown}/end")
    assert (answer.status_code, answer.json()["code"]) == (404, 404)
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        backend.connect(unknown)
    assert refused.value.status_code == 404
    assert json.loads(refused.value.resp_body)["message"].startswith("session_not_found")


@pytest.mark.slow
def test_speech_is_recognised_for_a_foreign_client():
    """No script: the words are decoded from the audio that was streamed."""
    with LocalSimulator("--model", "general", "--workers", "1") as simulator:
        backend = Backend(simulator)
        session_id = backend.create()
        frames = utterance(backend.connect(session_id), speech("librivox", "cards-001"))
        result = backend.end(session_id)
    finals = [f["transcript"]["transcript"] for f in frames[:-1] if f["is_final"]]
    assert result["final_transcript"] == " ".join(finals)
    assert len(result["final_transcript"].split()) >= 3


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH")
def test_a_page_in_a_browser_dictates(simulator, backend, tmp_path):
    """The three-member array of subprotocols, in the one form that a browser can send."""
    session_id = backend.create()
    script(simulator, session_id)
    socket = f"{simulator.ws_url}/ws/transcribe"
    report = report_of(HALF_A_SECOND, tmp_path, socket=socket, token=backend.token, session=session_id)
    assert (report["opened"], report["protocol"], report["code"]) == (True, "SukiAmbientAuth", 1000)
    assert report["frames"][-1] == TERMINAL
    assert [f["transcript"]["transcript"] for f in report["frames"][:-1]] == [m["text"] for m in SCRIPT]
    assert backend.end(session_id)["final_transcript"] == "Blood pressure is normal."
