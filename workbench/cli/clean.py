"""``workbench clean``: remove recordings and cached decodings, which lie outside of runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from workbench.cli.options import json_option, store_option
from workbench.cli.screen import echo, note, print_json
from workbench.units import counted

__all__ = ["clean"]


@click.command(epilog="Example: workbench clean --recordings --replay --yes")
@click.option("--recordings", is_flag=True, help="Microphone recordings and uploaded files of the store.")
@click.option("--replay", is_flag=True, help="Cached decodings of the replaying recogniser, for every store.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
@store_option
@json_option
def clean(recordings: bool, replay: bool, yes: bool, store: Path | None, as_json: bool) -> None:
    """Remove stored speech and text outside of runs; asks first.

    Runs are kept, but those that played a removed recording can no longer be resumed, played back or aligned.
    """
    import os

    from workbench.errors import InputError
    from workbench.settings import load_settings
    from workbench.simulator.recognition.timelines import replay_folder
    from workbench.store.files import storing
    from workbench.store.remote import local_folder

    if not recordings and not replay:
        raise InputError("nothing to remove", item="clean", expected="--recordings, --replay or both")
    folders = [local_folder(load_settings(os.environ, store=store).store) / "recordings"] if recordings else []
    folders += [replay_folder()] if replay else []
    removed = {}
    for folder in folders:
        if folder.is_symlink():
            raise InputError(
                "this is a link to a folder elsewhere",
                item=str(folder),
                got=str(folder.resolve()),
                action="Remove the link, and that folder yourself",
            )
        files = [path for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
        size = sum(path.lstat().st_size for path in files)
        if files and not yes:
            click.confirm(
                f"Remove {counted(len(files), 'file')} ({size / 1e6:.1f} MB) in {folder} for good?",
                abort=True,
                err=True,
            )
        if folder.is_dir():
            with storing(folder):
                shutil.rmtree(folder)
        removed[str(folder)] = len(files)
    if as_json:
        print_json({"removed": removed})
        return
    for name, count in removed.items():
        echo(f"{name}: {counted(count, 'file')} removed" if count else f"{name}: nothing there")
    note("Backups and copies that others made are not touched.")
