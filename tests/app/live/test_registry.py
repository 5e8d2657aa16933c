"""Live sessions from asking to storing, over a bare service: the player is a real process."""

import asyncio
import contextlib
import json

import numpy as np
import pytest
import soundfile

from tests.service import TERMINAL, Service, final, partial, read_to_end, serve
from workbench.app.live import Clip, Lane, LiveRegistry, Microphone
from workbench.errors import InputError
from workbench.store import open_run, verify_run

SOUND = (np.sin(np.arange(12_800) / 5) * 8_000).astype(np.int16)


@contextlib.asynccontextmanager
async def registry_over(service, store, monkeypatch):
    """A registry whose player talks to ``service``; ended at the end."""
    monkeypatch.setenv("WORKBENCH_ENDPOINT", service.address.rest_url)
    monkeypatch.delenv("SUKI_PARTNER_ID", raising=False)
    monkeypatch.delenv("SUKI_PARTNER_TOKEN", raising=False)
    registry = LiveRegistry(store, service.address.rest_url)
    try:
        yield registry
    finally:
        await asyncio.to_thread(registry.close)


async def until(condition):
    """Give way to the service until something is so; the test's own time limit ends it."""
    while not condition():  # noqa: ASYNC110  the registry's thread gives no event to this loop
        await asyncio.sleep(0.01)


def clip_of(folder, *lanes, reference="blood pressure"):
    """A short tone under lanes."""
    path = folder / "tone.wav"
    soundfile.write(path, SOUND, 16_000)
    return Clip(lanes or (Lane("clean"),), "tone", audio=str(path), reference=reference)


@pytest.mark.slow
async def test_a_clip_is_played_told_and_stored_as_a_run_that_verifies(tmp_path, monkeypatch):
    """Two lanes; a listener hears everything in order, one that comes late hears the same; saving twice saves once."""
    told, later = [], []
    async with serve(Service()) as service, registry_over(service, tmp_path / "runs", monkeypatch) as registry:
        ask = clip_of(tmp_path, Lane("clean"), Lane("narrow", {"sample_rate_hz": 8_000}))
        known = await asyncio.to_thread(registry.start, ask)
        registry.listen(known, lambda message: told.append(json.loads(message)))
        await until(lambda: registry.get(known).over)
        registry.listen(known, lambda message: later.append(json.loads(message)))
        assert registry.get(known).state == "ended"
        run_id = await asyncio.to_thread(registry.save, known)
        assert registry.save(known) == run_id
        assert [session.id for session in registry.sessions()] == [known]
    assert [message["n"] for message in told] == list(range(len(told)))
    assert told[: len(later)] == later
    kinds = [message["kind"] for message in told if message.get("lane", 0) == 0]
    order = ["session", "begin", "audio", "partial", "numbers", "final", "done", "over"]
    assert list(dict.fromkeys(kind for kind in kinds if kind in order)) == order
    done = [message for message in told if message["kind"] == "done"]
    assert [message["wer"] for message in done] == [0.0, 0.0]
    assert all(message["pacing_valid"] in (True, False) for message in done)
    run = open_run(tmp_path / "runs", run_id)
    assert verify_run(run) == []
    assert run.manifest.settings["kind"] == "live"
    assert sorted(record.key.cell for record in run.records()) == ["clean", "narrow"]
    audio = [message for message in told if message["kind"] == "audio" and message["lane"] == 0]
    assert len(audio) == 8


