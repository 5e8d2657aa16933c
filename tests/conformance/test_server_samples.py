"""What the vendor's own samples send and expect, and what would give a simulator away (S-207, S-211…S-217)."""

import json
import re
from dataclasses import replace

import jwt
import pytest
import pytest_asyncio
import websockets

from tests.simulator.partner import AUDIO_END, audio, dictate, read_all, refusal_of, running
from tests.simulator.visits import FORM, MARKER, QUICK, SECOND, choosing, chunk, start, templates, visit
from workbench.protocol.endpoints import ENDPOINTS, FLAGS
from workbench.protocol.messages import Dialect
from workbench.simulator.faults.scenario import Scenario
from workbench.simulator.recognition.recognisers import busy
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

LOGGER = "workbench.simulator.sockets.mistakes"
WAYS = {"direct": None, "asgi": Scenario("faithful")}

CONTEXT = {
    "provider": {"provider_role": "ATTENDING", "specialty": "CARDIOLOGY"},
    "patient": {"dob": "2000-01-01", "sex": "male"},
    "visit": {
        "chief_complaint": "Headache",
        "encounter_type": "AMBULATORY",
        "reason_for_visit": "Follow-up for migraines",
        "visit_type": "ESTABLISHED_PATIENT",
    },
    "sections": [{"loinc": "10164-2"}],
    "diagnoses": {
        "values": [
            {
                "codes": [{"code": "30422", "description": "Essential hypertension", "type": "IMO"}],
                "diagnosis_note": "Hypertension",
            }
        ]
    },
    "emr": {"target_emr": "ATHENA"},
    "orders": {
        "medication_orders": {
            "values": [
                {
                    "drug_name": "Acetaminophen 500mg Tab",
                    "medication_code": {"code": "860975", "type": "RXCUI"},
                    "metadata": {"origin": "SUKI_AMBIENT", "encounter_relation": "CURRENT_ENCOUNTER"},
                    "status": "ACTIVE",
                    "dosage": {"quantity": 1, "raw_value": "1 tablet", "unit": "TAB"},
                    "duration_in_days": 7,
                    "end_date": "2026-01-08T00:00:00Z",
                    "format": {"raw_value": "Tablet"},
                    "frequency": {"raw_value": "once daily", "structured_value": "ONE_A_DAY"},
                    "instructions": "Take with food",
                    "linked_diagnosis_codes": [{"code": "I10", "type": "ICD10"}],
                    "medication_timing": {"raw_value": "morning", "structured_value": "IN_THE_MORNING"},
                    "number_of_refills": 3,
                    "quantity_dispensed": "1 box",
                    "route": {"raw_value": "Oral"},
                    "start_date": "2026-01-01T00:00:00Z",
                    "strength": {"raw_value": "500mg"},
                }
            ]
        }
    },
}
"""The documents' example of a context, whole; its order links a code that its diagnoses do not have."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=WAYS)
async def partner(request):
    """At a simulator that is quick with its notes."""
    options = SimulatorOptions(recogniser="scripted", limits=QUICK, scenario=WAYS[request.param])
    async with running(options) as who:
        yield who


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def third_party():
    """At a simulator of the AsyncAPI dialect."""
    async with running(SimulatorOptions(recogniser="scripted", limits=QUICK, dialect=Dialect.ASYNCAPI)) as who:
        yield who


async def finished(partner, *texts):
    one = await visit(partner)
    await one.speak(*texts)
    assert await one.end() == "completed"
    return one


async def query(partner, one, what, text):
    return await partner.http.get(f"{one.base}/{one.id}/{what}={text}", headers=partner.headers)


@rule("S-207")
@pytest.mark.parametrize("what", ["content?cumulative", "recording?download"])
async def test_booleans_are_read_as_the_samples_write_them(partner, what):
    """``False`` and ``True`` of Python among them; everything else is refused."""
    one = await finished(partner, "no fever")
    plain = (await query(partner, one, what, "false")).json()
    for text, value in FLAGS.items():
        answer = await query(partner, one, what, text)
        assert answer.status_code == 200, text
        if what.startswith("content"):
            assert answer.json() == plain
        else:
            assert ("for=download" in answer.text) is value
    for text in ("yes", "no", "tRUE", "2", "", "null", "true&cumulative=false&download=false"):
        assert (await query(partner, one, what, text)).status_code == 400, text


@rule("S-207")
async def test_booleans_are_read_so_in_the_dialect_as_well(third_party):
    """Its addresses, the same reading."""
    created = await third_party.post("/api/v1/ambient/sessions", {"providerId": "ada"})
    base = f"/api/v1/ambient/sessions/{created.json()['sessionId']}"
    for text, status in (("False", 412), ("yes", 400)):
        answer = await third_party.http.get(f"{base}/content?cumulative={text}", headers=third_party.headers)
        assert answer.status_code == status


@rule("S-211")
@pytest.mark.parametrize("download", ["False", "True"])
async def test_a_recording_answers_ranges(partner, download):
    """206 with the bytes that were asked for, which is what ``is_streamable`` promises."""
    one = await finished(partner, "no fever")
    listed = (await query(partner, one, "recording?download", download)).json()
    assert listed["is_streamable"] is True
    (recording,) = listed["recordings"]
    assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{26}", recording["recording_id"])
    whole = await partner.http.get(recording["presigned_url"])
    wav = whole.content
    assert (whole.status_code, whole.headers["accept-ranges"], len(wav)) == (200, "bytes", 44 + len(SECOND))
    size = len(wav)
    spans = {"bytes=0-43": (0, 43), "bytes=44-": (44, size - 1), "bytes=-10": (size - 10, size - 1),
             "bytes=0-": (0, size - 1), f"bytes=5-{10 * size}": (5, size - 1)}  # fmt: skip
    for wanted, (first, last) in spans.items():
        part = await partner.http.get(recording["presigned_url"], headers={"Range": wanted})
        assert (part.status_code, part.content) == (206, wav[first : last + 1]), wanted
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"


@rule("S-211")
@pytest.mark.parametrize(
    ("wanted", "status"),
    [("bytes=99999999-", 416), ("bytes=-0", 416), ("bytes=9-5", 416), ("lines=1-2", 200), ("bytes=-", 200),
     ("bytes=0-1,4-5", 200)],
)  # fmt: skip
async def test_a_range_that_cannot_be_given_is_none(partner, wanted, status):
    """416 with the size outside the recording; what is not understood gets the whole."""
    one = await finished(partner, "no fever")
    (recording,) = (await one.get("recording")).json()["recordings"]
    answer = await partner.http.get(recording["presigned_url"], headers={"Range": wanted})
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{44 + len(SECOND)}"


@rule("S-212")
async def test_the_vendors_context_is_taken_and_its_unlinked_code_is_named(partner, caplog):
    """Post and patch; the order comes back as it was sent."""
    one = await visit(partner)
    assert (await one.post("context", CONTEXT)).status_code == 200
    (line,) = [r.getMessage() for r in caplog.records if r.name == LOGGER]
    assert line.startswith(f"session {one.id}, context: orders.medication_orders.values[0].linked_diagnosis_codes ")
    assert "I10" not in line
    patched = await one.patch("context", {"orders": CONTEXT["orders"]})
    assert patched.json()["context"] == CONTEXT
    await one.speak("no fever")
    assert await one.end() == "completed"
    structured = (await one.get("structured-data")).json()["structured_data"]
    assert structured["orders"]["medication_orders"]["values"] == CONTEXT["orders"]["medication_orders"]["values"]


@rule("S-212")
async def test_the_context_is_taken_in_the_dialect(third_party):
    """And echoed."""
    created = await third_party.post("/api/v1/ambient/sessions", {"providerId": "ada"})
    answer = await third_party.post(f"/api/v1/ambient/sessions/{created.json()['sessionId']}/context", CONTEXT)
    assert (answer.status_code, answer.json()) == (200, CONTEXT)


@rule("S-212")
async def test_lists_hold_the_documented_codes(partner):
    """Those of the documents' example are among them."""
    lists = (await partner.http.get("/api/v1/info/orders", headers=partner.headers)).json()
    wanted = {
        "coding_systems": "RXCUI", "dosage_units": "TAB", "encounter_relations": "CURRENT_ENCOUNTER",
        "frequency_types": "ONE_A_DAY", "origins": "SUKI_AMBIENT", "statuses": "ACTIVE", "timings": "WITH_MEALS",
    }  # fmt: skip
    assert all({"code": code} in lists[name] for name, code in wanted.items())
    assert {"code": "IN_THE_MORNING"} in lists["timings"]


