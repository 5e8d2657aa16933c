"""Reading runs: committed ones from Parquet, live and killed ones from their journal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.errors import StoreError
from workbench.recording.record import Outcome, SessionKey, SessionRecord, newest
from workbench.store.files import WriterLock, is_locked, storing
from workbench.store.in_flight import scan_live
from workbench.store.journal import journal_records
from workbench.store.manifest import MANIFEST, NormaliserFacts, Status, is_run_id, read_manifest
from workbench.store.parquet import SCORES, SESSIONS, read_outcomes, read_records, read_scores, write_scores
from workbench.store.remote import local_folder, remote_of, remote_store
from workbench.store.segments import journal_folder, scan_finished

__all__ = ["StoredRun", "effective_status", "list_runs", "open_run"]

LAST = "last"
_BEGINNING = 8
_SHOWN_IDS = 5


def effective_status(path: Path, status: Status) -> Status:
    """A live run whose writer is gone was interrupted."""
    return "interrupted" if status == "live" and not is_locked(path) else status


class StoredRun:
    """A run on disk, opened for reading; any number of processes may do so, also while it is written.

    Attributes:
        path: the run directory.
        manifest: manifest as it was when the run was opened.

    >>> wb.load("last").result.run.status
    'committed'
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        file = path / MANIFEST
        if not file.is_file():
            raise StoreError("this is not a run", item=str(path), expected=f"a folder with {MANIFEST}")
        self.manifest = read_manifest(path)

    def __repr__(self) -> str:
        return f"StoredRun({self.run_id}, {self.status})"

    @property
    def run_id(self) -> str:
        """Id of the run, which is the name of its folder."""
        return self.manifest.run_id

    @property
    def status(self) -> Status:
        """``live``, ``committed`` or ``interrupted``; a live run whose writer is gone was interrupted."""
        return effective_status(self.path, self.manifest.status)

    @property
    def committed(self) -> bool:
        """Whether sessions are in Parquet; before that they are in the journal."""
        return self.manifest.status == "committed"

    def iter_records(self, *, superseded: bool = False) -> Iterator[SessionRecord]:
        """Sessions one at a time, in the order in which they ended; memory stays small however long the run.

        Args:
            superseded: also the earlier attempts of sessions that were played again.
        """
        keys = set(newest(self.keys()).values()) if not superseded else None
        return (record for record in self._all_records() if keys is None or record.key in keys)

    def records(self, *, superseded: bool = False) -> list[SessionRecord]:
        """Sessions, equal to what was added, in the order in which they ended; each once, in its newest attempt.

        Args:
            superseded: also the earlier attempts of sessions that were played again.

        Raises:
            StoreError: a file is missing or damaged.
        """
        return list(self.iter_records(superseded=superseded))

    def _in_parquet(self) -> bool:
        # A reader that opened the run while it was live finds the files of the commit in the place of the journal.
        return self.committed or ((self.path / SESSIONS).exists() and not journal_folder(self.path).exists())

    def _all_records(self) -> Iterator[SessionRecord]:
        if self._in_parquet():
            return read_records(self.path)
        return journal_records(self.path, in_flight=not is_locked(self.path))

    def keys(self) -> list[SessionKey]:
        """Which sessions are stored, earlier attempts included."""
        return list(self.outcomes())

    def outcomes(self, *, in_flight: bool = False) -> dict[SessionKey, Outcome]:
        """How each stored session ended, earlier attempts included.

        Args:
            in_flight: also those that never ended, as cancelled, although somebody writes the run.
        """
        if self._in_parquet():
            return dict(read_outcomes(self.path))
        outcomes = {entry.key: entry.outcome for entry in scan_finished(self.path)[0]}
        if in_flight or not is_locked(self.path):
            outcomes |= {record.key: record.outcome for record in scan_live(self.path) if record.key not in outcomes}
        return outcomes

    def scores(self) -> list[dict[str, Any]]:
        """Rows of scores as they were given; empty for a run that was never scored."""
        return read_scores(self.path)[0] if (self.path / SCORES).exists() else []

    @property
    def normaliser(self) -> NormaliserFacts | None:
        """What the stored scores were made with; None if there are none."""
        return read_scores(self.path)[1] if (self.path / SCORES).exists() else None

    def replace_scores(self, rows: list[dict[str, Any]], normaliser: NormaliserFacts) -> None:
        """Put other scores in the place of the stored ones; nothing else of the run changes.

        Raises:
            StoreError: somebody else writes the run, or it cannot be written; the old scores stay then.
        """
        with WriterLock(self.path):
            write_scores(self.path, rows, normaliser)
            remote = remote_of(self.path)
            if remote is not None:
                remote.upload(self.path, SCORES)

    def remove(self) -> None:
        """Delete the run and all that was recorded in it.

        Raises:
            StoreError: somebody writes the run, it cannot be removed, or it is a link to what lies elsewhere.
        """
        if self.path.is_symlink():
            raise StoreError(
                "this is a link to a run elsewhere",
                item=str(self.path),
                got=str(self.path.resolve()),
                action="Remove the run there, and the link with rm",
            )
        with WriterLock(self.path), storing(self.path):
            remote = remote_of(self.path)
            if remote is not None:
                remote.remove(self.run_id)
            # Renamed first: a list that is made meanwhile shows the whole run or none.
            doomed = self.path.rename(self.path.with_name(f".removed-{self.path.name}"))
            shutil.rmtree(doomed)


