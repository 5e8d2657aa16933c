"""The worker's side of a cluster run: play one shard, certify it, write its segments."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from workbench.errors import StoreError
from workbench.instrument.calibration.calibrate import calibrate
from workbench.playing.pacer import run as run_loop
from workbench.playing.runner import play_many
from workbench.playing.stop import Stop
from workbench.recording.anchor import Anchor
from workbench.recording.record import Outcome, SessionKey, SessionRecord, newest
from workbench.runs.manifest import resolved_of, settings_of
from workbench.runs.offline_baseline import with_baseline
from workbench.runs.prepare import prepare_jobs
from workbench.runs.resolved_run import ResolvedRun
from workbench.runs.service import cap_concurrency, open_service, predecode, prepare_service_jobs
from workbench.scoring.metrics.instrument import instrument
from workbench.scoring.view import SessionView
from workbench.settings import Settings, load_settings
from workbench.store import Journal, Part, StoredRun
from workbench.store.files import is_locked, lock_holder
from workbench.store.host import host_facts
from workbench.store.worker_notes import write_part

__all__ = ["LOOK_S", "STOP_FILE", "ShardTask", "play_shard"]

CALIBRATION_SESSIONS = 2
"""Known sessions that a worker plays before its first shard: about seven seconds."""


STOP_FILE = ".stop"
"""File in the run directory by which the coordinator says how often it was asked to stop."""

LOOK_S = 0.25
"""How often a worker looks at it, and at the coordinator's lock."""

_ONE_SHARD = threading.Lock()


@dataclass(frozen=True, slots=True)
class ShardTask:
    """What a worker is told.

    Attributes:
        run: the run directory, in a folder that it shares with the coordinator.
        endpoint: where to play.
        keys: which sessions, in their order.
        ca_file: additional authority, where the worker finds it.
    """

    run: str
    endpoint: str
    keys: tuple[SessionKey, ...]
    ca_file: Path | None = None


def play_shard(task: ShardTask) -> str:
    """Play a shard in this process; returns under which name its sessions are in the journal.

    Sessions that the journal has are not played again; those that were cut off with another worker begin anew.

    Raises:
        StoreError: this machine does not see the run, or cannot write into it.
        WorkbenchError: no corpus, no credentials, no service.
    """
    with _ONE_SHARD:
        run, writer = Path(task.run), f"w{uuid.uuid4().hex[:12]}"
        if not (run / "manifest.json").is_file():
            raise StoreError(
                "a worker does not see the run",
                item=task.run,
                got=f"nothing there on {os.uname().nodename}",
                action="Use a store on a file system that all workers share",
            )
        if _asked(run):  # ended before this shard began
            return writer
        resolution_ms = _resolution_ms(os.getpid())
        manifest = StoredRun(run).manifest
        resolved, _ = resolved_of(manifest)
        provider_id = resolved.spec.provider_id
        mine = load_settings(os.environ, endpoint=task.endpoint, ca_file=task.ca_file, provider_id=provider_id)
        settings = settings_of(manifest, mine, task.endpoint)
        keys = _left(run, task.keys)
        if keys:
            run_loop(_play(run, writer, cap_concurrency(resolved, settings), settings, keys, resolution_ms))
        return writer


@cache
def _resolution_ms(process: int) -> float | None:
    """What this process can resolve, found out before its first shard; of every process anew, also after a fork."""
    del process
    return run_loop(calibrate(CALIBRATION_SESSIONS)).resolution_ms


def _left(run: Path, keys: Sequence[SessionKey]) -> list[SessionKey]:
    """Of a shard that somebody may have begun, what is still to be played."""
    outcomes = StoredRun(run).outcomes(in_flight=True)
    last = newest(outcomes)
    left = []
    for key in keys:
        before = last.get(key.place)
        if before is None or before.attempt < key.attempt:
            left.append(key)
        elif outcomes[before] is Outcome.CANCELLED:
            left.append(replace(key, attempt=before.attempt + 1))
    return left


async def _play(
    run: Path,
    writer: str,
    resolved: ResolvedRun,
    settings: Settings,
    keys: Sequence[SessionKey],
    resolution_ms: float | None,
) -> None:
    jobs = list(with_baseline(resolved, settings, prepare_jobs(resolved, keys=keys)))
    part = Part(name=writer, host=host_facts(), anchor_start=Anchor.now(), resolution_ms=resolution_ms)
    records: list[SessionRecord] = []
    stop = Stop()
    await predecode(resolved, settings, jobs)
    async with open_service(settings, resolved.spec.transport, resolved.spec.dialect) as (service, _):
        jobs = list(await prepare_service_jobs(resolved, service, jobs))
        write_part(run, writer, part)
        with contextlib.closing(Journal(run, writer)) as journal:

            def ended(record: SessionRecord) -> None:
                journal.add(record)
                records.append(record)

            with stop.listening() as stopped:
                async with _watching(run, stop):
                    try:
                        part.pacer = await play_many(
                            jobs,
                            service,
                            concurrency=resolved.spec.concurrency,
                            on_begin=journal.begin,
                            on_done=ended,
                            stop=stopped,
                            realtime_priority=resolved.spec.realtime,
                        )
                    except asyncio.CancelledError:
                        stop.acknowledge()
    part.anchor_end = Anchor.now()
    part.certified = sum(instrument(SessionView(record)).pacing_valid is True for record in records)
    write_part(run, writer, part)


@asynccontextmanager
async def _watching(run: Path, stop: Stop) -> AsyncIterator[None]:
    """While the block runs, hear what the coordinator says, and that it is gone."""
    # Some shared file systems do not tell of locks; then the coordinator's word and its number in the file count.
    held, holder = is_locked(run), lock_holder(run)

    async def watch() -> None:
        passed_on = 0
        while True:
            await asyncio.sleep(LOOK_S)
            requests = _asked(run)
            if (held and not is_locked(run)) or lock_holder(run) != holder:
                requests = 2
            while passed_on < requests:
                passed_on += 1
                stop.request()

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


def _asked(run: Path) -> int:
    try:
        return int((run / STOP_FILE).read_bytes())
    except (OSError, ValueError):
        return 0
