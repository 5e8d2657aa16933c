"""Where audio lies: inside one folder, under the name that the row means."""

from __future__ import annotations

import os
import unicodedata
from functools import cached_property, lru_cache
from pathlib import Path

__all__ = ["Inside", "absolute", "existing_file"]


def absolute(path: Path) -> Path:
    """The path from the root without ``..``; links keep their names, as ``resolve`` would not."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def existing_file(path: Path) -> Path | None:
    """The file of this name, however its accents are stored; None if there is none.

    macOS writes ``é`` as two characters and most other programs as one: lists and file names often differ in this.

    Raises:
        OSError, ValueError: no path can have this name.
    """
    if path.is_file() or str(path).isascii():
        return path if path.is_file() else None
    place = Path(path.anchor)
    for part in path.parts[1:] if path.anchor else path.parts:
        step = place / part
        if part != ".." and not step.exists():
            if not place.is_dir():
                return None
            name = _composed_names(str(place), place.stat().st_mtime_ns).get(unicodedata.normalize("NFC", part))
            if name is None:
                return None
            step = place / name
        place = step
    return place if place.is_file() else None


@lru_cache(maxsize=8)
def _composed_names(folder: str, _mtime_ns: int) -> dict[str, str]:
    """Names in a folder by their composed form; the time of its last change keeps the cache true."""
    return {unicodedata.normalize("NFC", name): name for name in os.listdir(folder)}  # noqa: PTH208


class Inside:
    """A folder that files are to lie in; where it leads is looked up once for all of them.

    Attributes:
        root: the folder, by the name that was given.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def _named(self) -> Path:
        return absolute(self.root)

    @cached_property
    def _real(self) -> Path:
        return self.root.resolve()

    def has(self, path: Path) -> bool:
        """Whether a file lies in the folder, links followed.

        Links of a Hugging Face hub snapshot lead to the ``blobs`` of the same repository, which count as inside.
        """
        real = path.resolve()
        if real.is_relative_to(self._real):
            return True
        blobs = _blobs(self._named)
        return blobs is not None and real.is_relative_to(blobs)

    def relative(self, path: Path) -> Path | None:
        """The path from the folder, by the names that were given: a link keeps its own; None if it lies elsewhere."""
        named = absolute(path)
        if named.is_relative_to(self._named):
            return named.relative_to(self._named)
        named = named.parent.resolve() / named.name
        return named.relative_to(self._real) if named.is_relative_to(self._real) else None


def _blobs(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        if place.parent.name == "snapshots" and (place.parent.parent / "blobs").is_dir():
            return (place.parent.parent / "blobs").resolve()
    return None
