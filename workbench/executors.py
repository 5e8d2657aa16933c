"""Runs on a Dask cluster (extra ``cluster``): workers play shards, the coordinator commits.

House rules: one task is one shard of sessions with an event loop and a pacer of its own, and a worker process plays one
shard at a time. A worker paces, stamps and certifies its own sessions on its own clock and writes them into its own
segments of the run's journal, so that a lost worker costs the sessions in flight and nothing else. Its shard is played
again from what the journal says. Nothing secret travels: a worker reads its credentials from its own environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from workbench.asked import asked_of, question_of, settings_of
from workbench.calibration import calibrate
from workbench.clock import Anchor
from workbench.errors import ConfigurationError, InputError, ServiceError, StoreError, WorkbenchError
from workbench.metrics.instrument import instrument
from workbench.pacing import run as run_loop
from workbench.question import Question, prepare_jobs
from workbench.recording import Outcome, SessionKey, SessionRecord
from workbench.runner import play_many
from workbench.settings import Settings, load_settings
from workbench.stopping import Stop
from workbench.store import Journal, Part, StoredRun
from workbench.store.files import is_locked, lock_holder, write_atomic
from workbench.store.host import host_facts
from workbench.store.parts import write_part
from workbench.store.remote import remote_store
from workbench.target import fitted, learn_speech, open_service, ready_jobs

__all__ = ["OnShard", "ShardTask", "connected", "play_on_cluster", "play_shard", "require_shared"]

SHARDS_PER_WORKER = 2
"""Enough for a fast worker to take over from a slow one; more would start more simulators."""

CALIBRATION_SESSIONS = 2
"""Known sessions that a worker plays before its first shard: about seven seconds."""

OnShard = Callable[[int, int], object]
"""Called with how many shards are done, and of how many."""

_STOP = ".stop"
_LOOK_S = 0.25
_END_S = 20.0
_ONE_SHARD = threading.Lock()


@dataclass(frozen=True, slots=True)
class ShardTask:
    """What a worker is told.

    Attributes:
        run: the run directory, in a folder that it shares with the coordinator.
        endpoint: where to play.
        keys: which sessions, in their order.
    """

    run: str
    endpoint: str
    keys: tuple[SessionKey, ...]


# -- the coordinator -------------------------------------------------------------------------------------------------


def require_shared(store: Path | str) -> None:
    """Workers write into the run themselves.

    Raises:
        InputError: the store is no folder.
    """
    if remote_store(store) is not None:
        raise InputError(
            "the workers of a cluster write into the run themselves",
            item="--store",
            got=store,
            expected="a folder that every worker sees under the same path",
        )


@contextmanager
def connected(address: str, wait_s: float = 30.0) -> Iterator[Any]:
    """A client of the cluster, with at least one worker there.

    Raises:
        ConfigurationError: the extra is not installed.
        ServiceError: no scheduler at ``address``, or no worker in time.
    """
    try:
        distributed: Any = importlib.import_module("distributed")  # has annotations in part, which strict checks refuse
    except ImportError:
        raise ConfigurationError(
            "Dask is not installed", item="--cluster", action="pip install 'suki-workbench[cluster]'"
        ) from None
    try:
        client = distributed.Client(address, timeout=wait_s, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ServiceError(
            "the scheduler does not answer", item=address, got=type(error).__name__, expected="tcp://host:8786"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=wait_s)
        except TimeoutError:
            raise ServiceError("the cluster has no worker", item=address, action="Start one: dask worker") from None
        yield client


def play_on_cluster(
    client: Any,  # noqa: ANN401  a Client of an extra that may not be there
    run: Path,
    endpoint: str,
    blocks: Sequence[Sequence[SessionKey]],
    *,
    stop: Stop,
    on_shard: OnShard | None = None,
) -> None:
    """Play sessions on the workers; everything they record is in the journal of ``run``.

    Args:
        client: of the cluster.
        run: a run directory that its writer holds.
        endpoint: where to play.
        blocks: sessions that stay together, in the order of playing.
        stop: ends the workers early.
        on_shard: called with how many shards are done, and of how many.

    Raises:
        WorkbenchError: what a worker could not do; the others are ended first.
        ServiceError: a shard was lost with its worker again and again.
    """
    count = min(len(blocks), SHARDS_PER_WORKER * max(1, len(client.scheduler_info()["workers"])))
    shards = [[key for block in blocks[number::count] for key in block] for number in range(count)]
    (run / _STOP).unlink(missing_ok=True)
    mark = uuid.uuid4().hex[:6]  # a run that is resumed asks for new tasks, whatever the scheduler remembers
    futures = [
        client.submit(
            play_shard, ShardTask(str(run.resolve()), endpoint, tuple(keys)), key=f"{run.name}-{mark}-{number}"
        )
        for number, keys in enumerate(shards)
    ]
    try:
        with stop.catching():
            _await_all(client, run, futures, stop, on_shard)
    finally:
        (run / _STOP).unlink(missing_ok=True)


def _await_all(
    client: Any,  # noqa: ANN401
    run: Path,
    futures: list[Any],
    stop: Stop,
    on_shard: OnShard | None,
) -> None:
    pending, told, failure, ended_s = set(futures), 0, None, float("inf")
    while pending and time.monotonic() < ended_s:
        if min(stop.asked, 2) > told:
            told = min(stop.asked, 2)
            stop.say(told)
            _tell(run, told)
            ended_s = time.monotonic() + _END_S if told == 2 else ended_s
        for future in [future for future in pending if future.done()]:
            pending.discard(future)
            if future.status == "error" and failure is None:
                failure = _said(future.exception())
                stop.request(now=True)
            if on_shard is not None and future.status == "finished":
                on_shard(len(futures) - len(pending), len(futures))
        time.sleep(_LOOK_S)
    client.cancel(list(pending))
    if failure is not None:
        raise failure


def _tell(run: Path, asked: int) -> None:
    write_atomic(run / _STOP, lambda file: file.write(b"%d" % asked))


def _said(error: BaseException) -> WorkbenchError:
    if isinstance(error, WorkbenchError):
        return error
    if type(error).__name__ == "KilledWorker":
        return ServiceError(
            "a shard was lost with its worker again and again",
            item="--cluster",
            action="See the logs of the workers, then go on with workbench resume",
        )
    # Its message may hold what was said; its kind is enough to look for in the worker's log.
    return ServiceError("a worker failed", item="--cluster", got=type(error).__name__, action="See its log")


# -- a worker --------------------------------------------------------------------------------------------------------


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
        question, _ = question_of(manifest)
        provider_id = asked_of(manifest).provider_id
        mine = load_settings(os.environ, endpoint=task.endpoint, provider_id=provider_id)
        settings = settings_of(manifest, mine, task.endpoint)
        keys = _left(run, task.keys)
        if keys:
            run_loop(_play(run, writer, fitted(question, settings), settings, keys, resolution_ms))
        return writer


@cache
def _resolution_ms(process: int) -> float | None:
    """What this process can resolve, found out before its first shard; of every process anew, also after a fork."""
    del process
    return run_loop(calibrate(CALIBRATION_SESSIONS)).resolution_ms


def _left(run: Path, keys: Sequence[SessionKey]) -> list[SessionKey]:
    """Of a shard that somebody may have begun, what is still to be played."""
    last: dict[tuple[str, str, int], tuple[int, Outcome]] = {}
    for key, outcome in sorted(StoredRun(run).outcomes(in_flight=True).items()):
        last[key.cell, key.utterance, key.repeat] = (key.attempt, outcome)
    left = []
    for key in keys:
        attempt, outcome = last.get((key.cell, key.utterance, key.repeat), (-1, Outcome.CANCELLED))
        if attempt < key.attempt:
            left.append(key)
        elif outcome is Outcome.CANCELLED:
            left.append(replace(key, attempt=attempt + 1))
    return left


async def _play(
    run: Path,
    writer: str,
    question: Question,
    settings: Settings,
    keys: Sequence[SessionKey],
    resolution_ms: float | None,
) -> None:
    jobs = prepare_jobs(question, keys=keys)
    part = Part(name=writer, host=host_facts(), anchor_start=Anchor.now(), resolution_ms=resolution_ms)
    records: list[SessionRecord] = []
    stop = Stop()
    await learn_speech(settings, jobs)
    async with open_service(settings, question.transport, question.dialect) as (service, _):
        jobs = list(await ready_jobs(question, service, jobs))
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
                            concurrency=question.concurrency,
                            on_begin=journal.begin,
                            on_done=ended,
                            stop=stopped,
                            realtime_priority=question.realtime,
                        )
                    except asyncio.CancelledError:
                        stop.taken()
    part.anchor_end = Anchor.now()
    part.certified = sum(instrument(record).pacing_valid is True for record in records)
    write_part(run, writer, part)


@asynccontextmanager
async def _watching(run: Path, stop: Stop) -> AsyncIterator[None]:
    """While the block runs, hear what the coordinator says, and that it is gone."""
    # Some shared file systems do not tell of locks; then the coordinator's word and its number in the file count.
    held, holder = is_locked(run), lock_holder(run)

    async def watch() -> None:
        told = 0
        while True:
            await asyncio.sleep(_LOOK_S)
            asked = _asked(run)
            if (held and not is_locked(run)) or lock_holder(run) != holder:
                asked = 2
            while told < asked:
                told += 1
                stop.request()

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


def _asked(run: Path) -> int:
    try:
        return int((run / _STOP).read_bytes())
    except (OSError, ValueError):
        return 0
