"""Writing a run: every session into the journal as it ends, then one commit; and going on where a run stopped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench.errors import StoreError
from workbench.recording.anchor import Anchor
from workbench.recording.record import Outcome, SessionKey, SessionRecord, newest
from workbench.store.files import WriterLock, file_sha256, private_folder, write_atomic
from workbench.store.in_flight import scan_live
from workbench.store.journal import Journal, journal_records
from workbench.store.manifest import MANIFEST, Counts, FileFacts, Manifest, Status, read_manifest
from workbench.store.parquet import FRAMES, SESSIONS, read_records, write_records, write_scores
from workbench.store.remote import local_folder, remote_of, remote_store
from workbench.store.segments import Entry, journal_folder, read_entry, scan_finished
from workbench.store.worker_notes import read_parts

__all__ = ["RunWriter", "write_manifest"]


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest of a run as a whole."""
    data = manifest.to_json()
    write_atomic(folder / MANIFEST, lambda file: file.write(data))


class RunWriter:
    """The one writer of a run.

    As a context manager it gives the lock back at the end of the block; a block that ends without a commit leaves an
    interrupted run, which can be read, resumed and recovered.

    Attributes:
        path: the run directory.
        manifest: manifest as it will be committed.
    """

    def __init__(self, path: Path, manifest: Manifest, lock: WriterLock, journal: Journal) -> None:
        self.path = path
        self.manifest = manifest
        self._lock = lock
        self._journal: Journal | None = journal
        self._entries: dict[SessionKey, Entry] = {}

    @classmethod
    def create(cls, root: Path | str, manifest: Manifest) -> RunWriter:
        """Make the directory of a new run under ``root`` and take its lock.

        Where ``root`` is the address of a remote store, the run is written on this machine and published by the commit.

        Raises:
            StoreError: the folder cannot be written, the disk is full, or the run exists.
        """
        remote = remote_store(root)
        store = remote.open_spool() if remote else local_folder(root)
        if not store.exists():
            private_folder(store)  # one that was there keeps what its owner gave it
        path = store / manifest.run_id
        private_folder(path)
        lock = WriterLock(path)
        try:
            _refuse_existing(path)
            write_manifest(path, manifest)
            return cls(path, manifest, lock, Journal(path, _part(path)))
        except BaseException:
            lock.release()
            raise

    @classmethod
    def resume(cls, path: Path) -> RunWriter:
        """Go on with a run that was interrupted, or committed before it was complete.

        Sessions that were in flight when the process died become cancelled ones, with every frame that had arrived.

        Raises:
            StoreError: another process writes the run, or it is damaged.
        """
        lock = WriterLock(path)
        try:
            manifest = read_manifest(path)
            before: Iterator[SessionRecord] = iter(())
            if manifest.status == "committed":
                # What lies in the journal of a committed run was left there by a removal that was cut off.
                shutil.rmtree(journal_folder(path), ignore_errors=True)
                before = read_records(path)
            else:
                stored = {entry.key for entry in scan_finished(path)[0]}
                before = (r for r in journal_records(path, in_flight=True) if r.key not in stored)
            journal = Journal(path, _part(path))
            for record in before:
                journal.add(record)
            writer = cls(path, manifest, lock, journal)
            writer.collect()
            manifest.status = "live"
            write_manifest(path, manifest)
            return writer
        except BaseException:
            lock.release()
            raise

    def begin(self, record: SessionRecord) -> None:
        """Keep what is recorded into ``record`` from now on, also if this process is killed before it ends."""
        self._open_journal().begin(record)

    def add(self, record: SessionRecord) -> None:
        """Store one session, failed ones too; it is in the kernel's hands when this returns.

        Raises:
            StoreError: the disk is full, or the session was added before.
        """
        journal = self._open_journal()
        if record.key in self._entries:
            raise StoreError("the session is stored already", item=str(record.key), action="Give it a new attempt")
        self._entries[record.key] = journal.add(record)

    def collect(self, *, in_flight: bool = False) -> None:
        """Take in what other processes of the run have written into its journal.

        Args:
            in_flight: also their sessions that never ended, as cancelled; for processes that are gone.
        """
        self._entries = {entry.key: entry for entry in scan_finished(self.path)[0]}
        for record in scan_live(self.path) if in_flight else ():
            if record.key not in self._entries:
                self._entries[record.key] = self._open_journal().add(record)

    def outcomes(self) -> dict[SessionKey, Outcome]:
        """How each stored session ended, earlier attempts included."""
        return {key: entry.outcome for key, entry in self._entries.items()}

    def records(self) -> list[SessionRecord]:
        """The newest attempt of every stored session, read back from the journal."""
        return list(self.iter_records())

    def iter_records(self) -> Iterator[SessionRecord]:
        """As :meth:`records`, one at a time: what is scored for a commit."""
        wanted = set(newest(self._entries).values())
        return (read_entry(entry) for key, entry in self._entries.items() if key in wanted)

    def commit(self, scores: list[dict[str, Any]], *, ended: Anchor | None = None) -> Path:
        """Turn the journal into the files of a committed run and remove it.

        Args:
            scores: flat rows, one a session; values are numbers, text, booleans or None.
            ended: when the playing ended; now where not given.

        Returns:
            The run directory.

        Raises:
            StoreError: the disk is full or the rows do not make a table; the journal stays then.
        """
        self._open_journal().close(flush=False)
        sessions, frames = write_records(self.path, (read_entry(entry) for entry in self._entries.values()))
        write_scores(self.path, scores, self.manifest.normaliser)
        self.manifest.files = {
            name: FileFacts(sha256=file_sha256(self.path / name), rows=rows)
            for name, rows in ((SESSIONS, sessions), (FRAMES, frames))
        }
        self._finish("committed", ended)
        shutil.rmtree(journal_folder(self.path), ignore_errors=True)
        self._journal = None
        remote = remote_of(self.path)
        if remote is not None:
            remote.publish(self.path)
        return self.path

    def _open_journal(self) -> Journal:
        if self._journal is None:
            raise StoreError("the run is committed", item=str(self.path), action="Resume it, or start a new run")
        return self._journal

    def _finish(self, status: Status, ended: Anchor | None = None) -> None:
        current = newest(self._entries).values()
        if status == "committed":
            self.manifest.parts += read_parts(self.path)
        self.manifest.status = status
        self.manifest.anchor_end = ended or Anchor.now()
        self.manifest.counts = Counts(
            planned=max(self.manifest.counts.planned, len(current)),
            sessions=len(current),
            failed=sum(self._entries[key].outcome.failed for key in current),
            superseded=len(self._entries) - len(current),
        )
        write_manifest(self.path, self.manifest)

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self._journal is not None:
                self._journal.close()
                self._journal = None
                self._finish("interrupted")
        except StoreError:
            # The block's own error says more; without one, a run that could not be closed must be known.
            if error is None:
                raise
        finally:
            self._lock.release()


def _refuse_existing(path: Path) -> None:
    if (path / MANIFEST).exists():
        raise StoreError("the run exists already", item=str(path), action="Resume it, or start a new run")


def _part(path: Path) -> str:
    """A name for this process's part of the journal, after those that are there."""
    folder = journal_folder(path)
    return f"{len({file.name.partition('.')[0].partition('-')[0] for file in folder.glob('*')}):05d}"
