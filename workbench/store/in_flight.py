"""Frames of sessions in flight, in memory that the kernel keeps when the process is killed.

House rules: the event loop writes into a mapped file and makes no system call, takes no lock and wakes no thread: about
1 us a frame. A writer thread would cost milliseconds whenever it takes the interpreter lock, and lose what came since
its last turn. The file is allocated in full before it is mapped, so that a full disk is an error and not a fault of the
memory. An entry's length is written last, and a block of rows says how much of it is whole after each row: what was not
finished is not read. Files whose sessions have all ended are removed. The texts of a session in flight lie here alone,
so that memory holds less than 32 bytes a frame.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import accumulate
from pathlib import Path

from workbench.errors import StoreError
from workbench.recording.frame import UNSET
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Outcome, SessionRecord
from workbench.store.files import private_folder, storing
from workbench.store.segments import MOST_ENTRY_BYTES, decode_record, encode_record, journal_folder

__all__ = ["LiveFrames", "scan_live"]

_SUFFIX = ".live"
_SEGMENT_BYTES = 4 * 1024 * 1024
"""Room for 20,000 to 100,000 frames; making one takes 0.1 ms, every few seconds with 1,000 sessions."""

_HEAD = struct.Struct("<IIB")  # length of what follows, session, what it is
_SESSION, _BLOCK, _WIDE, _TEXT = 2, 4, 5, 6
_WIDE_AT = struct.Struct(f"<II{len(FrameLog.COLUMNS)}q")  # block of the session, place in it, columns
_LEAST = {_SESSION: 1, _BLOCK: FrameLog.WHOLE.size, _WIDE: _WIDE_AT.size, _TEXT: 0}
_FILE_SHIFT = 32
_OFFSET_MASK = (1 << _FILE_SHIFT) - 1
"""A place is the number of a file and the offset of an entry's head in it."""

