"""The index: one file from which a thousand runs are listed at once; see :mod:`workbench.store.stamped`."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from workbench.errors import StoreError
from workbench.store.files import storing
from workbench.store.manifest import MANIFEST, Counts, is_run_id, read_manifest
from workbench.store.reader import effective_status
from workbench.store.remote import local_folder, remote_store
from workbench.store.stamped import stamped

__all__ = ["INDEX", "RunSummary", "index_runs"]

INDEX = ".index.json"

_VERSION = 3


class RunSummary(msgspec.Struct, kw_only=True, frozen=True):
    """One run in a list.

    Attributes:
        run_id: name of the run and of its folder.
        created: UTC, RFC 3339; None if the manifest cannot be read.
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


def index_runs(root: Path | str) -> list[RunSummary]:
    """All runs under ``root``, oldest first, damaged ones too; brings the index up to date.

    Raises:
        StoreError: the folder cannot be read, or the remote store cannot be reached.
    """
    remote = remote_store(root)
    root = remote.sync_manifests() if remote else local_folder(root)
    summaries = stamped(root / INDEX, _VERSION, RunSummary, _manifests(root), lambda name: _summary(root / name))
    return [_as_of_now(root / name, summary) for name, summary in sorted(summaries.items())]


def _manifests(root: Path) -> list[tuple[str, os.stat_result]]:
    manifests = []
    if root.exists():
        with storing(root), os.scandir(root) as folders:
            for folder in folders:
                if is_run_id(folder.name):
                    # A folder without a manifest is a run whose creation was cut off before anything was played.
                    with contextlib.suppress(FileNotFoundError):
                        manifests.append((folder.name, os.stat(os.path.join(folder.path, MANIFEST))))  # noqa: PTH116, PTH118
    return manifests


def _summary(path: Path) -> RunSummary:
    try:
        manifest = read_manifest(path)
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
    """A run that was live when it was indexed may have lost its writer since; it is called as its folder is."""
    status = effective_status(path, "live") if summary.status == "live" else summary.status
    return msgspec.structs.replace(summary, run_id=path.name, status=status)
