"""A plain partner for tests: httpx and websockets, nothing of the workbench's own client."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from pathlib import Path

import httpx
import pybase64
import soundfile
import websockets
from websockets.asyncio.client import connect

from tests.simulators import new_simulator
from workbench.simulator.control_token import control_headers
from workbench.simulator.server import SimulatorOptions

ROOT = Path(__file__).parents[2]
AUDIO_END = '{"type":"EVENT","event":"AUDIO_END"}'
TERMINAL = {"transcript": {"transcript": "EOF"}}
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For plain HTTP, which needs none: to load the system's for each client takes 30 ms."""


def audio(pcm: bytes, field: str = "audioData") -> str:
    return json.dumps({"type": "AUDIO", field: pybase64.b64encode(pcm).decode()})


def speech(corpus: str, name: str) -> bytes:
    """16 kHz mono PCM of a committed utterance."""
    pcm, rate = soundfile.read(ROOT / "datasets" / corpus / "audio" / f"{name}.flac", dtype="int16")
    assert rate == 16_000
    return pcm.tobytes()


class Partner:
    """Logged in at a simulator."""

    def __init__(self, simulator, http: httpx.AsyncClient, token: str) -> None:
        self.simulator = simulator
        self.http = http
        self.token = token

    @property
    def headers(self) -> dict[str, str]:
        return {"sdp_suki_token": self.token}

    async def post(self, path, body=None, **headers) -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.headers | headers)

    async def create(self, **body) -> str:
        answer = await self.post("/api/v1/transcription/session/create", body)
        assert answer.status_code == 201, answer.text
        return answer.json()["transcription_session_id"]

    async def end(self, session_id: str) -> dict:
        answer = await self.post(f"/api/v1/transcription/session/{session_id}/end")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def transcribe(self, session_id: str, **headers: str):
        return connect(
            f"{self.simulator.ws_url}/ws/transcribe",
            additional_headers=self.headers | {"transcription_session_id": session_id} | headers,
            compression=None,
            ping_interval=None,
            open_timeout=300,
        )

    def transcribe_as_browser(self, *members: str):
        return connect(
            f"{self.simulator.ws_url}/ws/transcribe",
            subprotocols=list(members),
            compression=None,
            ping_interval=None,
            open_timeout=300,
        )

    async def script(self, session_id: str, *messages: dict, end_delay_ms: float = 0) -> None:
        body = {"messages": list(messages), "end_delay_ms": end_delay_ms}
        answer = await self.http.post(f"/_sim/scripts/{session_id}", json=body)
        assert answer.status_code == 201, answer.text

    async def log(self, session_id: str) -> dict:
        return (await self.http.get(f"/_sim/sessions/{session_id}")).json()

    async def health(self) -> dict:
        return (await self.http.get("/_sim/health")).json()


@contextlib.asynccontextmanager
async def partner_of(simulator, **login):
    """A partner who has logged in."""
    who = {"partner_id": "demo-partner", "partner_token": "demo-partner-token", **login}
    own = control_headers(simulator.url)
    async with httpx.AsyncClient(base_url=simulator.url, verify=NO_AUTHORITIES, headers=own) as http:
        answer = await http.post("/api/v1/auth/login", json=who)
        assert answer.status_code == 200, answer.text
        yield Partner(simulator, http, answer.json()["suki_token"])


@contextlib.asynccontextmanager
async def running(options: SimulatorOptions):
    """A simulator of its own and a partner logged in at it."""
    async with new_simulator(options) as simulator, partner_of(simulator) as partner:
        yield partner


async def until(ask, holds, within_s: float = 30.0):
    """Poll ``ask`` until ``holds`` of its answer; returns that answer."""
    async with asyncio.timeout(within_s):
        while not holds(answer := await ask()):  # noqa: ASYNC110  the other side is a process behind a socket
            await asyncio.sleep(0.01)
    return answer


async def read_all(socket) -> list[dict]:
    """Every frame until the server closes."""
    return [json.loads(frame) async for frame in socket]


async def refusal_of(connection) -> tuple[int, dict]:
    """Status and envelope of a refused handshake."""
    try:
        async with connection:
            raise AssertionError("the handshake was accepted")
    except websockets.InvalidStatus as refused:
        return refused.response.status_code, json.loads(refused.response.body)


async def upgrade(simulator, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
    """A handshake written by hand on /ws/transcribe: status and headers of the answer."""
    host, port = simulator.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = ["GET /ws/transcribe HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    writer.close()
    await writer.wait_closed()
    answer = dict(line.split(": ", 1) for line in rest if line)
    return int(first.split()[1]), {name.lower(): value for name, value in answer.items()}


async def dictate(socket, pcm: bytes, chunk_bytes: int = 3200) -> list[dict]:
    """Send everything at once, end, and read to the close."""
    for start in range(0, len(pcm), chunk_bytes):
        await socket.send(audio(pcm[start : start + chunk_bytes]))
    await socket.send(AUDIO_END)
    return await read_all(socket)
