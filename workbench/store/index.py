"""The index: one file from which a thousand runs are listed at once.

House rules: the index is a copy and never the truth. Each line remembers the size and time of the manifest it was made
from; a manifest that changed is read again, a run that is gone is dropped, and without the file everything is read
again. It is replaced as a whole, and a store that cannot be written is listed without it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from workbench.errors import StoreError
from workbench.store.files import storing, write_atomic
from workbench.store.manifest import MANIFEST, Counts, Manifest, is_run_id
from workbench.store.reader import effective_status
from workbench.store.remote import local_folder, remote_store

__all__ = ["INDEX", "RunSummary", "index_runs"]

INDEX = ".index.json"

_VERSION = 1


class RunSummary(msgspec.Struct, kw_only=True, frozen=True):
    """One run in a list.

    Attributes:
        run_id: name of the run and of its folder.
        created: UTC, RFC 3339; None where the manifest cannot be read.
        status: ``live``, ``committed``, ``interrupted`` or ``damaged``.
        corpus, endpoint, recogniser: what was played, and to what.
        cells: how many configurations.
        counts: sessions.
        problem: why it cannot be read; None for a sound manifest.
    """

    run_id: str
    created: str | None = None
    status: str
    corpus: str | None = None
    endpoint: str | None = None
    recogniser: str | None = None
    cells: int = 0
    counts: Counts = msgspec.field(default_factory=Counts)
    problem: str | None = None


class _Line(msgspec.Struct, kw_only=True, frozen=True):
    summary: RunSummary
    size: int
    modified_ns: int


class _Index(msgspec.Struct, kw_only=True):
    version: int = _VERSION
    runs: dict[str, _Line] = {}


def index_runs(root: Path | str) -> list[RunSummary]:
    """All runs under ``root``, oldest first, damaged ones too; brings the index up to date.

    Raises:
        StoreError: the folder cannot be read, or the remote store cannot be reached.
    """
    remote = remote_store(root)
    root = remote.sync_manifests() if remote else local_folder(root)
    known = _load(root / INDEX)
    current: dict[str, _Line] = {}
    for name, stamp in _manifests(root):
        line = known.get(name)
        if line is None or (line.size, line.modified_ns) != (stamp.st_size, stamp.st_mtime_ns):
            line = _Line(summary=_summary(root / name), size=stamp.st_size, modified_ns=stamp.st_mtime_ns)
        current[name] = line
    if current != known:
        # A store on a read-only disk is listed all the same, only not as fast.
        with contextlib.suppress(StoreError):
            write_atomic(root / INDEX, lambda file: file.write(msgspec.json.encode(_Index(runs=current))))
    return [_as_of_now(root / name, line.summary) for name, line in sorted(current.items())]


def _load(path: Path) -> dict[str, _Line]:
    try:
        index = msgspec.json.decode(path.read_bytes(), type=_Index)
    except (OSError, msgspec.DecodeError, UnicodeError):
        return {}
    return index.runs if index.version == _VERSION else {}


def _manifests(root: Path) -> list[tuple[str, os.stat_result]]:
    found = []
    if root.exists():
        with storing(root), os.scandir(root) as folders:
            for folder in folders:
                if is_run_id(folder.name):
                    # A folder without a manifest is a run whose creation was cut off before anything was played.
                    with contextlib.suppress(FileNotFoundError):
                        found.append((folder.name, os.stat(os.path.join(folder.path, MANIFEST))))  # noqa: PTH116, PTH118
    return found


def _summary(path: Path) -> RunSummary:
    try:
        with storing(path / MANIFEST):
            manifest = Manifest.from_json((path / MANIFEST).read_bytes(), str(path / MANIFEST))
    except StoreError as error:
        return RunSummary(run_id=path.name, status="damaged", problem=str(error))
    return RunSummary(
        run_id=manifest.run_id,
        created=manifest.created,
        status=manifest.status,
        corpus=manifest.corpus.name,
        endpoint=manifest.endpoint,
        recogniser=manifest.recogniser,
        cells=len(manifest.cells),
        counts=manifest.counts,
    )


def _as_of_now(path: Path, summary: RunSummary) -> RunSummary:
    """A run that was live when it was indexed may have lost its writer since."""
    if summary.status != "live":
        return summary
    return msgspec.structs.replace(summary, status=effective_status(path, "live"))
