"""Earlier results of measurements of this machine, beside the runs: one line of JSON each, oldest first."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from workbench.errors import StoreError
from workbench.store.files import private_folder, storing

__all__ = ["append_result", "stored_results"]

T = TypeVar("T", bound=msgspec.Struct)


def append_result(store: Path, file: str, result: msgspec.Struct) -> Path:
    """Add a result to a file beside the runs; returns the path of the file.

    Args:
        store: folder of the runs.
        file: name of the file, such as ``capacity.jsonl``.
        result: what was measured.

    Raises:
        StoreError: it cannot be written.
    """
    private_folder(store)
    path = store / file
    with storing(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # One write: two measurements that end at the same time write one line after the other.
            os.write(descriptor, msgspec.json.encode(result) + b"\n")
        finally:
            os.close(descriptor)
    return path


def stored_results(store: Path, file: str, kind: type[T]) -> list[T]:
    """Every result of a file beside the runs, oldest first; none if there is no such file.

    Raises:
        StoreError: the file cannot be read or understood.
    """
    path = store / file
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(
            "results cannot be read", item=str(path), got=error.strerror, action="Check the permissions of the file"
        ) from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StoreError(
                "a result cannot be read", item=f"{path}:{number}", got=str(error), action="Remove this line"
            ) from None
    return found
