"""The event log of one session: every frame in 31 bytes, and nothing for the garbage collector to follow.

House rules: appending is one ``struct.pack_into`` into a block that stands already. Stamps are kept exactly: what a
narrow field cannot hold is kept beside the rows as it is. While a session is in flight, a
:class:`~workbench.recording.frame.FrameBuffer` may lend the blocks, in memory that outlives the process, and keep the
texts; the row then says where a text lies. A full block is copied, so that the lent memory is never more than a block a
session.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from workbench.recording.frame import UNSET, Frame, FrameBuffer, FrameKind, FrameListener, WritableBuffer
from workbench.recording.frame_rows import (
    AUDIO,
    BINARY,
    CHUNK_BITS,
    CHUNK_LOW_BITS,
    CHUNK_LOW_MASK,
    CHUNK_MASK,
    CLOSE,
    COLUMNS,
    CONTROL,
    KIND_BITS,
    KINDS,
    LATE_ZERO,
    REST,
    ROW,
    TEXT,
    columns_of,
    kinds_of,
    packed_columns,
    places_of,
    rows_of,
    values_of,
    without_places,
)

__all__ = ["FrameLog"]

_WHOLE = struct.Struct("=I")  # before a lent block: bytes of it that are whole
_ROW_BYTES = ROW.size
_BLOCK_BYTES = 128 * _ROW_BYTES


class FrameLog:
    """Frames of one session, in the order in which they were recorded.

    Attributes:
        chunks_sent: how many audio frames there are.
        listener: is told of each frame as it is recorded; None for no one.
    """

    BLOCK_BYTES = _BLOCK_BYTES
    ROW_BYTES = _ROW_BYTES
    WHOLE = _WHOLE
    COLUMNS = COLUMNS
    __slots__ = ("_at", "_base", "_block", "_buffer", "_full", "_lent", "_texts", "_wide", "chunks_sent", "listener")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        self._full: list[bytes] = []
        self._block: WritableBuffer = bytearray()
        self._base = 0
        self._at = _BLOCK_BYTES
        self._lent = False
        self._wide: dict[int, tuple[int, ...]] = {}
        self._texts: list[str] = []
        self._buffer: FrameBuffer | None = None
        self.chunks_sent = 0
        self.listener: FrameListener | None = None

    @classmethod
    def of(cls, columns: Mapping[str, NDArray[np.int64]], texts: Iterable[str]) -> FrameLog:
        """A log from its columns, shape (frames,) each, and the texts of the frames that are not audio.

        Raises:
            ValueError: columns of different lengths, a kind that is none, or more or fewer texts than needed.
        """
        kind = columns["kind"]
        if len({len(values) for values in columns.values()}) > 1 or ((kind < 0) | (kind >= len(KINDS))).any():
            raise ValueError("columns of one length and known kinds were expected")
        log = cls.unpacked(packed_columns(columns), {}, list(texts))
        differs = np.zeros(len(log), bool)
        for name, values in log.columns().items():
            differs |= values != columns[name]
        for row in np.flatnonzero(differs).tolist():
            log._wide[row] = tuple(int(columns[name][row]) for name in cls.COLUMNS)
        return log

    @classmethod
    def unpacked(cls, rows: bytes, wide: Mapping[int, tuple[int, ...]], texts: list[str]) -> FrameLog:
        """What :meth:`packed` gave, as a log again.

        Raises:
            ValueError: not whole rows, or more or fewer texts than these rows need.
        """
        log = cls()
        if len(rows) % _ROW_BYTES:
            raise ValueError(f"{len(rows)} bytes are not whole rows")
        if rows:
            log._full = [rows]
        log._wide, log._texts = dict(wide), texts
        kinds = kinds_of(log._rows())
        log.chunks_sent = int((kinds == AUDIO).sum())
        if len(kinds) - log.chunks_sent != len(texts):
            raise ValueError(f"{len(texts)} texts for {len(kinds) - log.chunks_sent} frames that have one")
        return log

    def packed(self) -> tuple[bytes, dict[int, tuple[int, ...]], list[str]]:
        """Rows, the columns of the rows that are too narrow for theirs, and the texts: for the journal."""
        return without_places(self._rows()), dict(self._wide), self.texts()

    @classmethod
    def recovered(cls, rows: bytes, wide: Mapping[int, tuple[int, ...]], text: Callable[[int], str | None]) -> FrameLog:
        """What a buffer had of a log, as a log again.

        Args:
            rows: whole ones, in order.
            wide: the columns of rows that could not hold them, by their number.
            text: the text at a place; None if there is none, and the log ends before that frame.
        """
        whole = rows_of(rows)
        texts: list[str] = []
        for number, (kind, place) in enumerate(zip(kinds_of(whole).tolist(), places_of(whole), strict=True)):
            if kind == AUDIO:
                continue
            frame_text = text(place - 1) if place and kind < len(KINDS) else None
            if frame_text is None:
                whole = whole[:number]
                break
            texts.append(frame_text)
        return cls.unpacked(without_places(whole), {n: columns for n, columns in wide.items() if n < len(whole)}, texts)

    def __len__(self) -> int:
        here = self._at if len(self._block) else 0
        return (sum(map(len, self._full)) + here) // _ROW_BYTES

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrameLog):
            return NotImplemented
        ours, theirs = self.columns(), other.columns()
        same = len(self) == len(other) and all(np.array_equal(ours[name], theirs[name]) for name in self.COLUMNS)
        return same and self.texts() == other.texts()

    # -- recording ----------------------------------------------------------------------------------------------

    def audio_sent(
        self,
        chunk: int,
        end_sample: int,
        due_ns: int,
        sent_ns: int,
        flushed_ns: int,
        wire_bytes: int,
        hold_ns: int = 0,
    ) -> None:
        """Record a chunk that was sent."""
        columns = None
        if not self.chunks_sent and self._buffer is not None:
            self._buffer.streaming()
        if self._at == _BLOCK_BYTES:
            self._next_block()
        at = self._base + self._at
        try:
            ROW.pack_into(
                self._block, at, wire_bytes << KIND_BITS | AUDIO, due_ns, sent_ns - due_ns + LATE_ZERO,
                0 if flushed_ns == UNSET else flushed_ns - sent_ns + 1, chunk + 1 & CHUNK_LOW_MASK,
                chunk + 1 >> CHUNK_LOW_BITS, end_sample + 1, hold_ns + 1,
            )  # fmt: skip
        except struct.error:
            columns = (AUDIO, chunk, end_sample, due_ns, sent_ns, flushed_ns, hold_ns, UNSET, wire_bytes)
            self._widen(AUDIO, 0, columns)
        self._at += _ROW_BYTES
        if self._lent:
            _WHOLE.pack_into(self._block, self._base - _WHOLE.size, self._at)
        self.chunks_sent += 1
        if self.listener is not None:
            self.listener(self._newest_row(), columns, None)

    def control_sent(self, text: str, due_ns: int, sent_ns: int, flushed_ns: int) -> None:
        """Record a control message that was sent (end of audio, start time, events)."""
        late, span = sent_ns - due_ns + LATE_ZERO, 0 if flushed_ns == UNSET else flushed_ns - sent_ns + 1
        size = len(text.encode())
        columns = (CONTROL, UNSET, UNSET, due_ns, sent_ns, flushed_ns, UNSET, UNSET, size)
        self._with_text(CONTROL, size, due_ns, late, span, columns, text)

    def received(self, raw: str | bytes, received_ns: int) -> None:
        """Record an arrival; binary frames are kept as hexadecimal text."""
        if isinstance(raw, bytes):
            self._arrived(BINARY, len(raw), received_ns, raw.hex())
        else:
            size = len(raw) if raw.isascii() else len(raw.encode("utf-8", "surrogatepass"))
            self._arrived(TEXT, size, received_ns, raw)

    def closed(self, code: int, reason: str, received_ns: int) -> None:
        """Record the close of the socket as it was seen."""
        self._arrived(CLOSE, 0, received_ns, f"{code} {reason}")

    def rest(self, text: str, sent_ns: int, received_ns: int) -> None:
        """Record a REST request and its answer; ``UNSET`` for the stamp that there is not."""
        size = len(text.encode())
        columns = (REST, UNSET, UNSET, UNSET, sent_ns, UNSET, UNSET, received_ns, size)
        # A request without an answer has no stamp to count from and fits no row.
        answered = received_ns != UNSET
        span = -1 if not answered else 0 if sent_ns == UNSET else received_ns - sent_ns + 1
        self._with_text(REST, size, received_ns, 0, span, columns, text)

    def append_columns(self, values: tuple[int, ...], text: str | None) -> None:
        """Record a frame that another log has recorded, by its columns in the order of ``COLUMNS``."""
        kind, chunk, end_sample, due_ns, sent_ns, flushed_ns, hold_ns, received_ns, size = values
        if kind == AUDIO:
            self.audio_sent(chunk, end_sample, due_ns, sent_ns, flushed_ns, size, hold_ns)
        elif kind == CONTROL:
            self.control_sent(text or "", due_ns, sent_ns, flushed_ns)
        elif kind == REST:
            self.rest(text or "", sent_ns, received_ns)
        else:
            self._arrived(kind, size, received_ns, text or "")

    @staticmethod
    def values_of(row: bytes, wide: tuple[int, ...] | None) -> tuple[int, ...]:
        """The columns of what a listener was told, in the order of ``COLUMNS``."""
        return values_of(row) if wide is None else wide

    def _arrived(self, kind: int, size: int, received_ns: int, text: str) -> None:
        columns = (kind, UNSET, UNSET, UNSET, UNSET, UNSET, UNSET, received_ns, size)
        self._with_text(kind, size, received_ns, 0, 0, columns, text)

    def _with_text(
        self, kind: int, size: int, stamp_ns: int, late: int, span: int, columns: tuple[int, ...], text: str
    ) -> None:
        wide = None
        if self._at == _BLOCK_BYTES:
            self._next_block()
        place = UNSET if self._buffer is None else self._buffer.keep(text)
        if place == UNSET:
            self._texts.append(text)
        field = place + 1
        try:
            ROW.pack_into(
                self._block, self._base + self._at, size << KIND_BITS | kind, stamp_ns, late, span,
                field & CHUNK_LOW_MASK, (field & CHUNK_MASK) >> CHUNK_LOW_BITS, field >> CHUNK_BITS, 0,
            )  # fmt: skip
        except struct.error:
            wide = columns
            self._widen(kind, field, columns)
        self._at += _ROW_BYTES
        if self._lent:
            _WHOLE.pack_into(self._block, self._base - _WHOLE.size, self._at)
        if self.listener is not None:
            self.listener(self._newest_row(), wide, text)

    def _next_block(self) -> None:
        """Put away what there is and begin a block."""
        self._put_away()
        lent = None if self._buffer is None else self._buffer.block()
        self._lent = lent is not None
        self._block, self._base = lent or (bytearray(_BLOCK_BYTES), 0)
        self._at = 0

    def _put_away(self) -> None:
        if len(self._block):
            self._full.append(self._here())
        self._block, self._base, self._at = bytearray(), 0, _BLOCK_BYTES

    def _here(self) -> bytes:
        """The rows of the newest block."""
        return bytes(self._block[self._base : self._base + self._at])

    def _newest_row(self) -> bytes:
        end = self._base + self._at
        return bytes(self._block[end - _ROW_BYTES : end])

    def _widen(self, kind: int, field: int, columns: tuple[int, ...]) -> None:
        """The row that is being made has its kind and the place of its text alone; its columns are kept beside."""
        self._wide[len(self)] = columns
        if self._buffer is not None:
            self._buffer.wide(self._at, columns)
        ROW.pack_into(
            self._block, self._base + self._at, kind, 0, 0, 0, field & CHUNK_LOW_MASK,
            (field & CHUNK_MASK) >> CHUNK_LOW_BITS, field >> CHUNK_BITS, 0,
        )  # fmt: skip

    # -- reading ------------------------------------------------------------------------------------------------

    def _rows(self) -> NDArray[np.void]:
        # Joined as bytes: NumPy takes 20 ms to join the blocks of ten minutes as structured arrays.
        return rows_of(b"".join([*self._full, self._here()]))

    def columns(self) -> dict[str, NDArray[np.int64]]:
        """The frames as columns, shape (frames,) each, by the names in ``COLUMNS``.

        ``kind`` is an index into FrameKind; ``UNSET`` stands for "none".
        """
        columns = columns_of(self._rows())
        for row, values in self._wide.items():
            for name, value in zip(self.COLUMNS, values, strict=True):
                columns[name][row] = value
        return columns

    def texts(self) -> list[str]:
        """The texts of the frames that have one, in order."""
        if self._buffer is None:
            return list(self._texts)
        rows = self._rows()
        own, text = iter(self._texts), self._buffer.text
        places = places_of(rows[kinds_of(rows) != AUDIO])
        return [text(place - 1) if place else next(own) for place in places]

    def buffer_in(self, buffer: FrameBuffer) -> None:
        """Let ``buffer`` have every frame from now on, the moment it is recorded."""
        self._put_away()
        self._buffer = buffer

    def release(self) -> object:
        """Take over what the buffer has and let it go; returns it, None if there is none."""
        buffer, self._texts = self._buffer, self.texts()
        self._put_away()
        self._buffer = None
        return buffer

    def frames(self, *, audio: bool = True, columns: Mapping[str, NDArray[np.int64]] | None = None) -> Iterator[Frame]:
        """Frames in the order in which they were recorded.

        Args:
            audio: False leaves out the audio, which is most of them and has no text.
            columns: what :meth:`columns` gave, where it is known.
        """
        texts, columns = iter(self.texts()), self.columns() if columns is None else columns
        rows = slice(None) if audio else columns["kind"] != AUDIO
        for code, chunk, end_sample, due_ns, sent_ns, flushed_ns, hold_ns, received_ns, wire_bytes in zip(
            *(columns[name][rows].tolist() for name in self.COLUMNS), strict=True
        ):
            kind = KINDS[code]
            yield Frame(
                sent=kind in (FrameKind.AUDIO, FrameKind.CONTROL) or sent_ns != UNSET,
                kind=kind,
                chunk=_known(chunk),
                end_sample=_known(end_sample),
                due_ns=_known(due_ns),
                sent_ns=_known(sent_ns),
                flushed_ns=_known(flushed_ns),
                hold_ns=_known(hold_ns),
                received_ns=_known(received_ns),
                wire_bytes=wire_bytes,
                text=None if kind is FrameKind.AUDIO else next(texts),
            )


def _known(value: int) -> int | None:
    return None if value == UNSET else value
