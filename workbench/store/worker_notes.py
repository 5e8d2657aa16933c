"""Who writes into the journal of a run: a note of every worker beside its segments, until the commit."""

from __future__ import annotations

from pathlib import Path

import msgspec

from workbench.errors import StoreError
from workbench.store.files import private_folder, storing, write_atomic
from workbench.store.request import Part
from workbench.store.segments import journal_folder, scan_finished

__all__ = ["read_parts", "write_part"]

_SUFFIX = ".part"


def write_part(run: Path, writer: str, part: Part) -> None:
    """Say who the ``writer`` of a segment is; called again with what was not known before.

    Raises:
        StoreError: the folder cannot be written.
    """
    private_folder(journal_folder(run), follow=False)
    data = msgspec.json.encode(part)
    write_atomic(journal_folder(run) / f"{writer}{_SUFFIX}", lambda file: file.write(data))


def read_parts(run: Path) -> list[Part]:
    """Every note of a journal with the sessions that its segment holds, by the order of their beginning.

    Raises:
        StoreError: a note is damaged.
    """
    played: dict[str, int] = {}
    for entry in scan_finished(run)[0]:
        played[entry.path.stem] = played.get(entry.path.stem, 0) + 1
    parts = []
    for path in journal_folder(run).glob(f"*{_SUFFIX}"):
        try:
            with storing(path):
                part = msgspec.json.decode(path.read_bytes(), type=Part)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise StoreError(
                "worker metadata is corrupt", item=str(path), got=str(error), action="Rerun that shard"
            ) from None
        part.sessions = played.get(path.stem, 0)
        parts.append(part)
    return sorted(parts, key=lambda part: part.anchor_start.wall_ns)
