"""Facts about sound files that were decoded before, found again by the content of the file.

One small database under the user's cache; it holds hashes and levels, no audio, no names and no text. Where it cannot
be read or written there is none, and everything is decoded again.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType

import msgspec

from workbench.audio.measure import FileFacts, Stretch
from workbench.trust.authority import user_cache

__all__ = ["FactCache"]

# Part of every key: to be raised with any change of what is measured or of how files are read.
_VERSION = 1
_WAIT_S = 2.0
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(FileFacts).decode


class FactCache:
    """Facts by content; for use by many threads at once, and as a context manager.

    Args:
        folder: None is the user's.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._lock = Lock()
        self._database: sqlite3.Connection | None = None
        with contextlib.suppress(sqlite3.Error, OSError):
            self._database = _opened(folder or user_cache())

    def __enter__(self) -> FactCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._database is not None:
            with contextlib.suppress(sqlite3.Error):
                self._database.commit()
            self._database.close()
            self._database = None

    def find(self, sha256: str, stretches: Sequence[Stretch]) -> FileFacts | None:
        """Facts about a file's content, measured for the same stretches; None if there are none."""
        with contextlib.suppress(sqlite3.Error, msgspec.DecodeError), self._lock:
            if self._database is not None:
                query = self._database.execute("SELECT facts FROM sounds WHERE key = ?", (_key(sha256, stretches),))
                row = query.fetchone()
                return _decode(row[0]) if row else None
        return None

    def add(self, sha256: str, stretches: Sequence[Stretch], facts: FileFacts) -> None:
        """Remember facts; written to the disk with the others at the end."""
        with contextlib.suppress(sqlite3.Error), self._lock:
            if self._database is not None:
                row = (_key(sha256, stretches), _encode(facts))
                self._database.execute("INSERT OR REPLACE INTO sounds VALUES (?, ?)", row)


def _opened(folder: Path) -> sqlite3.Connection:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = sqlite3.connect(folder / "sounds.sqlite", timeout=_WAIT_S, check_same_thread=False)
    try:
        database.execute("CREATE TABLE IF NOT EXISTS sounds (key BLOB PRIMARY KEY, facts BLOB) WITHOUT ROWID")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _key(sha256: str, stretches: Sequence[Stretch]) -> bytes:
    return hashlib.sha256(f"{_VERSION} {sha256} ".encode() + _encode(tuple(stretches))).digest()
