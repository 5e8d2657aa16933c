"""The service in the AsyncAPI dialect: its addresses, its sockets, and nothing of the live one."""

import json
import uuid
from dataclasses import replace

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from tests.asyncapi_frames import from_server
from tests.simulator.partner import AUDIO_END, audio, partner_of, refusal_of, running, until
from tests.simulator.visits import MARKER, QUICK, SECOND, chunk, event, start, templates
from tests.simulators import new_simulator
from workbench.protocol.endpoints import ENDPOINTS
from workbench.protocol.messages import Dialect, Product
from workbench.simulator.auth.accounts import Partner as Account
from workbench.simulator.faults.scenario import Scenario
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

BASE = "/api/v1/{}/sessions"
STARTED = '{"type":"START_TIME","startTime":"2026-04-25T12:34:56Z"}'
# Long enough that every status can be asked for before it is over.
LIMITS = replace(QUICK, processing_s=0.3, staged_s=0.3)
OPTIONS = SimulatorOptions(recogniser="scripted", dialect=Dialect.ASYNCAPI, limits=LIMITS)
NOTES = [Product.AMBIENT, Product.FORM_FILLING]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def partner():
    """Logged in at a simulator of the dialect."""
    async with running(OPTIONS) as who:
        yield who


class Session:
    """One session, created as the document says."""

    def __init__(self, partner, product, answer):
        self.partner, self.dictation = partner, product is Product.DICTATION
        self.said = answer
        self.id, self.url = answer["sessionId"], answer["audioWebsocketUrl"]
        self.base = f"{BASE.format(product.value)}/{self.id}"

    async def call(self, what, body=None, method=None):
        method = method or ("POST" if what in ("end", "context") else "GET")
        headers = self.partner.headers
        return await self.partner.http.request(method, f"{self.base}/{what}", json=body, headers=headers)

    async def status(self):
        return (await self.call("status")).json()["status"]

    def socket(self, url=None, **headers):
        named = "transcription_session_id" if self.dictation else "ambient_session_id"
        told = self.partner.headers | {named: self.id} | headers
        told = {name: value for name, value in told.items() if value}
        return connect(url or self.url, additional_headers=told, compression=None, ping_interval=None, open_timeout=300)

    async def stream(self, *frames):
        """Send them and read to the close; every frame that comes is valid and of this session."""
        async with self.socket() as socket:
            for frame in frames:
                await socket.send(frame)
            found = [from_server(raw, dictation=self.dictation) async for raw in socket]
        assert all(frame["sessionId"] == self.id for frame in found)
        return found


async def created(partner, product, **body):
    answer = await partner.post(BASE.format(product.value), {"providerId": "ada", **body})
    assert answer.status_code == 201, answer.text
    return Session(partner, product, answer.json())


async def test_a_dictation_from_create_to_end(partner):
    """Flat responses with the session's id, EOF, the whole transcript at the end."""
    session = await created(partner, Product.DICTATION, mode="scratchpad", languageCode="en-US")
    assert session.said["status"] == "open"
    assert session.said["mode"] == "scratchpad"
    assert set(session.said) == {"sessionId", "audioWebsocketUrl", "status", "createdAt", "providerId", "mode"}
    await partner.script(
        session.id,
        {"kind": "partial", "text": "blood", "at_ms": 100},
        {"kind": "final", "text": "blood pressure", "at_ms": 200},
    )
    found = await session.stream(audio(bytes(3200)), audio(bytes(3200)), AUDIO_END)
    assert [(f["type"], f.get("transcript"), f.get("isFinal")) for f in found] == [
        ("PARTIAL", "blood", False),
        ("FINAL", "blood pressure", True),
        ("EOF", None, None),
    ]
    ended = (await session.call("end")).json()
    assert ended == {"sessionId": session.id, "transcript": "blood pressure", "durationMs": 200}


