"""Client rules of REST: transport, authentication, errors and retries, dictation, ambient and form filling."""

import asyncio
import json
import logging
import re
import ssl
import uuid

import pytest
from starlette.responses import JSONResponse, Response

from tests.conformance.client_traces import QUICK, SHARED, WHO, all_traces, ambient, dictation, form, job, play, talk
from tests.service import SESSION, TEMPLATE, Service, envelope, serve
from workbench.client.context import with_templates
from workbench.client.keys import TokenKeys
from workbench.client.rest import SukiRest
from workbench.client.results import fetch_recordings
from workbench.client.stream import tls_context
from workbench.errors import ConfigurationError, InputError, ServiceError
from workbench.protocol.bodies import error_id_of
from workbench.protocol.dialects import ROUTES
from workbench.protocol.endpoints import AMBIENT_STATUS, ENDPOINTS, SOCKET_PATHS
from workbench.protocol.messages import Dialect, Product
from workbench.recording import Outcome
from workbench.settings import PRODUCTION, STAGING, resolve_endpoint

rule = pytest.mark.rule


def run(work):
    """A coroutine to its end."""
    return asyncio.run(work)


async def create(service, *, who=WHO, limits=QUICK, **more):
    """Create one dictation session."""
    async with serve(service), SukiRest(service.address, who, limits, **more) as rest:
        return await rest.create_dictation(16_000)


@rule("S-1")
def test_nothing_but_tls_1_2_leaves_this_machine():
    """Plain HTTP is for the loopback interface."""
    for url in ("http://suki.example", "ws://suki.example"):
        with pytest.raises(ConfigurationError):
            resolve_endpoint(url)
    context = tls_context()
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


@rule("S-2")
def test_one_host_serves_rest_and_sockets_of_a_session():
    """Both addresses come from one endpoint."""
    for address in (STAGING, PRODUCTION, resolve_endpoint("https://suki.example:444")):
        assert address.rest_url.split("://")[1] == address.ws_url.split("://")[1]
    host = dictation().request("create").headers["host"]
    assert dictation().service.upgrades[0]["host"] == host


@rule("S-3")
def test_paths_have_the_prefix_and_sockets_have_none():
    """All that the client asked for, and the whole route table."""
    for trace in all_traces():
        assert all(call.path.startswith("/api/v1/") for call in trace.service.requests)
    assert all(e.path.startswith("/api/v1/") for e in ENDPOINTS if e.name != "jwks")
    assert set(SOCKET_PATHS.values()) == {"/ws/stream", "/ws/transcribe"}


@rule("S-4")
def test_the_two_environments_are_known_by_name():
    """No other host appears unless it is asked for."""
    assert (STAGING.rest_url, PRODUCTION.rest_url) == ("https://sdp.suki-stage.com", "https://sdp.suki.ai")
    with pytest.raises(ConfigurationError):
        resolve_endpoint("suki")


@rule("S-5")
def test_bodies_are_declared_as_json():
    """And only bodies are."""
    for trace in all_traces():
        for call in trace.service.requests:
            assert (call.headers.get("content-type") == "application/json") == bool(call.body)


@rule("S-6")
def test_unknown_fields_are_ignored():
    """In answers and in frames."""
    body = {"transcription_session_id": SESSION, "audioWebsocketUrl": "wss://x", "more": {"deep": [1]}}
    frame = json.dumps({
        "transcript": {"transcript": "hi", "words": [], "new": 1}, "is_final": True, "transcript_id": "t", "x": [],
    })  # fmt: skip
    service = Service(create=[JSONResponse(body, 201)])
    trace = run(play([job()], service=service, answers=(frame, '{"transcript":{"transcript":"EOF"}}')))
    assert trace.record.outcome is Outcome.COMPLETED
    assert trace.record.hypothesis() == "hi"


@rule("S-8")
def test_login_sends_the_partner_and_no_token_header():
    """Both fields in the body."""
    login = dictation().request("login")
    assert json.loads(login.body) == {"partner_id": "partner", "partner_token": "partner-token"}
    assert "sdp_suki_token" not in login.headers


@rule("S-10")
def test_a_further_field_of_the_login_answer_is_tolerated():
    """``jwt_bearer``."""
    service = Service(login=[JSONResponse({"suki_token": "t", "jwt_bearer": "b"})])
    assert run(create(service)) == SESSION


