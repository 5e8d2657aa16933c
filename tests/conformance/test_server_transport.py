"""Rules of transport, REST errors and dialect that bind the service."""

import asyncio
import re
import ssl
import uuid
from urllib.parse import urlsplit

import httpx
import pytest
import trustme
import websockets

from tests.simulator.partner import AUDIO_END, TERMINAL, audio, dictate, partner_of, read_all, refusal_of, running
from tests.simulators import new_simulator
from workbench.protocol.endpoints import ENDPOINTS, JWKS, SOCKET_PATHS
from workbench.simulator.control_token import control_headers
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.server import SimulatorOptions
from workbench.simulator.sockets import lingering

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

CREATE = "/api/v1/transcription/session/create"
LOGIN = "/api/v1/auth/login"
REGISTER = "/api/v1/auth/register"
DEMO = {"partner_id": "demo-partner", "partner_token": "demo-partner-token"}

SOCKETS_OF_THE_DIALECT = [f"/api/v1/{p}/sessions/ID/audio" for p in ("dictation", "ambient", "form-filling")]
REST_OF_THE_DIALECT = [
    ("POST", "/api/v1/dictation/sessions"),
    ("POST", "/api/v1/dictation/sessions/ID/end"),
    ("POST", "/api/v1/ambient/sessions"),
    *(("POST", f"/api/v1/ambient/sessions/ID/{last}") for last in ("context", "end")),
    *(
        ("GET", f"/api/v1/ambient/sessions/ID/{last}")
        for last in ("status", "content", "transcript", "recording", "structured-data")
    ),
    ("GET", "/api/v1/encounters/ID/content"),
    ("GET", "/api/v1/encounters/ID/structured-data"),
    ("POST", "/api/v1/form-filling/sessions"),
    ("GET", "/api/v1/form-filling/templates"),
    ("POST", "/api/v1/form-filling/sessions/ID/feedback"),
    ("GET", "/api/v1/auth/jwks"),
    ("POST", "/api/v1/feedback/ambient"),
    *(("GET", path) for path in SOCKETS_OF_THE_DIALECT),
]