async def test_an_ambient_session_from_create_to_note(partner):
    """The context is echoed, the socket says READY and ENDED, status goes from created to complete."""
    visit = str(uuid.uuid4())
    session = await created(partner, Product.AMBIENT, encounterId=visit, specialty="cardiology")
    assert (session.said["encounterId"], session.said["providerId"]) == (visit, "ada")
    context = {"patient": {"dob": "1980-01-31"}}
    echoed = await session.call("context", context)
    assert (echoed.status_code, echoed.json()) == (200, context)
    await partner.script(session.id, {"kind": "final", "text": "no chest pain today", "at_ms": 1000})
    assert await session.status() == "created"
    async with session.socket() as socket:
        assert from_server(await socket.recv(), dictation=False)["type"] == "READY"
        await socket.send(STARTED)
        await socket.send(chunk(SECOND))
        assert await until(session.status, lambda s: s != "created") == "recording"
        await socket.send(MARKER)
        came = [from_server(await socket.recv(), dictation=False)["type"] for _ in range(3)]
        assert came == ["STATUS", "STATUS", "ENDED"]
    assert (await session.call("end")).status_code == 200
    assert await session.status() == "processing"
    assert await until(session.status, lambda s: s != "processing") == "complete"
    transcript = (await session.call("transcript")).json()["final_transcript"]
    assert [part["transcript"] for part in transcript] == ["no chest pain today"]
    assert transcript[0]["start_time"].startswith("2026-04-25T12:34:5")
    for address in (f"{session.base}/content", f"/api/v1/encounters/{visit}/content"):
        assert (await partner.http.get(address, headers=partner.headers)).json()["summary"]
    recording = (await session.call("recording")).json()["recordings"][0]["presigned_url"]
    assert (await partner.http.get(recording)).content[:4] == b"RIFF"


@rule("S-218")
@pytest.mark.parametrize("product", NOTES)
@pytest.mark.parametrize("way", ["direct", "asgi"])
async def test_status_events_acknowledge_the_start_and_the_audio(way, product):
    """One for START_TIME, one for each second of audio."""
    scenario = Scenario("faithful") if way == "asgi" else None
    async with running(replace(OPTIONS, scenario=scenario)) as partner:
        session = await created(partner, product)
        await partner.script(session.id)
        tenth = chunk(SECOND[:3200])
        came = await session.stream(STARTED, *[tenth] * 25, MARKER)
        assert [frame["type"] for frame in came] == ["READY", "STATUS", "STATUS", "STATUS", "ENDED"]
        assert [frame["message"] for frame in came[2:4]] == ["1 s of audio were received", "2 s of audio were received"]
        emissions = (await partner.log(session.id))["connections"][0]["emissions"]
        assert [e["kind"] for e in emissions] == [frame["type"] for frame in came]


COMPANION = {
    "providerId": "prov_8x2k1m", "encounterId": "enc_2026_05_24_001", "specialty": "family-medicine",
    "encounterType": "office-visit", "visitType": "follow-up", "languageCode": "en-US", "problemBasedCharting": True,
}  # fmt: skip


@rule("S-218")
async def test_the_companions_example_is_taken(partner):
    """Its encounter is no UUID; what belongs to it is found under its name."""
    session = await created(partner, Product.AMBIENT, **COMPANION)
    assert session.said["encounterId"] == COMPANION["encounterId"]
    await partner.script(session.id, {"kind": "final", "text": "no fever", "at_ms": 1000})
    await session.stream(STARTED, chunk(SECOND), MARKER)
    await session.call("end")
    await until(session.status, lambda status: status == "complete")
    path = f"/api/v1/encounters/{COMPANION['encounterId']}/content"
    assert (await partner.http.get(path, headers=partner.headers)).json()["summary"]
    unknown = await partner.http.get("/api/v1/encounters/enc_other/content", headers=partner.headers)
    assert unknown.status_code == 404


