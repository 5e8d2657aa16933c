"""Ambient and form filling against services that behave and services that do not."""

import asyncio
import base64
import json
import time
from itertools import pairwise

import httpx
import numpy as np
import pytest
from starlette.responses import JSONResponse

from tests.service import SESSION, TEMPLATE, Service, envelope, read_to_marker, serve, takes_it_all
from workbench.client.rest import SukiRest
from workbench.client.webhooks import WebhookReceiver
from workbench.errors import InputError
from workbench.playing.job import Job
from workbench.playing.plan import build_plan
from workbench.playing.runner import play_many
from workbench.playing.service import Service as Target
from workbench.protocol.context import FormContext, FormFilling, FormTemplateChoice
from workbench.protocol.messages import Dialect, EventName, Product
from workbench.protocol.webhooks import API_KEY_HEADER, GENERATED_AT_HEADER, signature
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome, SessionKey
from workbench.reference import Reference
from workbench.scoring.cells import score_run
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.metrics.time_to_result import time_to_result
from workbench.scoring.session import score_session
from workbench.scoring.view import SessionView
from workbench.settings import Credentials, Limits, Secret

WHO = Credentials("partner", Secret("partner-token"))
QUICK = Limits(
    connect_s=20.0, rest_s=20.0, terminal_s=20.0, close_s=0.3, stall_s=20.0, rest_attempts=2, keep_alive_s=0.04,
    poll_first_s=0.01, poll_max_s=0.02, result_s=20.0, reconnect_s=20.0,
)  # fmt: skip
FORMS = FormContext(FormFilling([FormTemplateChoice(TEMPLATE)]))


def plan(product=Product.AMBIENT, milliseconds=300, text="blood pressure"):
    """A short plan of a tone."""
    pcm = (np.sin(np.arange(16 * milliseconds) / 5) * 8000).astype(np.int16)
    return build_plan(pcm, 16_000, utterance_id="u1", cell="clean", reference=Reference(text, text), product=product)


async def play(service, job=None, *, limits=QUICK, webhooks=None, who=WHO):
    """Play one session against a running service."""
    records = []
    job = job or Job(SessionKey("clean", "u1"), plan())
    async with SukiRest(service.address, who, limits) as rest:
        target = Target(service.address, rest, None, limits, webhooks=webhooks)
        await play_many([job], target, concurrency=1, on_done=records.append)
    return records[0]


def statuses(*values):
    """Status answers in order."""
    return [JSONResponse({"status": value}) for value in values]


def rest_calls(record):
    """Names of the calls in the log."""
    return [json.loads(f.text)["call"] for f in record.frames.frames() if f.kind is FrameKind.REST]


async def test_an_ambient_session_goes_from_create_to_its_transcript():
    """S-136, S-146, S-169: and the whole of it stands in the log."""
    order = []

    async def stream(ws):
        order.append(list(service.calls))
        await takes_it_all(ws)

    planned = {"ambient_status": statuses("running", "running", "completed")}
    async with serve(Service(stream, planned=planned)) as service:
        record = await play(service)
    assert (record.outcome, record.error) == (Outcome.COMPLETED, None)
    assert order == [["login", "create_ambient", "seed_ambient_context"]]
    fetched = ["ambient_transcript", "ambient_content", "ambient_structured_data"]
    assert service.calls[3:] == ["end_ambient", *["ambient_status"] * 3, *fetched]
    assert rest_calls(record) == service.calls[1:]
    assert record.hypothesis() == "blood pressure"
    assert record.remote_id == SESSION
    assert score_session(record, normaliser("basic")).words.rate == 0
    texts = [f.text for f in record.frames.frames() if f.text]
    assert not any("token-1" in text for text in texts)


async def test_time_to_result_is_an_interval_from_the_last_miss_to_the_first_hit():
    """Both ends come from the stored frames."""
    planned = {"ambient_status": statuses("running", "running", "completed")}
    async with serve(Service(takes_it_all, planned=planned)) as service:
        record = await play(service)
    frames = [f for f in record.frames.frames() if f.kind is FrameKind.REST]
    end, (_, miss, hit) = frames[2], frames[3:6]
    found = time_to_result(SessionView(record))
    assert (found.low_ns, found.high_ns) == (miss.sent_ns - end.sent_ns, hit.received_ns - end.sent_ns)
    assert (found.source, found.polls, found.reason) == ("polling", 3, None)
    score = score_session(record, normaliser("basic"))
    (cell,) = score_run([score], seed=0)
    assert (cell.result_low_p50_ns, cell.result_high_p50_ns) == (found.low_ns, found.high_ns)


async def test_a_skipped_session_is_a_success_without_a_note_and_without_a_score():
    """S-135: no words were given, so none were deleted."""
    async with serve(Service(takes_it_all, planned={"ambient_status": statuses("SKIPPED")})) as service:
        record = await play(service)
    assert record.outcome is Outcome.COMPLETED
    assert "ambient_transcript" not in service.calls
    score = score_session(record, normaliser("basic"))
    assert (score.unscorable, score.words.reference) == ("the session was skipped", 0)
    assert score.result.reason == "the session ended as skipped"
    (cell,) = score_run([score], seed=0)
    assert (cell.words.rate, cell.unscored, cell.reasons["wer"]) == (None, 1, "the session was skipped")