@rule("S-11")
def test_the_token_travels_bare_in_its_own_header():
    """No Bearer, no Authorization."""
    for trace in all_traces():
        for headers in [c.headers for c in trace.service.requests if c.name != "login"] + trace.service.upgrades:
            assert headers["sdp_suki_token"] == "token-1"
            assert "authorization" not in headers


@rule("S-13")
def test_a_token_is_renewed_by_logging_in_before_its_hour_is_over():
    """There is no refresh endpoint to call."""
    now = [0.0]
    service = Service()

    async def use():
        async with serve(service), SukiRest(service.address, WHO, QUICK, now_s=lambda: now[0]) as rest:
            for now[0] in (0.0, 3299.0, 3400.0):
                await rest.create_dictation(16_000)

    run(use())
    assert service.calls == ["login", "create", "create", "login", "create"]


@rule("S-15")
def test_an_unknown_provider_is_registered_once_then_logged_in():
    """Login, register, login."""
    service = Service(login=[envelope(401, "provider_not_registered")])
    run(create(service))
    assert service.calls == ["login", "register", "login", "create"]


@rule("S-18")
def test_a_provider_that_is_linked_already_is_as_good_as_registered():
    """409 is no failure."""
    service = Service(login=[envelope(401, "provider_not_registered")], register=[envelope(409, "exists")])
    assert run(create(service)) == SESSION


@rule("S-19")
def test_register_names_partner_provider_and_organisation():
    """The four required fields."""
    service = Service(login=[envelope(401, "provider_not_registered")])
    run(create(service))
    sent = json.loads(service.bodies[1])
    assert {"partner_id", "partner_token", "provider_name", "provider_org_id"} <= set(sent)


@rule("S-21")
def test_a_shared_token_names_the_provider_in_login_and_register():
    """Every time."""
    service = Service(login=[envelope(401, "provider_not_registered")])
    run(create(service, who=SHARED))
    assert [json.loads(body)["provider_id"] for body in service.bodies[:3]] == ["provider-7"] * 3


@rule("S-22")
def test_a_shared_token_names_the_provider_on_every_call_and_upgrade():
    """As a header."""
    trace = run(play([job(Product.AMBIENT)], who=SHARED))
    headers = [c.headers for c in trace.service.requests if c.name != "login"] + trace.service.upgrades
    assert [h.get("sdp_provider_id") for h in headers] == ["provider-7"] * len(headers)


@rule("S-27")
def test_keys_are_picked_by_kid_and_fetched_again_for_an_unknown_one():
    """A rotation costs one fetch."""
    import jwt
    from cryptography.hazmat.primitives.asymmetric import rsa

    keys = {name: rsa.generate_private_key(65537, 2048) for name in "ab"}
    known, fetched = ["a"], []

    async def fetch():
        fetched.append(list(known))
        entries = [
            json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(keys[name].public_key())) | {"kid": name} for name in known
        ]
        return {"keys": entries}

    async def verify():
        verifier = TokenKeys(fetch)
        await verifier.verify(jwt.encode({}, keys["a"], "RS256", {"kid": "a"}))
        known.append("b")
        await verifier.verify(jwt.encode({}, keys["b"], "RS256", {"kid": "b"}))

    run(verify())
    assert fetched == [["a"], ["a", "b"]]


@rule("S-29")
@pytest.mark.parametrize("product", list(Product))
def test_no_log_holds_a_token_or_a_word(product, caplog):
    """At the most talkative level of every library."""
    caplog.set_level(logging.DEBUG)
    trace = run(play([job(product)]))
    assert trace.record.outcome is Outcome.COMPLETED
    # The bare service runs in this process too, and what it writes is not the client's.
    written = " ".join(entry.getMessage() for entry in caplog.records if not entry.name.startswith("uvicorn"))
    assert written
    for secret in ("token-1", "partner-token", "blood", "pressure"):
        assert secret not in written
    assert "blood" not in repr(trace.record)


@rule("S-31")
def test_an_error_id_is_the_message_or_its_prefix():
    """Before a colon."""
    assert error_id_of("invalid_request") == error_id_of("invalid_request: more") == "invalid_request"
    with pytest.raises(ServiceError) as caught:
        run(create(Service(create=[envelope(400, "invalid_request: audio_config")])))
    assert caught.value.error_id == "invalid_request"


@rule("S-32")
def test_free_text_is_shown_and_is_no_id():
    """As older samples have it."""
    with pytest.raises(ServiceError, match="invalid request") as caught:
        run(create(Service(create=[envelope(400, "invalid request")])))
    assert caught.value.error_id is None


