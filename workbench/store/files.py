"""Files that are whole or absent, one writer at a time, and errors a user can act on.

House rules: nothing is changed in place. A file is written beside its name, flushed to the disk and renamed, so a
reader sees the old content or the new, never half of it. Folders and files are private to their owner, because
transcripts are patient data until proven otherwise.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from workbench.errors import StoreError

__all__ = [
    "WriterLock",
    "file_sha256",
    "is_held",
    "is_locked",
    "lock_holder",
    "private_folder",
    "storing",
    "write_atomic",
]

_LOCK_NAME = ".writer.lock"

_ACTIONS = {
    errno.ENOSPC: ("the disk is full", "Free some space; everything stored so far is kept"),
    errno.EDQUOT: ("the disk quota is used up", "Free some space; everything stored so far is kept"),
    errno.EFBIG: ("a file may not grow further here", "Raise the limit (ulimit -f); everything stored so far is kept"),
    errno.EACCES: ("no permission", "Check who owns the folder, or choose another store"),
    errno.EPERM: ("no permission", "Check who owns the folder, or choose another store"),
    errno.EROFS: ("the file system is read-only", "Choose a store on a writable disk"),
    errno.ENOENT: ("there is no such file or folder", "Check the path"),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", "Check the path"),
    errno.EEXIST: ("it is there already", "Choose another name"),
}


@contextmanager
def storing(item: Path | str) -> Iterator[None]:
    """Turn an OSError of the block into one clear StoreError about ``item``."""
    try:
        yield
    except OSError as error:
        problem, action = _ACTIONS.get(error.errno or 0, ("the operating system refused", "Check the disk"))
        raise StoreError(problem, item=str(item), got=error.strerror or type(error).__name__, action=action) from error


def private_folder(path: Path) -> None:
    """Make ``path`` and its parents; the folder itself gets mode 0700."""
    with storing(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)


def write_atomic(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Write a file so that it is there whole or not at all, and survives a power cut.

    Args:
        path: final name; an older file of that name is replaced.
        fill: writes the content into an open binary file.

    Raises:
        StoreError: the disk is full, the folder cannot be written, …; the older file is untouched then.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with storing(path):
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
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


def _sync_folder(path: Path) -> None:
    """A rename is durable once its folder is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_sha256(path: Path) -> str:
    """Hash of a file's bytes, hexadecimal."""
    with storing(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class WriterLock:
    """The right to write one run; the kernel gives it back when the holder dies, however it dies.

    Raises:
        StoreError: another process, or another writer of this one, holds it.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _LOCK_NAME
        with storing(self._path):
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(self._descriptor, 100, 0).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise StoreError(
                "another writer has this run open",
                item=str(folder),
                got=holder or None,
                action="Wait until it is done, or end that process",
            ) from None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"process {os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back; safe to call twice."""
        if self._descriptor >= 0:
            # The file stays: were it removed, one writer could hold the nameless old one and a second the new one.
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> WriterLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def lock_holder(folder: Path) -> int | None:
    """Id of the process that wrote the run in ``folder`` last; None where nobody did, or it cannot be read."""
    try:
        told = (folder / _LOCK_NAME).read_text("ascii")
    except (OSError, UnicodeError):
        return None
    word, _, number = told.strip().partition(" ")
    return int(number) if word == "process" and number.isdigit() else None


def is_locked(folder: Path) -> bool:
    """Whether a living process is writing the run in ``folder``."""
    return is_held(folder / _LOCK_NAME)


def is_held(path: Path) -> bool:
    """Whether a living process holds the exclusive lock of a file; False where there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        # A shared lock is refused only while somebody holds the exclusive one.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