@pytest.mark.parametrize("status", ["failed", "aborted"])
async def test_a_failed_result_is_an_outcome(status):
    """Polling stops there."""
    async with serve(Service(takes_it_all, planned={"ambient_status": statuses("running", status)})) as service:
        record = await play(service)
    assert record.outcome is Outcome.RESULT_FAILED
    assert status in record.error
    assert service.calls[-1] == "ambient_status"


async def test_statuses_that_nobody_has_heard_of_mean_not_yet():
    """S-134."""
    planned = {"ambient_status": statuses("paused", "staged", "PROCESSING", "", "completed")}
    async with serve(Service(takes_it_all, planned=planned)) as service:
        record = await play(service)
    assert record.outcome is Outcome.COMPLETED
    assert time_to_result(SessionView(record)).polls == 5


async def test_a_result_that_does_not_come_is_given_up_in_time():
    """And says how long it was waited for."""
    limits = Limits(poll_first_s=0.01, result_s=0.1)
    async with serve(Service(takes_it_all, planned={"ambient_status": statuses(*["running"] * 99)})) as service:
        record = await play(service, limits=limits)
    assert record.outcome is Outcome.RESULT_TIMEOUT
    assert "0.1 s" in record.error
    assert time_to_result(SessionView(record)).reason == "not completed when polling stopped"


async def test_a_refused_context_stops_before_the_socket():
    """S-146: no socket without a context; the session is ended all the same."""
    planned = {"seed_ambient_context": [envelope(400, "invalid_context_request: visit_type")]}
    async with serve(Service(takes_it_all, planned=planned)) as service:
        record = await play(service)
    assert record.outcome is Outcome.CONTEXT_FAILED
    assert "invalid_context_request" in record.error
    assert service.upgrades == []
    assert service.calls[-1] == "end_ambient"


async def test_a_socket_closed_before_the_end_marker_is_an_interrupted_stream():
    """Whatever the close code."""

    async def stream(ws):
        await ws.accept()
        await ws.receive_text()
        await ws.close(1008, "idle")

    async with serve(Service(stream)) as service:
        record = await play(service)
    assert record.outcome is Outcome.CLOSED_EARLY
    assert "before the end of audio" in record.error


async def test_form_filling_uses_its_own_addresses_and_counts_what_was_not_filled():
    """S-175, S-181, S-185."""
    planned = {"form_status": statuses("staged", "completed")}
    async with serve(Service(takes_it_all, planned=planned)) as service:
        job = Job(SessionKey("clean", "u1"), plan(Product.FORM_FILLING), context=FORMS)
        record = await play(service, job)
    assert record.outcome is Outcome.COMPLETED
    assert all("/form-filling/" in path for path in service.paths)
    assert (record.facts["forms_generated"], record.facts["forms_not_generated"]) == (1, 1)
    assert record.final_transcript is None
    assert score_session(record, normaliser("basic")).unscorable == "form filling gives no transcript"
    assert time_to_result(SessionView(record)).low_ns is not None


async def test_form_filling_without_a_template_does_not_begin():
    """Its end would be refused."""
    async with serve(Service(takes_it_all)) as service:
        record = await play(service, Job(SessionKey("clean", "u1"), plan(Product.FORM_FILLING)))
    assert (record.outcome, record.error) == (Outcome.CONTEXT_FAILED, "no form template was chosen")
    assert service.calls == ["login"]


async def test_a_pause_is_announced_kept_alive_and_loses_no_audio():
    """S-156, S-157, S-162, S-174."""
    seen = []

    async def stream(ws):
        await ws.accept()
        seen.extend([json.loads(text) for text in await read_to_marker(ws)])
        await ws.close()

    async with serve(Service(stream)) as service:
        record = await play(service, Job(SessionKey("clean", "u1"), plan(), pauses=((100, 150),)))
    assert record.outcome is Outcome.COMPLETED
    kinds = [m.get("event", m["type"]) for m in seen]
    assert kinds == [
        "START_TIME", "AUDIO", "PAUSE", *["KEEP_ALIVE"] * 3, "RESUME", "AUDIO", "AUDIO", "AUDIO",
    ]  # fmt: skip
    assert b"".join(base64.b64decode(m["data"]) for m in seen if m["type"] == "AUDIO")[:-3] == plan().pcm.tobytes()
    events = [f for f in record.frames.frames() if f.text and '"EVENT"' in f.text]
    assert all(b.due_ns - a.due_ns <= 40_000_000 for a, b in pairwise(events))
    audio = [f for f in record.frames.frames() if f.kind is FrameKind.AUDIO]
    assert audio[1].due_ns - audio[0].due_ns == 250_000_000
    assert all(f.sent_ns >= f.due_ns for f in audio)


