"""Runs on a Dask cluster of worker processes on this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from dataclasses import replace

import pytest

from tests.quick import CLUSTER_ENDS, ask, call, command, short_corpus
from workbench.comparing.runs import compare_runs
from workbench.corpus import load_corpus
from workbench.errors import ConfigurationError, InputError, ServiceError, StoreError
from workbench.playing.stop import Stop
from workbench.recording.record import Outcome
from workbench.runs.cluster import connected, evaluate_on_cluster, require_shared, resume_on_cluster
from workbench.runs.cluster_worker import ShardTask, play_shard
from workbench.runs.evaluate import evaluate
from workbench.runs.order import session_keys
from workbench.runs.resume import resume, unplayed
from workbench.settings import Settings
from workbench.store import RunWriter, open_run, verify_run
from workbench.store.segments import scan_finished

pytestmark = CLUSTER_ENDS


@pytest.fixture(scope="module")
def simulator(scripted_service):
    """The service that all workers play to."""
    return scripted_service


def processes(address):
    """Ids of the workers' processes, by worker."""
    with connected(address) as client:
        return client.run(os.getpid)


def journalled(store):
    """Sessions that the workers have written so far."""
    return sum(len(scan_finished(path)[0]) for path in store.glob("*Z-*"))


def kill_one(address, store, after):
    """Kill a worker as soon as ``after`` sessions are in the journal; gives its process id in a list."""
    killed = []

    def wait_and_kill():
        victims = processes(address)
        until = time.monotonic() + 300
        while journalled(store) < after and time.monotonic() < until:
            time.sleep(0.05)
        victim = min(victims.values())
        os.kill(victim, signal.SIGKILL)
        killed.append(victim)

    thread = threading.Thread(target=wait_and_kill)
    thread.start()
    return thread, killed


@pytest.mark.slow
def test_a_sweep_on_two_workers_of_which_one_is_killed_equals_that_of_one_machine(cluster, simulator, tmp_path):
    """A hundred sessions: counts, plans and pairs are the same, no session is there twice, verify is clean."""
    corpus = load_corpus(short_corpus(tmp_path / "c", 50))
    question = ask(corpus, concurrency=2)
    question = replace(question, cells=tuple(type(cell)(cell.name, cell.audio, pace=1.0) for cell in question.cells))
    alone = evaluate(question, Settings(endpoint=simulator.url, store=tmp_path / "alone"))
    store = tmp_path / "runs"
    thread, killed = kill_one(cluster.scheduler_address, store, 20)
    shards = []
    result = evaluate_on_cluster(
        question,
        Settings(endpoint=simulator.url, store=store),
        cluster.scheduler_address,
        on_shard=lambda done, of: shards.append((done, of)),
    )
    thread.join()
    assert killed
    assert result.complete
    assert shards[-1] == (4, 4)
    manifest = result.run.manifest
    counts = alone.run.manifest.counts
    assert (manifest.counts.planned, manifest.counts.sessions, manifest.counts.failed) == (100, 100, 0)
    assert (counts.planned, counts.sessions, counts.failed) == (100, 100, 0)
    assert manifest.counts.superseded <= 2, "what was in flight at the killed worker, and nothing else"
    assert {r.key.cell + r.key.utterance: r.plan_hash for r in result.run.records()} == {
        r.key.cell + r.key.utterance: r.plan_hash for r in alone.run.records()
    }
    assert [(c.cell, c.n, c.failed, c.words.rate) for c in result.cells] == [
        (c.cell, c.n, c.failed, c.words.rate) for c in alone.cells
    ]
    assert compare_runs([result]).pairs[0].comparison.n == compare_runs([alone]).pairs[0].comparison.n == 50
    keys = [r.key for r in result.run.records(superseded=True)]
    assert len(keys) == len(set(keys))
    assert verify_run(open_run(store)) == []
    assert sum(part.sessions for part in manifest.parts) >= 100
    whole = [part for part in manifest.parts if part.anchor_end is not None]
    lost = [part for part in manifest.parts if part.anchor_end is None]
    assert len(lost) == 1
    assert all(part.resolution_ms and part.pacer and part.certified is not None for part in whole)


