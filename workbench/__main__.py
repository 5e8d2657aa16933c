"""``python -m workbench`` is the command line."""

import os
import sys


def _forget_working_directory() -> None:
    """``-m`` puts the working directory first; what lies there is no part of us, and the console script has it not."""
    try:
        here = os.getcwd()  # noqa: PTH109  pathlib would be imported from there
    except OSError:  # it was removed
        return
    if not sys.flags.safe_path and sys.path[0] == here:
        del sys.path[0]


def start() -> None:
    """The command line; Ctrl-C while it is still being loaded ends it with one line, too."""
    # NumPy's products are small here. With a thread a core they wait for each other where anything else runs: `compare`
    # takes half as much processor time again, and a run that is being played is disturbed.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from workbench.cli import main
    except KeyboardInterrupt:
        sys.stderr.write("workbench: interrupted\n")
        sys.stderr.flush()
        os._exit(130)
    main()


if __name__ == "__main__":
    _forget_working_directory()
    start()
