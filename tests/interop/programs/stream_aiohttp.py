"""A partner's program on aiohttp: it reads while it sends.

python stream_aiohttp.py PRODUCT WS_URL TOKEN SESSION_ID WAV PACE
"""

import asyncio
import base64
import json
import sys
from pathlib import Path

import aiohttp


async def send(ws, product: str, pcm: bytes, pace: str) -> None:
    if product != "dictation":
        await ws.send_json({"type": "START_TIME", "data": base64.b64encode(b"2026-05-01T10:00:00Z").decode()})
    field = "audioData" if product == "dictation" else "data"
    for start in range(0, len(pcm), 3200):
        await ws.send_json({"type": "AUDIO", field: base64.b64encode(pcm[start : start + 3200]).decode()})
        if pace != "0":
            await asyncio.sleep(0.1 / float(pace))
    end = {"type": "EVENT", "event": "AUDIO_END"} if product == "dictation" else {"type": "AUDIO", "data": "RU9G"}
    await ws.send_json(end)


async def main(product: str, ws_url: str, token: str, session_id: str, pcm: bytes, pace: str) -> None:
    dictation = product == "dictation"
    id_header = "transcription_session_id" if dictation else "ambient_session_id"
    url = ws_url + ("/ws/transcribe" if dictation else "/ws/stream")
    headers = {"sdp_suki_token": token, id_header: session_id}
    async with aiohttp.ClientSession() as session, session.ws_connect(url, headers=headers) as ws:
        sending = asyncio.create_task(send(ws, product, pcm, pace))
        received = [message.json() async for message in ws]
        await sending
        print(json.dumps({"received": received, "code": ws.close_code}))


*asked, wav, speed = sys.argv[1:]
asyncio.run(main(*asked, Path(wav).read_bytes()[44:], speed))