_GLANCE_BYTES = 1024
"""Read at once of an entry whose length is not known yet: most are shorter."""

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
        private_folder(self._folder, follow=False)
        self._writer = writer
        self._sessions = 0
        self._number = 0
        self._open: dict[int, set[int]] = {}
        self._here: set[int] = set()
        self._descriptors: dict[int, int] = {}
        self._map: mmap.mmap | None = None
        self._at = self._bytes = 0
        self.failure: StoreError | None = None

    def begin(self, record: SessionRecord) -> None:
        """Write every frame of ``record`` from now on, as it is recorded."""
        self._sessions += 1
        record.frames.buffer_in(_SessionBuffer(self, self._sessions, record))

    def take(self, record: SessionRecord) -> int | None:
        """Give the texts of a session that has ended back to its log; what lies here stays until :meth:`end`.

        Returns:
            The number of the session here, None for one that was not begun here.
        """
        keeper = record.frames.release()
        return keeper.session if isinstance(keeper, _SessionBuffer) else None

    def end(self, session: int | None) -> None:
        """The session is stored elsewhere; its frames here are no longer needed."""
        for number, sessions in list(self._open.items()):
            sessions.discard(session or 0)
            if not sessions and number != self._number:
                del self._open[number]
                os.close(self._descriptors.pop(number))
                self._path(number).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files; those of sessions that never ended stay."""
        self._map = None  # unmapped with the last block of a session that is still in flight
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
        """Write one entry; returns its place, ``UNSET`` where the disk takes no more."""
        at, size = self._at, len(body)
        begin = at + _HEAD.size
        end = begin + size
        if self._map is None or end > self._bytes or session not in self._here:
            if not self._has_room(session, size):
                return UNSET
            at = self._at
            begin = at + _HEAD.size
            end = begin + size
        target = self._map
        assert target is not None  # noqa: S101  there is room
        target[begin:end] = body
        _HEAD.pack_into(target, at, size, session, what)
        self._at = end
        return self._number << _FILE_SHIFT | at

    def block(self, session: int) -> tuple[mmap.mmap, int] | None:
        """Lend room for a block of rows, and for what says how much of it is whole."""
        size = FrameLog.WHOLE.size + FrameLog.BLOCK_BYTES
        if not self._has_room(session, size):
            return None
        assert self._map is not None  # noqa: S101  there is room
        _HEAD.pack_into(self._map, self._at, size, session, _BLOCK)
        begin = self._at + _HEAD.size
        self._at = begin + size
        return self._map, begin + FrameLog.WHOLE.size

    def _has_room(self, session: int, size: int) -> bool:
        """Whether an entry of ``size`` bytes of that session can be written now, if need be into a new file."""
        if self.failure is not None:
            return False
        if self._map is None or self._at + _HEAD.size + size > self._bytes:
            try:
                self._map = self._next_file(_HEAD.size + size)
            except StoreError as error:
                # We are in the middle of a transport's callback: the session goes on, the journal tells afterwards.
                self.failure, self._bytes = error, 0
                return False
            self._at, self._bytes = 0, len(self._map)
        self._here.add(session)
        return True

    def text(self, place: int) -> str:
        """The text that lies at ``place``."""
        descriptor, at = self._descriptors[place >> _FILE_SHIFT], place & _OFFSET_MASK
        # Read, not mapped: the pages of a mapping would count as this process's memory.
        data = os.pread(descriptor, _GLANCE_BYTES, at)
        length, _, _ = _HEAD.unpack_from(data)
        end = _HEAD.size + length
        if end > len(data):
            data += os.pread(descriptor, end - len(data), at + len(data))
        return data[_HEAD.size : end].decode("utf-8", "surrogatepass")

    def _next_file(self, needed: int) -> mmap.mmap:
        self._number += 1
        path, size = self._path(self._number), max(_SEGMENT_BYTES, needed)
        with storing(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, size)
                mapped = mmap.mmap(descriptor, size)
            except OSError:
                os.close(descriptor)
                path.unlink()
                raise
        self._descriptors[self._number] = descriptor
        self._here = self._open[self._number] = set()
        return mapped


class _SessionBuffer:
    """What the log of one session writes to.

    With its first block goes a picture of the record, and another one with its first chunk: by then its remote id and
    time zero are known.
    """

    __slots__ = ("_blocks", "_live", "_pictured", "_record", "session", "text")

    def __init__(self, live: LiveFrames, session: int, record: SessionRecord) -> None:
        self._live = live
        self._record = record
        self._blocks = 0
        self._pictured = False
        self.session = session
        self.text = live.text

    def block(self) -> tuple[mmap.mmap, int] | None:
        if not self._pictured:
            self.streaming()
        self._blocks += 1
        return self._live.block(self.session)

    def streaming(self) -> None:
        self._pictured = True
        self._live.put(self.session, _SESSION, self._picture())

    def wide(self, at: int, columns: tuple[int, ...]) -> None:
        self._live.put(self.session, _WIDE, _WIDE_AT.pack(self._blocks - 1, at, *columns))

    def keep(self, text: str) -> int:
        return self._live.put(self.session, _TEXT, text.encode("utf-8", "surrogatepass"))

    def _picture(self) -> bytes:
        log, self._record.frames = self._record.frames, FrameLog()
        try:
            return encode_record(self._record)
        finally:
            self._record.frames = log


def scan_live(run: Path) -> list[SessionRecord]:
    """Sessions that had begun and not ended, with every frame up to the end of the process; outcome CANCELLED."""
    flights: dict[tuple[str, int], _InFlight] = {}
    texts: dict[tuple[str, int], str] = {}
    for path in sorted(journal_folder(run).glob(f"*{_SUFFIX}")):
        writer, _, number = path.stem.rpartition("-")
        if not number.isdecimal():
            continue
        for at, session, what, body in _entries(path):
            if what == _TEXT:
                texts[writer, int(number) << _FILE_SHIFT | at] = body.decode("utf-8", "replace")  # as storable() does
            else:
                flights.setdefault((writer, session), _InFlight()).add(what, body)
    try:
        return [
            flight.record(partial(_text_of, texts, writer))
            for (writer, _), flight in flights.items()
            if flight.has_record
        ]
    except (ValueError, LookupError, TypeError, struct.error) as error:
        raise StoreError(
            "the journal is damaged", item=str(journal_folder(run)), got=str(error), action="Restore it from a copy"
        ) from None


def _text_of(texts: Mapping[tuple[str, int], str], writer: str, place: int) -> str | None:
    return texts.get((writer, place))


def _entries(path: Path) -> Iterator[tuple[int, int, int, bytes]]:
    """Place, session, kind and body of each entry that was finished."""
    with storing(path), path.open("rb") as file:
        data = file.read(MOST_ENTRY_BYTES)
    at = 0
    while at + _HEAD.size <= len(data):
        length, session, what = _HEAD.unpack_from(data, at)
        begin = at + _HEAD.size
        if not session or length < _LEAST.get(what, len(data)) or begin + length > len(data):
            return
        yield at, session, what, data[begin : begin + length]
        at = begin + length


class _InFlight:
    """One session on its way back into a record."""

    def __init__(self) -> None:
        self._picture: SessionRecord | None = None
        self._blocks: list[bytes] = []
        self._wide: dict[tuple[int, int], tuple[int, ...]] = {}

    @property
    def has_record(self) -> bool:
        """Whether it is known which session this was."""
        return self._picture is not None

    def add(self, what: int, body: bytes) -> None:
        if what == _SESSION:
            self._picture = decode_record(body)
        elif what == _WIDE:
            block, at, *columns = _WIDE_AT.unpack_from(body)
            self._wide[block, at] = tuple(columns)
        else:
            whole = min(FrameLog.WHOLE.unpack_from(body)[0], len(body) - FrameLog.WHOLE.size)
            self._blocks.append(body[FrameLog.WHOLE.size :][: whole - whole % FrameLog.ROW_BYTES])

    def record(self, text: Callable[[int], str | None]) -> SessionRecord:
        """The session as it was when its process ended."""
        assert self._picture is not None  # noqa: S101  asked for only where it has one
        begins = [0, *accumulate(map(len, self._blocks))]
        wide = {
            (begins[block] + at) // FrameLog.ROW_BYTES: columns
            for (block, at), columns in self._wide.items()
            if block < len(self._blocks)
        }
        record = self._picture
        record.frames = FrameLog.recovered(b"".join(self._blocks), wide, text)
        record.outcome, record.error = Outcome.CANCELLED, _CUT_OFF
        return record
