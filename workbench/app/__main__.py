"""``python -m workbench.app``: the process that ``workbench app`` becomes."""

from __future__ import annotations

import argparse
import logging
import signal
import sys

from workbench.app.server import Launch, serve
from workbench.errors import WorkbenchError

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Serve until interrupted; the exit status."""
    parser = argparse.ArgumentParser(prog="workbench app")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--allow-host", action="append", default=[])
    chosen = parser.parse_args(arguments)
    # Streamlit hands what follows the launcher's name to the script; ours takes nothing.
    sys.argv = sys.argv[:1]
    # A shell leaves what it starts in the background deaf to SIGINT. The server listens to it all the same, but only
    # once it serves; an interrupt before that would be lost.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        serve(Launch(chosen.host, chosen.port, tuple(chosen.allow_host)))
    except WorkbenchError as error:
        sys.stderr.write(f"workbench: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
