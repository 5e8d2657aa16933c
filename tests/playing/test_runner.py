"""The runner against services that behave and services that do not."""

import asyncio
import itertools
import json
import socket

import msgspec
import numpy as np
import pytest

from tests.service import TERMINAL, Service, envelope, final, partial, read_to_end, serve
from workbench.client.rest import SukiRest
from workbench.errors import ConfigurationError, ServiceError
from workbench.playing.job import Job
from workbench.playing.plan import build_plan
from workbench.playing.runner import play_many
from workbench.playing.service import Service as Target
from workbench.protocol.messages import Final, Partial, UnknownMessage
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome, SessionKey
from workbench.reference import Reference
from workbench.settings import Credentials, Limits, Secret, ServiceAddress

WHO = Credentials("partner", Secret("partner-token"))
TRANSPORT = "websockets"
QUICK = Limits(connect_s=20.0, rest_s=20.0, terminal_s=20.0, close_s=0.3, stall_s=20.0, rest_attempts=2)


def plan(milliseconds=300, chunk_ms=100):
    """A short plan of a tone."""
    pcm = (np.sin(np.arange(16 * milliseconds) / 5) * 8000).astype(np.int16)
    return build_plan(
        pcm, 16_000, utterance_id="u1", cell="clean", reference=Reference("a b", "a b"), chunk_ms=chunk_ms
    )


@pytest.fixture(params=["websockets", "picows"], autouse=True)
def transport(request, monkeypatch):
    """Every test of this file over both transports."""
    if request.param == "picows":
        pytest.importorskip("picows", reason="the extra 'load' is not installed")
    monkeypatch.setattr("tests.playing.test_runner.TRANSPORT", request.param)
    return request.param


async def play(service: Service, *, limits=QUICK, jobs=None, concurrency=1, stop=None):
    """Play one session, or ``jobs``, and return the records."""
    records = []
    jobs = jobs or [Job(SessionKey("clean", "u1"), plan())]
    async with SukiRest(service.address, WHO, limits) as rest:
        await play_many(
            jobs,
            Target(service.address, rest, None, limits, TRANSPORT),
            concurrency=concurrency,
            on_done=records.append,
            stop=stop,
        )
    return records


async def test_a_good_session_is_completed_and_every_frame_is_stamped():
    """The happy path, with the order of the stamps."""
    async with serve(Service()) as service:
        (record,) = await play(service)
    assert (record.outcome, record.error) == (Outcome.COMPLETED, None)
    assert service.calls == ["login", "create", "end"]
    frames = list(record.frames.frames())
    audio = [frame for frame in frames if frame.kind is FrameKind.AUDIO]
    assert [frame.chunk for frame in audio] == [0, 1, 2]
    assert [frame.end_sample for frame in audio] == [1600, 3200, 4800]
    for frame in audio:
        assert frame.due_ns <= frame.sent_ns <= frame.flushed_ns
    assert [type(item.message).__name__ for item in record.messages()] == ["Partial", "Final", "EndOfResults"]
    arrivals = [frame.received_ns for frame in frames if not frame.sent]
    assert arrivals == sorted(arrivals)
    assert [frame.kind for frame in frames[-2:]] == [FrameKind.CLOSE, FrameKind.REST]
    assert record.hypothesis() == "blood pressure"
    assert record.connect.total_ns >= record.connect.tcp_ns > 0
    assert record.connect.upgrade_ns > 0


async def test_credentials_travel_in_headers_of_the_upgrade_only():
    """S-59, S-60: bare token, session id, neither in the address nor in a message."""
    sent = []

    async def stream(ws):
        await ws.accept()
        sent.extend(await read_to_end(ws))
        assert ws.url.query == ""
        await ws.send_text(TERMINAL)
        await ws.close()

    async with serve(Service(stream)) as service:
        (record,) = await play(service)
    assert record.outcome is Outcome.COMPLETED
    (upgrade,) = service.upgrades
    assert upgrade["sdp_suki_token"] == "token-1"
    assert upgrade["transcription_session_id"] == record.remote_id
    assert "sec-websocket-protocol" not in upgrade
    assert "sec-websocket-extensions" not in upgrade  # compression is off
    assert not any("token-1" in text for text in sent)
    assert json.loads(sent[-1]) == {"type": "EVENT", "event": "AUDIO_END"}
    assert sum("AUDIO_END" in text for text in sent) == 1