@rule("S-33")
@pytest.mark.parametrize("body", [b"", b"<html>", b'{"code":200,"message":"fine"}', b'{"code":"x"}'])
def test_the_status_decides_whatever_the_body_says(body):
    """A refusal stays a refusal."""
    with pytest.raises(ServiceError) as caught:
        run(create(Service(create=[Response(body, 403)])))
    assert caught.value.status == 403


@rule("S-34")
@pytest.mark.parametrize("status", [400, 403, 404, 409, 412, 422])
def test_other_refusals_are_not_tried_again(status):
    """Asking again would not mend them."""
    service = Service(create=[envelope(status, "no")])
    with pytest.raises(ServiceError):
        run(create(service))
    assert service.calls.count("create") == 1


@rule("S-35")
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_busy_and_failing_answers_are_tried_again(status):
    """Until it works."""
    service = Service(create=[envelope(status, "later", **{"retry-after": "0"})] * 2)
    assert run(create(service)) == SESSION
    assert service.calls.count("create") == 3


@rule("S-36")
def test_quota_is_named_and_not_tried_again():
    """402."""
    service = Service(create=[envelope(402, "")])
    with pytest.raises(ServiceError, match="quota"):
        run(create(service))
    assert service.calls.count("create") == 1


@rule("S-37")
def test_a_refused_token_costs_one_login_and_one_replay():
    """Never a circle."""
    service = Service(create=[envelope(401, "invalid_sdp_token")] * 5)
    with pytest.raises(ServiceError):
        run(create(service))
    assert service.calls == ["login", "create", "login", "create"]


@rule("S-38")
def test_an_empty_body_is_accepted_where_there_is_none():
    """Register, context and end of an ambient session."""
    service = Service(login=[envelope(401, "provider_not_registered")], register=[Response(status_code=201)])
    run(create(service))
    assert ambient().record.outcome is Outcome.COMPLETED


@rule("S-39")
def test_a_201_needs_no_location():
    """None of the bare service's answers has one."""
    assert run(create(Service())) == SESSION


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
    assert (trace.record.outcome, trace.record.final_transcript) == (Outcome.RESULT_FAILED, None)


def recordings(*answers):
    """Links that the client makes of these answers, and the calls it took."""
    service = Service(planned={"recording": list(answers)})

    async def fetch():
        async with serve(service), SukiRest(service.address, WHO, QUICK) as rest:
            return await fetch_recordings(rest, SESSION, QUICK, iter([0.01] * 99))

    return service, fetch


@rule("S-141")
def test_a_recording_that_is_gone_is_final_and_one_not_there_yet_is_asked_for_again():
    """410 and 404."""
    service, fetch = recordings(envelope(404, "not yet"), envelope(404, "not yet"), JSONResponse({"recordings": []}))
    assert run(fetch()) == []
    assert service.calls.count("recording") == 3
    service, fetch = recordings(envelope(410, "gone"))
    with pytest.raises(ServiceError, match="410"):
        run(fetch())
    assert service.calls.count("recording") == 1


@rule("S-142")
def test_recordings_come_in_their_sequence():
    """Whatever the order of the answer."""
    listed = [{"recording_id": str(n), "sequence_number": n, "presigned_url": "https://secret"} for n in (3, 1, 2)]
    _, fetch = recordings(JSONResponse({"recordings": listed}))
    links = run(fetch())
    assert [link.sequence_number for link in links] == [1, 2, 3]
    assert "secret" not in repr(links)


@rule("S-143")
@pytest.mark.parametrize(
    ("top", "inside", "read"), [(True, False, True), (None, True, True), (False, True, False), (None, None, None)]
)
def test_whether_it_streams_is_read_at_the_top_then_inside(top, inside, read):
    """Documents disagree on the place."""
    body = {"recordings": [{"recording_id": "r"} | ({} if inside is None else {"is_streamable": inside})]}
    _, fetch = recordings(JSONResponse(body | ({} if top is None else {"is_streamable": top})))
    assert [link.is_streamable for link in run(fetch())] == [read]


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


def test_a_retried_poll_leaves_every_try_in_the_log():
    """The event log is the product: failed tries are part of it."""
    planned = {AMBIENT_STATUS.name: [envelope(503, "busy", **{"retry-after": "0"})]}
    trace = run(play([job(Product.AMBIENT)], service=Service(planned=planned)))
    tries = [json.loads(f.text) for f in trace.record.frames.frames() if f.text and '"ambient_status"' in f.text]
    assert [t["status"] for t in tries] == [503, 200]
