"""A microphone is streamed, recorded and can be played again as it was."""

import asyncio
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.service import TERMINAL, Service, read_to_end, serve
from workbench.client.rest import SukiRest
from workbench.errors import InputError
from workbench.playing.job import Job
from workbench.playing.microphone import Capture
from workbench.playing.runner import play_many
from workbench.playing.service import Service as Target
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome, SessionKey
from workbench.settings import Credentials, Limits, Secret

WHO = Credentials("partner", Secret("partner-token"))
QUICK = Limits(connect_s=20.0, rest_s=20.0, terminal_s=20.0, close_s=0.3, stall_s=20.0, rest_attempts=2)
SOUND = (np.sin(np.arange(4_000) / 5) * 8_000).astype("<i2").tobytes()


async def play(capture, *, feed, stream=None):
    """Play ``capture`` against a bare service while ``feed`` runs; returns the record and the service's view."""
    records = []
    job = Job(SessionKey("clean", "spoken"), capture.plan, capture=capture)
    async with (
        serve(Service(stream) if stream else Service()) as service,
        SukiRest(service.address, WHO, QUICK) as rest,
    ):
        target = Target(service.address, rest, None, QUICK)
        playing = asyncio.create_task(play_many([job], target, concurrency=1, on_done=records.append))
        await feed(capture)
        await playing
    return records[0]


@given(sizes=st.lists(st.integers(0, 900), max_size=12))
def test_chunks_joined_give_the_samples_back_however_they_come(sizes):
    """The cut depends on the number of samples, never on how they were pushed; a replay has the same hash."""
    samples = np.arange(sum(sizes), dtype="<i2")
    capture, at = Capture("spoken", "clean", chunk_ms=25), 0
    for size in sizes:
        capture.push(samples[at : at + size].tobytes(), time.perf_counter_ns())
        at += size
    capture.end(time.perf_counter_ns())
    assert np.array_equal(capture.pcm, samples)
    assert list(capture.plan.ends) == [min(s + 400, samples.size) for s in range(0, samples.size, 400)]
    if samples.size:
        again = capture.replay()
        assert (tuple(again.ends), tuple(again.frames)) == (tuple(capture.plan.ends), tuple(capture.plan.frames))


def test_half_a_sample_is_refused():
    """Bytes that are no samples would shift everything behind them."""
    with pytest.raises(InputError, match="half a sample"):
        Capture("spoken", "clean").push(b"abc", 0)


async def test_what_is_spoken_is_streamed_recorded_and_has_the_hash_of_its_replay():
    """Chunks that come before the socket is open and after it leave in order, once, and then the audio ends."""
    seen = []

    async def stream(ws):
        await ws.accept()
        seen.extend(await read_to_end(ws))
        await ws.send_text(TERMINAL)
        await ws.close()

    async def feed(capture):
        capture.push(SOUND[:6_400], time.perf_counter_ns())
        while capture._on_chunk is None:  # noqa: ASYNC110  the player gives no event
            await asyncio.sleep(0)
        capture.push(SOUND[6_400:], time.perf_counter_ns())
        capture.end(time.perf_counter_ns())

    capture = Capture("spoken", "clean", facts={"echo_cancellation": "off"})
    record = await play(capture, feed=feed, stream=stream)
    assert (record.outcome, record.error) == (Outcome.COMPLETED, None)
    audio = [frame for frame in record.frames.frames() if frame.kind is FrameKind.AUDIO]
    assert [frame.end_sample for frame in audio] == [1_600, 3_200, 4_000]
    assert len(seen) == 4
    assert "AUDIO_END" in seen[-1]
    assert (record.samples, record.plan_hash) == (4_000, capture.replay().hash)
    assert record.facts["source"] == "microphone"
    assert record.facts["echo_cancellation"] == "off"


async def test_a_capture_that_ends_on_a_full_chunk_or_without_any_ends_the_audio():
    """There is no last, shorter chunk to hang the end on; it was due when the last one was."""
    for sound in (SOUND[:3_200], b""):

        async def feed(capture, sound=sound):
            capture.push(sound, time.perf_counter_ns())
            while capture._on_chunk is None:  # noqa: ASYNC110  the player gives no event
                await asyncio.sleep(0)
            capture.end(time.perf_counter_ns())

        async def stream(ws):
            await ws.accept()
            await read_to_end(ws)
            await ws.send_text(TERMINAL)
            await ws.close()

        record = await play(Capture("spoken", "clean"), feed=feed, stream=stream)
        assert (record.outcome, record.error) == (Outcome.COMPLETED, None)
        assert record.samples == len(sound) // 2
        frames = list(record.frames.frames())
        *_, end = (frame for frame in frames if frame.kind is FrameKind.CONTROL)
        assert [end.due_ns] * bool(sound) == [frame.due_ns for frame in frames if frame.kind is FrameKind.AUDIO]