async def test_the_authoritative_transcript_replaces_the_joined_finals():
    """S-55."""
    answer = envelope(200, "")
    answer.body = b'{"final_transcript":"Blood pressure.","status":"completed"}'
    answer.headers["content-length"] = str(len(answer.body))
    async with serve(Service(end=[answer])) as service:
        (record,) = await play(service)
    assert record.hypothesis() == "Blood pressure."
    assert record.finals_text() == "blood pressure"


async def closes_mid_stream(ws):
    await ws.accept()
    await ws.receive_text()
    await ws.send_text(partial("blood"))
    await ws.close(1011, "went wrong")


async def never_terminal(ws):
    await ws.accept()
    await read_to_end(ws)
    await ws.send_text(final("blood pressure"))
    await asyncio.sleep(1)


async def not_json(ws):
    await ws.accept()
    await ws.send_text("this is not JSON")
    await ws.send_bytes(b"\x00\x01")
    await ws.send_text('{"transcript": 5}')
    await read_to_end(ws)
    await ws.send_text(final("blood pressure"))
    await ws.send_text(TERMINAL)
    await ws.close()


async def ends_too_early(ws):
    await ws.accept()
    await ws.receive_text()
    await ws.send_text(TERMINAL)
    await ws.close()


async def after_the_terminal_frame(ws):
    await ws.accept()
    await read_to_end(ws)
    await ws.send_text(TERMINAL)
    await asyncio.sleep(0.15)
    await ws.send_text(final("too late"))
    await ws.close()


async def refuses(ws):
    await ws.send_denial_response(envelope(412, "FailedPrecondition: transcript session is not accepting"))


async def silent_handshake(ws):
    await asyncio.sleep(1)


@pytest.mark.parametrize(
    ("stream", "outcome", "says"),
    [
        (closes_mid_stream, Outcome.CLOSED_EARLY, "1011 'went wrong'"),
        (never_terminal, Outcome.NO_TERMINAL, "no terminal frame within 0.3 s"),
        (ends_too_early, Outcome.PROTOCOL_ERROR, "before the audio had ended"),
        (refuses, Outcome.REFUSED, "412 FailedPrecondition"),
        (silent_handshake, Outcome.CONNECT_TIMEOUT, "not open after 0.2 s"),
    ],
)
async def test_a_failing_service_gives_an_outcome_one_line_and_keeps_what_arrived(stream, outcome, says):
    """A failed session is a result."""
    limits = Limits(
        connect_s=0.2 if stream is silent_handshake else 20.0,
        rest_s=20.0,
        terminal_s=0.3,
        close_s=0.2,
        stall_s=20.0,
        rest_attempts=2,
    )
    async with serve(Service(stream)) as service:
        (record,) = await play(service, limits=limits)
    assert record.outcome is outcome
    assert says in record.error
    assert "\n" not in record.error
    assert service.calls[-1] == "end"  # the session at the service is ended once, whatever happened
    if stream is closes_mid_stream:
        assert [item.message for item in record.messages()] == [Partial("blood", "p")]


async def test_frames_that_cannot_be_read_are_kept_and_counted_and_cost_nothing():
    """S-6, S-102."""
    async with serve(Service(not_json)) as service:
        (record,) = await play(service)
    assert record.outcome is Outcome.COMPLETED
    kinds = [type(item.message) for item in record.messages()]
    assert kinds.count(UnknownMessage) == 2
    assert [frame.text for frame in record.frames.frames() if frame.kind is FrameKind.BINARY] == ["0001"]
    assert len(record.violations) == 3
    assert record.finals_text() == "blood pressure"


async def test_what_comes_after_the_terminal_frame_is_recorded():
    """S-95 is the service's to keep; the record shows the breach, also where it is a moment later."""
    async with serve(Service(after_the_terminal_frame)) as service:
        (record,) = await play(service, limits=msgspec.structs.replace(QUICK, close_s=20.0))
    assert record.outcome is Outcome.COMPLETED
    assert any(isinstance(item.message, Final) for item in record.messages())
    assert record.finals_text() == ""


