"""``workbench notebooks``: the notebooks that come with the package, to copy and try."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.options import json_option
from workbench.cli.screen import echo, note, print_json

__all__ = ["notebooks", "shipped_notebooks"]


@click.command(epilog="Example: workbench notebooks my-notebooks")
@click.argument("folder", default="notebooks", type=click.Path(path_type=Path, file_okay=False))
@json_option
def notebooks(folder: Path, as_json: bool) -> None:
    """Copy the example notebooks into FOLDER; existing files are kept."""
    from workbench.child_process import install_command
    from workbench.errors import InputError
    from workbench.trust.whole_file import replace_file

    copied, present = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for source in shipped_notebooks():
            target = folder / source.name
            if target.exists() or target.is_symlink():
                present.append(str(target))
            else:
                content = source.read_bytes()
                replace_file(target, lambda file, content=content: file.write(content))  # type: ignore[misc]
                copied.append(str(target))
    except OSError as error:
        raise InputError(
            "the folder cannot be written",
            item=str(folder),
            got=error.strerror,
            action="Name a folder that you can write",
        ) from None
    if as_json:
        print_json({"folder": str(folder), "copied": copied, "kept": present})
        return
    for path in copied:
        echo(path)
    for path in present:
        note(f"{path} is there already and was kept")
    note(f"Open them with: {install_command('notebooks')}; pip install jupyterlab; jupyter lab {folder}")


def shipped_notebooks() -> list[Path]:
    """The notebooks, inside an installed package or next to the package in its source tree, in order.

    Raises:
        ConfigurationError: neither is there.
    """
    from workbench.errors import ConfigurationError

    package = Path(__file__).parents[1]
    for folder in (package / "_notebooks", package.parent / "notebooks"):
        if paths := sorted(folder.glob("*.ipynb")):
            return paths
    raise ConfigurationError(
        "the notebooks are missing", item=str(package / "_notebooks"), action="Install suki-workbench again"
    )
