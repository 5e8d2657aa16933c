"""No request and no frame of any shape brings the service down: a refusal, an envelope, and on it goes."""

import json

import pytest
import websockets
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulator.partner import AUDIO_END, TERMINAL, audio, dictate
from workbench.protocol.endpoints import ENDPOINTS

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

# Segments that exist, so that many paths do, and others, percent-encoded or not.
SEGMENTS = sorted({piece for e in ENDPOINTS for piece in e.path.split("/") if piece and "{" not in piece})
SEGMENT = st.sampled_from([*SEGMENTS, "00000000-0000-4000-8000-000000000000", "%00", "%ff", "..", "", "x" * 300])
KNOWN = st.sampled_from([e.path.replace("{", "").replace("}", "") for e in ENDPOINTS])
PATH = st.one_of(KNOWN, st.lists(SEGMENT, max_size=8).map(lambda pieces: "/" + "/".join(pieces)))
METHOD = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
KEY = st.sampled_from(
    ["partner_id", "audio_config", "sample_rate_hertz", "transcription_session_id", "form_filling", "x"]
)
JSON = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=4), max_leaves=8
)
BODY = st.one_of(st.binary(max_size=60), JSON.map(lambda value: json.dumps(value).encode()))
FRAME = st.one_of(
    st.text(max_size=60),
    st.binary(max_size=60),
    JSON.map(json.dumps),
    st.builds(
        lambda kind, key, value: json.dumps({"type": kind, key: value}),
        st.sampled_from(["AUDIO", "EVENT", "START_TIME", ""]),
        st.sampled_from(["audioData", "data", "event"]),
        st.one_of(LEAF, st.just("AUDIO_END"), st.just("RU9G"), st.just("AAAA")),
    ),
)


@pytest.mark.slow
@rule("S-30")
@settings(max_examples=150, deadline=None)
@given(method=METHOD, path=PATH, body=BODY, with_token=st.booleans())
async def test_no_request_gets_a_fault(partner, method, path, body, with_token):
    """Never a 5xx; every 4xx has the envelope."""
    headers = partner.headers if with_token else {}
    # Absolute, because httpx takes a relative address that begins with two slashes for a host.
    url = str(partner.http.base_url).rstrip("/") + path
    answer = await partner.http.request(method, url, content=body, headers=headers)
    assert answer.status_code < 500
    if answer.status_code >= 400 and method != "HEAD":
        assert answer.json()["code"] == answer.status_code
        assert answer.json()["message"]


@pytest.mark.slow
@rule("S-74")
@settings(max_examples=80, deadline=None)
@given(frames=st.lists(FRAME, max_size=6))
async def test_no_frame_gets_a_fault_or_a_word(partner, frames):
    """The socket ends with its terminal frame or with a code that blames the client; the next session is served."""
    session_id = await partner.create()
    await partner.script(session_id)
    async with partner.transcribe(session_id) as socket:
        received = await _play(socket, [*frames, AUDIO_END])
        assert socket.close_code in {1000, 1002, 1003, 1007}
    assert received == ([TERMINAL] if socket.close_code == 1000 else [])
    after = await partner.create()
    await partner.script(after, {"kind": "final", "text": "one", "at_ms": 100})
    async with partner.transcribe(after) as socket:
        assert len(await dictate(socket, b"\0" * 3200)) == 2


async def _play(socket, frames) -> list[dict]:
    """Send what the service takes; every frame that comes back."""
    received = []
    try:
        for frame in frames:
            await socket.send(frame)
        while True:
            received.append(json.loads(await socket.recv()))
    except websockets.ConnectionClosed:
        return received


async def test_a_chunk_of_a_mebibyte_is_a_message_too_large(partner):
    """1009; the limit of the documents' silence is a setting."""
    session_id = await partner.create()
    await partner.script(session_id)
    async with partner.transcribe(session_id) as socket:
        assert await _play(socket, [audio(b"\0" * 1_048_576)]) == []
        assert socket.close_code == 1009
