"""Rules of ambient REST that bind the service."""

import datetime as dt
import io
import uuid

import pytest
import pytest_asyncio
import soundfile

from tests.simulator.partner import partner_of, until
from tests.simulator.visits import AMBIENT, FORM, MARKER, QUICK, SECOND, STARTED, chunk, event, start, visit
from tests.simulators import new_simulator
from workbench.simulator.auth.tokens import Identity
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule

ORDER = {
    "drug_name": "metformin",
    "medication_code": {"code": "6809", "type": "RXCUI"},
    "status": "ACTIVE",
    "metadata": {"origin": "SUKI_AMBIENT"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def partner():
    """Logged in at a scripted simulator that is quick with its notes."""
    async with (
        new_simulator(SimulatorOptions(recogniser="scripted", limits=QUICK)) as simulator,
        partner_of(simulator) as who,
    ):
        yield who


def is_refused(answer, status, error_id):
    said = answer.json()
    return (answer.status_code, said["code"], said["message"].split(":")[0]) == (status, status, error_id)


def with_order(**changes):
    order = {k: v for k, v in (ORDER | changes).items() if v is not None}
    return {"orders": {"medication_orders": {"values": [order]}}}


@rule("S-114")
@rule("S-117")
async def test_create_makes_the_ids_that_are_not_given(partner):
    """201 and a UUID; an id that is given is repeated, and once only."""
    made = await visit(partner)
    assert uuid.UUID(made.id)
    assert uuid.UUID(partner.simulator.notes.any_session(made.id).encounter_id)
    wanted = str(uuid.uuid4())
    assert (await visit(partner, ambient_session_id=wanted)).id == wanted
    assert (await partner.post(f"{AMBIENT}/create", {"ambient_session_id": wanted})).status_code == 409


@rule("S-115")
@pytest.mark.parametrize("bad", ["123dfg-456dfg", "", 17, f"{uuid.UUID(int=7)}\n"])
async def test_an_id_that_is_no_uuid_is_refused(partner, bad):
    """On create, and in a path."""
    assert is_refused(
        await partner.post(f"{AMBIENT}/create", {"ambient_session_id": bad}), 400, "invalid_ambient_id_format"
    )
    answer = await partner.http.get(f"{AMBIENT}/123dfg/status", headers=partner.headers)
    assert is_refused(answer, 400, "invalid_ambient_id_format")


@rule("S-120")
async def test_multilingual_is_ignored(partner):
    """The deprecated field is accepted whatever it holds."""
    assert (await partner.post(f"{AMBIENT}/create", {"multilingual": "yes"})).status_code == 201


@rule("S-121")
@rule("S-122")
async def test_post_replaces_and_patch_merges(partner):
    """POST answers without a body, PATCH with the whole context."""
    one = await visit(partner)
    first = await one.post("context", {"patient": {"dob": "1980-01-31", "sex": "male"}, "emr": {"target_emr": "EPIC"}})
    assert (first.status_code, first.content) == (200, b"")
    merged = await one.patch("context", {"patient": {"sex": "female"}})
    assert merged.status_code == 200
    assert merged.json() == {
        "context": {"patient": {"dob": "1980-01-31", "sex": "female"}, "emr": {"target_emr": "EPIC"}}
    }
    await one.post("context", {"provider": {"specialty": "CARDIOLOGY"}})
    assert (await one.patch("context", {})).json() == {"context": {"provider": {"specialty": "CARDIOLOGY"}}}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"visit": {"chief_complaint": "x" * 256}}, marks=rule("S-124")),
        pytest.param({"visit": {"reason_for_visit": "x" * 256}}, marks=rule("S-124")),
        pytest.param({"visit": {"visit_type": "NO_SUCH"}}, marks=rule("S-125")),
        pytest.param({"visit": {"encounter_type": "NO_SUCH"}}, marks=rule("S-125")),
        pytest.param({"provider": {"provider_role": "NO_SUCH"}}, marks=rule("S-125")),
        pytest.param({"diagnoses": {"values": [{"codes": [{"code": "1", "type": "SNOMED"}]}]}}, marks=rule("S-126")),
        pytest.param({"emr": {"target_emr": "OTHER"}}, marks=rule("S-127")),
        pytest.param(with_order(drug_name=None), marks=rule("S-128")),
        pytest.param(with_order(medication_code=None), marks=rule("S-128")),
        pytest.param(with_order(status=None), marks=rule("S-128")),
        pytest.param(with_order(metadata={}), marks=rule("S-128")),
        pytest.param(with_order(metadata={"origin": "EMR"}), marks=rule("S-129")),
        pytest.param(with_order(quantity_dispensed=1), marks=rule("S-212")),
        {"form_filling": {"values": [{"form_template_id": str(uuid.uuid4())}]}},
    ],
)
@pytest.mark.parametrize("method", ["post", "patch"])
async def test_a_context_outside_the_contract_is_refused_and_changes_nothing(partner, method, body):
    """400 invalid_context_request, never with the offending value in it."""
    one = await visit(partner)
    await one.post("context", {"provider": {"specialty": "CARDIOLOGY"}})
    answer = await getattr(one, method)("context", body)
    assert is_refused(answer, 400, "invalid_context_request")
    assert "NO_SUCH" not in answer.text
    assert (await one.patch("context", {})).json() == {"context": {"provider": {"specialty": "CARDIOLOGY"}}}


