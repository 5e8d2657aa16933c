"""How the command ends: whatever stops it, one line and the exit code that a shell expects, and nothing behind them."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import NoReturn, TextIO

import click

from workbench.errors import visible

__all__ = [
    "ReaderLeftError",
    "end",
    "end_broken_pipe",
    "end_interrupted",
    "end_unwritable",
    "interrupts_raise",
    "prepare_streams",
    "reader_may_leave",
]

_STOPPED = 130
_BROKEN_PIPE = 141


def prepare_streams() -> None:
    """Let characters that a terminal cannot show be replaced instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "")
        reconfigure = getattr(stream, "reconfigure", None)
        if encoding != "utf8" and reconfigure is not None:
            reconfigure(errors="replace")


def interrupts_raise() -> None:
    """From here on Ctrl-C is a KeyboardInterrupt; while the command was loaded it ended at once."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def end(message: str, status: int, hint: str | None = None) -> NoReturn:
    """Say on stderr why it ended, and end; a child's own ``workbench:`` in the message is not said twice."""
    message = message.replace("workbench: ", "")
    with contextlib.suppress(OSError):  # nobody can read it
        click.echo(visible(f"workbench: {message}" + (f". {hint}" if hint else "")), err=True)
    sys.exit(status)


def end_interrupted() -> NoReturn:
    """After Ctrl-C; another one while the process ends is the same request, and ends it at once.

    What was cut off anywhere is taken apart from here on, and Python complains of some of it: nobody asked.
    """
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None
    logging.disable()
    # One that came while a text was executed, as dataclasses are made, is remembered: ``python -m`` would end by the
    # signal and not with our status. Executing another text forgets it.
    exec("")  # noqa: S102
    signal.signal(signal.SIGINT, lambda *_: os._exit(_STOPPED))
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # Python takes its handlers away before it has ended
    end("interrupted", _STOPPED)


class ReaderLeftError(Exception):
    """Whoever read the output has gone, as ``head`` does; click would end a BrokenPipeError in its own way."""


@contextlib.contextmanager
def reader_may_leave() -> Iterator[None]:
    """Turn a broken pipe of the block into :class:`ReaderLeftError`."""
    try:
        yield
    except BrokenPipeError:
        raise ReaderLeftError from None


def end_broken_pipe() -> NoReturn:
    """As other programs end when their reader has gone."""
    _discard(sys.stdout)
    sys.exit(_BROKEN_PIPE)


def end_unwritable(error: OSError) -> NoReturn:
    """After the operating system refused what no other place expected: a full disk behind ``>``, a folder, a pipe."""
    _discard(sys.stdout)
    what = f"{error.filename}: " if error.filename else ""
    reason = (error.strerror or type(error).__name__).lower()
    end(f"{what}the operating system refused (got {reason})", 1, "Check space and permissions")


def _discard(stream: TextIO) -> None:
    """What is left in its buffer has no reader; Python would try again at its exit, and complain."""
    with contextlib.suppress(OSError, ValueError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