def open_run(root: Path | str, which: str | Path = LAST) -> StoredRun:
    """Open a run by id, by path, or the newest one.

    Args:
        root: folder that holds the runs, or the address of a remote store.
        which: a run id or the beginning of one, the path of a run directory, or ``last``.

    Raises:
        StoreError: there is no such run, or its manifest cannot be read.
    """
    remote = remote_store(root)
    folder = remote.sync_manifests() if remote else local_folder(root)
    if which == LAST:
        paths = [path for path in _run_folders(folder) if is_run_id(path.name)]
        if not paths:
            raise StoreError("there is no run yet", item=str(root), action="Start one with `workbench run`")
        which = paths[-1].name
    which = _whole_id(folder, which)
    path = folder / which
    if remote is not None and is_run_id(path.name) and path.parent == folder:
        remote.fetch(path.name)
    path = path if (path / MANIFEST).is_file() else Path(which)
    if not (path / MANIFEST).is_file():
        raise StoreError("there is no such run", item=str(which), action="See `workbench runs list`")
    return StoredRun(path)


def _whole_id(folder: Path, which: str | Path) -> str | Path:
    """The id that begins so, if one does; what was given if none does."""
    if not isinstance(which, str) or len(which) < _BEGINNING or (folder / which).exists() or Path(which).exists():
        return which
    ids = [path.name for path in _run_folders(folder) if is_run_id(path.name) and path.name.startswith(which)]
    if len(ids) > 1:
        more = " …" if len(ids) > _SHOWN_IDS else ""
        raise StoreError(
            "several runs begin like this", item=which, got=", ".join(ids[:_SHOWN_IDS]) + more,
            expected="enough of the id to tell them apart",
        )  # fmt: skip
    return ids[0] if ids else which


def list_runs(root: Path | str) -> list[StoredRun]:
    """All runs under ``root``, oldest first; none if the folder does not exist.

    Raises:
        StoreError: a manifest cannot be read; :func:`workbench.store.index_runs` lists such runs too.
    """
    remote = remote_store(root)
    if remote is not None:
        return [StoredRun(remote.fetch(path.name)) for path in _run_folders(remote.sync_manifests())]
    return [StoredRun(path) for path in _run_folders(local_folder(root))]


def _run_folders(root: Path) -> list[Path]:
    if not root.exists():
        return []
    with storing(root):
        return sorted(path for path in root.iterdir() if (path / MANIFEST).is_file() and not path.name.startswith("."))
