"""Files that are whole or absent, one writer at a time, and errors a user can act on.

House rules: nothing is changed in place (:mod:`workbench.trust.whole_file`), and nothing is written through a link,
because a run may come from elsewhere. Folders and files are private to their owner, because
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

from workbench.errors import InputError, StoreError
from workbench.trust.whole_file import replace_file

__all__ = [
    "WriterLock",
    "file_sha256",
    "is_held",
    "is_locked",
    "lock_holder",
    "private_folder",
    "storing",
    "write_atomic",
    "write_named",
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
    errno.ELOOP: ("it is a link, and a run has none", "Check where it comes from; remove the link"),
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


def private_folder(path: Path, *, follow: bool = True) -> None:
    """Make ``path`` and its parents; the folder itself gets mode 0700.

    Args:
        path: the folder.
        follow: False for a folder inside of a run, which may not be a link.
    """
    with storing(path):
        if not follow and path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
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
    with storing(path):
        replace_file(path, fill)


def write_named(path: Path, what: str, fill: Callable[[BinaryIO], object]) -> None:
    """As :func:`write_atomic` where somebody named the file: then it is the name that has to be another.

    Args:
        path: final name.
        what: what the error calls it, such as ``report``.
        fill: writes the content.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        write_atomic(path, fill)
    except StoreError as error:
        raise InputError(
            f"the {what} cannot be written", item=str(path), got=error.got,
            action="Name a file in a folder that you may write and that has room",
        ) from None  # fmt: skip


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
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
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
    """Id of the process that wrote the run in ``folder`` last; None if nobody did, or it cannot be read."""
    try:
        note = (folder / _LOCK_NAME).read_text("ascii")
    except (OSError, UnicodeError):
        return None
    word, _, number = note.strip().partition(" ")
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
