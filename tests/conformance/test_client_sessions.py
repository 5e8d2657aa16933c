"""Client rules of the REST side of a session: create, context, end, status, results."""

import json
import re
import uuid
from asyncio import run

import pytest
from starlette.responses import JSONResponse, Response

from tests.conformance.client_traces import (
    QUICK,
    WHO,
    all_traces,
    ambient,
    dictation,
    form,
    job,
    play,
    talk,
)
from tests.service import SESSION, TEMPLATE, Service, serve
from workbench.client.context import with_templates
from workbench.client.rest import SukiRest
from workbench.errors import InputError
from workbench.protocol.dialects import ROUTES
from workbench.protocol.endpoints import ENDPOINTS
from workbench.protocol.messages import Dialect, Product
from workbench.recording.record import Outcome

rule = pytest.mark.rule


@rule("S-40")
def test_a_dictation_is_created_by_its_endpoint():
    """POST."""
    call = dictation().request("create")
    assert (call.method, call.path) == ("POST", "/api/v1/transcription/session/create")


@rule("S-46")
def test_the_language_is_english():
    """And nothing else."""
    assert json.loads(dictation().request("create").body)["audio_config"]["audio_language"] == "en-US"


@rule("S-47")
def test_the_declared_audio_is_the_streamed_audio():
    """Rate and encoding."""
    config = json.loads(dictation().request("create").body)["audio_config"]
    assert config["audio_encoding"] == "LINEAR16"
    assert config["sample_rate_hertz"] == dictation().record.sample_rate_hz


@rule("S-48")
def test_the_id_of_the_answer_is_used_everywhere():
    """On the socket and at the end."""
    trace = dictation()
    assert trace.service.upgrades[0]["transcription_session_id"] == SESSION
    assert SESSION in trace.request("end").path


@rule("S-49")
def test_no_dictation_status_is_asked_for():
    """None is documented."""
    assert not any("status" in call.path for call in [*dictation().service.requests, *talk().service.requests])
    assert not any("transcription" in e.path and "status" in e.path for e in ENDPOINTS)


@rule("S-51")
def test_a_dictation_ends_with_a_post_without_body():
    """Under its id."""
    call = dictation().request("end")
    assert (call.method, call.path) == ("POST", f"/api/v1/transcription/session/{SESSION}/end")
    assert call.body == b""


@rule("S-54")
def test_an_end_without_fields_leaves_the_finals():
    """``{}`` is what the bare service says."""
    assert dictation().record.final_transcript is None
    assert dictation().record.hypothesis() == "blood pressure"


@rule("S-55")
def test_the_services_own_transcript_replaces_the_finals():
    """Where there is one."""
    trace = run(play([job()], service=Service(end=[JSONResponse({"final_transcript": "Blood pressure."})])))
    assert trace.record.hypothesis() == "Blood pressure."


@rule("S-56")
def test_a_session_of_several_utterances_ends_once():
    """After the last."""
    assert talk().service.calls == ["login", "create", "end"]


@rule("S-112")
def test_the_socket_is_closed_before_the_end():
    """AUDIO_END, close, then REST."""
    for trace in (dictation(), talk()):
        assert all("end" not in calls for calls in trace.calls_at_close)


@rule("S-116")
def test_ids_are_uuid_strings():
    """Anything else is refused here."""
    visit = str(uuid.uuid4())
    trace = run(play([job(Product.AMBIENT, session_id=SESSION, encounter_id=visit)]))
    assert json.loads(trace.request("create_ambient").body) == {"ambient_session_id": SESSION, "encounter_id": visit}
    bad = run(play([job(Product.AMBIENT, encounter_id="12345")]))
    assert bad.record.outcome is Outcome.CREATE_FAILED
    assert "UUID" in bad.record.error


@rule("S-118")
def test_sessions_of_a_visit_share_its_id():
    """Given by the caller."""
    visit = str(uuid.uuid4())
    trace = run(play([job(Product.AMBIENT, encounter_id=visit) for _ in range(2)]))
    sent = [json.loads(c.body)["encounter_id"] for c in trace.service.requests if c.name == "create_ambient"]
    assert sent == [visit, visit]


@rule("S-119")
def test_multilingual_is_not_sent():
    """It is deprecated."""
    assert b"multilingual" not in ambient().request("create_ambient").body


@rule("S-123")
def test_the_context_comes_before_the_end():
    """And once."""
    for trace, seed, end in (
        (ambient(), "seed_ambient_context", "end_ambient"),
        (form(), "seed_form_context", "end_form"),
    ):
        calls = trace.service.calls
        assert calls.count(seed) == 1
        assert calls.index(seed) < calls.index(end)


