"""Rules of form filling that bind the service."""

import uuid
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.simulator.partner import partner_of, running, until
from tests.simulator.visits import AMBIENT, FORM, QUICK, choosing, templates, visit
from tests.simulators import new_simulator
from workbench.simulator.server import SimulatorOptions

pytestmark = pytest.mark.asyncio(loop_scope="module")
rule = pytest.mark.rule
ENTITY = "AMBIENT_GENERATED_MEDICAL_FORM"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def partner():
    """Logged in at a scripted simulator that is quick with its forms."""
    async with (
        new_simulator(SimulatorOptions(recogniser="scripted", limits=QUICK)) as simulator,
        partner_of(simulator) as who,
    ):
        yield who


async def filled(partner, *texts, **body):
    """A finished session with the templates of vitals and skin."""
    one, known = await visit(partner, FORM, **body), await templates(partner)
    await one.post("context", choosing(known["VITALS_ASSESSMENT"], known["SKIN_ASSESSMENT"]))
    await one.speak(*texts)
    assert await one.end() == "completed"
    return one, known


async def values(one):
    return (await one.get("structured-data")).json()["structured_data"]


@rule("S-176")
@pytest.mark.parametrize("body", [{}, {"correlation_id": "visit 7"}, {"ambient_session_id": str(uuid.uuid4())}])
async def test_create_answers_with_ambient_session_id(partner, body):
    """Also to an empty object, and without any body."""
    answer = await partner.post(f"{FORM}/create", body)
    assert answer.status_code == 201
    assert answer.json() == {"ambient_session_id": body.get("ambient_session_id", answer.json()["ambient_session_id"])}
    assert (await partner.http.post(f"{FORM}/create", headers=partner.headers)).status_code == 201


@rule("S-177")
@pytest.mark.parametrize(
    "body",
    [{"form_filling": {}}, {"form_filling": {"values": [{}]}}, choosing("x"), choosing(str(uuid.uuid4()))],
)
async def test_form_filling_needs_values_and_known_templates(partner, body):
    """400 invalid_context_request."""
    one = await visit(partner, FORM)
    for answer in (await one.post("context", body), await one.patch("context", body)):
        assert (answer.status_code, answer.json()["message"].split(":")[0]) == (400, "invalid_context_request")


@rule("S-178")
async def test_post_answers_with_nothing_in_it_and_patch_with_the_context(partner):
    """``{}`` and the templates."""
    one, known = await visit(partner, FORM), await templates(partner)
    body = choosing(known["NEURO_ASSESSMENT"])
    seeded = await one.post("context", body)
    assert (seeded.status_code, seeded.json()) == (200, {})
    patched = await one.patch("context", {})
    assert (patched.status_code, patched.json()) == (200, {"context": body})


@rule("S-179")
@rule("S-180")
async def test_end_needs_a_template_and_answers_an_object(partner):
    """400 and unchanged without one, then 200 with ``{}``."""
    one, known = await visit(partner, FORM), await templates(partner)
    for body in ({}, choosing()):
        await one.post("context", body)
        answer = await one.post("end")
        assert (answer.status_code, answer.json()["message"].split(":")[0]) == (400, "invalid_end_session_request")
    assert await one.status() == "created"
    await one.post("context", choosing(known["VITALS_ASSESSMENT"]))
    answer = await one.post("end")
    assert (answer.status_code, answer.json()) == (200, {})


@rule("S-182")
async def test_a_session_is_staged_before_it_is_processed():
    """staged, running, completed, each for the configured time."""
    options = SimulatorOptions(recogniser="scripted", limits=replace(QUICK, staged_s=0.2, processing_s=0.2))
    async with running(options) as partner:
        one, known = await visit(partner, FORM), await templates(partner)
        await one.post("context", choosing(known["VITALS_ASSESSMENT"]))
        await one.post("end")
        assert await one.status() == "staged"
        assert await until(one.status, lambda status: status != "staged") == "running"
        assert await until(one.status, lambda status: status != "running") == "completed"


@rule("S-184")
async def test_templates_are_filled_or_not_generated(partner):
    """Values that were said; a template of which nothing was said stands apart."""
    one, known = await filled(
        partner, "blood pressure is one twenty over eighty", "pulse seventy two", correlation_id="visit 7"
    )
    found = await values(one)
    form = found["generated_values"][0]
    assert form["data"] == {"systolic": 120, "diastolic": 80, "heart_rate": 72}
    assert (form["form_template_id"], form["type"]) == (known["VITALS_ASSESSMENT"], "VITALS_ASSESSMENT")
    assert (form["status"], form["correlation_id"]) == ("MEDICAL_FORM_STATUS_COMPLETED", "visit 7")
    assert found["non_generated_values"] == [{"form_template_id": known["SKIN_ASSESSMENT"]}]
    assert await values(one) == found


async def test_nothing_said_completes_with_nothing_generated(partner):
    """Form filling knows no skipped."""
    one, known = await filled(partner, "")
    found = await values(one)
    assert found["generated_values"] == []
    assert {v["form_template_id"] for v in found["non_generated_values"]} == {
        known["VITALS_ASSESSMENT"],
        known["SKIN_ASSESSMENT"],
    }


async def test_the_recording_is_at_the_ambient_address(partner):
    """With the form-filling id."""
    one, _ = await filled(partner, "skin is warm and dry")
    assert len((await one.get("recording", AMBIENT)).json()["recordings"]) == 1


@rule("S-186")
@pytest.mark.parametrize("what", ["context", "end", "x/feedback"])
async def test_an_ambient_session_is_refused_on_form_filling_addresses(partner, what):
    """FailedPrecondition, and the reverse as well."""
    one, other = await visit(partner, AMBIENT), await visit(partner, FORM)
    body = {"feedback": {}} if what == "x/feedback" else {}
    for asked, base in ((one, FORM), (other, AMBIENT)):
        answer = await partner.post(f"{base}/{asked.id}/{what}", body)
        assert (answer.status_code, answer.json()["message"].split(":")[0]) == (412, "FailedPrecondition")


@rule("S-187")
@rule("S-188")
async def test_feedback_names_the_form_and_answers_with_the_session(partner):
    """form_id is required for a form, and has to be one of this session."""
    one, _ = await filled(partner, "skin is warm and dry")
    assert (await one.post(f"{ENTITY}/feedback", {"feedback": {}})).status_code == 400
    other = {"feedback": {}, "feedback_metadata": {"form_id": str(uuid.uuid4())}}
    assert (await one.post(f"{ENTITY}/feedback", other)).status_code == 404
    form_id = (await values(one))["generated_values"][0]["id"]
    body = {"feedback": {"qualitative_comments": "fine"}, "feedback_metadata": {"form_id": form_id}}
    assert (await one.post(f"{ENTITY}/feedback", body)).json() == {"feedback_id": one.id}
    assert (await one.post(f"{ENTITY}/feedback", body)).status_code == 409
