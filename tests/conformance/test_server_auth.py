"""Rules of authentication that bind the service: login, register, Single Auth, tokens and their key set."""

import time
import uuid

import httpx
import jwt
import pytest
import pytest_asyncio

from tests.simulator.partner import AUDIO_END, TERMINAL, partner_of, read_all, refusal_of, running
from tests.simulators import new_simulator
from workbench.protocol.endpoints import ENDPOINTS
from workbench.simulator.auth.accounts import Partner
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

CREATE = "/api/v1/transcription/session/create"
LOGIN = "/api/v1/auth/login"
REGISTER = "/api/v1/auth/register"
JWKS = "/api/auth/.well-known/jwks-pub.json"
DEMO = {"partner_id": "demo-partner", "partner_token": "demo-partner-token"}
SHARED = Partner("clinic", "shared-token", single_auth=True, provider_pattern=r"[a-z]+-\d+")
CLINIC = {"partner_id": "clinic", "partner_token": "shared-token"}
GUARDED = [e for e in ENDPOINTS if e.authenticated]


def filled(path: str) -> str:
    """The path with a fresh UUID for each placeholder."""
    return "/".join(str(uuid.uuid4()) if piece.startswith("{") else piece for piece in path.split("/"))


def registration(**fields) -> dict:
    return DEMO | {"provider_name": "Ada", "provider_org_id": "org", "provider_id": str(uuid.uuid4())} | fields


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clinic():
    """Registered with a simulator of a Single Auth partner and logged in; ``post`` sends no provider by itself."""
    options = SimulatorOptions(recogniser="scripted", partner=SHARED)
    async with new_simulator(options) as simulator:
        async with httpx.AsyncClient(base_url=simulator.url) as http:
            body = CLINIC | {"provider_name": "Ada", "provider_org_id": "org", "provider_id": "ada-1"}
            assert (await http.post(REGISTER, json=body)).status_code == 201
        async with partner_of(simulator, **CLINIC, provider_id="ada-1") as who:
            yield who


@rule("S-9")
async def test_a_login_is_answered_with_a_token(partner):
    """200 and a string."""
    answer = await partner.http.post(LOGIN, json=DEMO)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["suki_token"].count(".") == 2


@rule("S-11")
async def test_only_the_bare_header_carries_the_token(partner):
    """``Authorization: Bearer`` and a prefix are the typical mistakes; the second one is named in the refusal."""
    bare = await partner.http.post(CREATE, headers={"sdp_suki_token": partner.token})
    prefixed = await partner.http.post(CREATE, headers={"sdp_suki_token": f"Bearer {partner.token}"})
    standard = await partner.http.post(CREATE, headers={"Authorization": f"Bearer {partner.token}"})
    assert [a.status_code for a in (bare, prefixed, standard)] == [201, 401, 401]
    assert "Bearer" in prefixed.json()["message"]