@rule("S-130")
def test_the_deprecated_metadata_endpoint_is_not_known():
    """Not even in the route table."""
    assert not any("metadata" in e.path for e in ENDPOINTS)
    assert not any("metadata" in call.path for call in ambient().service.requests)


@rule("S-134")
@pytest.mark.parametrize("odd", ["paused", "staged", "PROCESSING", "brand_new", ""])
def test_unknown_statuses_mean_not_yet(odd):
    """And cost nothing."""
    planned = {"ambient_status": [JSONResponse({"status": odd}), JSONResponse({"status": "completed"})]}
    trace = run(play([job(Product.AMBIENT)], service=Service(planned=planned)))
    assert trace.record.outcome is Outcome.COMPLETED


@rule("S-135")
def test_skipped_is_a_finished_session_without_a_note():
    """No failure."""
    planned = {"ambient_status": [JSONResponse({"status": "skipped"})]}
    trace = run(play([job(Product.AMBIENT)], service=Service(planned=planned)))
    assert trace.record.outcome is Outcome.COMPLETED
    assert trace.record.unscorable() == "the session was skipped"


@rule("S-136")
@pytest.mark.parametrize("status", ["skipped", "failed", "aborted"])
def test_results_are_fetched_only_after_completed(status):
    """Never before, and not after anything else."""
    planned = {"ambient_status": [JSONResponse({"status": s}) for s in ("running", status)]}
    trace = run(play([job(Product.AMBIENT)], service=Service(planned=planned)))
    assert trace.service.calls[-1] == "ambient_status"
    calls = ambient().service.calls
    assert calls.index("ambient_transcript") > calls.index("ambient_status")


@rule("S-140")
def test_the_two_transcripts_are_different_types():
    """A string for dictation, an array for ambient; one text for scoring."""
    assert ambient().record.final_transcript == "blood pressure"
    wrong = Service(planned={"ambient_transcript": [JSONResponse({"final_transcript": "blood"})]})
    trace = run(play([job(Product.AMBIENT)], service=wrong))
    assert (trace.record.outcome, trace.record.final_transcript) == (Outcome.COMPLETED, None)
    assert trace.record.unscorable() == "no transcript was given"


@rule("S-175")
def test_a_form_filling_id_goes_to_form_filling_addresses_only():
    """Although the field is called like the ambient one."""
    paths = [call.path for call in form().service.requests if SESSION in call.path]
    assert paths
    assert all(path.startswith("/api/v1/form-filling/") for path in paths)
    assert form().urls[0].endswith("/ws/stream")


@rule("S-181")
@pytest.mark.parametrize("body", [b"", b"{}", b" "])
@pytest.mark.parametrize("product", list(Product))
def test_any_end_may_be_empty_or_an_empty_object(product, body):
    """Documents differ by product."""
    service = Service(end=[Response(body)], planned={"end_ambient": [Response(body)], "end_form": [Response(body)]})
    assert run(play([job(product)], service=service)).record.outcome is Outcome.COMPLETED


@rule("S-183")
def test_template_ids_come_from_the_list():
    """A name becomes the list's id; an unknown one is refused."""
    service = Service()

    async def choose(*wanted):
        async with serve(service), SukiRest(service.address, WHO, QUICK) as rest:
            return await with_templates(rest, None, wanted)

    assert run(choose("vitals")).form_filling.values[0].form_template_id == TEMPLATE
    assert service.requests[-1].path == "/api/v1/info/suki-medical-form-templates"
    with pytest.raises(InputError):
        run(choose("nothing like it"))


@rule("S-185")
def test_an_unfilled_template_is_counted_and_is_no_failure():
    """Both lists are reported."""
    record = form().record
    assert record.outcome is Outcome.COMPLETED
    assert (record.facts["forms_generated"], record.facts["forms_not_generated"]) == (1, 1)


@rule("S-200")
def test_the_dialects_share_no_address_and_live_sessions_say_nothing_in_camel_case():
    """Bodies, frames and paths of every product."""
    live, other = (
        {e.path for r in ROUTES[d].values() for e in (r.create, r.end, *r.results, *filter(None, (r.seed, r.status)))}
        for d in (Dialect.LIVE, Dialect.ASYNCAPI)
    )
    assert not live & other
    for trace in all_traces():
        assert not any("/sessions" in call.path for call in trace.service.requests)
        said = [c.body.decode() for c in trace.service.requests if c.body]
        said += [str(frame) for frames in trace.frames for frame in frames]
        keys = {key for text in said for key in json.loads(text)}
        assert {key for key in keys if key != key.lower()} <= {"audioData"}


@rule("S-202")
def test_live_sessions_need_no_address_from_create():
    """The path is fixed."""
    assert re.fullmatch(r"ws://[^/]+/ws/transcribe", dictation().urls[0])
    assert dictation().record.outcome is Outcome.COMPLETED
