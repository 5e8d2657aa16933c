"""Segments of finished sessions: on disk the moment a session ends, so that a killed run keeps what it had.

A segment is only appended to. An entry is a fixed head (mark, length, CRC-32) and a MessagePack body; what a crash cut
off is recognised and left out, what stands before it is whole. Several processes may write segments of the same run,
each its own file.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from workbench.errors import StoreError
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Outcome, SessionKey, SessionRecord
from workbench.store.files import private_folder, storing
from workbench.store.schema import storable

__all__ = ["Entry", "Segment", "decode_record", "encode_record", "journal_folder", "read_entry", "scan_finished"]

_HEAD = struct.Struct("<4sII")
_MARK = b"SWJ1"
_SUFFIX = ".sessions"


class Entry(msgspec.Struct, frozen=True):
    """Where a session lies in the journal.

    Attributes:
        key, outcome: which session, and how it ended.
        path, offset, length: where its record is.
    """

    key: SessionKey
    outcome: Outcome
    path: Path
    offset: int
    length: int


class _Label(msgspec.Struct):
    key: SessionKey
    outcome: Outcome


def _to_plain(value: object) -> object:
    if isinstance(value, FrameLog):
        rows, wide, texts = value.packed()
        return {"texts": texts, "rows": rows, "wide": wide}
    raise NotImplementedError(type(value).__name__)


def _from_plain(kind: type[object], value: dict[str, Any]) -> object:
    if kind is FrameLog:
        return FrameLog.unpacked(
            value["rows"], {row: tuple(columns) for row, columns in value["wide"].items()}, value["texts"]
        )
    raise NotImplementedError(kind.__name__)


_encoder = msgspec.msgpack.Encoder(enc_hook=_to_plain)
_decoder = msgspec.msgpack.Decoder(SessionRecord, dec_hook=_from_plain)
_label_decoder = msgspec.msgpack.Decoder(_Label)


def journal_folder(run: Path) -> Path:
    """Where the segments of a run lie."""
    return run / "journal"


MOST_ENTRY_BYTES = 256 * 1024 * 1024
"""Greatest session that is read from a journal; what is recorded of one is bounded below that."""


class Segment:
    """One process's own file of finished sessions.

    Raises:
        StoreError: the folder cannot be written, or the disk is full.
    """

    def __init__(self, run: Path, writer: str) -> None:
        folder = journal_folder(run)
        private_folder(folder, follow=False)
        self.path = folder / f"{writer}{_SUFFIX}"
        with storing(self.path):
            self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            self._end = os.fstat(self._descriptor).st_size

    def append(self, record: SessionRecord) -> Entry:
        """Hand one session to the kernel; from there it outlives this process."""
        body = encode_record(record)
        data = memoryview(_HEAD.pack(_MARK, len(body), zlib.crc32(body)) + body)
        with storing(self.path):
            written = 0
            try:
                while written < len(data):
                    written += os.write(self._descriptor, data[written:])
            except OSError:
                # Half an entry would hide every entry after it.
                os.ftruncate(self._descriptor, self._end)
                raise
        entry = Entry(record.key, record.outcome, self.path, self._end + _HEAD.size, len(body))
        self._end += len(data)
        return entry

    def close(self, *, flush: bool = True) -> None:
        """Close, and see to it that a power cut costs nothing; safe to call twice.

        Args:
            flush: False before a commit, whose files are flushed instead: the journal of nine million frames is 700 MB.
        """
        if self._descriptor >= 0:
            if flush:
                with storing(self.path):
                    os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1


def encode_record(record: SessionRecord) -> bytes:
    """A record as MessagePack; text that UTF-8 cannot hold is mended."""
    try:
        return _encoder.encode(record)
    except UnicodeEncodeError:
        return _encoder.encode(_mended(msgspec.to_builtins(record, enc_hook=_to_plain, builtin_types=(bytes,))))


def _mended(value: object) -> object:
    """The same tree with every text storable."""
    match value:
        case str():
            return storable(value)
        case list() | tuple():
            return [_mended(item) for item in value]
        case dict():
            return {_mended(key): _mended(item) for key, item in value.items()}
    return value


def scan_finished(run: Path) -> tuple[list[Entry], list[str]]:
    """Finished sessions of all segments, and what was cut off.

    Returns:
        Whole entries in the order of writing within a segment, segments by name; of one session written twice the
        later entry. And one clause for every segment whose end is damaged.
    """
    entries: dict[SessionKey, Entry] = {}
    damage: list[str] = []
    for path in sorted(journal_folder(run).glob(f"*{_SUFFIX}")):
        for entry in _scan_segment(path, damage):
            entries.pop(entry.key, None)
            entries[entry.key] = entry
    return list(entries.values()), damage


def _scan_segment(path: Path, damage: list[str]) -> Iterator[Entry]:
    with storing(path), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        offset = 0
        while offset < size:
            head = file.read(_HEAD.size)
            mark, length, crc = _HEAD.unpack(head) if len(head) == _HEAD.size else (b"", 0, 0)
            body = file.read(min(length, MOST_ENTRY_BYTES))
            label = _label(body) if mark == _MARK and len(body) == length and zlib.crc32(body) == crc else None
            if label is None:
                damage.append(f"{path.name}: {size - offset} bytes at {offset} are not a whole session")
                return
            yield Entry(label.key, label.outcome, path, offset + _HEAD.size, length)
            offset += _HEAD.size + length


def _label(body: bytes) -> _Label | None:
    try:
        return _label_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def read_entry(entry: Entry) -> SessionRecord:
    """The session an entry points to."""
    with storing(entry.path), entry.path.open("rb") as file:
        file.seek(entry.offset)
        return decode_record(file.read(entry.length))


def decode_record(body: bytes) -> SessionRecord:
    """What :func:`encode_record` made.

    Raises:
        StoreError: it is something else.
    """
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise StoreError(
            "a session of the journal is damaged", item="journal", got=type(error).__name__,
            action="Restore the run from a copy",
        ) from None  # fmt: skip
