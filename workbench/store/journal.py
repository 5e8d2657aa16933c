"""The journal of a run that is not committed: finished sessions, and the frames of those in flight."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workbench.recording.record import SessionRecord
from workbench.store.in_flight import LiveFrames, scan_live
from workbench.store.segments import Entry, Segment, read_entry, scan_finished

__all__ = ["Journal", "journal_records"]


class Journal:
    """One process's part of the journal of a run.

    The writer of a run has one. Worker processes of the same run open their own under other names; the run's writer
    finds what they wrote when it commits.

    Args:
        run: the run directory.
        writer: unique among the processes of the run.

    Raises:
        StoreError: the folder cannot be written, or the disk is full.
    """

    def __init__(self, run: Path, writer: str) -> None:
        self._segment = Segment(run, writer)
        self._live = LiveFrames(run, writer)

    def begin(self, record: SessionRecord) -> None:
        """From now on every frame of ``record`` outlives this process the moment it is recorded."""
        self._live.begin(record)

    def add(self, record: SessionRecord) -> Entry:
        """Store a finished session; it outlives this process when this returns.

        Raises:
            StoreError: the disk is full; or it was while the session was in flight, the session is stored then.
        """
        session = self._live.take(record)
        entry = self._segment.append(record)
        self._live.end(session)
        if self._live.failure is not None:
            raise self._live.failure
        return entry

    def close(self, *, flush: bool = True) -> None:
        """Close the files, flushed to the disk unless a commit follows; safe to call twice."""
        self._live.close()
        self._segment.close(flush=flush)


def journal_records(run: Path, *, in_flight: bool) -> Iterator[SessionRecord]:
    """Sessions of the journal in the order in which they ended.

    Args:
        run: the run directory.
        in_flight: also those that never ended, last, as cancelled; for a run whose processes are gone.
    """
    entries, _ = scan_finished(run)
    yield from (read_entry(entry) for entry in entries)
    if in_flight:
        stored = {entry.key for entry in entries}
        yield from (record for record in scan_live(run) if record.key not in stored)
