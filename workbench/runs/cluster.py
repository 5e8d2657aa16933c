"""Runs on a Dask cluster (extra ``cluster``): workers play shards, the coordinator commits.

One task is one shard of sessions with an event loop and a pacer of its own, and a worker process plays one
shard at a time. A worker paces, stamps and certifies its own sessions on its own clock and writes them into its own
segments of the run's journal, so that a lost worker costs the sessions in flight and nothing else. Its shard is played
again from what the journal says. Nothing secret travels: a worker reads its credentials from its own environment.
"""

from __future__ import annotations

import importlib
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workbench.child_process import install_command
from workbench.errors import ConfigurationError, InputError, ServiceError, WorkbenchError
from workbench.playing.stop import Stop
from workbench.recording.record import Outcome, SessionKey, newest
from workbench.runs.cluster_worker import LOOK_S, STOP_FILE, ShardTask, play_shard
from workbench.runs.evaluate import score_stored
from workbench.runs.manifest import run_manifest
from workbench.runs.order import Shard, blocks, session_keys
from workbench.runs.resolved_run import ResolvedRun
from workbench.runs.result import RunResult, result_of
from workbench.runs.resume import Remainder, reopened
from workbench.runs.service import service_name
from workbench.scoring.session import SessionScore
from workbench.settings import Settings
from workbench.store import RunWriter, open_run
from workbench.store.files import write_atomic
from workbench.store.labels import RunLabel, check_label, label_run
from workbench.store.remote import remote_store

__all__ = [
    "OnShard",
    "connected",
    "evaluate_on_cluster",
    "play_on_cluster",
    "require_shared",
    "resume_on_cluster",
    "said",
]

SHARDS_PER_WORKER = 2
"""Enough for a fast worker to take over from a slow one; more would start more simulators."""


OnShard = Callable[[int, int], object]
"""Called with how many shards are done, and of how many."""

_END_S = 20.0


# -- the coordinator -------------------------------------------------------------------------------------------------


def require_shared(store: Path | str) -> None:
    """Workers write into the run themselves.

    Raises:
        InputError: the store is no folder.
    """
    if remote_store(store) is not None:
        raise InputError(
            "the workers of a cluster write into the run themselves",
            item="store",
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
        raise ConfigurationError("Dask is not installed", item="cluster", action=install_command("cluster")) from None
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
    settings: Settings,
    blocks: Sequence[Sequence[SessionKey]],
    *,
    stop: Stop,
    on_shard: OnShard | None = None,
) -> None:
    """Play sessions on the workers; everything they record is in the journal of ``run``.

    Args:
        client: Dask client of the cluster.
        run: a run directory that its writer holds.
        settings: where to play; of the coordinator, what a worker does not have of its own.
        blocks: sessions that stay together, in the order of playing.
        stop: ends the workers early.
        on_shard: called with how many shards are done, and of how many.

    Raises:
        WorkbenchError: what a worker could not do; the others are ended first.
        ServiceError: shard failed repeatedly because its worker died.
    """
    count = min(len(blocks), SHARDS_PER_WORKER * max(1, len(client.scheduler_info()["workers"])))
    shards = [[key for block in blocks[number::count] for key in block] for number in range(count)]
    (run / STOP_FILE).unlink(missing_ok=True)
    mark = uuid.uuid4().hex[:6]  # a run that is resumed asks for new tasks, whatever the scheduler remembers
    futures = [
        client.submit(
            play_shard,
            ShardTask(str(run.resolve()), settings.endpoint, tuple(keys), settings.ca_file),
            key=f"{run.name}-{mark}-{number}",
        )
        for number, keys in enumerate(shards)
    ]
    try:
        with stop.handle_signals():
            _await_all(client, run, futures, stop, on_shard)
    finally:
        (run / STOP_FILE).unlink(missing_ok=True)


