"""One process of the client of several: ``python -m workbench.instrument.capacity.worker``.

It has one end of a pipe, whose other end :mod:`workbench.instrument.capacity.site` holds: first comes its part of a
level, then
it says that it is ready, is told when to start, and hands over what it measured.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from multiprocessing.connection import Connection

from workbench.errors import WorkbenchError
from workbench.instrument.capacity.site import Part, allow_descriptors, play_part
from workbench.playing.pacer import run

__all__ = ["main"]


def main() -> None:
    """Play the part that comes through the pipe whose descriptor is the one argument."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches the whole group, and whoever started us tells of it
    with Connection(int(sys.argv[1])) as end:
        part: Part = end.recv()

        async def start() -> int:
            end.send("ready")
            start_ns: int = await asyncio.to_thread(end.recv)
            return start_ns

        allow_descriptors()
        try:
            end.send(run(play_part(part, start)))
        except WorkbenchError as error:
            end.send(error)


if __name__ == "__main__":
    main()