@pytest.fixture
def certified(tmp_path):
    """Options of a simulator with a certificate, and the trust of its clients."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(tmp_path / "cert.pem", append=True)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    options = SimulatorOptions(recogniser="scripted", tls_cert=tmp_path / "cert.pem", tls_key=tmp_path / "key.pem")
    return options, trust


@rule("S-1")
async def test_rest_and_sockets_are_served_over_tls(certified):
    """https and wss on one port; at least TLS 1.2, and plain text gets no answer there."""
    options, trust = certified
    async with new_simulator(options) as simulator:
        assert (simulator.url[:8], simulator.ws_url[:6]) == ("https://", "wss://")
        async with httpx.AsyncClient(
            base_url=simulator.url, verify=trust, headers=control_headers(simulator.url)
        ) as http:
            token = (await http.post(LOGIN, json=DEMO)).json()["suki_token"]
            created = (await http.post(CREATE, headers={"sdp_suki_token": token})).json()
            session_id = created["transcription_session_id"]
            await http.post(f"/_sim/scripts/{session_id}", json={"messages": []})
        headers = {"sdp_suki_token": token, "transcription_session_id": session_id}
        secure = websockets.connect(f"{simulator.ws_url}/ws/transcribe", ssl=trust, additional_headers=headers)
        async with secure as socket:
            assert socket.transport.get_extra_info("ssl_object").version() in {"TLSv1.2", "TLSv1.3"}
            await socket.send(AUDIO_END)
            assert await read_all(socket) == [TERMINAL]
        async with httpx.AsyncClient() as plain:
            with pytest.raises(httpx.TransportError):
                await plain.get(simulator.url.replace("https", "http"))


async def test_a_frame_that_is_too_large_is_answered_over_tls_too(certified, monkeypatch):
    """TLS cannot be closed in one direction; the server waits until the client is quiet."""
    monkeypatch.setattr(lingering, "_QUIET_S", 0.05)
    options, trust = certified
    async with (
        new_simulator(options) as simulator,
        httpx.AsyncClient(base_url=simulator.url, verify=trust, headers=control_headers(simulator.url)) as http,
    ):
        token = (await http.post(LOGIN, json=DEMO)).json()["suki_token"]
        created = (await http.post(CREATE, headers={"sdp_suki_token": token})).json()
        await http.post(f"/_sim/scripts/{created['transcription_session_id']}", json={"messages": []})
        headers = {"sdp_suki_token": token} | created
        secure = websockets.connect(f"{simulator.ws_url}/ws/transcribe", ssl=trust, additional_headers=headers)
        async with secure as socket:
            await socket.send(audio(bytes(4 * 1_048_576)))
            with pytest.raises(websockets.ConnectionClosedError):
                await socket.recv()
            assert socket.close_code == 1009


@rule("S-1")
async def test_tls_older_than_1_2_is_refused(certified):
    """Even to a client that offers nothing newer."""
    options, _ = certified
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with new_simulator(options) as simulator, httpx.AsyncClient(verify=old) as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(f"{simulator.url}/api/auth/.well-known/jwks-pub.json")


@rule("S-3")
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.name)
async def test_rest_is_under_the_prefix_and_only_there(partner, endpoint):
    """The path as documented is known; without its prefix, or under another version, it is not."""
    path = "/".join(str(uuid.uuid4()) if "{" in piece else piece for piece in endpoint.path.split("/"))
    known = await partner.http.request(endpoint.method, path)
    assert known.status_code not in {404, 405}
    if endpoint is JWKS:
        assert path == "/api/auth/.well-known/jwks-pub.json"
        return
    assert path.startswith("/api/v1/")
    for other in (path.removeprefix("/api/v1"), path.replace("/v1/", "/v2/"), path.replace("/api/", "/")):
        assert (await partner.http.request(endpoint.method, other, headers=partner.headers)).status_code == 404


@rule("S-3")
async def test_socket_paths_have_no_prefix(partner):
    """A handshake under ``/api/v1`` finds nothing."""
    assert set(SOCKET_PATHS.values()) == {"/ws/stream", "/ws/transcribe"}
    for path in SOCKET_PATHS.values():
        prefixed = websockets.connect(f"{partner.simulator.ws_url}/api/v1{path}", additional_headers=partner.headers)
        status, _ = await refusal_of(prefixed)
        assert status == 404


@rule("S-7")
async def test_nothing_is_required_that_the_documents_do_not_require(partner):
    """The least body of every call is served, and so is one with fields of a later version."""
    register = DEMO | {"provider_name": str(uuid.uuid4()), "provider_org_id": "org"}
    assert (await partner.http.post(LOGIN, json=DEMO)).status_code == 200
    assert (await partner.http.post(REGISTER, json=register)).status_code == 201
    for body in (None, {}, {"audio_config": {}, "not_yet_known": {"a": [1]}}):
        assert (await partner.post(CREATE, body)).status_code == 201
    assert (await partner.http.post(LOGIN, json=DEMO | {"not_yet_known": 1})).status_code == 200


@rule("S-7")
async def test_answers_have_the_documented_names(partner):
    """Of login, create and end."""
    assert set((await partner.http.post(LOGIN, json=DEMO)).json()) == {"suki_token"}
    created = (await partner.post(CREATE, {})).json()
    assert set(created) == {"transcription_session_id"}
    ended = await partner.end(created["transcription_session_id"])
    assert set(ended) == {"transcription_session_id", "status", "final_transcript", "duration", "ended_at"}


async def _refused(partner, status):
    """An answer of each status that the simulator gives."""
    ended = "/api/v1/transcription/session/{}/end"
    if status == 409:
        taken = await partner.create()
        return await partner.post(CREATE, {"transcription_session_id": taken})
    asked = {
        400: ("POST", LOGIN, {"content": b"{"}),
        401: ("POST", CREATE, {"headers": {}}),
        404: ("POST", ended.format(uuid.uuid4()), {}),
        405: ("DELETE", CREATE, {}),
        413: ("POST", LOGIN, {"content": b" " * 1_048_577}),
        426: ("GET", "/ws/transcribe", {}),
    }
    method, path, more = asked[status]
    return await partner.http.request(method, path, **({"headers": partner.headers} | more))


def assert_envelope(answer):
    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert set(body) == {"code", "message"}
    assert (type(body["code"]), body["code"]) == (int, answer.status_code)
    assert isinstance(body["message"], str)
    assert body["message"]


@rule("S-30")
@pytest.mark.parametrize("status", [400, 401, 404, 405, 409, 413, 426])
async def test_every_refusal_carries_the_envelope(partner, status):
    """A numeric code, which equals the status, and a message."""
    answer = await _refused(partner, status)
    assert answer.status_code == status
    assert_envelope(answer)


@rule("S-30")
async def test_a_fault_and_a_full_service_carry_the_envelope_too(monkeypatch):
    """500 without a traceback, 503 without a queue."""
    options = SimulatorOptions(recogniser="scripted", limits=SimulatorLimits(kept_sessions=1))
    async with running(options) as partner:
        await partner.create()
        full = await partner.post(CREATE, {})
        monkeypatch.setattr(partner.simulator.sessions, "create_dictation", lambda *_: 1 // 0)
        broken = await partner.post(CREATE, {})
    assert (full.status_code, broken.status_code) == (503, 500)
    for answer in (full, broken):
        assert_envelope(answer)
    assert broken.json()["message"] == "internal_server_error"


@rule("S-200")
async def test_a_live_session_has_nothing_of_the_other_dialect(partner):
    """No camelCase, no address of a socket, no ``type`` in a frame, from create to end."""
    created = (await partner.post(CREATE, {})).json()
    session_id = created["transcription_session_id"]
    said = [{"kind": kind, "text": "one", "at_ms": 100} for kind in ("partial", "final")]
    await partner.script(session_id, *said)
    async with partner.transcribe(session_id) as socket:
        frames = await dictate(socket, b"\0" * 3200)
    keys = {key for piece in (created, *frames, await partner.end(session_id)) for key in _keys(piece)}
    assert len(frames) == 3
    assert not {key for key in keys if re.search("[A-Z]", key)}
    assert not keys & {"type", "sessionId"}


def _keys(value):
    """Every key at every depth."""
    if isinstance(value, dict):
        return {*value, *(key for inner in value.values() for key in _keys(inner))}
    return {key for inner in value for key in _keys(inner)} if isinstance(value, list) else set()


@rule("S-200")
@pytest.mark.parametrize("frame", ['{"type":"START_TIME","startTime":"2026-05-01T10:00:00Z"}', audio(b"\0\0", "data")])
async def test_messages_of_the_other_dialect_are_no_messages_of_a_live_socket(partner, frame):
    """Kept note of, and neither audio nor an end."""
    session_id = await partner.create()
    await partner.script(session_id, {"kind": "final", "text": "never", "at_ms": 0.01})
    async with partner.transcribe(session_id) as socket:
        await socket.send(frame)
        await socket.send(AUDIO_END)
        assert await read_all(socket) == [TERMINAL]
    (log,) = (await partner.log(session_id))["connections"]
    assert (len(log["ignored"]), log["arrivals"]) == (1, [])


@rule("S-201")
@pytest.mark.parametrize(("method", "path"), REST_OF_THE_DIALECT, ids=lambda part: str(part).removeprefix("/api/v1/"))
async def test_a_live_service_knows_no_address_of_the_dialect(partner, method, path):
    """404 with the envelope, to a partner with a valid token."""
    answer = await partner.http.request(method, path.replace("ID", str(uuid.uuid4())), headers=partner.headers)
    assert answer.status_code == 404
    assert_envelope(answer)


@rule("S-201")
@pytest.mark.parametrize("path", SOCKETS_OF_THE_DIALECT)
async def test_a_live_service_opens_no_socket_of_the_dialect(partner, path):
    """Not even for a session that exists; its own socket still opens."""
    session_id = await partner.create()
    await partner.script(session_id)
    headers = partner.headers | {"transcription_session_id": session_id, "ambient_session_id": session_id}
    address = partner.simulator.ws_url + path.replace("ID", session_id)
    assert (await refusal_of(websockets.connect(address, additional_headers=headers)))[0] == 404
    async with partner.transcribe(session_id) as socket:
        assert await dictate(socket, b"") == [TERMINAL]


@rule("S-30")
@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
    ids=["no-http", "path", "header", "length", "long"],
)
async def test_a_request_that_is_no_http_is_a_400_with_the_envelope(partner, request_bytes):
    """And the service goes on."""
    answer = await _raw_answer(partner.simulator, request_bytes)
    assert answer.status_code == 400
    assert_envelope(answer)
    async with partner_of(partner.simulator) as another:
        await another.create()


async def _raw_answer(simulator, request_bytes) -> httpx.Response:
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(simulator.url).port)
    writer.write(request_bytes)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    first, *lines = head.decode().split("\r\n")
    headers = [tuple(line.split(": ", 1)) for line in lines]
    return httpx.Response(int(first.split()[1]), headers=headers, content=body)