def _await_all(
    client: Any,  # noqa: ANN401
    run: Path,
    futures: list[Any],
    stop: Stop,
    on_shard: OnShard | None,
) -> None:
    pending, notified, failure, ended_s = set(futures), 0, None, float("inf")
    while pending and time.monotonic() < ended_s:
        if min(stop.requests, 2) > notified:
            notified = min(stop.requests, 2)
            stop.notify(notified)
            _tell(run, notified)
            ended_s = time.monotonic() + _END_S if notified == 2 else ended_s
        for future in [future for future in pending if future.done()]:
            pending.discard(future)
            if future.status == "error" and failure is None:
                failure = said(future.exception())
                stop.request(now=True)
            if on_shard is not None and future.status == "finished":
                on_shard(len(futures) - len(pending), len(futures))
        time.sleep(LOOK_S)
    client.cancel(list(pending))
    if failure is not None:
        raise failure


def _tell(run: Path, requests: int) -> None:
    write_atomic(run / STOP_FILE, lambda file: file.write(b"%d" % requests))


def said(error: BaseException) -> WorkbenchError:
    """What a user is told of a task that failed on a worker."""
    if isinstance(error, WorkbenchError):
        return error
    if type(error).__name__ == "KilledWorker":
        return ServiceError(
            "shard failed repeatedly because its worker died",
            item="cluster",
            action="See the logs of the workers, then continue with workbench resume",
        )
    # Its message may hold what was said; its kind is enough to look for in the worker's log.
    return ServiceError("a worker failed", item="cluster", got=type(error).__name__, action="See its log")


# -- a worker --------------------------------------------------------------------------------------------------------


def evaluate_on_cluster(
    resolved: ResolvedRun,
    settings: Settings,
    address: str,
    *,
    shard: Shard | None = None,
    on_shard: OnShard | None = None,
    stop: Stop | None = None,
    label: RunLabel | None = None,
) -> RunResult:
    """As :func:`evaluate`, played by the workers of a Dask cluster.

    Args:
        resolved: what to play; its sessions at a time are those of each worker.
        settings: endpoint, store and limits; credentials are read from each worker's environment.
        address: address of the scheduler, such as ``tcp://scheduler:8786``.
        shard: play only this part.
        on_shard: called with how many shards are done, and of how many.
        stop: ends it early from outside; Ctrl-C does in any case.
        label: as of :func:`evaluate`.

    Raises:
        InputError: a store that is no folder.
        ServiceError: no scheduler, or no worker.
        WorkbenchError: what a worker could not do.
    """
    require_shared(settings.store)
    label = label or RunLabel()
    check_label(settings.store, label)
    resolved.refuse_services("cluster")
    keys = session_keys(resolved, shard)
    manifest = run_manifest(resolved, *service_name(settings), len(keys), settings, shard)
    with connected(address) as client, RunWriter.create(settings.store, manifest) as writer:
        if label != RunLabel():
            label_run(settings.store, manifest.run_id, label)
        parts = blocks(resolved, keys)
        play_on_cluster(client, writer.path, settings, parts, stop=stop or Stop(), on_shard=on_shard)
        scores, complete = _collected(writer, resolved, keys)
    return result_of(open_run(settings.store, writer.path), scores, [c.name for c in resolved.cells], complete)


def resume_on_cluster(
    rest: Remainder, settings: Settings, address: str, *, on_shard: OnShard | None = None, stop: Stop | None = None
) -> RunResult:
    """As :func:`resume`, played by the workers of a Dask cluster; see :func:`evaluate_on_cluster`."""
    require_shared(settings.store)
    resolved = rest.resolved
    resolved.refuse_services("cluster")
    with connected(address) as client, reopened(rest, settings) as writer:
        parts = blocks(resolved, rest.missing)
        play_on_cluster(client, writer.path, settings, parts, stop=stop or Stop(), on_shard=on_shard)
        scores, complete = _collected(writer, resolved, rest.missing)
    return result_of(open_run(settings.store, writer.path), scores, [c.name for c in resolved.cells], complete)


def _collected(writer: RunWriter, resolved: ResolvedRun, keys: Sequence[SessionKey]) -> tuple[list[SessionScore], bool]:
    """Take in what the workers wrote; scores of it, and whether all of ``keys`` were played to their end."""
    writer.collect(in_flight=True)
    outcomes = writer.outcomes()
    last = newest(outcomes)
    whole = {place for place, key in last.items() if outcomes[key] is not Outcome.CANCELLED}
    complete = whole.issuperset(key.place for key in keys)
    return score_stored(writer, resolved, complete), complete
