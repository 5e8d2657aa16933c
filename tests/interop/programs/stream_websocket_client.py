"""A partner's program in the manner of the vendor's samples, on websocket-client: it sends everything, then it reads.

python stream_websocket_client.py PRODUCT WS_URL TOKEN SESSION_ID WAV PACE
"""

import base64
import json
import sys
import time
from datetime import datetime, timezone

import websocket

product, ws_url, token, session_id, wav, pace = sys.argv[1:]
dictation = product == "dictation"
id_header = "transcription_session_id" if dictation else "ambient_session_id"
ws = websocket.create_connection(
    ws_url + ("/ws/transcribe" if dictation else "/ws/stream"),
    header=[f"sdp_suki_token: {token}", f"{id_header}: {session_id}"],
)
if not dictation:
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: UP017  as the samples write it
    ws.send(json.dumps({"type": "START_TIME", "data": base64.b64encode(now.encode()).decode()}))
with open(wav, "rb") as audio:  # noqa: PTH123
    audio.read(44)
    while chunk := audio.read(3200):
        data = base64.b64encode(chunk).decode()
        ws.send(json.dumps({"type": "AUDIO", "audioData" if dictation else "data": data}))
        if pace != "0":
            time.sleep(0.1 / float(pace))
ws.send(json.dumps({"type": "EVENT", "event": "AUDIO_END"} if dictation else {"type": "AUDIO", "data": "RU9G"}))
received, code = [], None
while code is None:
    opcode, payload = ws.recv_data()
    if opcode == websocket.ABNF.OPCODE_CLOSE:
        code = int.from_bytes(payload[:2], "big")
    else:
        received.append(json.loads(payload))
ws.shutdown()
print(json.dumps({"received": received, "code": code}))