@pytest.mark.slow
async def test_a_microphone_is_streamed_kept_as_a_file_and_scored_when_its_words_are_known(tmp_path, monkeypatch):
    """What was sent is saved; the run says where it came from."""
    async with serve(Service()) as service, registry_over(service, tmp_path / "runs", monkeypatch) as registry:
        known = await asyncio.to_thread(registry.start, Microphone("spoken", {"echo_cancellation": False}))
        registry.sound(known, SOUND[:5_000].tobytes())
        registry.sound(known, SOUND[5_000:].tobytes())
        registry.silence(known)
        await until(lambda: registry.get(known).over)
        session = registry.get(known)
        assert (session.state, session.lanes[0].record.samples) == ("ended", SOUND.size)
        assert session.lanes[0].numbers["wer"] is None
        run_id = await asyncio.to_thread(registry.save, known, "blood pressure high")
    kept, rate = soundfile.read(session.audio, dtype="int16")
    assert rate == 16_000
    assert np.array_equal(kept, SOUND)
    run = open_run(tmp_path / "runs", run_id)
    (record,) = run.records()
    assert (record.facts["source"], record.facts["echo_cancellation"]) == ("microphone", "off")
    (row,) = run.scores()
    assert (row["words_deletions"], row["words_hits"]) == (1, 2)


@pytest.mark.slow
async def test_a_microphone_is_stopped_its_last_final_comes_and_it_ends_well(tmp_path, monkeypatch):
    """Whoever brings the sound is told once, at once; a second Stop and later samples change nothing."""
    told = []
    async with serve(Service()) as service, registry_over(service, tmp_path / "runs", monkeypatch) as registry:
        known = await asyncio.to_thread(registry.start, Microphone("spoken"))
        registry.when_silent(known, lambda: told.append(registry.get(known).state))
        registry.sound(known, SOUND[:5_000].tobytes())
        await until(lambda: registry.get(known).lanes[0].partial == "blood")
        registry.stop(known)
        registry.stop(known)
        registry.sound(known, SOUND[5_000:].tobytes())
        assert told == ["playing"]
        await until(lambda: registry.get(known).over)
        session = registry.get(known)
        assert (session.state, session.problem, session.lanes[0].finals) == ("ended", None, ["blood pressure"])
        assert (session.lanes[0].record.outcome.value, session.lanes[0].record.samples) == ("completed", 5_000)
        # Nobody is asked to bring sound to a session that is over, or was never there.
        for gone in (known, "other"):
            registry.when_silent(gone, lambda: told.append("late"))
        assert told == ["playing", "late", "late"]


@pytest.mark.slow
async def test_a_microphone_is_told_when_its_session_ends_by_itself(tmp_path, monkeypatch):
    """The service closes, or the player is lost."""

    async def closes(ws):
        await ws.accept()
        await ws.receive_text()
        await ws.close()

    told = []
    async with (
        serve(Service(closes)) as service,
        registry_over(service, tmp_path / "runs", monkeypatch) as registry,
    ):
        first = await asyncio.to_thread(registry.start, Microphone("spoken"))
        registry.when_silent(first, lambda: told.append("closed"))
        registry.sound(first, SOUND[:5_000].tobytes())
        await until(lambda: registry.get(first).over)
        assert (registry.get(first).state, told) == ("failed", ["closed"])
        second = await asyncio.to_thread(registry.start, Microphone("spoken"))
        registry.when_silent(second, lambda: told.append("lost"))
        await asyncio.to_thread(registry.close)
        assert (registry.get(second).over, told) == (True, ["closed", "lost"])


@pytest.mark.slow
async def test_a_microphone_that_is_stopped_before_its_first_sample_ends_well(tmp_path, monkeypatch):
    """There is nothing to keep, and nothing failed."""

    async def hears_nothing(ws):
        await ws.accept()
        await read_to_end(ws)
        await ws.send_text(TERMINAL)
        await ws.close()

    async with (
        serve(Service(hears_nothing)) as service,
        registry_over(service, tmp_path / "runs", monkeypatch) as registry,
    ):
        known = await asyncio.to_thread(registry.start, Microphone("spoken"))
        registry.stop(known)
        await until(lambda: registry.get(known).over)
        assert (registry.get(known).state, registry.get(known).audio) == ("ended", None)


