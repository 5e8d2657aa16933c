"""``workbench app``: the pages in a browser."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["app"]


@click.command(epilog="Example: workbench app --store .runs --port 8600")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; others can read the runs.")
@click.option("--port", default=8501, show_default=True, type=click.IntRange(1, 65535), help="To listen on.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="Further name that browsers call it by.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@click.option("--privacy", is_flag=True, help="Hide transcripts and turn exports off, for everybody.")
def app(host: str, port: int, allow_host: tuple[str, ...], store: Path | None, privacy: bool) -> None:
    """Open the app: see a session as it comes, compare runs, start sweeps.

    It listens on this machine only, until it is interrupted. Work that it has started goes on without it.
    """
    import importlib.util
    import os
    import sys

    from workbench.errors import ConfigurationError

    if importlib.util.find_spec("streamlit") is None:
        raise ConfigurationError(
            "the app is not installed", item="streamlit", action="Install it: pip install 'suki-workbench[app]'"
        )
    if store is not None:
        os.environ["WORKBENCH_STORE"] = str(store.resolve())
    if privacy:
        os.environ["WORKBENCH_PRIVACY"] = "1"
    names = [part for name in allow_host for part in ("--allow-host", name)]
    # A process of its own kind: what the command line has imported is not carried along.
    sys.stdout.flush()
    os.execv(  # noqa: S606  our own program with a fixed list of arguments
        sys.executable, [sys.executable, "-m", "workbench.app", "--host", host, "--port", str(port), *names]
    )
