"""Half an hour of sessions with faults drawn at random: nothing lost, nothing doubled, nothing grows.

Rounds of 200 scripted sessions against a simulator in a process of its own, which refuses, closes, resets, stalls,
repeats and loses by seed. Every round is stored, scored and verified like any run. Between two rounds, when nothing
should be in flight, both processes are looked at: resident memory, open files, tasks. Sessions are long and chunks are
large, so that a machine that does other things besides keeps up.

Run: make soak, or SOAK_MINUTES=5 python benchmarks/soak.py
Exit code 1 when something was lost, doubled or grew.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import itertools
import logging
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from workbench.client.rest import SukiRest
from workbench.client.transport import tls_context
from workbench.playing.job import Job
from workbench.playing.plan import build_plan
from workbench.playing.runner import play_many
from workbench.playing.service import Service
from workbench.recording.record import Outcome, SessionKey
from workbench.reference import Reference
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.metrics.stats import percentile
from workbench.scoring.session import score_session
from workbench.settings import Credentials, Limits, Secret, ServiceAddress
from workbench.simulator.faults.scenario import parse_scenario
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.recognition.scripted import EVERY_SESSION, Script, ScriptMessage
from workbench.simulator.server import Simulator, SimulatorOptions
from workbench.store import CellFacts, CorpusFacts, Manifest, NormaliserFacts, RunWriter, open_run, verify_run

SESSIONS = 200
RATE_HZ = 8_000
AUDIO_MS, CHUNK_MS = 10_000, 500
SAID = "no chest pain and no shortness of breath today"
WARM_UP = 0.25
"""Share of the time after which the first look counts: libraries are loaded, pools and caches are full."""

MOST = 1.0
"""MB, files, tasks or ms that anything may grow by."""
LIMITS = Limits(connect_s=15, rest_s=15, terminal_s=10, close_s=1, stall_s=10, reconnect_s=15)
BASIC = normaliser("basic")

SCENARIO = b"""
name = "a bad day"
seed = 20
fault = [
  {kind = "refuse", status = 503, retry_after = "0.5", share = 0.02},
  {kind = "refuse", status = 412, share = 0.01},
  {kind = "refuse", status = 401, share = 0.005},
  {kind = "slow-handshake", delay_s = 1, share = 0.02},
  {kind = "close", code = 1011, at_ms = 2000, share = 0.01},
  {kind = "close", code = 1001, at = "end", share = 0.01},
  {kind = "close", code = 1000, at = "results", share = 0.005},
  {kind = "reset", at_ms = 3000, share = 0.01},
  {kind = "silence", at = "end", share = 0.005},
  {kind = "stall", direction = "reading", for_s = 1, at_ms = 1000, share = 0.02},
  {kind = "stall", direction = "sending", for_s = 1, at = "end", share = 0.02},
  {kind = "send", what = "same", at = "final", share = 0.02},
  {kind = "send", what = "final", at = "terminal", share = 0.01},
  {kind = "send", what = "terminal", at = "terminal", share = 0.01},
  {kind = "send", what = "invalid-json", share = 0.02},
  {kind = "send", what = "invalid-utf8", share = 0.02},
  {kind = "send", what = "binary", share = 0.01},
  {kind = "send", what = "ping", count = 20, share = 0.02},
  {kind = "drop", what = "terminal", share = 0.005},
  {kind = "replace", what = "partials", characters = 20000, share = 0.01},
  {kind = "fragment", piece_bytes = 50, pings = true, share = 0.03},
  {kind = "jitter", most_ms = 40, share = 0.1},
  {kind = "slow-accept", delay_s = 0.5, share = 0.02},
  {kind = "answer", call = "create_dictation", status = 503, share = 0.02},
  {kind = "answer", call = "create_dictation", status = 500, takes_effect = true, share = 0.01},
  {kind = "answer", call = "create_dictation", reset = true, takes_effect = true, share = 0.005},
  {kind = "answer", call = "end_dictation", status = 503, share = 0.02},
  {kind = "answer", call = "end_dictation", status = 200, body = "{}", takes_effect = true, share = 0.02},
  {kind = "answer", call = "end_dictation", reset = true, takes_effect = true, share = 0.005},
  {kind = "expire", at_ms = 4000, share = 0.001},
]
"""


def serve(pipe) -> None:
    """The simulator's process: says where it is, then what it holds whenever it is asked."""

    async def main() -> None:
        limits = SimulatorLimits(kept_sessions=2 * SESSIONS)
        options = SimulatorOptions(recogniser="scripted", limits=limits, scenario=parse_scenario(SCENARIO))
        logging.getLogger("workbench").setLevel(logging.ERROR)
        async with Simulator(options) as simulator:
            words = SAID.split()
            partials = [
                ScriptMessage("partial", " ".join(words[: i + 1]), at_ms=1000 * (i + 1)) for i in range(len(words))
            ]
            simulator.recogniser.register(EVERY_SESSION, Script((*partials, ScriptMessage("final", SAID))))
            pipe.send((simulator.url, simulator.ws_url))
            loop = asyncio.get_running_loop()
            while await loop.run_in_executor(None, pipe.recv):
                give_back()
                pipe.send((len(asyncio.all_tasks()), simulator.faults.counts()))

    with contextlib.suppress(EOFError):
        asyncio.run(main())


