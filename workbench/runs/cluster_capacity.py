"""Capacity across the workers of a Dask cluster: each plays a part of every level.

Workers meet twice, as processes of one machine do: when all have created their sessions, and when they hand over what
they measured. Each starts by its own clock once it hears that all are ready, so that parts begin a message apart; the
steady stretch is looked at in each worker's own time. Nothing secret travels: a worker reads its credentials from its
own environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import add
from pathlib import Path
from typing import Any

from workbench.errors import InputError, MeasurementError
from workbench.instrument.capacity import Capacity, Level, LoadPlan, Objective, find_capacity
from workbench.instrument.capacity.level import Measured
from workbench.instrument.capacity.site import Part, address_of, allow_descriptors, play_part
from workbench.playing.pacer import run
from workbench.runs.cluster import connected, said
from workbench.runs.cluster_worker import LOOK_S
from workbench.settings import Settings, load_settings

__all__ = ["PartTask", "capacity_on_cluster", "play_cluster_part"]

_READY_S = 300.0
"""How long a worker waits for the others to be ready."""

_GO, _STOP = "go", "stop"


@dataclass(frozen=True, slots=True)
class PartTask:
    """What a worker is told: its part of a level, without anything secret.

    Attributes:
        mark: name of the level, by which workers and coordinator meet.
        load: what the level is.
        endpoint: service to load.
        ca_file: additional authority, where the worker finds it.
        sessions: sessions that this worker plays at a time.
        place: place of this worker among all.
    """

    mark: str
    load: LoadPlan
    endpoint: str
    ca_file: Path | None
    sessions: int
    place: int


def capacity_on_cluster(
    settings: Settings,
    load: LoadPlan,
    objective: Objective,
    address: str,
    on_level: Callable[[Level], object] = lambda level: None,
) -> Capacity:
    """As :func:`find_capacity`, with every level split over the workers of a Dask cluster.

    Args:
        settings: endpoint, and what a worker does not have of its own; credentials are those of each worker.
        load: what a level is; every worker is one process of the client.
        objective: what must hold.
        address: address of the scheduler, such as ``tcp://scheduler:8786``.
        on_level: called with each level when it is over.

    Raises:
        InputError: processes as well, or a simulator that would be started on this machine.
        MeasurementError: a worker ended, or did not become ready.
        ServiceError: no scheduler, no worker, or no service.
        WorkbenchError: what a worker could not do.
    """
    if load.processes != 1:
        raise InputError(
            "every worker of a cluster is one process of the client",
            item="processes", got=load.processes, expected="1", action="Start more workers",
        )  # fmt: skip
    with connected(address) as client:
        workers = sorted(client.scheduler_info(n_workers=-1)["workers"])
        split = replace(load, processes=len(workers))
        play = partial(_play_parts, client, workers, settings)
        return run(find_capacity(settings, split, objective, on_level, play))


async def _play_parts(client: Any, workers: list[str], settings: Settings, parts: list[Part]) -> Measured:  # noqa: ANN401
    """One level: a part on each worker, started when all are ready."""
    distributed: Any = importlib.import_module("distributed")
    mark = uuid.uuid4().hex[:12]
    futures = {}
    for worker, part in zip(workers, parts, strict=True):
        task = PartTask(mark, part.load, settings.endpoint, settings.ca_file, part.sessions, part.place)
        futures[worker] = client.submit(play_cluster_part, task, key=f"capacity-{mark}-{part.place}", workers=[worker])
    waiting = [distributed.Event(_ready(mark, part.place), client=client) for part in parts]
    word = distributed.Variable(_word(mark), client=client)
    over = distributed.Event(_over(mark), client=client)
    deadline_s = time.monotonic() + _READY_S
    try:
        while waiting := [event for event in waiting if not event.is_set()]:
            _check(client, futures)
            if time.monotonic() > deadline_s:
                raise MeasurementError(
                    "the workers did not become ready", item="cluster", got=f"{_READY_S:g} s",
                    action="See their logs, and try fewer sessions",
                )  # fmt: skip
            await asyncio.sleep(LOOK_S)
        word.set(_GO)
        while not all(future.done() for future in futures.values()):
            _check(client, futures)
            await asyncio.sleep(LOOK_S)
        _check(client, futures)
        measured: Measured = reduce(add, client.gather(list(futures.values())))
        return measured
    finally:
        word.set(_STOP)  # whoever still waits for the others is let go, and who plays after Ctrl-C ends
        over.set()
        client.cancel(list(futures.values()))


def _check(client: Any, futures: dict[str, Any]) -> None:  # noqa: ANN401
    there = client.scheduler_info(n_workers=-1)["workers"]
    for worker, future in futures.items():
        if future.status == "error":
            raise said(future.exception())
        if worker not in there and not future.done():
            raise MeasurementError(
                "a worker ended", item="cluster", got=worker, action="See its log, and try fewer sessions"
            )


def _ready(mark: str, place: int) -> str:
    return f"capacity-{mark}-ready-{place}"


def _word(mark: str) -> str:
    return f"capacity-{mark}-word"


def _over(mark: str) -> str:
    return f"capacity-{mark}-over"


def play_cluster_part(task: PartTask) -> Measured:
    """Play a part of a level in this process of a cluster.

    Raises:
        ConfigurationError: no credentials in this worker's environment.
        MeasurementError: the others did not become ready, or the level was ended.
        ServiceError: the service is not there.
    """
    distributed: Any = importlib.import_module("distributed")
    client = distributed.get_client()
    ready = distributed.Event(_ready(task.mark, task.place), client=client)
    word = distributed.Variable(_word(task.mark), client=client)

    def meet() -> int:
        ready.set()
        if word.get(timeout=_READY_S) != _GO:
            raise MeasurementError(
                "the other workers did not become ready", item="cluster", action="See what the first of them said"
            )
        return time.perf_counter_ns()

    async def play() -> Measured:
        settings = load_settings(os.environ, endpoint=task.endpoint, ca_file=task.ca_file)
        part = Part(settings, task.load, await address_of(settings), task.sessions, task.place)
        with _ended_by(distributed.Event(_over(task.mark), client=client)):
            return await play_part(part, lambda: asyncio.to_thread(meet))

    allow_descriptors()
    try:
        return run(play())
    except asyncio.CancelledError:
        raise MeasurementError("the level was ended", item="cluster", action="Measure it again") from None


@contextlib.contextmanager
def _ended_by(over: Any) -> Iterator[None]:  # noqa: ANN401
    """Cancel the task of the block when the coordinator says that the level is over.

    A thread waits for that, and not a task that asks: between two chunks nothing is to be done.
    """
    loop, playing = asyncio.get_running_loop(), asyncio.current_task()

    def end() -> None:
        if active and playing is not None:
            playing.cancel()

    def wait() -> None:
        over.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: it was over before
            loop.call_soon_threadsafe(end)

    active = True
    threading.Thread(target=wait, name="level over", daemon=True).start()
    try:
        yield
    finally:
        active = False
