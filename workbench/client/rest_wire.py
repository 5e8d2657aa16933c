"""What a run and the process that makes its requests say to each other: pickles, because both ends are ours alone."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

from workbench.child_process import framed, next_body

__all__ = ["pack", "receive"]


def pack(value: object) -> bytes:
    """A value as it crosses the socket."""
    return framed(pickle.dumps(value))


async def receive(reader: asyncio.StreamReader) -> Any:  # noqa: ANN401  what the other end packed
    """The next value.

    Raises:
        asyncio.IncompleteReadError: the other end is gone.
        ConnectionError: likewise.
    """
    return pickle.loads(await next_body(reader))  # noqa: S301  written by the other end, which is ours