@dataclass(frozen=True)
class Look:
    """Both processes between two rounds; lateness of the chunks, and of a timer that did nothing else."""

    at_s: float
    rss_mb: tuple[float, float]
    files: tuple[int, int]
    tasks: tuple[int, int]
    late_ms: tuple[float, float]
    timer_ms: float


def watch(pipe) -> None:
    """A process that only sleeps: how late a timer is on this machine meanwhile, whatever we do. Median in ms."""
    late_ns: list[int] = []
    with contextlib.suppress(EOFError):
        while True:
            begun_ns = time.perf_counter_ns()
            time.sleep(0.02)
            late_ns.append(time.perf_counter_ns() - begun_ns - 20_000_000)
            if pipe.poll():
                pipe.recv()
                pipe.send(percentile(late_ns, 50) / 1e6)
                late_ns.clear()


def give_back() -> None:
    """Let the allocators return what they hold free, so that what stays resident is what is held."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def rss_mb(pid: int) -> float:
    """Resident memory, from the kernel."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def files(pid: int) -> int:
    """Open file descriptors."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


class Soak:
    """Counts over all rounds."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.outcomes: Counter[str] = Counter()
        self.faults: list[str] = []
        self.sessions = 0

    async def round(self, service: Service, number: int) -> tuple[float, float]:
        """Play, store, score and verify one round; median and p99 of its lateness in ms."""
        pcm = np.zeros(RATE_HZ * AUDIO_MS // 1000, np.int16)
        plan = build_plan(
            pcm, RATE_HZ, utterance_id="u", cell="soak", reference=Reference(SAID, SAID), chunk_ms=CHUNK_MS
        )
        jobs = [Job(SessionKey("soak", f"{number}-{i}"), plan, str(uuid.uuid4())) for i in range(SESSIONS)]
        facts = NormaliserFacts(name=BASIC.name, version=BASIC.version, hash=BASIC.hash)
        manifest = Manifest.begin(
            corpus=CorpusFacts(name="soak", hash="0" * 64, utterances=SESSIONS),
            cells=[CellFacts.of("soak", {"chunk_ms": CHUNK_MS})], seed=0, concurrency=SESSIONS, repeats=1,
            endpoint="simulator", dialect="live", product="dictation", recogniser="scripted", normaliser=facts,
            planned=SESSIONS,
        )  # fmt: skip
        done: list[SessionKey] = []
        with RunWriter.create(self.store, manifest) as writer:

            def finished(record) -> None:
                writer.add(record)
                done.append(record.key)

            await play_many(jobs, service, concurrency=SESSIONS, on_begin=writer.begin, on_done=finished)
            scores = [score_session(record, BASIC) for record in writer.records()]
            writer.commit([score.to_row() for score in scores])
            path = writer.path
        self.judge(jobs, done, open_run(self.store, path))
        late_ns = [value for score in scores for value in score.instrument.lateness_ns]
        shutil.rmtree(path)
        return percentile(late_ns, 50) / 1e6, percentile(late_ns, 99) / 1e6

    def judge(self, jobs, done, run) -> None:
        """Every session once, in the hand and on the disk; each with the id that was asked for, and its own text."""
        wanted = Counter(job.key for job in jobs)
        records = list(run.iter_records())
        if Counter(done) != wanted or Counter(record.key for record in records) != wanted:
            self.faults.append(f"{len(done)} handed over, {len(records)} stored, {len(wanted)} asked for")
        asked = {job.key: job.session_id for job in jobs}
        if len({record.remote_id for record in records}) != len(records):
            self.faults.append("two sessions have one id")
        for record in records:
            self.outcomes[record.outcome.value] += 1
            if record.remote_id != asked[record.key]:
                self.faults.append(f"session {record.key} has another one's id")
            if record.outcome is Outcome.COMPLETED and SAID not in record.hypothesis():
                self.faults.append(f"session {record.key} completed without its text")
            if record.outcome is Outcome.CRASHED:
                self.faults.append(f"session {record.key}: {record.error}")
        self.sessions += len(records)
        self.faults += [str(finding) for finding in verify_run(run) if finding.damage]


def slope(looks: list[Look], value) -> float:
    """Growth in 10 minutes: the median of the slopes between all pairs, which a few bad rounds do not move."""
    pairs = itertools.combinations([(look.at_s, value(look)) for look in looks], 2)
    return statistics.median([(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in pairs] or [0.0]) * 600


def floor_growth(looks: list[Look], value) -> int:
    """By how much the least value of the last third lies above that of the first: what is left open adds up."""
    third = max(1, len(looks) // 3)
    return min(map(value, looks[-third:]), default=0) - min(map(value, looks[:third]), default=0)


async def soak(minutes: float) -> int:
    """Play rounds until the time is over, then judge; the exit code."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    watched, watching = context.Pipe()
    timer = context.Process(target=watch, args=(watching,), daemon=True)
    timer.start()
    url, ws_url = await asyncio.to_thread(ours.recv)
    address, tls = ServiceAddress("simulator", url, ws_url), tls_context()
    looks: list[Look] = []
    struck: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        state = Soak(Path(folder))
        begun_s = time.monotonic()
        async with SukiRest(address, Credentials("demo-partner", Secret("demo-partner-token")), LIMITS, tls) as rest:
            service = Service(address, rest, tls, LIMITS)
            number = 0
            while time.monotonic() - begun_s < minutes * 60:
                late = await state.round(service, number)
                number += 1
                await asyncio.sleep(3)  # what the simulator still holds of lost connections goes meanwhile
                give_back()
                ours.send(True)
                tasks, struck = await asyncio.to_thread(ours.recv)
                watched.send(True)
                timer_ms = await asyncio.to_thread(watched.recv)
                pids = (os.getpid(), process.pid or 0)
                memory, handles = (rss_mb(pids[0]), rss_mb(pids[1])), (files(pids[0]), files(pids[1]))
                held = (len(asyncio.all_tasks()), tasks)
                looks.append(Look(time.monotonic() - begun_s, memory, handles, held, late, timer_ms))
                show(number, looks[-1], state)
    ours.close()
    process.terminate()
    timer.terminate()
    return report(minutes, state, looks, struck)


def show(number: int, look: Look, state: Soak) -> None:
    """One line a round."""
    print(
        f"{look.at_s / 60:5.1f} min  round {number:3}  {state.sessions:6} sessions  rss {look.rss_mb[0]:6.1f} "
        f"{look.rss_mb[1]:6.1f} MB  files {look.files[0]} {look.files[1]}  tasks {look.tasks[0]} {look.tasks[1]}  "
        f"late p50 {look.late_ms[0]:.2f} p99 {look.late_ms[1]:.2f} ms, a bare timer {look.timer_ms:.2f}  "
        f"broken {len(state.faults)}",
        flush=True,
    )


def report(minutes: float, state: Soak, looks: list[Look], struck: list[dict[str, object]]) -> int:
    """Figures, and what they break."""
    late_from_s = minutes * 60 * WARM_UP
    warm = [look for look in looks if look.at_s >= late_from_s]
    growth = {
        "memory of the client, MB in 10 min": slope(warm, lambda look: look.rss_mb[0]),
        "memory of the simulator, MB in 10 min": slope(warm, lambda look: look.rss_mb[1]),
        "files of the client, from first to last third": floor_growth(warm, lambda look: look.files[0]),
        "files of the simulator, from first to last third": floor_growth(warm, lambda look: look.files[1]),
        "tasks of the client, from first to last third": floor_growth(warm, lambda look: look.tasks[0]),
        "tasks of the simulator, from first to last third": floor_growth(warm, lambda look: look.tasks[1]),
        "median lateness beyond a bare timer's, ms in 10 min": slope(
            warm, lambda look: look.late_ms[0] - look.timer_ms
        ),
    }
    hits = sum(int(str(fault["hits"])) for fault in struck)
    print(f"\n{minutes:g} minutes, {len(looks)} rounds, {state.sessions} sessions, {hits} faults struck")
    print("outcomes: " + ", ".join(f"{count} {name}" for name, count in state.outcomes.most_common()))
    for name, value in growth.items():
        print(f"{name}: {value:+.2f}")
    broken = list(dict.fromkeys(state.faults))
    broken += [f"{name} grew" for name, value in growth.items() if value >= MOST]
    missed = [str(fault["kind"]) for fault in struck if not fault["hits"]]
    if missed:
        print("never struck: " + ", ".join(missed))
    print(f"lost or doubled: {len(state.faults)}")
    print("\n".join(f"BROKEN {what}" for what in broken[:20]) or "nothing lost, nothing doubled, nothing grew")
    return int(bool(broken))


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    sys.exit(asyncio.run(soak(float(os.environ.get("SOAK_MINUTES", "30")))))
