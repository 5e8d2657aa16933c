"""Kills of the workbench and of the service it plays to, at drawn moments of a sweep: nothing is lost, nothing twice.

What a killed process had written is read right after the kill and must be in the run at the end, frame for frame.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import httpx
import pytest

from tests.cli.within import within
from tests.ports import free_port
from tests.quick import command, environment, short_corpus, tell
from workbench.errors import StoreError
from workbench.recording.record import Outcome
from workbench.runs.resume import unplayed
from workbench.store import list_runs, open_run, verify_run

UTTERANCES, CELLS = 20, 3


class Service:
    """A scripted simulator that can be killed and comes back at the same port."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        arguments = ("simulate", "--recogniser", "scripted", "--streams", "100", "--port", str(self.port))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workbench", *arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(),
        )  # fmt: skip
        until = time.monotonic() + 300
        while time.monotonic() < until:
            with suppress(httpx.HTTPError):  # not there yet, or its token is not
                tell(self.url)
                return
            time.sleep(0.05)
        raise AssertionError("the simulator does not start")

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def service():
    """One that runs; ended afterwards."""
    service = Service()
    service.start()
    yield service
    service.kill()


def frames_of(record):
    """What a record holds, for comparison."""
    return list(record.frames.frames())


def stored(store):
    """Everything that is stored of the only run, by session and attempt; empty before there is one."""
    with suppress(StoreError):
        return {record.key: frames_of(record) for record in open_run(store).records(superseded=True)}
    return {}


def wait_for_life(process, store, before):
    """Until ``process`` has added something to the run, or has ended."""
    until = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < until:
        journals = [sum(f.stat().st_size for f in p.glob("journal/*.sessions")) for p in store.glob("*Z-*")]
        if journals and journals != before:
            return
        time.sleep(0.01)


def journal_sizes(store):
    return [sum(f.stat().st_size for f in p.glob("journal/*.sessions")) for p in store.glob("*Z-*")]


def kept(before, now):
    """Whether nothing is lost: a session may have grown at a worker that outlived its coordinator, never shrunk."""
    return all(now.get(key, [])[: len(frames)] == frames for key, frames in before.items())


def kill_worker(cluster):
    """One that works: a worker that is killed while it starts is not replaced by its nanny.

    Returns when the scheduler has seen it, so that its successor, which starts, is not taken for one that works.
    """
    until, here = time.monotonic() + 300, cluster.scheduler.workers
    while time.monotonic() < until:
        living = [(n.pid, n.worker_address) for n in cluster.workers.values() if n.pid and n.worker_address in here]
        if living:
            process, address = min(living)
            os.kill(process, signal.SIGKILL)
            while address in here and time.monotonic() < until:
                time.sleep(0.01)
            return
        time.sleep(0.05)
    raise AssertionError("the cluster has no worker")


def play_with_kills(draw, sweep, again, victims, store, kill):
    """Play and resume until the run is complete or everybody was killed; looks at what is stored after every end."""
    seen = {}
    while victims and (not list_runs(store) or not open_run(store).committed or unplayed(open_run(store)).missing):
        process = command(*(again if list_runs(store) else sweep), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_life(process, store, journal_sizes(store))
        while process.poll() is None and victims:
            with suppress(subprocess.TimeoutExpired):
                process.wait(draw.uniform(0.0, 1.0))
            victim = victims.pop()
            if victim == "workbench":
                process.kill()
                process.wait()
            else:
                kill[victim]()
        process.kill()
        process.wait()
        now = stored(store)
        assert kept(seen, now), "something was lost or changed"
        seen = now
    return seen


ROUNDS = [
    (0, {"workbench": 9, "simulator": 5}, False),
    (1, {"workbench": 9, "simulator": 5}, False),
    (2, {"workbench": 9, "simulator": 5}, False),
    (3, {"workbench": 3, "simulator": 1, "worker": 4}, True),
]


def test_there_are_fifty_kills():
    """Of each kind some."""
    assert sum(sum(kinds.values()) for _, kinds, _ in ROUNDS) == 50


@pytest.mark.slow
@pytest.mark.timeout(2_400)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # sockets of the cluster, while it ends
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(("seed", "kinds", "on_cluster"), ROUNDS)
def test_a_sweep_survives_kills_at_drawn_moments(service, tmp_path, seed, kinds, on_cluster, request):
    """Every session is there exactly once, everything that had been written is there, and verify is clean."""
    draw = random.Random(seed)
    victims = [kind for kind, times in kinds.items() for _ in range(times)]
    draw.shuffle(victims)
    corpus = short_corpus(tmp_path / "c", UTTERANCES)
    kill = {"simulator": lambda: (service.kill(), service.start())}
    where: tuple[object, ...] = ()
    if on_cluster:
        cluster = request.getfixturevalue("cluster")
        kill["worker"] = lambda: kill_worker(cluster)
        where = ("--cluster", cluster.scheduler_address)
    while victims:  # a run that is complete gives way to a new one
        store = tmp_path / f"runs-{len(victims)}"
        again = ("resume", "last", "--retry-failed", "--endpoint", service.url, "--store", store, *where)
        sweep = (
            "sweep", "--corpus", corpus, "--vary", "snr_db=inf,20,10", "--endpoint", service.url, "--store", store,
            "--concurrency", "3", *where,
        )  # fmt: skip
        seen = play_with_kills(draw, sweep, again, victims, store, kill)
        done = within(*again, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        check_whole(store, seen)


def check_whole(store, seen):
    """One run, sound, complete, every session once, and all that was ever seen of it."""
    run = open_run(store)
    assert len(list_runs(store)) == 1
    assert verify_run(run) == []
    records = run.records()
    sessions = [(r.key.cell, r.key.utterance, r.key.repeat) for r in records]
    assert len(sessions) == len(set(sessions)) == UTTERANCES * CELLS == run.manifest.counts.planned
    assert {r.outcome for r in records} == {Outcome.COMPLETED}
    assert kept(seen, stored(store))