@rule("S-212")
@pytest.mark.parametrize(("flags", "status"), [((True, False), 200), ((True, True), 400), ((False, False), 200)])
async def test_one_section_at_most_is_problem_based(partner, flags, status):
    """Two fail."""
    one = await visit(partner)
    sections = [{"loinc": code, "isPBNSection": flag} for code, flag in zip(("51847-2", "51848-0"), flags, strict=True)]
    assert (await one.post("context", {"sections": sections})).status_code == status


ICD10, IMO = {"code": "I10", "type": "ICD10"}, {"code": "30422", "type": "IMO"}


@rule("S-213")
@pytest.mark.parametrize(
    ("diagnosis", "status"),
    [
        ({"codes": [ICD10]}, 200),
        ({"codes": [IMO], "diagnosis_note": "x"}, 200),
        ({"codes": []}, 400),
        ({"diagnosis_note": "x"}, 400),
        ({"codes": [ICD10, IMO]}, 400),
        ({"codes": [ICD10, ICD10]}, 400),
        ({"codes": [{"type": "ICD10"}]}, 400),
        ({"codes": [{"code": "I10"}]}, 400),
    ],
)
@pytest.mark.parametrize("dialect", Dialect)
async def test_a_diagnosis_has_exactly_one_code(partner, third_party, dialect, diagnosis, status):
    """No code, two, or two of different systems are refused; nothing is changed then."""
    live = dialect is Dialect.LIVE
    who = partner if live else third_party
    path = "/api/v1/ambient/session/create" if live else "/api/v1/ambient/sessions"
    created = (await who.post(path, {} if live else {"providerId": "ada"})).json()
    base = f"/api/v1/ambient/session/{created['ambient_session_id']}" if live else f"{path}/{created['sessionId']}"
    answer = await who.post(f"{base}/context", {"diagnoses": {"values": [diagnosis]}})
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["message"].startswith("invalid_context_request: ")


