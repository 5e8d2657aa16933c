"""Push-to-talk: several utterances, several connections, one dictation session."""

import json

import msgspec
import pytest

from tests.playing.test_runner_notes import QUICK, WHO, plan
from tests.service import SESSION, TERMINAL, Service, envelope, final, read_to_end, serve, well_behaved
from workbench.client.rest import SukiRest
from workbench.errors import InputError
from workbench.playing.job import Job
from workbench.playing.runner import play_many
from workbench.playing.service import Service as Target
from workbench.protocol.messages import Product
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome, SessionKey


def utterances(count, talk="clean#0/slt"):
    """Jobs of one talk."""
    return [Job(SessionKey("clean", f"u{i}"), plan(Product.DICTATION, 100), talk=talk) for i in range(count)]


async def play(service, jobs, stop=None, limits=QUICK):
    """Play jobs, two at a time."""
    records = []
    async with SukiRest(service.address, WHO, limits) as rest:
        target = Target(service.address, rest, None, limits)
        await play_many(jobs, target, concurrency=2, on_done=records.append, stop=stop)
    return records


async def test_utterances_share_a_session_that_is_created_and_ended_once():
    """S-56, S-99, S-103; each record keeps the text of its own connection."""
    said, now, most = iter(["one", "two", "three"]), 0, 0

    async def stream(ws):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await ws.accept()
        await read_to_end(ws)
        await ws.send_text(final(next(said)))
        await ws.send_text(TERMINAL)
        now -= 1
        await ws.close()

    async with serve(Service(stream)) as service:
        service.end.append(envelope(200, ""))
        records = await play(service, utterances(3))
    assert service.calls == ["login", "create", "end"]
    assert most == 1
    assert [r.hypothesis() for r in records] == ["one", "two", "three"]
    assert {r.remote_id for r in records} == {SESSION}
    assert {u["transcription_session_id"] for u in service.upgrades} == {SESSION}
    assert [r.create_ns is not None for r in records] == [True, False, False]
    assert [r.end_ns is not None for r in records] == [False, False, True]


async def test_a_refused_reconnect_is_tried_again_with_a_valid_token():
    """S-106, S-107: refused means "not yet" once the session has streamed."""
    handshakes = 0

    async def stream(ws):
        nonlocal handshakes
        handshakes += 1
        if handshakes == 2:
            await ws.send_denial_response(envelope(412, "not accepting"))
        else:
            await well_behaved(ws)

    async with serve(Service(stream)) as service:
        records = await play(service, utterances(2))
    assert [r.outcome for r in records] == [Outcome.COMPLETED] * 2
    assert records[1].facts["handshakes_refused"] == 1
    assert all(u["sdp_suki_token"] == "token-1" for u in service.upgrades)


async def test_a_session_that_stays_closed_is_given_up_at_the_deadline_and_still_ended():
    """The first handshake of a session is never tried twice."""

    async def stream(ws):
        if len(service.upgrades) == 1:
            await well_behaved(ws)
        else:
            await ws.send_denial_response(envelope(412, "not accepting"))

    async with serve(Service(stream)) as service:
        first, second = await play(service, utterances(2), limits=msgspec.structs.replace(QUICK, reconnect_s=0.4))
        assert first.outcome is Outcome.COMPLETED
        assert second.outcome is Outcome.REFUSED
        assert second.facts["handshakes_refused"] in (1, 2)  # as often as there was time for
        assert service.calls.count("end") == 1


async def test_an_utterance_that_fails_costs_the_others_nothing():
    """A drop in the middle, then the next one on a new connection."""

    async def stream(ws):
        if len(service.upgrades) == 1:
            await ws.accept()
            await ws.receive_text()
            await ws.close(1011)
        else:
            await well_behaved(ws)

    async with serve(Service(stream)) as service:
        records = await play(service, utterances(3))
    assert [r.outcome for r in records] == [Outcome.CLOSED_EARLY, Outcome.COMPLETED, Outcome.COMPLETED]
    assert service.calls.count("end") == 1


async def test_a_session_that_cannot_be_created_is_tried_with_the_next_utterance():
    """One failure is not three."""
    async with serve(Service(create=[envelope(400, "invalid_request")])) as service:
        records = await play(service, utterances(2))
    assert [r.outcome for r in records] == [Outcome.CREATE_FAILED, Outcome.COMPLETED]
    assert service.calls.count("end") == 1


async def test_stopping_between_utterances_ends_the_session():
    """Ctrl-C once: nothing is left open at the service."""
    import asyncio

    stop = asyncio.Event()

    async def stream(ws):
        stop.set()
        await well_behaved(ws)

    async with serve(Service(stream)) as service:
        records = await play(service, utterances(3), stop)
    assert [r.outcome for r in records] == [Outcome.COMPLETED]
    assert service.calls == ["login", "create", "end"]


async def test_talks_and_single_sessions_are_played_side_by_side():
    """Grouping is by name, and only neighbours are grouped."""
    jobs = [*utterances(2, "a"), Job(SessionKey("clean", "x"), plan(Product.DICTATION, 100)), *utterances(2, "b")]
    jobs = [Job(SessionKey("clean", str(i)), job.plan, talk=job.talk) for i, job in enumerate(jobs)]
    async with serve(Service()) as service:
        records = await play(service, jobs)
    assert sorted(r.key.utterance for r in records) == list("01234")
    assert (service.calls.count("create"), service.calls.count("end")) == (3, 3)


async def test_the_whole_transcript_stays_in_the_log_of_the_last_utterance():
    """It is nobody's own."""
    answer = envelope(200, "")
    answer.body = b'{"final_transcript":"all of it"}'
    answer.headers["content-length"] = str(len(answer.body))
    async with serve(Service(end=[answer])) as service:
        records = await play(service, utterances(2))
    assert all(r.final_transcript is None for r in records)
    (last,) = [json.loads(f.text) for f in records[1].frames.frames() if f.kind is FrameKind.REST]
    assert last == {"call": "end_dictation", "status": 200, "body": {"final_transcript": "all of it"}}


def test_only_dictation_is_talked():
    """One clear line."""
    with pytest.raises(InputError, match="push-to-talk"):
        Job(SessionKey("c", "u"), plan(), talk="t")
