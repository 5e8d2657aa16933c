"""Runs that are stopped or killed, and played to their end later."""

import json
import os
import resource
import signal
from dataclasses import replace

import msgspec
import pytest

from tests.cli.within import within
from tests.quick import ask, call, command, resolved, short_corpus
from workbench.corpus import load_corpus
from workbench.corpus.join import join
from workbench.errors import CorpusError, InputError, StoreError
from workbench.playing.stop import Stop
from workbench.protocol.context import AmbientContext, Provider
from workbench.protocol.messages import Dialect, Product
from workbench.recording.record import Outcome
from workbench.runs.evaluate import evaluate
from workbench.runs.manifest import corpus_of, resolved_of, run_manifest, settings_of, spec_of
from workbench.runs.order import Shard, session_keys
from workbench.runs.prepare import prepare_jobs
from workbench.runs.resume import resume, unplayed
from workbench.runs.sweep import cell_from
from workbench.settings import Limits, Settings
from workbench.store import Manifest, RunWriter, open_run, verify_run


@pytest.fixture(scope="module")
def simulator(scripted_service):
    """The service that everything here plays to."""
    return scripted_service


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Six utterances."""
    return short_corpus(tmp_path_factory.mktemp("corpus") / "short", 6)


@pytest.fixture
def settings(simulator, tmp_path):
    """Where to play."""
    return Settings(endpoint=simulator.url, store=tmp_path / "runs")


def stopped_run(spec, settings, after, *, now=False):
    """A run that is stopped when ``after`` sessions have ended."""
    stop = Stop()

    def seen(_, done):
        if done == after:
            stop.request(now=now)

    return evaluate(spec, settings, on_session=seen, stop=stop)


def counted(run):
    """Sessions of a run, each once, and how they ended."""
    return sorted((r.key.cell, r.key.utterance, r.key.repeat, r.outcome) for r in run.records())


@pytest.mark.slow
def test_a_stopped_run_is_resumed_with_what_is_missing_and_nothing_else(corpus, settings):
    """Sessions in flight are finished; the rest keeps seed and order, and the result is that of one go."""
    spec = ask(corpus, concurrency=1)
    first = stopped_run(spec, settings, 4)
    assert (first.complete, first.run.status, len(first.scores)) == (False, "interrupted", 4)
    rest = unplayed(first.run)
    order = session_keys(spec)
    assert (rest.kept, rest.failed, rest.again, list(rest.missing)) == (4, 0, 0, order[4:])
    done = resume(rest, settings)
    assert done.complete
    assert done.run.status == "committed"
    assert [r.key for r in done.run.records()] == order
    plans = {job.key: job.plan.hash for job in prepare_jobs(spec)}
    assert all(r.plan_hash == plans[r.key] for r in done.run.records())
    assert done.run.manifest.counts.sessions == done.run.manifest.counts.planned == 12
    assert verify_run(done.run) == []
    assert unplayed(done.run).missing == ()


@pytest.mark.slow
def test_sessions_that_were_cut_off_begin_anew_and_stay_in_the_record(corpus, settings):
    """Stopped now: they count as cancelled, their next attempt takes their place."""
    slow = ask(corpus, cells=1, concurrency=3)
    spec = replace(slow, cells=tuple(replace(cell, pace=1.0) for cell in slow.cells))
    first = stopped_run(spec, settings, 1, now=True)
    assert not first.complete
    cut = [key for key, outcome in first.run.outcomes().items() if outcome is Outcome.CANCELLED]
    assert cut
    rest = unplayed(first.run)
    assert rest.again == len(cut)
    assert {key.attempt for key in rest.missing} == {0, 1}
    done = resume(rest, settings)
    assert [row[3] for row in counted(done.run)] == [Outcome.COMPLETED] * 6
    assert len(done.run.records(superseded=True)) == 6 + len(cut)
    assert done.run.manifest.counts.superseded == len(cut)


@pytest.mark.slow
def test_a_run_killed_between_its_last_session_and_the_commit_needs_no_service(corpus, settings):
    """Nothing is missing but the commit."""
    spec = ask(corpus, cells=1)
    done = evaluate(spec, settings)
    with RunWriter.resume(done.run.path):
        pass
    open_again = open_run(settings.store)
    assert open_again.status == "interrupted"
    again = resume(unplayed(open_again), replace(settings, endpoint="http://127.0.0.1:9"))
    assert again.complete
    assert counted(again.run) == counted(done.run)


@pytest.mark.slow
def test_failed_sessions_are_results_unless_they_are_asked_for_again(corpus, simulator, settings):
    """A service that was away for a while."""
    away = replace(settings, limits=Limits(rest_attempts=1))
    writer = RunWriter.create(settings.store, run_manifest(ask(corpus, cells=1), "here", None, 6, away))
    with writer:
        for number, job in enumerate(prepare_jobs(ask(corpus, cells=1))):
            from workbench.playing.runner import new_record

            record = new_record(job)
            record.outcome = Outcome.UNREACHABLE if number < 2 else Outcome.COMPLETED
            writer.add(record)
        writer.commit([])
    run = open_run(settings.store)
    assert (unplayed(run).missing, unplayed(run).failed) == ((), 2)
    rest = unplayed(run, retry_failed=True)
    assert [key.attempt for key in rest.missing] == [1, 1]
    done = resume(rest, settings)
    assert {row[3] for row in counted(done.run)} == {Outcome.COMPLETED}
    assert done.run.manifest.counts.superseded == 2


@pytest.mark.slow
def test_a_run_that_changed_meanwhile_is_not_mixed_up(corpus, settings):
    """What was looked at must be what is resumed; somebody who writes it keeps it."""
    first = stopped_run(ask(corpus, cells=1, concurrency=1), settings, 2)
    rest = unplayed(first.run)
    with RunWriter.resume(first.run.path), pytest.raises(StoreError, match="another writer"):
        resume(rest, settings)
    resume(rest, settings)
    with pytest.raises(StoreError, match="has changed meanwhile"):
        resume(rest, settings)


# -- what a manifest keeps -------------------------------------------------------------------------------------------


def test_everything_that_was_asked_comes_back_from_the_manifest(corpus, tmp_path):
    """Joined corpora, order of utterances, cells with infinite values, context, templates and limits."""
    other = load_corpus(short_corpus(tmp_path / "other", 3, name="other"))
    both = join([load_corpus(corpus), other])
    spec = resolved(
        corpus=both,
        utterances=(both.utterances[7], both.utterances[1]),
        cells=(cell_from({"pace": "inf"}, item="t"), replace(cell_from({"snr_db": 3}, item="t"), name="loud")),
        repeats=2,
        seed=11,
        concurrency=3,
        product=Product.AMBIENT,
        dialect=Dialect.LIVE,
        transport="picows",
        noise_floor=True,
        context=AmbientContext(provider=Provider(specialty="CARDIOLOGY")),
    )
    settings = Settings(endpoint="staging", limits=Limits(rest_s=7.0), ca_file=tmp_path / "ca.pem", model="lite")
    manifest = run_manifest(spec, "staging", None, 8, settings, Shard(2, 3))
    stored = Manifest.from_json(manifest.to_json(), "manifest")
    again, shard = resolved_of(stored)
    played = msgspec.structs.asdict(spec.spec)
    assert (replace(again, spec=spec.spec), shard) == (spec, Shard(2, 3))
    changed = {name for name, value in played.items() if value != getattr(again.spec, name)}
    assert changed == {
        "corpus",
        "endpoint",
        "model",
        "ca_file",
    }  # written out, so that any folder and day reads the same
    assert [part.name for part in stored.corpus.parts] == ["short", "other"]
    assert corpus_of(stored.corpus) == both
    back = settings_of(stored, Settings(endpoint="staging"))
    assert (back.endpoint, back.limits, back.model) == ("staging", Limits(rest_s=7.0), "lite")
    assert back.ca_file is None  # whose certificates count is for the user to say


def test_a_corpus_that_changed_or_went_is_refused(tmp_path):
    """The rest must be what the beginning was."""
    folder = short_corpus(tmp_path / "c", 2)
    manifest = run_manifest(ask(folder), "here", None, 4, Settings())
    moved = folder / "manifest.jsonl"
    text = moved.read_text()
    moved.write_text(text.replace("chest", "back"))
    with pytest.raises(CorpusError, match="not what was played: its manifest changed"):
        resolved_of(manifest)
    moved.unlink()
    with pytest.raises(CorpusError, match="corpus not found"):
        resolved_of(manifest)
    moved.write_text(text)
    manifest.corpus.words_hash = "0" * 64
    with pytest.raises(CorpusError, match="its word times changed"):
        resolved_of(manifest)


def test_a_run_of_an_older_workbench_and_another_service_are_refused(corpus):
    """One clear line each."""
    asked = run_manifest(ask(corpus), "staging", None, 4, Settings(endpoint="staging"))
    with pytest.raises(InputError, match="two services"):
        settings_of(asked, Settings(), "production")
    here = run_manifest(ask(corpus), "here", None, 4, Settings(endpoint="http://127.0.0.1:8765"))
    assert settings_of(here, Settings(), "http://localhost:9000").endpoint == "http://localhost:9000"
    with pytest.raises(InputError, match="two services"):
        settings_of(here, Settings(), "staging")
    asked.request = None
    with pytest.raises(InputError, match="workbench runs recover"):
        spec_of(asked)
    here.cells[0].config["chunk_ms"] = 50
    with pytest.raises(InputError, match="has another meaning in this version"):
        resolved_of(here)


def test_no_secret_reaches_the_manifest(corpus):
    """Neither credentials nor the webhook's."""
    from workbench.settings import Credentials, Secret

    settings = Settings(credentials=Credentials("partner-x", Secret("hush-1")), webhook_secret=Secret("hush-2"))
    text = run_manifest(ask(corpus), "here", None, 4, settings).to_json().decode()
    assert "hush" not in text
    assert "partner-x" not in text


