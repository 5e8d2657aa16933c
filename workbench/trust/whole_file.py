"""Write a file whole or not at all, for its owner alone, and never through a link that somebody else laid.

A file is written beside its name under one that nobody can guess, flushed to the disk and renamed: a reader sees the
old content or the new, what was readable to others becomes private, and a link is replaced, not followed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

__all__ = ["link_below", "replace_file"]


def replace_file(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Put a file of mode 0600 in the place of ``path``.

    Args:
        path: final name; an older file, or a link, of that name is replaced. a pipe or ``/dev/stdout`` is written to.
        fill: writes the content into an open binary file.

    Raises:
        OSError: it cannot be written; an older file is untouched then.
    """
    pipe = path.exists() and not (path.is_symlink() or path.is_file() or path.is_dir())
    if pipe or (path.is_absolute() and path.parts[1:2] == ("dev",)):  # a rename would put a file in its place
        with path.open("wb") as device:
            fill(device)
        return
    partial = path.with_name(f".{secrets.token_hex(8)}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_folder(path.parent)
    except BaseException:
        # Also on Ctrl-C: half a file under a hidden name helps nobody.
        partial.unlink(missing_ok=True)
        raise


def link_below(root: Path, path: Path) -> Path | None:
    """The first link on the way from a folder to a path below it, ``path`` included; None where there is none."""
    places = [path, *path.parents]
    below = places[: places.index(root)] if root in places else places
    return next((place for place in reversed(below) if place.is_symlink()), None)


def _sync_folder(path: Path) -> None:
    """A rename is durable once its folder is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
