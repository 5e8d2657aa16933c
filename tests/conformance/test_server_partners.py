"""Several partners, providers under Single Auth, and whose a session is (S-219)."""

import uuid

import pytest
import pytest_asyncio
import websockets

from tests.simulator.partner import partner_of, refusal_of
from tests.simulator.visits import AMBIENT, FORM, QUICK, visit
from tests.simulators import new_simulator
from workbench.errors import ConfigurationError
from workbench.protocol.messages import Dialect
from workbench.simulator.auth.accounts import Accounts, Partner
from workbench.simulator.faults.scenario import Scenario
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

CLINIC = Partner("clinic", "clinic-token", single_auth=True)
OTHER = Partner("other-clinic", "other-token")
WAYS = {"direct": None, "asgi": Scenario("faithful")}


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=WAYS)
async def simulator(request):
    """Of the demo partner, of another, and of one whose token many providers share."""
    options = SimulatorOptions(
        recogniser="scripted", limits=QUICK, partners=(OTHER, CLINIC), scenario=WAYS[request.param]
    )
    async with new_simulator(options) as running:
        yield running


async def registered(simulator, provider):
    """A provider of the clinic, registered and logged in; every call names it."""
    body = {"partner_id": CLINIC.id, "partner_token": CLINIC.token, "provider_id": provider, "provider_name": provider,
            "provider_org_id": "org"}  # fmt: skip
    async with partner_of(simulator) as anybody:
        await anybody.http.post("/api/v1/auth/register", json=body)
    return partner_of(simulator, partner_id=CLINIC.id, partner_token=CLINIC.token, provider_id=provider)


class Doctor:
    """A partner's calls on behalf of one provider."""

    def __init__(self, who, provider):
        self.who, self.provider = who, provider
        self.http, self.simulator = who.http, who.simulator

    @property
    def headers(self):
        return self.who.headers | {"sdp_provider_id": self.provider}

    async def post(self, path, body=None, **headers):
        return await self.http.post(path, json=body, headers=self.headers | headers)

    async def script(self, session_id, *messages):
        await self.who.script(session_id, *messages)


WHATS = ["status", "transcript", "content", "structured-data", "recording"]


async def test_every_partner_logs_in_with_a_token_of_its_own(simulator):
    """And with no other's."""
    async with partner_of(simulator, partner_id=OTHER.id, partner_token=OTHER.token) as other:
        assert (await other.post("/api/v1/ambient/session/create", {})).status_code == 201
        for login, status in (
            ({"partner_id": OTHER.id, "partner_token": "demo-partner-token"}, 401),
            ({"partner_id": "nobody", "partner_token": OTHER.token}, 400),
        ):
            assert (await other.http.post("/api/v1/auth/login", json=login)).status_code == status


@rule("S-219")
async def test_a_session_of_another_partner_is_forbidden(simulator):
    """403 on every address and at both sockets; encounters of others as well."""
    async with (
        partner_of(simulator) as demo,
        partner_of(simulator, partner_id=OTHER.id, partner_token=OTHER.token) as other,
    ):
        encounter = str(uuid.uuid4())
        one, form = await visit(demo, encounter_id=encounter), await visit(demo, FORM)
        dictation = await demo.create()
        for what in WHATS:
            answer = await other.http.get(f"{AMBIENT}/{one.id}/{what}", headers=other.headers)
            assert (answer.status_code, answer.json()["message"].split(":")[0]) == (403, "permission_denied")
        paths = [f"{AMBIENT}/{one.id}/end", f"{AMBIENT}/{one.id}/context", f"{FORM}/{form.id}/end",
                 f"/api/v1/transcription/session/{dictation}/end"]  # fmt: skip
        assert [(await other.post(path, {})).status_code for path in paths] == [403] * 4
        answer = await other.http.get(f"/api/v1/ambient/encounter/{encounter}/content", headers=other.headers)
        assert answer.status_code == 403
        assert (await refusal_of(other.transcribe(dictation)))[0] == 403
        headers = other.headers | {"ambient_session_id": one.id}
        socket = websockets.connect(f"{simulator.ws_url}/ws/stream", additional_headers=headers)
        assert (await refusal_of(socket))[0] == 403