@rule("S-124")
@rule("S-128")
async def test_a_context_within_the_contract_is_taken(partner):
    """255 characters, a whole order, a code it is linked to."""
    one = await visit(partner)
    body = with_order(linked_diagnosis_codes=[{"code": "I10", "type": "ICD10"}])
    body |= {"diagnoses": {"values": [{"codes": [{"code": "I10", "type": "ICD10"}]}]}}
    assert (await one.post("context", body | {"visit": {"chief_complaint": "x" * 255}})).status_code == 200


@rule("S-131")
@rule("S-132")
@rule("S-133")
async def test_a_session_goes_from_created_to_completed(partner):
    """Every status on the way is one of the documented ones, and none is paused."""
    one, seen = await visit(partner), []
    seen.append(await one.status())
    await one.script("no fever")
    async with one.socket() as socket:
        seen.append(await one.status())
        await socket.send(start())
        await socket.send(chunk())
        await socket.send(event("PAUSE"))
        await until(one.status, lambda status: status == "running")
        await socket.send(MARKER)
        await socket.wait_closed()
    ended = await one.post("end")
    assert (ended.status_code, ended.content) == (200, b"")
    assert seen == ["created", "ready"]
    assert await one.status() in {"running", "completed"}  # 20 ms may be over by now
    assert await until(one.status, lambda status: status != "running") == "completed"
    again = await one.post("end")
    assert is_refused(again, 412, "FailedPrecondition")
    assert is_refused(await one.post("context", {}), 412, "FailedPrecondition")


@rule("S-137")
@pytest.mark.parametrize("texts", [(), ("",)])
async def test_nothing_said_or_nothing_streamed_is_skipped(partner, texts):
    """A skipped session has an empty result and no error."""
    one = await visit(partner)
    if texts:
        await one.speak(*texts)
    assert await one.end() == "skipped"
    assert (await one.get("content")).json() == {"summary": []}
    assert (await one.get("transcript")).json() == {"final_transcript": []}


@rule("S-138")
async def test_cumulative_is_false_where_it_is_missing(partner):
    """One session's note, or that of the visit so far."""
    encounter = str(uuid.uuid4())
    first, second = [await visit(partner, encounter_id=encounter) for _ in range(2)]
    await first.speak("no fever")
    await second.speak("no cough")
    assert (await first.end(), await second.end()) == ("completed", "completed")
    content = {q: (await second.get(f"content{q}")).json()["summary"] for q in ("", "?cumulative=true")}
    assert [s["content"] for s in content[""]] == ["No cough."]
    assert [s["content"] for s in content["?cumulative=true"]] == ["No fever. No cough."]
    path = f"/api/v1/ambient/encounter/{encounter}/content"
    assert (await partner.http.get(path, headers=partner.headers)).json()["summary"] == content["?cumulative=true"]
    assert (await second.get("content?cumulative=maybe")).status_code == 400


