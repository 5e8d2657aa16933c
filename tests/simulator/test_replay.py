"""The replay recogniser: known audio costs no decoding, unknown audio is decoded or refused."""

import asyncio

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from tests.simulator.partner import AUDIO_END, TERMINAL, audio, dictate, read_all, running, speech
from workbench.errors import ServiceError
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.recognition.decoding import Hypothesis
from workbench.simulator.recognition.replay import Replay, learn
from workbench.simulator.recognition.timelines import Step, Timelines, after, begin, ended, fingerprint
from workbench.simulator.server import SimulatorOptions

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

LIMITS = SimulatorLimits(release_s=0.05)
PCM = speech("librivox", "librivox-0930")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cache(tmp_path_factory):
    """A cache folder of this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def decoding(cache):
    """A simulator that decodes what it does not know."""
    async with running(
        SimulatorOptions(recogniser="replay", model="general", workers=1, streams=1, limits=LIMITS)
    ) as partner:
        yield partner


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def decoded(decoding):
    """The frames of the first time that the audio came."""
    async with decoding.transcribe(await decoding.create()) as socket:
        return await dictate(socket, PCM)


def said(frames):
    return [(f.get("is_final"), f["transcript"]["transcript"]) for f in frames]


async def test_the_second_time_costs_no_decoding(decoding, decoded):
    """Same partials, finals and terminal frame, more streams at once than there are decoders."""
    assert any(final for final, _ in said(decoded))

    async def once():
        async with decoding.transcribe(await decoding.create()) as socket:
            return said(await dictate(socket, PCM))

    assert await asyncio.gather(*(once() for _ in range(4))) == [said(decoded)] * 4
    health = await decoding.health()
    assert (health["recogniser"], health["decoded"], health["replayed"]) == ("replay", 1, 4)


async def test_a_stream_that_parts_from_what_is_known_is_decoded_from_its_beginning(decoding, decoded, cache):
    """Words behind the parting are those of the whole stream, and nothing is said twice."""
    other = PCM[:32_000] + speech("librivox", "librivox-0880")
    async with decoding.transcribe(await decoding.create()) as socket:
        parted = said(await dictate(socket, other))
    assert parted[-1] == (None, "EOF")
    alone = Timelines("general", cache / "alone")
    chunks = [other[i : i + 3200] for i in range(0, len(other), 3200)]
    progress = []
    assert await learn([(16_000, chunks)], alone, 1, lambda *done: progress.append(done)) == 1
    # One chunk at a time, and once more for the end of the stream, which is none.
    assert progress == [(min(n, len(chunks)), len(chunks)) for n in range(1, len(chunks) + 2)]
    steps = [alone.find(digest) for digest in alone.path(16_000, chunks)]
    assert parted[:-1] == [(h.is_final, h.text) for step in steps for h in step.heard]


async def test_what_was_learnt_is_there_for_the_next_process_and_the_rest_is_refused(decoding, decoded):
    """Without decoders: known audio is answered, other audio is broken off with the reason."""
    options = SimulatorOptions(recogniser="replay", model="general", decode_unknown=False, limits=LIMITS)
    async with running(options) as partner:
        async with partner.transcribe(await partner.create()) as socket:
            assert said(await dictate(socket, PCM)) == said(decoded)
        async with partner.transcribe(await partner.create()) as socket:
            with pytest.raises(Exception, match="1011"):
                await dictate(socket, b"\1\0" * 1600)
            assert socket.close_reason == "replay: this audio is not known and was not to be decoded"
        assert (await partner.health())["refused"] == 1


async def test_unknown_audio_with_all_decoders_taken_is_broken_off(decoding, decoded):
    """It is not held back until one is free, which would pass as latency."""
    async with decoding.transcribe(await decoding.create()) as first:
        await first.send(audio(b"\2\0" * 1600))
        async with decoding.transcribe(await decoding.create()) as second:
            with pytest.raises(Exception, match="1011"):
                await dictate(second, b"\3\0" * 1600)
            assert "1 of 1 streams are open" in second.close_reason
        await first.send(AUDIO_END)
        assert await read_all(first) == [TERMINAL]


async def test_answers_keep_the_pace_of_the_decoder_that_gave_them(tmp_path):
    """An answer is due when its chunk is there and the one before was due, plus the time of its decoding."""
    timelines = Timelines("general", tmp_path)
    replay = Replay(timelines, None)
    chunks = [b"\1\0" * 160, b"\2\0" * 160]
    first, second, end = timelines.path(16_000, chunks)
    cost_ns = 20_000_000
    timelines.keep([Step(first, cost_ns, ()), Step(second, cost_ns, (Hypothesis(False, "a"),)), Step(end, cost_ns, ())])
    await replay.start()
    stream, times, done = replay.open("", 16_000), [], asyncio.Event()

    class Ear:
        def heard(self, heard):
            times.append(replay.pacer.now_ns())

        def room(self):
            raise AssertionError

        def over(self, failure):
            times.append(replay.pacer.now_ns())
            done.set()

    stream.listen(Ear())
    begun_ns = replay.pacer.now_ns()
    for chunk in chunks:
        assert stream.feed(chunk, begun_ns)
    stream.finish(begun_ns)
    await done.wait()
    await replay.close()
    assert times[0] - begun_ns >= 2 * cost_ns
    assert times[1] - begun_ns >= 3 * cost_ns


CHUNKS = st.lists(st.binary(min_size=1, max_size=4), max_size=5)


@given(CHUNKS, CHUNKS, CHUNKS)
async def test_streams_share_their_steps_exactly_up_to_where_they_part(tmp_path_factory, common, one, other):
    """The same bytes in other chunks are another stream, because partials depend on the chunks."""
    timelines = Timelines("general", tmp_path_factory.getbasetemp() / "none")
    a, b = timelines.path(16_000, common + one), timelines.path(16_000, common + other)
    shared = next((i for i, (x, y) in enumerate(zip(one, other, strict=False)) if x != y), min(len(one), len(other)))
    same = len(common) + shared
    assert a[:same] == b[:same]
    assert not set(a[same:]) & set(b[same:]) or one == other
    assert timelines.path(8_000, common + one) != a


async def test_damaged_timelines_are_as_good_as_none(tmp_path):
    """Their audio is decoded again; the others are known."""
    timelines = Timelines("general", tmp_path)
    digest = ended(after(begin(timelines.fingerprint, 16_000), b"ab"))
    timelines.save([Step(digest, 1, ())])
    (folder,) = tmp_path.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "broken.steps").write_bytes(b"\x93")
    again = Timelines("general", tmp_path)
    assert len(again) == 1
    assert again.find(digest) == Step(digest, 1, ())


async def test_other_models_have_other_timelines():
    """What one model said is never another one's answer."""
    assert len({fingerprint(model) for model in ("general", "vocabulary", "lite")}) == 3


async def test_a_worker_that_does_not_start_is_an_error_of_the_service(monkeypatch, tmp_path):
    """Learning says so in one line."""
    monkeypatch.setattr("workbench.child_process.sys.executable", "/bin/false")
    with pytest.raises(ServiceError, match="recogniser does not start"):
        await learn([(16_000, [b"\0\0"])], Timelines("general", tmp_path), 1)


async def test_decoding_that_is_stopped_ends_as_such(tmp_path):
    """Nobody waits for the stream any more when its worker ends, which is no error."""
    chunks = [PCM[at : at + 3200] for at in range(0, len(PCM), 3200)] * 2
    stopped = []

    def progress(done, total):
        if not stopped:
            stopped.append((done, total))
            learning.cancel()

    learning = asyncio.create_task(learn([(16_000, chunks)], Timelines("general", tmp_path), 1, progress))
    with pytest.raises(asyncio.CancelledError):
        await learning
    assert stopped == [(1, len(chunks))]