@rule("S-215")
async def test_times_and_durations_are_whole(partner):
    """Seconds of ``duration``, and every time in a token."""
    session_id = await partner.create()
    await partner.script(session_id)
    async with partner.transcribe(session_id) as socket:
        await dictate(socket, bytes(2 * 16_000 * 6 + 11_040))
    result = await partner.end(session_id)
    assert (result["duration"], type(result["duration"])) == (6, int)
    claims = jwt.decode(partner.token, options={"verify_signature": False})
    assert [type(claims[name]) for name in ("iat", "exp")] == [int, int]
    assert claims["exp"] - claims["iat"] == 3600


@rule("S-215")
async def test_numbers_of_forms_are_integers_and_nothing_names_its_maker(partner):
    """128, not 128.0."""
    one = await visit(partner, FORM)
    await one.post("context", choosing((await templates(partner))["VITALS_ASSESSMENT"]))
    await one.speak("blood pressure is one twenty eight over eighty", "temperature is ninety eight point six")
    assert await one.end() == "completed"
    text = (await one.get("structured-data")).text
    (form,) = json.loads(text)["structured_data"]["generated_values"]
    assert [type(form["data"][name]) for name in ("systolic", "diastolic", "temperature")] == [int, int, float]
    listed = await partner.http.get("/api/v1/info/suki-medical-form-templates", headers=partner.headers)
    for said in (text, listed.text):
        assert "simulator" not in said.lower()
        assert "rules" not in said.lower()


ODD = pytest.param(audio(b"\1\2\3"), marks=pytest.mark.slow)  # closed only when idle for 25 s
BAD = [
    "{",
    "[]",
    '{"type":"AUDIO","audioData":"AAA","data":"AAA"}',
    ODD,
    audio(b"\1", "data"),
    start("x"),
    MARKER,
    b"\0",
]
OUR_RULE = re.compile(r"\bS-\d+\b")


