"""Frames of sessions in flight, in memory that the kernel keeps when the process is killed.

House rules: the event loop writes into a mapped file and makes no system call, takes no lock and wakes no thread: about
2 us a frame. A writer thread would cost milliseconds whenever it takes the interpreter lock, and lose what came since
its last turn. The file is allocated in full before it is mapped, so that a full disk is an error and not a fault of the
memory. A row's length is written last: a row without one was not finished. Files whose sessions have all ended are
removed. The texts of a session in flight lie here alone, so that memory holds less than 32 bytes a frame.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import StoreError
from workbench.recording import UNSET, FrameLog, Outcome, SessionRecord
from workbench.store.columns import storable
from workbench.store.files import private_folder, storing
from workbench.store.segments import decode_record, encode_record, journal_folder

__all__ = ["LiveFrames", "scan_live"]

_SUFFIX = ".live"
_SEGMENT_BYTES = 4 * 1024 * 1024
"""Room for 20,000 to 100,000 frames; making one takes 0.1 ms, every few seconds with 1,000 sessions."""

_HEAD = struct.Struct("<IIB")  # length of what follows, session, what it is
_FRAME, _SESSION, _WIDE = 1, 2, 3
_COLUMNS = struct.Struct(f"<{len(FrameLog.COLUMNS)}q")
_TEXT_AT = {_FRAME: FrameLog.ROW_BYTES, _SESSION: 0, _WIDE: FrameLog.ROW_BYTES + _COLUMNS.size}
_FILE_SHIFT = 32
_OFFSET_MASK = (1 << _FILE_SHIFT) - 1
"""A place is the number of a file and the offset of a row's head in it."""

_GLANCE_BYTES = 1024
"""Read at once of a row whose length is not known yet: most are shorter."""

_CUT_OFF = "the run was ended while the session was in flight"


class LiveFrames:
    """One process's mapped files.

    Attributes:
        failure: why frames are no longer written, None while they are.

    Raises:
        StoreError: the folder cannot be written, or the disk is full.
    """

    def __init__(self, run: Path, writer: str) -> None:
        self._folder = journal_folder(run)
        private_folder(self._folder)
        self._writer = writer
        self._sessions = 0
        self._number = 0
        self._open: dict[int, set[int]] = {}
        self._here: set[int] = set()
        self._descriptors: dict[int, int] = {}
        self._map: mmap.mmap | None = None
        self._at = 0
        self.failure: StoreError | None = None

    def begin(self, record: SessionRecord) -> None:
        """Write every frame of ``record`` from now on, as it is recorded."""
        self._sessions += 1
        record.frames.keeper = _Keeper(self, self._sessions, record)

    def take(self, record: SessionRecord) -> int | None:
        """Give the texts of a session that has ended back to its log; what lies here stays until :meth:`end`.

        Returns:
            The number of the session here, None for one that was not begun here.
        """
        keeper = record.frames.keeper
        if not isinstance(keeper, _Keeper):
            return None
        record.frames.release()
        return keeper.session

    def end(self, session: int | None) -> None:
        """The session is stored elsewhere; its frames here are no longer needed."""
        for number, sessions in list(self._open.items()):
            sessions.discard(session or 0)
            if not sessions and number != self._number:
                del self._open[number]
                os.close(self._descriptors.pop(number))
                self._path(number).unlink(missing_ok=True)

    def close(self) -> None:
        """Unmap; files of sessions that never ended stay."""
        if self._map is not None:
            self._map.close()
            self._map = None
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()
        for number, sessions in self._open.items():
            if not sessions:
                self._path(number).unlink(missing_ok=True)
        self._open.clear()

    def _path(self, number: int) -> Path:
        return self._folder / f"{self._writer}-{number:06d}{_SUFFIX}"

    def put(self, session: int, what: int, body: bytes) -> int:
        """Write one row; returns its place, ``UNSET`` where the disk takes no more."""
        if self.failure is not None:
            return UNSET
        end = self._at + _HEAD.size + len(body)
        if self._map is None or end > len(self._map):
            try:
                self._map = self._next_file(_HEAD.size + len(body))
            except StoreError as error:
                # We are in the middle of a transport's callback: the session goes on, the journal tells afterwards.
                self.failure = error
                return UNSET
            self._at, end = 0, _HEAD.size + len(body)
        self._here.add(session)
        target, at = self._map, self._at
        target[end - len(body) : end] = body
        _HEAD.pack_into(target, at, len(body), session, what)
        self._at = end
        return self._number << _FILE_SHIFT | at

    def body(self, place: int) -> tuple[int, bytes]:
        """What a row is, and its body."""
        descriptor, at = self._descriptors[place >> _FILE_SHIFT], place & _OFFSET_MASK
        # Read, not mapped: the pages of a mapping would count as this process's memory.
        data = os.pread(descriptor, _GLANCE_BYTES, at)
        length, _, what = _HEAD.unpack_from(data)
        end = _HEAD.size + length
        if end > len(data):
            data += os.pread(descriptor, end - len(data), at + len(data))
        return what, data[_HEAD.size : end]

    def _next_file(self, needed: int) -> mmap.mmap:
        self._number += 1
        path, size = self._path(self._number), max(_SEGMENT_BYTES, needed)
        with storing(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, size)
                mapped = mmap.mmap(descriptor, size)
            except OSError:
                os.close(descriptor)
                path.unlink()
                raise
        if self._map is not None:
            self._map.close()
        self._descriptors[self._number] = descriptor
        self._here = self._open[self._number] = set()
        return mapped


