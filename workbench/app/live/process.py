"""The player's process, seen from the app: started when it is first needed, started again when it was lost."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from workbench.app.live.wire import Command, Down, Event, decode_event, encode
from workbench.child_process import python_command, read_body

__all__ = ["PlayerProcess"]

_END_S = 15.0


class PlayerProcess:
    """``python -m workbench.app.live.player`` as a child.

    Args:
        store: folder of the runs; recordings go below it.
        on_event: called with every event, from a thread of this object.
        on_lost: called with one clear line when the process has ended, however it ended.
    """

    def __init__(self, store: Path, on_event: Callable[[Event], None], on_lost: Callable[[str], None]) -> None:
        self._on_event = on_event
        self._on_lost = on_lost
        self._lock = threading.Lock()
        # In a session of its own: Ctrl-C in a terminal is for the app, which then ends this process in order.
        self._process = subprocess.Popen(
            python_command("workbench.app.live.player", str(store)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name="live-events", daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether it can take commands."""
        return self._process.poll() is None

    def say(self, command: Command) -> None:
        """Hand over a command; one for a process that is gone is lost, and ``on_lost`` says so."""
        pipe = self._process.stdin
        with self._lock, contextlib.suppress(OSError, ValueError):
            if pipe is not None:
                pipe.write(encode(command))
                pipe.flush()

    def close(self) -> None:
        """End it: what is being played is cut off and handed over; safe to call more than once."""
        process = self._process
        if process.stdin is not None:
            with self._lock, contextlib.suppress(OSError):
                process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join(_END_S)
        if process.stdout is not None:
            process.stdout.close()

    def _read(self) -> None:
        source, why = self._process.stdout, "the player ended; what it had recorded is lost"
        assert source is not None  # noqa: S101  asked for above
        with contextlib.suppress(OSError, ValueError):
            while (body := read_body(source)) is not None:  # type: ignore[arg-type]
                event = decode_event(body)
                if isinstance(event, Down):
                    why = event.problem
                else:
                    self._on_event(event)
        self._on_lost(why)
