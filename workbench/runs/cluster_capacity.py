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
"""How long the coordinator waits for all workers to be ready."""

_END_LOOK_S = 1.0
"""How often a worker asks whether its part is still wanted."""


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
        distributed.Event(_go(mark), client=client).set()
        while not all(future.done() for future in futures.values()):
            _check(client, futures)
            await asyncio.sleep(LOOK_S)
        _check(client, futures)
        measured: Measured = reduce(add, client.gather(list(futures.values())))
        return measured
    finally:
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


def _go(mark: str) -> str:
    return f"capacity-{mark}-go"


def play_cluster_part(task: PartTask) -> Measured:
    """Play a part of a level in this process of a cluster.

    Raises:
        ConfigurationError: no credentials in this worker's environment.
        MeasurementError: nobody wants the level any more.
        ServiceError: the service is not there.
    """
    distributed: Any = importlib.import_module("distributed")
    client = distributed.get_client()
    ready = distributed.Event(_ready(task.mark, task.place), client=client)
    go = distributed.Event(_go(task.mark), client=client)
    unwanted = partial(_unwanted, distributed.get_worker(), distributed.get_worker().get_current_task())

    def meet() -> int:
        ready.set()
        while not go.wait(timeout=_END_LOOK_S):
            if unwanted():
                raise _ended()
        return time.perf_counter_ns()

    async def play() -> Measured:
        settings = load_settings(os.environ, endpoint=task.endpoint, ca_file=task.ca_file)
        part = Part(settings, task.load, await address_of(settings), task.sessions, task.place)
        with _cancelled_when(unwanted):
            return await play_part(part, lambda: asyncio.to_thread(meet))

    allow_descriptors()
    try:
        return run(play())
    except asyncio.CancelledError:
        raise _ended() from None


def _ended() -> MeasurementError:
    return MeasurementError("the level was ended", item="cluster", action="Measure it again")


def _unwanted(worker: Any, key: object) -> bool:  # noqa: ANN401
    """Whether Dask has let go of the task: its coordinator cancelled it, was interrupted or is gone."""
    task = worker.state.tasks.get(key)
    return task is None or task.state == "cancelled"


@contextlib.contextmanager
def _cancelled_when(unwanted: Callable[[], bool]) -> Iterator[None]:
    """Cancel the task of the block once nobody wants it.

    A thread asks once a second, and not a task of the loop: between two chunks nothing is to be done.
    """
    loop, playing = asyncio.get_running_loop(), asyncio.current_task()
    over = threading.Event()

    def end() -> None:
        if not over.is_set() and playing is not None:
            playing.cancel()

    def watch() -> None:
        while not over.wait(_END_LOOK_S):
            if unwanted():
                with contextlib.suppress(RuntimeError):  # the loop is closed: it was over before
                    loop.call_soon_threadsafe(end)
                return

    threading.Thread(target=watch, name="level over", daemon=True).start()
    try:
        yield
    finally:
        over.set()
