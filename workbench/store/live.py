"""Frames of sessions in flight, in memory that the kernel keeps when the process is killed.

House rules: the event loop writes into a mapped file and makes no system call, takes no lock and wakes no thread: about
2 us a frame. A writer thread would cost milliseconds whenever it takes the interpreter lock, and lose what came since
its last turn. The file is allocated in full before it is mapped, so that a full disk is an error and not a fault of the
memory. A row's length is written last: a row without one was not finished. Files whose sessions have all ended are
removed.
"""

from __future__ import annotations

import mmap
import os
import struct
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

from workbench.errors import StoreError
from workbench.recording import FrameLog, Outcome, SessionRecord
from workbench.store.columns import frame_log, storable
from workbench.store.files import private_folder, storing
from workbench.store.segments import decode_record, encode_record, journal_folder

__all__ = ["LiveFrames", "scan_live"]

_SUFFIX = ".live"
_SEGMENT_BYTES = 4 * 1024 * 1024
"""Room for 20,000 to 50,000 frames; making one takes 0.1 ms, every few seconds with 1,000 sessions."""

_HEAD = struct.Struct("<IIB")  # length of what follows, session, what it is
_FRAME, _SESSION = 1, 2
_COLUMNS = struct.Struct(f"<{len(FrameLog.COLUMNS)}qB")

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
        self._open: dict[Path, set[int]] = {}
        self._here: set[int] = set()
        self._map: mmap.mmap | None = None
        self._at = 0
        self.failure: StoreError | None = None

    def begin(self, record: SessionRecord) -> None:
        """Write every frame of ``record`` from now on, as it is recorded."""
        self._sessions += 1
        record.frames.tee = self._first_frame(self._sessions, record)

    def end(self, record: SessionRecord) -> None:
        """The session is stored elsewhere; its frames here are no longer needed."""
        number = getattr(record.frames.tee, "session", None)
        record.frames.tee = None
        for path, sessions in list(self._open.items()):
            sessions.discard(number)
            if not sessions and path != self._path:
                del self._open[path]
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmap; files of sessions that never ended stay."""
        if self._map is not None:
            self._map.close()
            self._map = None
        for path, sessions in self._open.items():
            if not sessions:
                path.unlink(missing_ok=True)
        self._open.clear()

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._writer}-{self._number:06d}{_SUFFIX}"

    def _first_frame(self, number: int, record: SessionRecord) -> _Tee:
        """With the first frame goes a picture of the record: by then its remote id and time zero are known."""

        def write(values: tuple[int, ...], text: str | None) -> None:
            log, record.frames = record.frames, FrameLog()
            try:
                self._put(number, _SESSION, encode_record(record))
            finally:
                record.frames = log
            tee.write = self._put_frame(number)
            tee.write(values, text)

        tee = _Tee(number, write)
        return tee

    def _put_frame(self, number: int) -> Callable[[tuple[int, ...], str | None], None]:
        pack = _COLUMNS.pack

        def write(values: tuple[int, ...], text: str | None) -> None:
            if text is None:
                self._put(number, _FRAME, pack(*values, 0))
            else:
                self._put(number, _FRAME, pack(*values, 1) + text.encode("utf-8", "surrogatepass"))

        return write

    def _put(self, session: int, what: int, body: bytes) -> None:
        if self.failure is not None:
            return
        end = self._at + _HEAD.size + len(body)
        if self._map is None or end > len(self._map):
            try:
                self._map = self._next_file(_HEAD.size + len(body))
            except StoreError as error:
                # We are in the middle of a transport's callback: the session goes on, the journal tells afterwards.
                self.failure = error
                return
            self._at, end = 0, _HEAD.size + len(body)
        self._here.add(session)
        target = self._map
        target[end - len(body) : end] = body
        _HEAD.pack_into(target, self._at, len(body), session, what)
        self._at = end

    def _next_file(self, needed: int) -> mmap.mmap:
        self._number += 1
        size = max(_SEGMENT_BYTES, needed)
        with storing(self._path):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, size)
                mapped = mmap.mmap(descriptor, size)
            except OSError:
                self._path.unlink()
                raise
            finally:
                os.close(descriptor)
        self._here = self._open[self._path] = set()
        return mapped


class _Tee:
    """The callable that a log holds; what it does changes after the first frame."""

    __slots__ = ("session", "write")

    def __init__(self, session: int, write: Callable[[tuple[int, ...], str | None], None]) -> None:
        self.session = session
        self.write = write

    def __call__(self, values: tuple[int, ...], text: str | None) -> None:
        self.write(values, text)


def scan_live(run: Path) -> list[SessionRecord]:
    """Sessions that had begun and not ended, with every frame up to the end of the process; outcome CANCELLED."""
    found: dict[tuple[str, int], tuple[SessionRecord, _Columns]] = {}
    for path in sorted(journal_folder(run).glob(f"*{_SUFFIX}")):
        writer = path.name.rpartition("-")[0]
        for session, what, body in _rows(path):
            if what == _SESSION:
                found[writer, session] = (decode_record(body), _Columns())
            elif (writer, session) in found:
                found[writer, session][1].add(body)
    for record, columns in found.values():
        record.frames = columns.log()
        record.outcome, record.error = Outcome.CANCELLED, _CUT_OFF
    return [record for record, _ in found.values()]


def _rows(path: Path) -> Iterator[tuple[int, int, bytes]]:
    with storing(path):
        data = path.read_bytes()
    at = 0
    while at + _HEAD.size <= len(data):
        length, session, what = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        if not length or not session or what not in (_FRAME, _SESSION) or at + length > len(data):
            return
        yield session, what, data[at : at + length]
        at += length


class _Columns:
    """Frames of one session on their way back into a log."""

    def __init__(self) -> None:
        self._integers = {name: array("q") for name in FrameLog.COLUMNS}
        self._texts: list[str] = []

    def add(self, body: bytes) -> None:
        *values, has_text = _COLUMNS.unpack_from(body)
        for column, value in zip(self._integers.values(), values, strict=True):
            column.append(value)
        if has_text:
            self._texts.append(storable(body[_COLUMNS.size :].decode("utf-8", "surrogatepass")))

    def log(self) -> FrameLog:
        return frame_log({name: column.tobytes() for name, column in self._integers.items()}, self._texts)