# -- the command line ------------------------------------------------------------------------------------------------


def play(simulator, corpus, store):
    """``workbench sweep`` as a process that says so on its first finished session."""
    process = command(
        "sweep", "--corpus", corpus, "--vary", "snr_db=20,10", "--endpoint", simulator.url, "--store", store,
        "--concurrency", "2",
    )  # fmt: skip
    for line in process.stderr:
        if line.startswith("  ") and " of 12 sessions" in line:
            return process
    raise AssertionError(process.wait())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "ground"),
    [
        (signal.SIGINT, "in the foreground"),
        (signal.SIGINT, "in the background"),
        (signal.SIGTERM, "in the foreground"),
    ],
    indirect=["ground"],
)
def test_ctrl_c_ends_after_the_sessions_in_flight_and_twice_ends_now(number, ground, simulator, corpus, tmp_path):
    """Exit code 130 and one line that says how to go on; both leave a run that resume finishes. So does SIGTERM."""
    store = tmp_path / "runs"
    with play(simulator, corpus, store) as once:
        once.send_signal(number)
        _, err = once.communicate(timeout=300)
    assert once.returncode == 130
    assert "Ctrl-C again stops now" in err
    assert "of 12 sessions played to their end; nothing recorded is lost. Play the rest: workbench resume" in err
    assert Outcome.CANCELLED not in open_run(store).outcomes().values()
    again = within("resume", "last", "--endpoint", simulator.url, "--store", store, "--json", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    answer = json.loads(again.stdout)
    assert answer["sessions"] == 12
    assert answer["resumed"]["kept"] + answer["resumed"]["played"] == 12
    assert " kept; " in again.stderr
    with play(simulator, corpus, store) as twice:
        twice.send_signal(number)
        assert "Stopping" in twice.stderr.readline() + twice.stderr.readline()
        twice.send_signal(number)
        twice.communicate(timeout=300)
    assert twice.returncode == 130
    run = open_run(store)
    assert run.status == "interrupted"
    rest = within("resume", run.run_id, "--endpoint", simulator.url, "--store", store, cwd=tmp_path)
    assert rest.returncode == 0, rest.stderr
    assert verify_run(open_run(store, run.run_id)) == []
    done = within("resume", run.run_id, "--store", store, cwd=tmp_path)
    assert done.returncode == 0
    assert "is complete: 12 sessions, nothing to play" in done.stderr


@pytest.mark.slow
def test_a_run_whose_own_simulator_is_gone_starts_it_again(tmp_path):
    """Killed with its process: nothing is left of it, and the rest is decoded by a new one with the same model."""
    store, corpus = tmp_path / "runs", short_corpus(tmp_path / "c", 6)
    process = command(
        "run", "--corpus", corpus, "--model", "lite", "--store", store, "--concurrency", "1",
        start_new_session=True,
    )  # fmt: skip
    with process:
        for line in process.stderr:
            if line.startswith("  "):
                break
        os.kill(process.pid, signal.SIGKILL)
    before = open_run(store)
    assert before.manifest.recogniser == "pocketsphinx lite"
    assert before.status == "interrupted"
    status, out, err = call("resume", "--store", store, "--json")
    assert status == 0, err
    assert json.loads(out)["sessions"] == 6
    manifest = open_run(store).manifest
    assert (manifest.status, manifest.counts.sessions) == ("committed", 6)
    assert manifest.request.spec["model"] == "lite"


@pytest.mark.slow
def test_a_disk_without_room_a_folder_without_rights_and_a_second_writer_are_one_line_each(simulator, corpus, tmp_path):
    """Nothing that was committed before is touched, and the run that was hindered is resumed once it may."""
    store = tmp_path / "runs"
    sweep = ("sweep", "--corpus", corpus, "--vary", "pace=inf", "--endpoint", simulator.url, "--store")
    assert within(*sweep, store, cwd=tmp_path).returncode == 0
    first = open_run(store).run_id

    def no_room():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    status, _, err = call(*sweep, store, preexec_fn=no_room)
    assert status == 1
    assert err.splitlines()[-1].count("a file may not grow further here") == 1
    hindered = open_run(store)
    assert hindered.run_id != first
    assert verify_run(open_run(store, first)) == []
    rest = within("resume", hindered.run_id, "--endpoint", simulator.url, "--store", store, cwd=tmp_path)
    assert rest.returncode == 0, rest.stderr
    assert verify_run(open_run(store, hindered.run_id)) == []
    refused = within(*sweep, "/proc/workbench-runs", cwd=tmp_path)
    assert refused.returncode == 1
    assert "/proc/workbench-runs" in refused.stderr.splitlines()[-1]
    with RunWriter.resume(open_run(store, first).path):
        status, _, err = call("resume", first, "--retry-failed", "--endpoint", simulator.url, "--store", store)
        assert (status, "is complete" in err or "another writer" in err) in ((0, True), (1, True))
        status, _, err = call("runs", "recover", first, "--store", store)
        assert status == 1
        assert "another writer has this run open" in err.splitlines()[-1]
