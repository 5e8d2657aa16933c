"""Client rules of transport, REST errors and retries."""

import json
import logging
import ssl
from asyncio import run

import pytest
from starlette.responses import JSONResponse, Response

from tests.conformance.client_traces import all_traces, ambient, create, dictation, job, play
from tests.service import SESSION, Service, envelope
from workbench.client.transport import tls_context
from workbench.errors import ConfigurationError, ServiceError
from workbench.protocol.bodies import error_id_of
from workbench.protocol.endpoints import AMBIENT_STATUS, ENDPOINTS, SOCKET_PATHS
from workbench.protocol.messages import Product
from workbench.recording.record import Outcome
from workbench.settings import PRODUCTION, STAGING, resolve_endpoint

rule = pytest.mark.rule


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


def test_a_retried_poll_leaves_every_try_in_the_log():
    """The event log is the product: failed tries are part of it."""
    planned = {AMBIENT_STATUS.name: [envelope(503, "busy", **{"retry-after": "0"})]}
    trace = run(play([job(Product.AMBIENT)], service=Service(planned=planned)))
    tries = [json.loads(f.text) for f in trace.record.frames.frames() if f.text and '"ambient_status"' in f.text]
    assert [t["status"] for t in tries] == [503, 200]