@rule("S-12")
async def test_a_token_lives_one_hour(partner):
    """From issue to expiry, in seconds."""
    claims = jwt.decode(partner.token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == pytest.approx(3600, abs=1.5)
    assert claims["iat"] == pytest.approx(time.time(), abs=120)


@rule("S-12")
async def test_a_token_is_refused_once_its_life_is_over():
    """On REST and at the handshake."""
    limits = SimulatorLimits(token_life_s=-1)
    async with running(SimulatorOptions(recogniser="scripted", limits=limits)) as late:
        assert (await late.post(CREATE, {})).json()["message"] == "invalid_sdp_token: expired"
        status, body = await refusal_of(late.transcribe(str(uuid.uuid4())))
        assert (status, body["message"]) == (401, "invalid_sdp_token: expired")


@rule("S-14")
@pytest.mark.parametrize("endpoint", GUARDED, ids=lambda e: e.name)
@pytest.mark.parametrize(
    "token", [None, "", "nonsense", "a.b.c", "{other}"], ids=["none", "empty", "word", "dots", "hs256"]
)
async def test_every_guarded_call_needs_a_valid_token(partner, endpoint, token):
    """401 ``invalid_sdp_token``; a token that anybody could sign is none."""
    other = jwt.encode({"partner_id": "demo-partner", "exp": time.time() + 60}, "k" * 32, headers={"kid": "sdp-pub"})
    headers = {} if token is None else {"sdp_suki_token": token.format(other=other)}
    answer = await partner.http.request(endpoint.method, filled(endpoint.path), headers=headers)
    assert answer.status_code == 401
    assert answer.json()["message"].split(":")[0] == "invalid_sdp_token"


@rule("S-16")
async def test_register_of_a_new_provider_is_answered_201_without_a_body(partner):
    """Nothing to read."""
    answer = await partner.http.post(REGISTER, json=registration())
    assert (answer.status_code, answer.content) == (201, b"")


@rule("S-17")
async def test_register_of_a_linked_provider_is_a_conflict(partner):
    """409 the second time, whatever else the body says."""
    body = registration()
    assert (await partner.http.post(REGISTER, json=body)).status_code == 201
    answer = await partner.http.post(REGISTER, json=body | {"provider_name": "Somebody else"})
    assert (answer.status_code, answer.json()["code"]) == (409, 409)


@rule("S-20")
@pytest.mark.parametrize(
    ("given", "stored"), [({}, "FAMILY_MEDICINE"), ({"provider_specialty": "NEUROLOGY"}, "NEUROLOGY")]
)
async def test_a_provider_without_a_specialty_is_a_family_doctor(scripted, partner, given, stored):
    """The documented default; a given one is kept."""
    body = registration(**given)
    assert (await partner.http.post(REGISTER, json=body)).status_code == 201
    assert scripted.accounts.specialty_of(body["provider_id"]) == stored


@pytest.mark.parametrize("missing", ["partner_id", "partner_token", "provider_name", "provider_org_id"])
async def test_register_names_the_field_that_is_missing(partner, missing):
    """Four fields are required and no other (S-7)."""
    body = {k: v for k, v in registration().items() if k != missing}
    answer = await partner.http.post(REGISTER, json=body)
    assert answer.status_code == 400
    assert missing in answer.json()["message"]


@rule("S-23")
@pytest.mark.parametrize("endpoint", GUARDED, ids=lambda e: e.name)
async def test_a_single_auth_call_names_its_provider(clinic, endpoint):
    """400 ``missing_sdp_provider_id_header`` on every guarded endpoint; a standard partner needs none."""
    answer = await clinic.http.request(endpoint.method, filled(endpoint.path), headers=clinic.headers)
    assert answer.status_code == 400
    assert answer.json()["message"] == "missing_sdp_provider_id_header"


@rule("S-23")
async def test_a_single_auth_call_with_its_provider_is_served(clinic):
    """The same call as above, complete."""
    assert (await clinic.post(CREATE, {}, sdp_provider_id="ada-1")).status_code == 201


@rule("S-24")
@pytest.mark.parametrize("provider", ["ADA-1", "ada", "ada-1x", "ada-1;drop", "x" * 300])
async def test_a_provider_header_has_the_form_agreed(clinic, provider):
    """400 ``invalid_sdp_provider_id``, on REST and in login."""
    answer = await clinic.http.post(CREATE, headers=clinic.headers | {"sdp_provider_id": provider})
    login = await clinic.http.post(LOGIN, json=CLINIC | {"provider_id": provider})
    for refused in (answer, login):
        assert refused.status_code == 400
        assert refused.json()["message"].split(":")[0] == "invalid_sdp_provider_id"
        assert provider not in refused.json()["message"]


@rule("S-25")
async def test_a_clinician_is_registered_before_the_first_call(clinic):
    """401 ``provider_not_registered`` in login and in later calls, until register was called once."""
    who = CLINIC | {"provider_id": "bob-2"}
    for answer in (await clinic.http.post(LOGIN, json=who), await clinic.post(CREATE, {}, sdp_provider_id="bob-2")):
        assert (answer.status_code, answer.json()["message"]) == (401, "provider_not_registered")
    register = await clinic.http.post(REGISTER, json=who | {"provider_name": "Bob", "provider_org_id": "org"})
    assert register.status_code == 201
    assert (await clinic.http.post(LOGIN, json=who)).status_code == 200
    assert (await clinic.post(CREATE, {}, sdp_provider_id="bob-2")).status_code == 201


@pytest.mark.parametrize("path", [LOGIN, REGISTER])
async def test_a_single_auth_partner_names_the_provider_in_login_and_register(clinic, path):
    """The shared token does not tell who it is."""
    body = CLINIC | {"provider_name": "Ada", "provider_org_id": "org"}
    answer = await clinic.http.post(path, json=body)
    assert answer.status_code == 400
    assert "provider_id" in answer.json()["message"]


async def test_the_dictation_socket_takes_the_provider_header_and_does_not_need_it(clinic):
    """The documents name none for ``/ws/transcribe``; one that is sent has to be right."""
    created = await clinic.post(CREATE, {}, sdp_provider_id="ada-1")
    session_id = created.json()["transcription_session_id"]
    await clinic.script(session_id)
    for headers in ({}, {"sdp_provider_id": "ada-1"}):
        async with clinic.transcribe(session_id, **headers) as socket:
            await socket.send(AUDIO_END)
            assert await read_all(socket) == [TERMINAL]
    status, body = await refusal_of(clinic.transcribe(session_id, sdp_provider_id="eve-3"))
    assert (status, body["message"]) == (401, "provider_not_registered")


@rule("S-26")
async def test_the_key_set_is_public_and_as_rfc_7517_writes_it(scripted):
    """No header of any kind; one RSA key with its six members and nothing private."""
    async with httpx.AsyncClient(base_url=scripted.url) as anybody:
        answer = await anybody.get(JWKS)
    assert answer.status_code == 200
    assert list(answer.json()) == ["keys"]
    for key in answer.json()["keys"]:
        assert set(key) == {"alg", "kty", "use", "kid", "n", "e"}
        assert (key["alg"], key["kty"], key["use"]) == ("RS256", "RSA", "sig")


@rule("S-28")
async def test_tokens_are_rs256_under_a_key_of_the_set(partner):
    """The key is found by its ``kid`` and verifies the signature."""
    keys = jwt.PyJWKSet.from_dict((await partner.http.get(JWKS)).json())
    header = jwt.get_unverified_header(partner.token)
    assert header["alg"] == "RS256"
    claims = jwt.decode(partner.token, keys[header["kid"]].key, algorithms=["RS256"], audience="sdp")
    assert claims["partner_id"] == "demo-partner"