def test_a_pause_behind_the_audio_or_of_a_dictation_is_refused_before_it_is_played():
    """Nothing is left out without a word."""
    for pause in ((300, 10), (0, 10), (100, 0)):
        with pytest.raises(InputError, match="pause"):
            Job(SessionKey("c", "u"), plan(), pauses=(pause,))
    with pytest.raises(InputError, match="pauses"):
        Job(SessionKey("c", "u"), plan(Product.DICTATION), pauses=((100, 10),))


async def test_a_notification_makes_time_to_result_a_point():
    """And the status is confirmed at once instead of at the next poll."""
    ended = asyncio.Event()

    class Notifies(Service):
        async def on_other(self, name, request):
            if name == "end_ambient":
                ended.set()
            return await super().on_other(name, request)

    async def notify(url):
        body = json.dumps({"session_id": SESSION, "status": "success"}).encode()
        at = str(time.time_ns() // 1_000_000)
        headers = {GENERATED_AT_HEADER: at, API_KEY_HEADER: signature("test-secret", at, body)}
        await ended.wait()
        async with httpx.AsyncClient() as http:
            assert (await http.post(url, content=body, headers=headers)).status_code == 200

    async with serve(Notifies(takes_it_all)) as service, WebhookReceiver(Secret("test-secret")) as webhooks:
        limits = Limits(poll_first_s=30.0, poll_max_s=30.0, result_s=20.0)
        async with asyncio.TaskGroup() as group:
            group.create_task(notify(webhooks.url))
            playing = group.create_task(play(service, limits=limits, webhooks=webhooks))
        record = playing.result()
    assert record.outcome is Outcome.COMPLETED
    found = time_to_result(SessionView(record))
    assert (found.source, found.polls) == ("webhook", 1)
    assert found.low_ns == found.high_ns > 0
    arrivals = [f.received_ns for f in record.frames.frames() if f.received_ns is not None]
    assert arrivals == sorted(arrivals)


def stops_at(event, seen):
    """A service that takes everything up to an event and leaves the closing to the client."""

    async def stream(ws):
        await ws.accept()
        while event not in (text := await ws.receive_text()):
            seen.append(json.loads(text))
        seen.append(json.loads(text))
        await ws.receive()

    return stream


async def test_after_abort_a_result_is_made_of_what_was_sent():
    """S-167: the event ends the stream in place of the marker, and the session is ended by REST."""
    seen = []
    job = Job(SessionKey("clean", "u1"), plan(), cut_off=(150, EventName.ABORT))
    async with serve(Service(stops_at("ABORT", seen))) as service:
        record = await play(service, job)
    assert (record.outcome, record.error, record.violations) == (Outcome.COMPLETED, None, ())
    assert [m.get("event", m["type"]) for m in seen] == ["START_TIME", "AUDIO", "AUDIO", "ABORT"]
    assert "end_ambient" in service.calls
    assert record.final_transcript == "blood pressure"
    assert record.unscorable() == "the stream was cut off by ABORT"


async def test_after_cancel_there_is_no_end_and_no_result():
    """S-166: the session is over at once, and its status says so."""
    seen = []
    planned = {"ambient_status": [JSONResponse({"status": s}) for s in ("running", "aborted")]}
    job = Job(SessionKey("clean", "u1"), plan(), pauses=((100, 50),), cut_off=(200, EventName.CANCEL))
    async with serve(Service(stops_at("CANCEL", seen), planned=planned)) as service:
        record = await play(service, job)
    assert (record.outcome, record.error, record.violations) == (Outcome.COMPLETED, None, ())
    assert [m.get("event", m["type"]) for m in seen if m.get("event") != "KEEP_ALIVE"] == [
        "START_TIME", "AUDIO", "PAUSE", "RESUME", "AUDIO", "CANCEL",
    ]  # fmt: skip
    assert service.calls[-2:] == ["ambient_status"] * 2
    assert "end_ambient" not in service.calls
    assert record.facts["result_status"] == "aborted"
    assert time_to_result(SessionView(record)).high_ns is None


@pytest.mark.parametrize("cut_off", [(300, EventName.ABORT), (0, EventName.CANCEL), (100, EventName.PAUSE)])
def test_a_stream_is_cut_off_within_its_audio(cut_off):
    """By one of the two events that end it."""
    with pytest.raises(InputError, match="CANCEL or ABORT"):
        Job(SessionKey("c", "u"), plan(), cut_off=cut_off)


def test_a_dictation_and_the_other_dialect_have_no_events():
    """Refused before anything is played."""
    with pytest.raises(InputError, match="dictation has no"):
        Job(SessionKey("c", "u"), plan(Product.DICTATION), cut_off=(100, EventName.ABORT))
    other = build_plan(
        np.zeros(4_800, np.int16), 16_000, utterance_id="u", cell="c", reference=Reference("", ""),
        product=Product.AMBIENT, dialect=Dialect.ASYNCAPI,
    )  # fmt: skip
    for events in ({"cut_off": (100, EventName.ABORT)}, {"pauses": ((100, 10),)}):
        with pytest.raises(InputError, match="no control events"):
            Job(SessionKey("c", "u"), other, **events)
