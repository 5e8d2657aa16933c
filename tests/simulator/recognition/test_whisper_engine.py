"""Many streams on one model: order, bounds, failures. The decoder is a script, but for the last test."""

import queue
import threading

import pytest

from tests.simulator.partner import speech
from workbench.errors import ServiceError
from workbench.simulator.recognition.decoding import Hypothesis
from workbench.simulator.recognition.whisper import engine as module
from workbench.simulator.recognition.whisper.engine import Engine
from workbench.simulator.recognition.whisper.stream import Settings
from workbench.simulator.recognition.whisper.variants import settings_of

RATE_HZ = 16_000
TENTH = b"\0" * 3_200


class Scripted:
    """Says what it is fed; waits for a permit before each chunk, breaks at the word."""

    permits = None

    def __init__(self, *_):
        self.busy = threading.Lock()

    def feed(self, pcm):
        assert self.busy.acquire(blocking=False), "two threads in one stream"
        if Scripted.permits is not None:
            Scripted.permits.get(timeout=300)
        self.busy.release()
        if pcm == b"break":
            raise RuntimeError("the sentence of a patient")
        return [Hypothesis(False, str(pcm[0]))]

    def finish(self):
        return [Hypothesis(True, "end")]


@pytest.fixture
def scripted(monkeypatch):
    monkeypatch.setattr(module, "WhisperStream", Scripted)
    Scripted.permits = None
    made = []

    def build(**bounds):
        made.append(Engine(None, Settings(), 2, **bounds))
        return made[-1]

    yield build
    for one in made:
        one.close()


class Ear:
    """Hears a stream to its end."""

    def __init__(self):
        self.decoded = []
        self.ended = threading.Event()

    def __call__(self, decoded):
        self.decoded.append(decoded)
        if decoded.is_end:
            self.ended.set()

    def texts(self):
        assert self.ended.wait(300)
        return [h.text for decoded in self.decoded for h in decoded.heard]


def test_each_stream_is_decoded_in_its_order(scripted):
    engine, ears = scripted(), [Ear() for _ in range(5)]
    streams = [engine.open(RATE_HZ, ear) for ear in ears]
    for i in range(100):
        for stream in streams:
            assert engine.feed(stream, bytes([i]))
    for stream in streams:
        engine.finish(stream)
    for ear in ears:
        assert ear.texts() == [*map(str, range(100)), "end"]
        assert [d.pcm_bytes for d in ear.decoded] == [1] * 100 + [0]
    assert engine.backlog_s == 0


def test_what_waits_is_counted_slows_the_sender_and_refuses_the_next(scripted):
    """A second of audio waits where half a second is allowed; its largest backlog stays known."""
    Scripted.permits = queue.Queue()
    engine, ear = scripted(max_streams=2, max_backlog_s=0.5), Ear()
    stream = engine.open(RATE_HZ, ear)
    assert [engine.feed(stream, TENTH) for _ in range(10)] == [True] * 5 + [False] * 5
    assert engine.backlog_s == stream.backlog_s == pytest.approx(1.0)
    with pytest.raises(ServiceError, match=r"recogniser_busy: 1\.0 s of audio wait, the bound is 0\.5 s") as caught:
        engine.open(RATE_HZ, Ear())
    assert caught.value.status == 503
    for _ in range(10):
        Scripted.permits.put(None)
    engine.finish(stream)
    assert len(ear.texts()) == 11
    assert (stream.backlog_s, stream.most_backlog_s) == (0, pytest.approx(1.0))


def test_more_streams_than_allowed_are_refused_until_one_ends(scripted):
    engine, ear = scripted(max_streams=1), Ear()
    stream = engine.open(RATE_HZ, ear)
    with pytest.raises(ServiceError, match="1 of 1 streams are open"):
        engine.open(RATE_HZ, Ear())
    engine.finish(stream)
    assert ear.texts() == ["end"]
    engine.drop(engine.open(RATE_HZ, Ear()))
    engine.open(RATE_HZ, Ear())


def test_a_stream_that_breaks_ends_alone(scripted):
    engine, bad, good = scripted(), Ear(), Ear()
    broken, whole = engine.open(RATE_HZ, bad), engine.open(RATE_HZ, good)
    for pcm in (b"\1", b"break", b"\2"):
        engine.feed(broken, pcm)
        engine.feed(whole, b"\7")
    engine.finish(broken)
    engine.finish(whole)
    assert bad.texts() == ["1"]
    assert isinstance(bad.decoded[-1].failure, RuntimeError)
    assert good.texts() == ["7", "7", "7", "end"]
    assert engine.feed(broken, b"\3")
    assert "patient" not in repr(broken)


def test_a_dropped_stream_is_told_nothing_more(scripted):
    Scripted.permits = queue.Queue()
    engine, ear, other = scripted(), Ear(), Ear()
    stream = engine.open(RATE_HZ, ear)
    engine.feed(stream, b"\1")
    engine.feed(stream, b"\2")
    engine.drop(stream)
    engine.drop(stream)
    Scripted.permits.put(None)
    Scripted.permits.put(None)
    following = engine.open(RATE_HZ, other)
    engine.feed(following, b"\3")
    engine.finish(following)
    assert other.texts() == ["3", "end"]
    assert ear.decoded == []
    assert engine.backlog_s == 0


@pytest.mark.slow
def test_streams_side_by_side_say_what_each_says_alone(model):
    """Three at a time in two threads."""
    settings = settings_of("whisper", model.vocabulary)
    names = ["vitals-01-slt", "plan-08-awb", "exam-07-slt"]

    def run(names):
        engine = Engine(model, settings, 2)
        ears = [Ear() for _ in names]
        streams = [engine.open(RATE_HZ, ear) for ear in ears]
        data = [speech("clinic", name) for name in names]
        for start in range(0, max(map(len, data)), 3_200):
            for stream, pcm in zip(streams, data, strict=True):
                engine.feed(stream, pcm[start : start + 3_200])
        for stream in streams:
            engine.finish(stream)
        texts = [ear.texts() for ear in ears]
        engine.close()
        return texts

    together = run(names)
    assert together == [run([name])[0] for name in names]
    assert all(len(texts) > 4 for texts in together)
