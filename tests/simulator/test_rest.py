"""REST of the simulator."""

import datetime as dt
import json
import uuid

import httpx
import jwt
import pytest

from tests.simulator.partner import partner_of, running
from workbench.protocol.endpoints import ENDPOINTS
from workbench.simulator.auth.tokens import Identity
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.server import Simulator, SimulatorOptions

CREATE = "/api/v1/transcription/session/create"
pytestmark = pytest.mark.asyncio(loop_scope="module")

LOGIN = "/api/v1/auth/login"
DEMO = {"partner_id": "demo-partner", "partner_token": "demo-partner-token"}


def is_envelope(answer: httpx.Response) -> bool:
    body = answer.json()
    return body["code"] == answer.status_code and isinstance(body["message"], str) and body["message"] != ""


async def test_login_gives_a_token_that_its_own_key_set_verifies(scripted, partner):
    """RS256, a known kid, one hour to live."""
    keys = jwt.PyJWKSet.from_dict((await partner.http.get("/api/auth/.well-known/jwks-pub.json")).json())
    header = jwt.get_unverified_header(partner.token)
    claims = jwt.decode(partner.token, keys[header["kid"]].key, algorithms=["RS256"], audience="sdp")
    assert header["alg"] == "RS256"
    assert 3599 < claims["exp"] - claims["iat"] < 3602


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({**DEMO, "partner_token": "wrong"}, 401),
        ({**DEMO, "partner_id": "nobody"}, 400),
        ({"partner_id": "demo-partner"}, 400),
        ({}, 400),
        ([], 400),
        ({**DEMO, "partner_id": 7}, 400),
    ],
)
async def test_login_refuses_what_it_does_not_know(partner, body, status):
    """Wrong and missing credentials get the envelope and no token."""
    answer = await partner.http.post(LOGIN, json=body)
    assert answer.status_code == status
    assert is_envelope(answer)


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"[" * 20_000, b"nul", b'{"partner_id":"a"}{}', b"\x00", b'{"partner_id":"\xff"}']
)
async def test_a_body_that_is_not_json_is_a_400(partner, body):
    """Truncated, binary, deeply nested or double JSON."""
    answer = await partner.http.post(LOGIN, content=body)
    assert answer.status_code == 400
    assert is_envelope(answer)


async def test_a_body_over_the_limit_is_a_413(partner):
    """The server does not keep what it will not read."""
    answer = await partner.http.post(LOGIN, content=b" " * 1_100_000)
    assert answer.status_code == 413
    assert is_envelope(answer)


async def test_register_links_once(partner):
    """201 with an empty body, then 409."""
    body = {**DEMO, "provider_name": "A", "provider_org_id": "O", "provider_id": "p-1"}
    first = await partner.http.post("/api/v1/auth/register", json=body)
    second = await partner.http.post("/api/v1/auth/register", json=body)
    assert (first.status_code, first.content) == (201, b"")
    assert second.status_code == 409
    assert is_envelope(second)


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.authenticated], ids=lambda e: e.name)
@pytest.mark.parametrize("token", [None, "", "nonsense", "a.b.c", "Bearer {token}"])
async def test_every_endpoint_that_needs_a_token_refuses_without_one(partner, endpoint, token):
    """401 and the documented id, before anything else is looked at."""
    headers = {} if token is None else {"sdp_suki_token": token.format(token=partner.token)}
    path = endpoint.path.replace("{", "").replace("}", "")
    answer = await partner.http.request(endpoint.method, path, headers=headers, content=b"{")
    assert answer.status_code == 401
    assert answer.json()["message"].startswith("invalid_sdp_token")


async def test_a_token_of_another_simulator_is_refused(partner):
    """A key is made at start and never shared."""
    async with Simulator(SimulatorOptions(recogniser="scripted")) as other, partner_of(other) as stranger:
        stranger.token = partner.token
        assert (await stranger.post(CREATE, {})).status_code == 401


async def test_an_expired_token_is_refused():
    """Life is configurable, expiry is not."""
    limits = SimulatorLimits(token_life_s=-1)
    async with running(SimulatorOptions(recogniser="scripted", limits=limits)) as late:
        answer = await late.post(CREATE, {})
    assert (answer.status_code, answer.json()["message"]) == (401, "invalid_sdp_token: expired")


async def test_create_makes_an_id_or_keeps_the_given_one(partner):
    """A UUID either way; a second session cannot take it."""
    wanted = str(uuid.uuid4())
    assert uuid.UUID(await partner.create())
    assert await partner.create(transcription_session_id=wanted) == wanted
    again = await partner.post(CREATE, {"transcription_session_id": wanted})
    assert again.status_code == 409
    assert is_envelope(again)


