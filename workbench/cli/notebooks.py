"""``workbench notebooks``: the notebooks that come with the package, to copy and try."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.screen import json_option, note, print_json

__all__ = ["notebooks", "shipped_notebooks"]


@click.command(epilog="Example: workbench notebooks my-notebooks")
@click.argument("folder", default="notebooks", type=click.Path(path_type=Path, file_okay=False))
@json_option
def notebooks(folder: Path, as_json: bool) -> None:
    """Copy the notebooks into FOLDER; a file that is there already is left as it is."""
    import shutil

    from workbench.errors import InputError

    copied, kept = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in shipped_notebooks():
            target = folder / source.name
            if target.exists():
                kept.append(str(target))
            else:
                shutil.copyfile(source, target)
                copied.append(str(target))
    except OSError as error:
        raise InputError(
            "the folder cannot be written",
            item=str(folder),
            got=error.strerror,
            action="Name a folder that you may write",
        ) from None
    if as_json:
        print_json({"folder": str(folder), "copied": copied, "kept": kept})
        return
    for path in copied:
        click.echo(path)
    for path in kept:
        note(f"{path} is there already and was kept")
    note(f"Open them with: pip install jupyterlab suki-workbench[notebooks] && jupyter lab {folder}")


def shipped_notebooks() -> list[Path]:
    """The notebooks, inside an installed package or beside the package in its source tree, in order.

    Raises:
        ConfigurationError: neither is there.
    """
    from workbench.errors import ConfigurationError

    package = Path(__file__).parents[1]
    for folder in (package / "_notebooks", package.parent / "notebooks"):
        if found := sorted(folder.glob("*.ipynb")):
            return found
    raise ConfigurationError(
        "the notebooks are missing", item=str(package / "_notebooks"), action="Install suki-workbench again"
    )