@pytest.mark.slow
def test_a_stopped_run_on_a_cluster_is_resumed_on_it_or_on_this_machine(cluster, simulator, tmp_path):
    """Workers hear of the stop; what is left is played by whoever resumes."""
    corpus = load_corpus(short_corpus(tmp_path / "c", 30, length_s=1.0))
    question = ask(corpus, cells=1, concurrency=1)
    question = replace(question, cells=tuple(type(cell)(cell.name, cell.audio, pace=1.0) for cell in question.cells))
    settings = Settings(endpoint=simulator.url, store=tmp_path / "runs")
    for again in (
        lambda rest: resume_on_cluster(rest, settings, cluster.scheduler_address),
        lambda rest: resume(rest, settings),
    ):
        stop, heard = Stop(), []
        stop = Stop(heard.append)

        def end_soon(stop=stop):
            until = time.monotonic() + 300
            have = journalled(settings.store)
            while journalled(settings.store) <= have and time.monotonic() < until:
                time.sleep(0.05)
            stop.request()

        thread = threading.Thread(target=end_soon)
        thread.start()
        first = evaluate_on_cluster(question, settings, cluster.scheduler_address, stop=stop)
        thread.join()
        assert heard == [1]
        assert not first.complete
        assert first.run.status == "interrupted"
        assert Outcome.CANCELLED not in first.run.outcomes().values()
        done = again(unplayed(first.run))
        assert done.complete
        assert done.run.manifest.counts.sessions == 30
        assert verify_run(done.run) == []


@pytest.mark.slow
def test_the_verb_plays_on_a_cluster_and_goes_on_after_its_own_death(cluster, simulator, tmp_path):
    """The coordinator is killed: the workers end with it, and resume finishes what they wrote."""
    store = tmp_path / "runs"
    sweep = (
        "sweep", "--corpus", short_corpus(tmp_path / "c", 20, length_s=1.0), "--vary", "snr_db=20,10", "--endpoint",
        simulator.url, "--store", store, "--concurrency", "1", "--cluster", cluster.scheduler_address,
    )  # fmt: skip
    with command(*sweep) as process:
        until = time.monotonic() + 300
        while journalled(store) < 4 and time.monotonic() < until:
            time.sleep(0.05)
        process.kill()
        process.communicate()
    before = journalled(store)
    assert before >= 4
    status, out, err = call(
        "resume", "last", "--endpoint", simulator.url, "--store", store, "--cluster", cluster.scheduler_address
    )
    assert status == 0, err
    assert "of 4 shards" in err
    run = open_run(store)
    assert (run.manifest.status, run.manifest.counts.sessions) == ("committed", 40)
    assert verify_run(run) == []
    assert "20" in out


@pytest.mark.slow
def test_what_a_cluster_needs_is_said_in_one_line(monkeypatch, tmp_path):
    """A shared folder, a scheduler, the extra."""
    with pytest.raises(InputError, match="every worker sees under the same path"):
        require_shared("memory://runs")
    require_shared(tmp_path)
    pytest.importorskip("distributed")
    with pytest.raises(ServiceError, match="the scheduler does not answer"), connected("tcp://127.0.0.1:9", 0.2):
        pass
    monkeypatch.setattr("workbench.runs.cluster.importlib.import_module", _absent)
    with pytest.raises(ConfigurationError, match=r"pip install .*\[cluster\]"), connected("tcp://127.0.0.1:9"):
        pass


def _absent(name):
    raise ImportError(name)


def test_a_worker_says_what_it_lacks_and_plays_nothing_after_a_stop(tmp_path):
    """A run that it does not see; a run that was ended before its shard began."""
    question = ask(short_corpus(tmp_path / "c", 2))
    keys = tuple(session_keys(question))
    with pytest.raises(StoreError, match="a worker does not see the run"):
        play_shard(ShardTask(str(tmp_path / "nowhere"), "simulator", keys))
    from workbench.runs.manifest import run_manifest

    manifest = run_manifest(question, "simulator", None, 4, Settings())
    with RunWriter.create(tmp_path / "runs", manifest) as writer:
        (writer.path / ".stop").write_bytes(b"1")
        play_shard(ShardTask(str(writer.path), "simulator", keys))
        writer.collect(in_flight=True)
        assert writer.outcomes() == {}
    with contextlib.suppress(FileNotFoundError):
        (writer.path / ".stop").unlink()
