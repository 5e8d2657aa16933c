"""Calls that need an event loop of their own, from code that may already run in one."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import ParamSpec, TypeVar

from workbench.errors import WorkbenchError
from workbench.playing.stop import Stop

__all__ = ["STOP", "alone", "twin"]

P = ParamSpec("P")
T = TypeVar("T")

STOP: ContextVar[Stop | None] = ContextVar("stop", default=None)
"""Of the asynchronous call that this thread works for."""

_TWIN = """{name}() for asynchronous code: works in a thread, so that the caller's loop goes on.

Cancelling the await ends a run that is being played: what was recorded is stored, and :func:`workbench.resume` plays
the rest.

{example}
"""


def alone(work: Callable[[], T]) -> T:
    """Run what needs a separate event loop: in a thread where this one already has a loop, as in notebooks."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def twin(function: Callable[P, T], example: str) -> Callable[P, Awaitable[T]]:
    """The same function for asynchronous code.

    Args:
        function: the plain one.
        example: a doctest.
    """

    @functools.wraps(function)
    async def awaited(*args: P.args, **kwargs: P.kwargs) -> T:
        stop = Stop()
        context = copy_context()
        context.run(STOP.set, stop)
        working = asyncio.get_running_loop().create_task(asyncio.to_thread(function, *args, **kwargs), context=context)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            stop.request(now=True)
            await asyncio.wait([working])
            with contextlib.suppress(WorkbenchError):  # the caller has stopped waiting for it
                working.result()
            raise

    awaited.__name__ = awaited.__qualname__ = f"{function.__name__}_async"
    awaited.__doc__ = _TWIN.format(name=function.__name__, example=example)
    return awaited