@rule("S-219")
async def test_under_single_auth_a_session_belongs_to_its_provider(simulator):
    """Another provider of the same partner is as foreign as another partner."""
    async with await registered(simulator, "dr-a") as first, await registered(simulator, "dr-b") as second:
        ada, bob = Doctor(first, "dr-a"), Doctor(second, "dr-b")
        encounter = str(uuid.uuid4())
        one = await visit(ada, encounter_id=encounter)
        await one.speak("no fever")
        assert await one.end() == "completed"
        for what in WHATS:
            path = f"{AMBIENT}/{one.id}/{what}"
            assert (await ada.http.get(path, headers=ada.headers)).status_code == 200
            answer = await bob.http.get(path, headers=bob.headers)
            assert (answer.status_code, answer.json()["message"].split(":")[0]) == (403, "permission_denied")
        path = f"/api/v1/ambient/encounter/{encounter}/content"
        assert (await ada.http.get(path, headers=ada.headers)).status_code == 200
        assert (await bob.http.get(path, headers=bob.headers)).status_code == 403
        # The token is the organisation's: whose name a call carries decides.
        assert (await bob.http.get(path, headers=bob.headers | {"sdp_provider_id": "dr-a"})).status_code == 200


@rule("S-219")
async def test_under_single_auth_a_dictation_belongs_to_its_provider(simulator):
    """By the header, and where none is documented by the login."""
    async with await registered(simulator, "dr-a") as first, await registered(simulator, "dr-b") as second:
        ada, bob = Doctor(first, "dr-a"), Doctor(second, "dr-b")
        created = await ada.post("/api/v1/transcription/session/create", {})
        session_id = created.json()["transcription_session_id"]
        await first.script(session_id)
        assert (await bob.post(f"/api/v1/transcription/session/{session_id}/end")).status_code == 403
        assert (await refusal_of(second.transcribe(session_id)))[0] == 403
        assert (await refusal_of(second.transcribe(session_id, sdp_provider_id="dr-b")))[0] == 403
        async with first.transcribe(session_id) as socket:
            assert socket.state is websockets.State.OPEN


@rule("S-219")
async def test_providers_of_a_standard_partner_share_its_sessions(simulator):
    """Its token tells nobody apart."""
    async with partner_of(simulator) as one, partner_of(simulator, provider_id="dr-b") as other:
        session = await visit(one)
        answer = await other.http.get(f"{AMBIENT}/{session.id}/status", headers=other.headers)
        assert answer.status_code == 200


@rule("S-219")
async def test_partners_are_told_apart_in_the_dialect():
    """The same owner, other addresses."""
    options = SimulatorOptions(recogniser="scripted", limits=QUICK, partners=(OTHER,), dialect=Dialect.ASYNCAPI)
    async with (
        new_simulator(options) as simulator,
        partner_of(simulator) as demo,
        partner_of(simulator, partner_id=OTHER.id, partner_token=OTHER.token) as other,
    ):
        for product in ("ambient", "form-filling", "dictation"):
            created = (await demo.post(f"/api/v1/{product}/sessions", {"providerId": "ada"})).json()
            base = f"/api/v1/{product}/sessions/{created['sessionId']}"
            assert (await other.post(f"{base}/end")).status_code == 403
            headers = other.headers
            socket = websockets.connect(created["audioWebsocketUrl"], additional_headers=headers)
            assert (await refusal_of(socket))[0] == 403


async def test_registrations_of_partners_are_their_own():
    """The same provider may be linked to two."""
    accounts = Accounts(CLINIC, Partner("second", "second-token", single_auth=True))
    assert accounts.specialty_of("dr-a", "clinic") is None
    with pytest.raises(ConfigurationError, match="same id"):
        Accounts(CLINIC, CLINIC)