async def test_a_form_filling_session_from_create_to_form(partner):
    """``ended`` before ``processing``; the template is filled from what was said."""
    session = await created(partner, Product.FORM_FILLING)
    template = (await templates(partner))["VITALS_ASSESSMENT"]
    context = {"form_filling": {"values": [{"form_template_id": template}]}}
    assert (await session.call("context", context)).json() == context
    text = "blood pressure one hundred twenty over eighty"
    await partner.script(session.id, {"kind": "final", "text": text, "at_ms": 1000})
    found = await session.stream(STARTED, chunk(SECOND), MARKER)
    assert [frame["type"] for frame in found] == ["READY", "STATUS", "STATUS", "ENDED"]
    assert (await session.call("end")).json() == {}
    assert await session.status() == "ended"
    assert await until(session.status, lambda s: s in ("complete", "failed")) == "complete"
    data = (await session.call("structured-data")).json()["structured_data"]
    assert [form["form_template_id"] for form in data["generated_values"]] == [template]


@rule("S-200")
@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if "session" in e.path or "encounter/" in e.path],
                         ids=lambda e: e.name)  # fmt: skip
async def test_the_live_addresses_of_sessions_are_not_there(partner, endpoint):
    """404, as the live service answers at the addresses of this dialect."""
    path = "/".join(str(uuid.uuid4()) if piece.startswith("{") else piece for piece in endpoint.path.split("/"))
    answer = await partner.http.request(endpoint.method, path, headers=partner.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, 404)


@rule("S-200")
@pytest.mark.parametrize("path", ["/ws/transcribe", "/ws/stream"])
async def test_the_live_sockets_are_not_there(partner, path):
    """Neither for a session of this dialect nor for plain GET."""
    session = await created(partner, Product.DICTATION)
    status, body = await refusal_of(session.socket(partner.simulator.ws_url + path))
    assert (status, body["code"]) == (404, 404)
    assert (await partner.http.get(path)).status_code == 404


@rule("S-200")
@pytest.mark.parametrize(
    "frame",
    [
        event("PAUSE"),
        event("KEEP_ALIVE"),
        event("CANCEL"),
        start(),
        audio(bytes(3200)),
        '{"transcript":{"transcript":"x"}}',
    ],
    ids=["pause", "keep-alive", "cancel", "live start", "dictation audio", "transcript"],
)
async def test_messages_of_the_live_dialect_are_no_messages_here(partner, frame):
    """The live START_TIME carries Base64 in ``data``; control events do not exist. What follows is served."""
    session = await created(partner, Product.AMBIENT)
    await partner.script(session.id)
    if "transcript" in frame:
        frame = frame.replace("{", '{"type":"FINAL",', 1)
    found = await session.stream(frame, STARTED, chunk(SECOND), MARKER)
    assert [f["type"] for f in found] == ["READY", "STATUS", "STATUS", "ENDED"]
    log = await partner.log(session.id)
    assert len(log["connections"][0]["ignored"]) == 1
    assert log["audio_bytes"] == len(SECOND)


@pytest.mark.parametrize(
    ("frame", "code"),
    [("nonsense", 1007), (b"\0\0", 1003), (chunk(SECOND), 1002), ('{"type":"START_TIME","startTime":"now"}', 1007)],
)
async def test_a_breach_is_said_as_an_error_event_before_the_close(partner, frame, code):
    """What was wrong, free of content; the session takes another stream."""
    session = await created(partner, Product.FORM_FILLING)
    await partner.script(session.id)
    async with session.socket() as socket:
        assert from_server(await socket.recv(), dictation=False)["type"] == "READY"
        await socket.send(frame)
        said = from_server(await socket.recv(), dictation=False)
        assert said["type"] == "ERROR"
        assert "nonsense" not in said["message"]
        await socket.wait_closed()
        assert socket.close_code == code
    assert [f["type"] for f in await session.stream(STARTED, MARKER)] == ["READY", "STATUS", "ENDED"]