class _Keeper:
    """What the log of one session writes to."""

    __slots__ = ("_live", "_pictures", "_record", "session")

    def __init__(self, live: LiveFrames, session: int, record: SessionRecord) -> None:
        self._live = live
        self._record = record
        self._pictures = 0
        self.session = session

    def keep(self, row: bytes, wide: tuple[int, ...] | None, text: str | None) -> int:
        # With the first frame goes a picture of the record, and another one with the first chunk: by then its remote id
        # and time zero are known.
        if self._pictures < (2 if text is None else 1):
            self._pictures = 2 if text is None else 1
            self._live.put(self.session, _SESSION, self._picture())
        body = row if wide is None else row + _COLUMNS.pack(*wide)
        if text is not None:
            body += text.encode("utf-8", "surrogatepass")
        place = self._live.put(self.session, _FRAME if wide is None else _WIDE, body)
        return UNSET if text is None else place

    def text(self, place: int) -> str:
        what, body = self._live.body(place)
        return body[_TEXT_AT[what] :].decode("utf-8", "surrogatepass")

    def _picture(self) -> bytes:
        log, self._record.frames = self._record.frames, FrameLog()
        try:
            return encode_record(self._record)
        finally:
            self._record.frames = log


def scan_live(run: Path) -> list[SessionRecord]:
    """Sessions that had begun and not ended, with every frame up to the end of the process; outcome CANCELLED."""
    found: dict[tuple[str, int], tuple[SessionRecord, _Frames]] = {}
    for path in sorted(journal_folder(run).glob(f"*{_SUFFIX}")):
        writer = path.name.rpartition("-")[0]
        for session, what, body in _rows(path):
            if what == _SESSION:
                _, frames = found.get((writer, session), (None, _Frames()))
                found[writer, session] = (decode_record(body), frames)
            elif (writer, session) in found:
                found[writer, session][1].add(what, body)
    for record, frames in found.values():
        record.frames = frames.log()
        record.outcome, record.error = Outcome.CANCELLED, _CUT_OFF
    return [record for record, _ in found.values()]


def _rows(path: Path) -> Iterator[tuple[int, int, bytes]]:
    with storing(path):
        data = path.read_bytes()
    at = 0
    while at + _HEAD.size <= len(data):
        length, session, what = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        if not length or not session or length < _TEXT_AT.get(what, len(data)) or at + length > len(data):
            return
        yield session, what, data[at : at + length]
        at += length


class _Frames:
    """Frames of one session on their way back into a log."""

    def __init__(self) -> None:
        self._rows: list[bytes] = []
        self._wide: dict[int, tuple[int, ...]] = {}
        self._texts: list[str] = []

    def add(self, what: int, body: bytes) -> None:
        if what == _WIDE:
            self._wide[len(self._rows)] = _COLUMNS.unpack_from(body, FrameLog.ROW_BYTES)
        row = body[: FrameLog.ROW_BYTES]
        if FrameLog.row_has_text(row):
            self._texts.append(storable(body[_TEXT_AT[what] :].decode("utf-8", "surrogatepass")))
        self._rows.append(row)

    def log(self) -> FrameLog:
        return FrameLog.unpacked(b"".join(self._rows), self._wide, self._texts)
