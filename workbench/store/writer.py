"""Writing a run: every session into the journal as it ends, then one commit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench.clock import Anchor
from workbench.errors import StoreError
from workbench.recording import SessionKey, SessionRecord
from workbench.store.files import WriterLock, private_folder, write_atomic
from workbench.store.journal import Entry, Segment, journal_folder, read_entry
from workbench.store.manifest import Counts, Manifest, Status
from workbench.store.tables import write_records, write_scores

__all__ = ["MANIFEST", "RunWriter", "write_manifest"]

MANIFEST = "manifest.json"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest of a run as a whole."""
    data = manifest.to_json()
    write_atomic(folder / MANIFEST, lambda file: file.write(data))


def _refuse_existing(path: Path) -> None:
    if (path / MANIFEST).exists():
        raise StoreError("the run exists already", item=str(path), action="Resume it, or start a new run")


class RunWriter:
    """The one writer of a run.

    As a context manager it gives the lock back at the end of the block; a block that ends without a commit leaves an
    interrupted run whose journal can be read and recovered.

    Attributes:
        path: the run directory.
        manifest: as it will be committed.
    """

    def __init__(self, path: Path, manifest: Manifest, lock: WriterLock) -> None:
        self.path = path
        self.manifest = manifest
        self._lock = lock
        self._segment: Segment | None = None
        self._entries: dict[SessionKey, Entry] = {}
        self._failed: set[SessionKey] = set()

    @classmethod
    def create(cls, root: Path, manifest: Manifest) -> RunWriter:
        """Make the directory of a new run under ``root`` and take its lock.

        Raises:
            StoreError: the folder cannot be written, the disk is full, or the run exists.
        """
        path = Path(root) / manifest.run_id
        private_folder(path)
        lock = WriterLock(path)
        try:
            _refuse_existing(path)
            write_manifest(path, manifest)
            writer = cls(path, manifest, lock)
            writer._segment = Segment(path, "00000")
        except BaseException:
            lock.release()
            raise
        return writer

    def add(self, record: SessionRecord) -> None:
        """Store one session, failed ones too; it is in the kernel's hands when this returns.

        Raises:
            StoreError: the disk is full, or the session was added before.
        """
        if self._segment is None:
            raise StoreError("the run is committed", item=str(self.path), action="Start a new run")
        if record.key in self._entries:
            raise StoreError("the session is stored already", item=str(record.key), action="Give it a new attempt")
        self._entries[record.key] = self._segment.append(record)
        if record.outcome.failed:
            self._failed.add(record.key)

    def commit(self, scores: list[dict[str, Any]]) -> Path:
        """Turn the journal into the files of a committed run and remove it.

        Args:
            scores: flat rows, one a session; values are numbers, text, booleans or None.

        Returns:
            The run directory.

        Raises:
            StoreError: the disk is full or the rows do not make a table; the journal stays then.
        """
        if self._segment is not None:
            self._segment.close(flush=False)
        sessions, _ = write_records(self.path, self._stored())
        write_scores(self.path, scores, self.manifest.normaliser)
        self._finish("committed", sessions)
        shutil.rmtree(journal_folder(self.path), ignore_errors=True)
        self._segment = None
        return self.path

    def records(self) -> list[SessionRecord]:
        """Sessions added so far, read back from the journal: what a commit will score and write."""
        return list(self._stored())

    def _stored(self) -> Iterator[SessionRecord]:
        return (read_entry(entry) for entry in self._entries.values())

    def _finish(self, status: Status, sessions: int) -> None:
        self.manifest.status = status
        self.manifest.anchor_end = Anchor.now()
        planned = max(self.manifest.counts.planned, sessions)
        self.manifest.counts = Counts(planned=planned, sessions=sessions, failed=len(self._failed))
        write_manifest(self.path, self.manifest)

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._segment is not None:
                self._segment.close()
                self._segment = None
                self._finish("interrupted", len(self._entries))
        except StoreError:
            # The block's own error says more; without one, a run that could not be closed must be known.
            if error is None:
                raise
        finally:
            self._lock.release()