async def test_the_session_of_the_address_and_of_the_header_are_the_same(partner):
    """400 where they differ; the address alone is enough, also for a browser."""
    session = await created(partner, Product.DICTATION)
    await partner.script(session.id)
    status, body = await refusal_of(session.socket(transcription_session_id=str(uuid.uuid4())))
    assert (status, body["message"].split(":")[0]) == (400, "invalid_request")
    async with session.socket(transcription_session_id="") as socket:
        await socket.send(AUDIO_END)
        assert [json.loads(frame)["type"] async for frame in socket] == ["EOF"]
    offer = ["SukiAmbientAuth", partner.token, session.id]
    async with connect(
        session.url, subprotocols=offer, compression=None, ping_interval=None, open_timeout=300
    ) as socket:
        assert socket.subprotocol == "SukiAmbientAuth"
        await socket.send(AUDIO_END)
        assert [json.loads(frame)["type"] async for frame in socket] == ["EOF"]


async def test_a_socket_is_for_a_session_of_its_own_product(partner):
    """404 for what is no session there, 412 for the other product that has notes, 401 without a token."""
    session = await created(partner, Product.AMBIENT)
    elsewhere = session.url.replace("/ambient/", "/form-filling/")
    assert (await refusal_of(session.socket(elsewhere)))[0] == 412
    dictated = session.url.replace("/ambient/", "/dictation/")
    assert (await refusal_of(session.socket(dictated)))[0] == 404
    unknown = session.url.replace(session.id, str(uuid.uuid4()))
    assert (await refusal_of(session.socket(unknown, ambient_session_id="")))[0] == 404
    assert (await refusal_of(session.socket(sdp_suki_token="")))[0] == 401
    assert (await refusal_of(session.socket(session.url.replace(session.id, "x"), ambient_session_id="")))[0] == 400


async def test_one_socket_at_a_time_and_none_after_the_end(partner):
    """As in the live dialect."""
    session = await created(partner, Product.DICTATION)
    await partner.script(session.id)
    async with session.socket() as socket:
        status, body = await refusal_of(session.socket())
        assert status == 412
        assert "not accepting new speech sessions" in body["message"]
        await socket.send(AUDIO_END)
        await socket.wait_closed()
    await session.call("end")
    assert (await refusal_of(session.socket()))[0] == 412


@pytest.mark.parametrize("product", list(Product))
@pytest.mark.parametrize("body", [{}, {"provider_id": "ada"}, {"providerId": 7}], ids=["empty", "snake case", "number"])
async def test_a_create_names_its_provider_in_camel_case(partner, product, body):
    """400 with the member that is missing."""
    answer = await partner.post(BASE.format(product.value), body)
    assert answer.status_code == 400
    assert "providerId" in answer.json()["message"]


@pytest.mark.parametrize("body", [{"mode": "poetry"}, {"languageCode": "fr-FR"}])
async def test_a_dictation_takes_what_the_document_lists(partner, body):
    """Two modes, one language."""
    answer = await partner.post(BASE.format("dictation"), {"providerId": "ada"} | body)
    assert answer.status_code == 400


async def test_the_description_is_of_this_dialect(partner):
    """``/openapi.json`` has the addresses that answer, and health says which dialect it is."""
    paths = (await partner.http.get("/openapi.json")).json()["paths"]
    assert BASE.format("ambient") in paths
    assert not any("/session/" in path for path in paths)
    assert "audioWebsocketUrl" in (await partner.http.get("/docs")).text
    assert (await partner.http.get("/_sim/health")).json()["dialect"] == "asyncapi"


async def test_single_auth_has_no_header_in_this_dialect():
    """The document has none: the provider of the login acts, and the create names who speaks."""
    account = Account("clinic", "shared", single_auth=True)
    who = {"partner_id": "clinic", "partner_token": "shared"}
    options = SimulatorOptions(recogniser="scripted", dialect=Dialect.ASYNCAPI, partner=account)
    async with new_simulator(options) as simulator:
        simulator.accounts._specialties["clinic", "ada-1"] = "FAMILY_MEDICINE"
        async with partner_of(simulator, **who, provider_id="ada-1") as partner:
            session = await created(partner, Product.AMBIENT)
            await partner.script(session.id)
            assert [f["type"] for f in await session.stream(STARTED, MARKER)] == ["READY", "STATUS", "ENDED"]
