"""``workbench app``: the pages in a browser."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.options import store_option

__all__ = ["app"]


@click.command(epilog="Example: workbench app --store .runs --port 8600")
@click.option(
    "--host",
    metavar="HOST",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. Any but 127.0.0.1 exposes stored runs to the network.",
)
@click.option(
    "--port", metavar="PORT", default=8501, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
)
@click.option("--allow-host", multiple=True, metavar="NAME", help="Additional host name to accept (repeatable).")
@store_option
@click.option("--privacy", is_flag=True, help="Hide transcripts and disable exports for every user.")
def app(host: str, port: int, allow_host: tuple[str, ...], store: Path | None, privacy: bool) -> None:
    """Start the app: watch sessions live, compare runs and start sweeps in a browser.

    Open the address that it prints. The address contains an access token: without it nobody, other users of this
    machine included, can open the app. Ctrl-C ends the app; jobs that it started continue.
    """
    import importlib.util
    import os
    import sys

    from workbench.child_process import install_command, python_command
    from workbench.errors import ConfigurationError

    if importlib.util.find_spec("streamlit") is None:
        raise ConfigurationError(
            "the app is not installed", item="streamlit", action=f"Install it: {install_command('app')}"
        )
    if store is not None:
        os.environ["WORKBENCH_STORE"] = str(store.resolve())
    if privacy:
        os.environ["WORKBENCH_PRIVACY"] = "1"
    names = [part for name in allow_host for part in ("--allow-host", name)]
    # A process of its own kind: what the command line has imported is not carried along.
    sys.stdout.flush()
    command = python_command("workbench.app", "--host", host, "--port", str(port), *names)
    os.execv(command[0], command)  # noqa: S606  our own program with a fixed list of arguments