@pytest.mark.slow
async def test_a_session_is_stopped_and_what_was_recorded_stays(tmp_path, monkeypatch):
    """A service that never ends is no reason to wait."""

    async def endless(ws):
        await ws.accept()
        await ws.receive_text()
        await ws.send_text(partial("blood"))
        await read_to_end(ws)
        await ws.send_text(final("blood"))
        await ws.receive_text()

    async with (
        serve(Service(endless)) as service,
        registry_over(service, tmp_path / "runs", monkeypatch) as registry,
    ):
        known = await asyncio.to_thread(registry.start, clip_of(tmp_path))
        with pytest.raises(InputError, match="only a session that is over"):
            registry.save(known)
        await until(lambda: registry.get(known).lanes[0].partial == "blood")
        registry.stop(known)
        await until(lambda: registry.get(known).over)
        assert registry.get(known).state == "stopped"
        # Somebody's wish is no failure.
        (done,) = [told for told in json.loads(registry.get(known).told()) if told["kind"] == "done"]
        assert (done["outcome"], done["failed"]) == ("cancelled", False)
        assert registry.get(known).lanes[0].record.outcome.value == "cancelled"
        assert "blood" in registry.get(known).lanes[0].record.visible_text()[0][1]


@pytest.mark.slow
@pytest.mark.parametrize("source", ["clip", "microphone"])
async def test_two_services_hear_one_sound_side_by_side(tmp_path, monkeypatch, source):
    """Staging beside another: each lane has its own words, errors and name of who answered, in one saved run."""

    async def mishears(ws):
        await ws.accept()
        await ws.receive_text()
        await read_to_end(ws)
        await ws.send_text(final("blood measure"))
        await ws.send_text(TERMINAL)
        await ws.close()

    async with (
        serve(Service()) as one,
        serve(Service(mishears)) as other,
        registry_over(one, tmp_path / "runs", monkeypatch) as registry,
    ):
        lanes = (Lane("one"), Lane("other", endpoint=other.address.rest_url))
        ask = clip_of(tmp_path, *lanes) if source == "clip" else Microphone("spoken", lanes=lanes)
        known = await asyncio.to_thread(registry.start, ask)
        if source == "microphone":
            registry.sound(known, SOUND.tobytes())
            registry.silence(known)
        await until(lambda: registry.get(known).over)
        views = registry.get(known).lanes
        run_id = await asyncio.to_thread(registry.save, known, "blood pressure")
    assert [view.finals for view in views] == [["blood pressure"], ["blood measure"]]
    hosts = [service.address.rest_url.removeprefix("http://") for service in (one, other)]
    assert [view.endpoint for view in views] == hosts
    assert {view.record.samples for view in views} == {SOUND.size}
    assert one.calls.count("create") == other.calls.count("create") == 1
    run = open_run(tmp_path / "runs", run_id)
    assert {row["cell"]: row["words_substitutions"] for row in run.scores()} == {"one": 0, "other": 1}
    assert {record.key.cell: record.facts.get("endpoint") for record in run.records()} == {
        "one": None,
        "other": hosts[1],
    }
    assert run.manifest.endpoint == " and ".join(hosts)


@pytest.mark.slow
async def test_a_service_that_is_not_there_is_one_clear_line(tmp_path, monkeypatch):
    """And the next session begins anew."""
    async with serve(Service()) as service:
        address = service.address
    service = Service(address=address)
    async with registry_over(service, tmp_path / "runs", monkeypatch) as registry:
        known = await asyncio.to_thread(registry.start, clip_of(tmp_path))
        await until(lambda: registry.get(known).over)
        session = registry.get(known)
        assert session.state == "failed"
        assert session.problem
        assert "\n" not in session.problem
        with pytest.raises(InputError, match="nothing was played"):
            registry.save(known)
        bad = await asyncio.to_thread(registry.start, Clip((Lane("x", {"snr_db": 900.0}),), "vitals-01-slt", "clinic"))
        await until(lambda: registry.get(bad).over)
        assert "snr_db" in registry.get(bad).problem


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 81, "a\nb"])
def test_a_recording_has_a_name_that_stays_in_its_folder(name):
    """The browser says it, and a file is called by it."""
    with pytest.raises(InputError, match="not a name"):
        Microphone(name)