@rule("S-215")
@pytest.mark.parametrize("product", ["dictation", "ambient"])
@pytest.mark.parametrize("frame", BAD)
async def test_no_close_reason_has_a_number_of_our_rules(partner, product, frame):
    """Nor has what a REST refusal says."""
    if product == "dictation":
        session_id = await partner.create()
        await partner.script(session_id)
        connecting = partner.transcribe(session_id)
    else:
        one = await visit(partner)
        await one.script()
        session_id, connecting = one.id, one.socket()
    async with connecting as socket:
        try:
            for each in (*(() if product == "dictation" else (start(), chunk(bytes(3200)))), frame, frame, AUDIO_END):
                await socket.send(each)
            await read_all(socket)
        except websockets.ConnectionClosed:
            pass
        assert not OUR_RULE.search(socket.close_reason or "")
    assert not OUR_RULE.search(json.dumps(await partner.log(session_id)))


@rule("S-215")
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda e: e.name)
async def test_no_refusal_has_a_number_of_our_rules(partner, endpoint):
    """Whatever the body."""
    path = re.sub("{.*?}", "0c9f2b0e-3b1a-4a7e-9a63-2f4f8f2b8c11", endpoint.path)
    for body in (b"[]", b"{}", b'{"audio_config":{"audio_encoding":"FLAC"}}', b"\xff"):
        answer = await partner.http.request(endpoint.method, path, content=body, headers=partner.headers)
        assert not OUR_RULE.search(answer.text)


@rule("S-216")
@pytest.mark.parametrize("product", ["dictation", "ambient", "form-filling"])
async def test_a_full_recogniser_says_when_to_come_again(partner, monkeypatch, product):
    """503 with Retry-After in whole seconds, before the 101."""
    monkeypatch.setattr(partner.simulator.recogniser, "open", refuse)
    if product == "dictation":
        connecting = partner.transcribe(await partner.create())
    else:
        connecting = (await visit(partner, f"/api/v1/{product}/session")).socket()
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connecting
    assert refused.value.response.status_code == 503
    assert int(refused.value.response.headers["Retry-After"]) > 0


def refuse(*_):
    raise busy("every stream is taken")


@rule("S-216")
async def test_a_full_store_says_when_to_come_again():
    """Of REST."""
    options = SimulatorOptions(recogniser="scripted", limits=replace(QUICK, kept_sessions=1))
    async with running(options) as who:
        await who.create()
        answer = await who.post("/api/v1/transcription/session/create", {})
        assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)


@rule("S-217")
@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("way", WAYS)
async def test_a_form_stream_may_need_its_context_first(dialect, way):
    """412 before a template is there, with the limit; without it, the stream is taken as documented."""
    limits = replace(QUICK, context_required=True)
    options = SimulatorOptions(recogniser="scripted", limits=limits, dialect=dialect, scenario=WAYS[way])
    async with running(options) as who:
        template = (await templates(who))["VITALS_ASSESSMENT"]
        if dialect is Dialect.LIVE:
            one = await visit(who, FORM)
            session_id, base, url = one.id, f"{FORM}/{one.id}", f"{who.simulator.ws_url}/ws/stream"
        else:
            created = (await who.post("/api/v1/form-filling/sessions", {"providerId": "ada"})).json()
            session_id, url = created["sessionId"], created["audioWebsocketUrl"]
            base = f"/api/v1/form-filling/sessions/{session_id}"
        await who.script(session_id)
        headers = who.headers | {"ambient_session_id": session_id}
        status, body = await refusal_of(websockets.connect(url, additional_headers=headers))
        assert (status, body["message"].split(":")[0]) == (412, "FailedPrecondition")
        assert (await who.post(f"{base}/context", choosing(template))).status_code == 200
        async with websockets.connect(url, additional_headers=headers) as socket:
            assert socket.state is websockets.State.OPEN
        if dialect is Dialect.LIVE:
            ambient = await visit(who)
            await ambient.script()
            async with ambient.socket() as socket:
                assert socket.state is websockets.State.OPEN
