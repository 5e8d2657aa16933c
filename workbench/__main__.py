"""``python -m workbench`` is the command line."""

import os
import signal
import sys
from typing import NoReturn


def _forget_working_directory() -> None:
    """``-m`` puts the working directory first; what lies there is no part of us, and the console script has it not."""
    try:
        here = os.getcwd()  # noqa: PTH109  pathlib would be imported from there
    except OSError:  # it was removed
        return
    if not sys.flags.safe_path and sys.path[0] == here:
        del sys.path[0]


def _end_at_once(*_: object) -> NoReturn:
    """Nothing is begun yet. An exception here would be taken for a fault of the module that is being compiled."""
    try:
        os.write(2, b"workbench: interrupted\n")
    finally:
        os._exit(130)


def start() -> None:
    """The command line; Ctrl-C while it is still being loaded ends it with one line, too.

    Once a verb is loaded, Ctrl-C is an exception again (:func:`workbench.cli.ending.interrupts_raise`).
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end_at_once)
    # NumPy's products are small here. With a thread a core they wait for each other where anything else runs: `compare`
    # takes half as much processor time again, and a run that is being played is disturbed.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from workbench.cli import main

    main()


if __name__ == "__main__":
    _forget_working_directory()
    start()
