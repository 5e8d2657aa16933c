"""A plain partner's ambient and form-filling sessions: create, script, stream, end, wait."""

from __future__ import annotations

import json

import pybase64
from websockets.asyncio.client import connect

from tests.simulator.partner import Partner, audio, until
from workbench.simulator.limits import SimulatorLimits

AMBIENT = "/api/v1/ambient/session"
FORM = "/api/v1/form-filling/session"
MARKER = '{"type":"AUDIO","data":"RU9G"}'
STARTED = "2026-04-25T12:34:56Z"
QUICK = SimulatorLimits(processing_s=0.02, staged_s=0.02, least_audio_s=0.5, message_bytes=1_048_576)
SECOND = bytes(32_000)
OVER = ("completed", "skipped", "failed", "aborted")


def start(at: str = STARTED) -> str:
    return json.dumps({"type": "START_TIME", "data": pybase64.b64encode(at.encode()).decode()})


def event(name: str) -> str:
    return json.dumps({"type": "EVENT", "event": name})


def chunk(pcm: bytes = SECOND) -> str:
    return audio(pcm, "data")


class Visit:
    """One session; ``base`` is AMBIENT or FORM."""

    def __init__(self, partner: Partner, base: str, session_id: str) -> None:
        self.partner, self.base, self.id = partner, base, session_id

    async def get(self, what: str, base: str | None = None):
        return await self.partner.http.get(f"{base or self.base}/{self.id}/{what}", headers=self.partner.headers)

    async def post(self, what: str, body=None):
        return await self.partner.post(f"{self.base}/{self.id}/{what}", body)

    async def patch(self, what: str, body):
        return await self.partner.http.patch(f"{self.base}/{self.id}/{what}", json=body, headers=self.partner.headers)

    def socket(self, **headers: str):
        told = self.partner.headers | {"ambient_session_id": self.id} | headers
        return connect(
            f"{self.partner.simulator.ws_url}/ws/stream",
            additional_headers=told,
            compression=None,
            ping_interval=None,
            open_timeout=300,
        )

    async def script(self, *texts: str) -> None:
        """One final a second."""
        finals = [{"kind": "final", "text": t, "at_ms": 1000 * (i + 1)} for i, t in enumerate(texts)]
        await self.partner.script(self.id, *finals)

    async def speak(self, *texts: str) -> list:
        """Stream one second for each text; returns the frames that came back."""
        await self.script(*texts)
        async with self.socket() as socket:
            await socket.send(start())
            for _ in texts or ("",):
                await socket.send(chunk())
            await socket.send(MARKER)
            return [frame async for frame in socket]

    async def status(self) -> str:
        return (await self.get("status")).json()["status"]

    async def end(self) -> str:
        """REST end, and the last status."""
        answer = await self.post("end")
        assert answer.status_code == 200, answer.text
        return await until(self.status, lambda status: status in OVER)


async def visit(partner: Partner, base: str = AMBIENT, **body) -> Visit:
    answer = await partner.post(f"{base}/create", body)
    assert answer.status_code == 201, answer.text
    return Visit(partner, base, answer.json()["ambient_session_id"])


async def templates(partner: Partner) -> dict[str, str]:
    """Type to template id."""
    answer = await partner.http.get("/api/v1/info/suki-medical-form-templates", headers=partner.headers)
    return {t["type"]: t["template_id"] for t in answer.json()["form_templates"]}


def choosing(*ids: str) -> dict:
    return {"form_filling": {"values": [{"form_template_id": i} for i in ids]}}