@rule("S-139")
async def test_the_transcript_is_an_array_with_places(partner):
    """Offsets in the recording, times from START_TIME on, a language."""
    one = await visit(partner)
    await one.speak("no fever", "no cough")
    assert (await one.get("transcript")).status_code == 412
    assert await one.end() == "completed"
    said = (await one.get("transcript")).json()["final_transcript"]
    assert [part["transcript"] for part in said] == ["no fever", "no cough"]
    assert {part["lang_id"] for part in said} == {"en"}
    assert said[1]["start_offset"] == {"hours": 0, "minutes": 0, "seconds": 2, "nanos": 0}
    begun = dt.datetime.fromisoformat(said[1]["start_time"])
    assert begun == dt.datetime.fromisoformat(STARTED) + dt.timedelta(seconds=2)


@rule("S-212")
async def test_structured_data_holds_what_was_heard(partner):
    """Diagnoses with codes; complete orders as values, incomplete ones as partial values; also for the encounter."""
    encounter = str(uuid.uuid4())
    one = await visit(partner, encounter_id=encounter)
    await one.post("context", with_order())
    await one.speak("she has hypertension", "start lisinopril twenty milligrams once daily", "start aspirin")
    await one.end()
    found = (await one.get("structured-data")).json()["structured_data"]
    assert found["diagnoses"]["values"][0]["codes"][0]["code"] == "I10"
    orders = found["orders"]["medication_orders"]
    assert [o["drug_name"] for o in orders["values"]] == ["metformin", "lisinopril"]
    assert orders["values"][1]["dosage"] == {"quantity": 20, "raw_value": "twenty milligrams", "unit": "MG"}
    assert orders["values"][1]["linked_diagnosis_codes"] == [{"code": "I10", "type": "ICD10"}]
    assert [o["drug_name"] for o in orders["partial_values"]] == ["aspirin"]
    path = f"/api/v1/ambient/encounter/{encounter}/structured-data"
    assert (await partner.http.get(path, headers=partner.headers)).json()["structured_data"] == found


async def test_a_recording_is_the_audio_that_was_streamed(partner):
    """404 until the session is over; then WAV behind a link that needs no token and cannot be forged."""
    one = await visit(partner)
    pcm = bytes(range(256)) * 125
    await one.script("no fever")
    async with one.socket() as socket:
        await socket.send(start())
        await socket.send(chunk(pcm))
        await socket.send(MARKER)
        await socket.wait_closed()
    assert (await one.get("recording")).status_code == 404
    await one.end()
    links = (await one.get("recording?download=true")).json()
    assert links["is_streamable"] is True
    link = links["recordings"][0]
    assert link["sequence_number"] == 1
    answer = await partner.http.get(link["presigned_url"])
    found, rate = soundfile.read(io.BytesIO(answer.content), dtype="int16")
    assert (answer.headers["content-type"], rate, found.tobytes()) == ("audio/wav", 16_000, pcm)
    assert len(answer.content) == 44 + len(pcm)
    forged = link["presigned_url"].replace("expires=", "expires=9")
    assert (await partner.http.get(forged)).status_code == 403
    partner.simulator.notes.any_session(one.id).segments[0].pcm = None
    assert (await one.get("recording")).status_code == 410
    assert (await partner.http.get(link["presigned_url"])).status_code == 410


