"""What was derived from files, kept beside them so that a thousand are listed without opening one.

What is kept is a copy and never the truth. Each value remembers the size and time of the file it was made from; a file
that changed is read again, one that is gone is dropped, and without the cache everything is read again. It is replaced
as a whole, and a folder that cannot be written is read without it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from workbench.errors import StoreError
from workbench.store.files import write_atomic

__all__ = ["stamped"]

T = TypeVar("T")


class _Entry(msgspec.Struct, Generic[T], kw_only=True, frozen=True):
    value: T
    size: int
    modified_ns: int
    also: str = ""


class _Cache(msgspec.Struct, Generic[T], kw_only=True):
    version: int
    runs: dict[str, _Entry[T]] = {}


def stamped(
    cache: Path,
    version: int,
    kind: type[T],
    files: Iterable[tuple[str, os.stat_result]],
    make: Callable[[str], T],
    also: Mapping[str, str] | None = None,
) -> dict[str, T]:
    """The value of every file, made again where the file changed; brings the cache up to date.

    Args:
        cache: file that keeps the values.
        version: number of what ``kind`` means; a cache of another one is not believed.
        kind: type of the values, as msgspec decodes it.
        files: name and stamp of each.
        make: value of the file of a name.
        also: by name, a hash of what a value rests on beside its file.
    """
    rests = also or {}
    known = _load(cache, version, kind)
    current: dict[str, _Entry[T]] = {}
    for name, stamp in files:
        entry = known.get(name)
        of = (stamp.st_size, stamp.st_mtime_ns, rests.get(name, ""))
        if entry is None or (entry.size, entry.modified_ns, entry.also) != of:
            entry = _Entry(value=make(name), size=of[0], modified_ns=of[1], also=of[2])
        current[name] = entry
    if current != known:
        data = msgspec.json.encode(_Cache(version=version, runs=current))
        with contextlib.suppress(StoreError):
            write_atomic(cache, lambda file: file.write(data))
    return {name: entry.value for name, entry in current.items()}


def _load(path: Path, version: int, kind: type[T]) -> dict[str, _Entry[T]]:
    try:
        held = msgspec.json.decode(path.read_bytes(), type=_Cache[kind])  # type: ignore[valid-type]  # msgspec reads it
    except (OSError, msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    return held.runs if held.version == version else {}