async def test_create_accepts_no_body_at_all(partner):
    """Every field has a default."""
    answer = await partner.http.post(CREATE, headers=partner.headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"transcription_session_id": "123dfg-456dfg"},
        {"transcription_session_id": 5},
        {"audio_config": {"audio_encoding": "OPUS"}},
        {"audio_config": {"audio_language": "de-DE"}},
        {"audio_config": {"sample_rate_hertz": 4000}},
        {"audio_config": {"sample_rate_hertz": "16000"}},
        {"audio_config": {"sample_rate_hertz": 10**30}},
        {"audio_config": 1},
    ],
)
async def test_create_refuses_what_it_could_not_recognise(partner, body):
    """400 with the envelope."""
    answer = await partner.post(CREATE, body)
    assert answer.status_code == 400
    assert is_envelope(answer)


async def test_unknown_fields_are_ignored(partner):
    """The contract grows by optional fields."""
    assert (await partner.post(CREATE, {"new_field": {"a": 1}})).status_code == 201


async def test_end_without_audio_gives_an_empty_result(partner):
    """Five fields, the time in UTC to the second."""
    session_id = await partner.create()
    result = await partner.end(session_id)
    assert result["transcription_session_id"] == session_id
    assert (result["status"], result["final_transcript"], result["duration"]) == ("completed", "", 0)
    assert dt.datetime.fromisoformat(result["ended_at"]).utcoffset() == dt.timedelta(0)


async def test_end_is_idempotent(partner):
    """The first result stands."""
    session_id = await partner.create()
    assert await partner.end(session_id) == await partner.end(session_id)


async def test_an_id_is_the_same_in_either_case_of_its_letters(partner):
    """A UUID is a number; the answer repeats what was written."""
    session_id, other = str(uuid.uuid4()).upper(), str(uuid.uuid4()).upper()
    assert await partner.create(transcription_session_id=session_id) == session_id
    again = await partner.post("/api/v1/transcription/session/create", {"transcription_session_id": session_id.lower()})
    assert again.status_code == 409
    assert (await partner.end(session_id.lower()))["transcription_session_id"] == session_id
    visit = str(uuid.uuid4())
    for body in ({"ambient_session_id": other, "encounter_id": visit}, {"encounter_id": visit.upper()}):
        assert (await partner.post("/api/v1/ambient/session/create", body)).status_code == 201
    again = await partner.post("/api/v1/ambient/session/create", {"ambient_session_id": other.lower()})
    assert again.status_code == 409
    status = await partner.http.get(f"/api/v1/ambient/session/{other.lower()}/status", headers=partner.headers)
    assert status.json() == {"status": "created"}
    assert len(partner.simulator.notes.siblings(partner.simulator.notes.any_session(other))) == 2


async def test_another_partners_session_is_foreign(scripted, partner):
    """403, and 404 for one that does not exist."""
    session_id = await partner.create()
    scripted.sessions.any_dictation(session_id).owner = Identity("another-partner")
    assert (await partner.post(f"/api/v1/transcription/session/{session_id}/end")).status_code == 403
    assert (await partner.post(f"/api/v1/transcription/session/{uuid.uuid4()}/end")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/transcription/session/x/status", 404),
        ("GET", LOGIN, 405),
        ("DELETE", CREATE, 405),
        ("GET", "/ws/transcribe", 426),
        ("GET", "/api/v1/auth/login/", 404),
        ("POST", "/%00%ff", 404),
    ],
)
async def test_addresses_that_do_not_exist_get_the_envelope(partner, method, path, status):
    """404, 405 and 426, never HTML."""
    answer = await partner.http.request(method, path, headers=partner.headers)
    assert answer.status_code == status
    assert is_envelope(answer)


async def test_old_sessions_make_room_and_open_ones_do_not():
    """Memory is bounded; nothing that is in use is forgotten."""
    limits = SimulatorLimits(kept_sessions=2)
    async with running(SimulatorOptions(recogniser="scripted", limits=limits)) as partner:
        first = await partner.create()
        await partner.end(first)
        await partner.create()
        await partner.create()
        full = await partner.post(CREATE, {})
        assert partner.simulator.sessions.any_dictation(first) is None
    assert full.status_code == 503
    assert is_envelope(full)


async def test_the_control_api_refuses_strangers(scripted):
    """Only peers on this machine may script a simulator."""
    transport = httpx.ASGITransport(scripted.application(), client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://sim") as http:
        answer = await http.get("/_sim/health")
    assert answer.status_code == 403
    assert is_envelope(answer)


async def test_a_fault_of_the_simulator_is_an_envelope_and_one_log_line(scripted, partner, monkeypatch, caplog):
    """No traceback reaches a user, and no value reaches the log."""
    monkeypatch.setattr(scripted.sessions, "create_dictation", lambda *_: json.loads("secret"))
    answer = await partner.post(CREATE, {})
    assert (answer.status_code, answer.json()["message"]) == (500, "internal_server_error")
    assert "JSONDecodeError" in caplog.text
    assert "secret" not in caplog.text
    assert "Traceback" not in caplog.text