async def test_feedback_is_given_once(partner):
    """On a finished note, within the bounds of the rating."""
    one = await visit(partner)
    await one.speak("no fever")
    await one.end()
    good = {"ratingFeedback": {"rating": 5, "min_rating": 1, "max_rating": 5}, "qualitative_comments": "fine"}
    bad = {"ratingFeedback": {"rating": 6, "min_rating": 1, "max_rating": 5}}
    assert (await one.post("content/feedback", bad)).status_code == 400
    assert (await one.post("other/feedback", good)).status_code == 400
    assert uuid.UUID((await one.post("content/feedback", good)).json()["feedback_id"])
    assert (await one.post("content/feedback", good)).status_code == 409


async def test_preferences_decide_the_style_of_a_section(partner):
    """What is not sent is kept; nothing sent is refused."""

    async def prefer(**body):
        return await partner.http.patch(
            "/api/v1/user/preferences", json={"personalization_preference": body}, headers=partner.headers
        )

    bulleted = [{"loinc": "10164-2", "style": "BULLETED"}]
    try:
        assert (await prefer()).status_code == 400
        assert (await prefer(section_format=bulleted)).status_code == 200
        answer = await prefer(verbosity="CONCISE")
        expected = {"verbosity": "CONCISE", "section_format": bulleted}
        assert answer.json() == {"preference": {"personalization_preference": expected}}
        one = await visit(partner)
        await one.speak("no fever", "no cough")
        await one.end()
        assert (await one.get("content")).json()["summary"][0]["content"] == "- No fever.\n- No cough."
    finally:
        await prefer(section_format=[])


@pytest.mark.parametrize("what", ["status", "transcript", "content", "structured-data"])
async def test_ids_of_nobody_of_others_and_of_forms_are_refused(partner, what):
    """404, 403, and 412 for the other product's."""
    one, other = await visit(partner), await visit(partner, FORM)
    path = f"{AMBIENT}/{uuid.uuid4()}/{what}"
    assert (await partner.http.get(path, headers=partner.headers)).status_code == 404
    assert is_refused(await other.get(what, AMBIENT), 412, "FailedPrecondition")
    partner.simulator.notes.any_session(one.id).owner = Identity("another-partner")
    assert is_refused(await one.get(what), 403, "permission_denied")


async def test_encounters_of_nobody_and_of_others_are_refused(partner):
    """400 for what is no UUID, 404, 403, and 412 before there is a note."""

    async def ask(encounter):
        path = f"/api/v1/ambient/encounter/{encounter}/content"
        return (await partner.http.get(path, headers=partner.headers)).status_code

    encounter = str(uuid.uuid4())
    one = await visit(partner, encounter_id=encounter)
    assert [await ask(e) for e in ("x", uuid.uuid4(), encounter)] == [400, 404, 412]
    partner.simulator.notes.any_session(one.id).owner = Identity("another-partner")
    assert await ask(encounter) == 403


async def test_a_lost_recogniser_stream_fails_the_session(partner):
    """The session says so; it does not pass for a short one."""
    one = await visit(partner)
    await one.speak("no fever")
    partner.simulator.notes.any_session(one.id).failed = True
    assert await one.end() == "failed"
    assert is_refused(await one.get("content"), 412, "FailedPrecondition")


async def test_segments_of_one_session_make_one_note(partner):
    """Two sockets after each other, two recordings in order."""
    one = await visit(partner)
    await one.speak("no fever")
    await one.speak("no cough")
    await one.end()
    assert (await one.get("content")).json()["summary"][0]["content"] == "No fever. No cough."
    links = (await one.get("recording")).json()["recordings"]
    assert [link["sequence_number"] for link in links] == [1, 2]
    assert (await partner.log(one.id))["audio_bytes"] == 2 * len(SECOND)


@pytest.mark.parametrize("what", ["encounter-types", "visit-types", "provider-roles", "orders"])
async def test_lists_hold_codes(partner, what):
    """Each item is an object with a code."""
    lists = (await partner.http.get(f"/api/v1/info/{what}", headers=partner.headers)).json()
    assert lists
    assert all(set(item) == {"code"} for items in lists.values() for item in items)