async def test_a_service_that_stops_reading_is_given_up_and_named():
    """Back-pressure shows as a blocked send, then as an outcome."""

    async def stalls(ws):
        await ws.accept()
        await asyncio.sleep(3)

    big = np.zeros(16_000 * 200, np.int16)
    long = build_plan(
        big, 16_000, utterance_id="u", cell="c", reference=Reference("", ""), chunk_ms=2000, pace=float("inf")
    )
    async with serve(Service(stalls)) as service:
        limits = Limits(close_s=0.3, stall_s=0.5, rest_attempts=2)
        (record,) = await play(service, jobs=[Job(SessionKey("c", "u"), long)], limits=limits)
    assert record.outcome is Outcome.STALLED
    assert "stopped reading" in record.error


async def test_wrong_credentials_are_the_users_to_mend_and_no_session_begins():
    """Login refused: exit code 4, not a run full of failed sessions."""
    async with serve(Service(login=[envelope(401, "Token validation failed")])) as service:
        with pytest.raises(ConfigurationError, match="SUKI_PARTNER_TOKEN") as caught:
            await play(service)
    assert service.calls == ["login"]
    assert "partner-token" not in str(caught.value)


async def test_a_host_that_does_not_resolve_is_one_clear_line():
    """Exit code 5."""
    address = ServiceAddress("x", "https://no-such-host.invalid", "wss://no-such-host.invalid")
    with pytest.raises(ServiceError, match=r"does not resolve.*no-such-host.invalid|no-such-host.invalid.*does not"):
        await play(Service(address=address))


async def test_nobody_listening_is_tried_again_and_then_named():
    """Lost connections are retried, then reported."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        address = ServiceAddress("x", f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}")
        with pytest.raises(ServiceError, match="cannot be reached"):
            await play(Service(address=address))


async def test_a_session_that_cannot_be_created_fails_alone():
    """The others go on."""
    async with serve(Service(create=[envelope(400, "invalid_request")])) as service:
        jobs = [Job(SessionKey("clean", "u1", repeat), plan(100)) for repeat in range(2)]
        first, second = await play(service, jobs=jobs)
    assert (first.outcome, second.outcome) == (Outcome.CREATE_FAILED, Outcome.COMPLETED)
    assert "invalid_request" in first.error


async def test_an_end_that_fails_keeps_the_stream():
    """The transcripts were received; only the last call failed."""
    async with serve(Service(end=[envelope(404, "not found")])) as service:
        (record,) = await play(service)
    assert record.outcome is Outcome.END_FAILED
    assert record.finals_text() == "blood pressure"


async def test_concurrency_is_bounded_and_every_job_is_played_once():
    """Never more sockets than asked for."""
    now, most = 0, 0

    async def stream(ws):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await ws.accept()
        await read_to_end(ws)
        now -= 1
        await ws.send_text(TERMINAL)
        await ws.close()

    async with serve(Service(stream)) as service:
        jobs = [Job(SessionKey("clean", f"u{i}"), plan(100)) for i in range(7)]
        records = await play(service, jobs=jobs, concurrency=3)
    assert most == 3
    assert sorted(record.key for record in records) == sorted(job.key for job in jobs)


async def test_stopping_finishes_what_is_in_flight_and_begins_nothing_new():
    """Ctrl-C once."""
    stop = asyncio.Event()
    started = itertools.count()

    async def stream(ws):
        next(started)
        stop.set()
        await ws.accept()
        await read_to_end(ws)
        await ws.send_text(TERMINAL)
        await ws.close()

    async with serve(Service(stream)) as service:
        jobs = [Job(SessionKey("clean", f"u{i}"), plan(100)) for i in range(5)]
        records = await play(service, jobs=jobs, stop=stop)
    assert [record.outcome for record in records] == [Outcome.COMPLETED]
    assert next(started) == 1


async def test_cancelling_hands_over_the_record_of_the_session_in_flight():
    """Ctrl-C twice: nothing that had arrived is lost."""
    records = []
    arrived = asyncio.Event()

    async def stream(ws):
        await ws.accept()
        await ws.receive_text()
        await ws.send_text(partial("blood"))
        arrived.set()
        await read_to_end(ws)

    async with serve(Service(stream)) as service, SukiRest(service.address, WHO, QUICK) as rest:
        target = Target(service.address, rest, None, QUICK, TRANSPORT)
        task = asyncio.create_task(
            play_many([Job(SessionKey("c", "u"), plan(3000))], target, concurrency=1, on_done=records.append)
        )
        await arrived.wait()
        await asyncio.sleep(0.15)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    (record,) = records
    assert record.outcome is Outcome.CANCELLED
    assert [item.message for item in record.messages()] == [Partial("blood", "p")]
