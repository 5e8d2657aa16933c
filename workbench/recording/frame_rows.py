"""How a frame lies in 31 bytes: the fields of a row, and rows as columns and back.

A row that cannot hold a value comes out as another one and is found by comparing; who keeps rows keeps the columns of
such frames beside them (:class:`workbench.recording.frame_log.FrameLog`).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from workbench.recording.frame import UNSET, FrameKind

__all__ = [
    "AUDIO", "BINARY", "CHUNK_BITS", "CHUNK_LOW_BITS", "CHUNK_LOW_MASK", "CHUNK_MASK", "CLOSE", "COLUMNS", "CONTROL",
    "KINDS", "KIND_BITS", "LATE_ZERO", "REST", "ROW", "TEXT", "columns_of", "kinds_of", "packed_columns", "places_of",
    "rows_of", "values_of", "without_places",
]  # fmt: skip

COLUMNS = (
    "kind", "chunk", "end_sample", "due_ns", "sent_ns", "flushed_ns", "hold_ns", "received_ns", "wire_bytes",
)  # fmt: skip
KINDS = tuple(FrameKind)
AUDIO, CONTROL, TEXT, BINARY, CLOSE, REST = range(len(KINDS))

# One row: wire bytes and kind; the first stamp; the lateness; flushed after sent; chunk and end sample, or where the
# text lies; the hold. Fields after the stamp hold value + 1, and 0 for "none"; lateness is shifted by half its range.
# A chunk's number has three bytes, so that a row and its share of a block come to less than 32.
ROW = struct.Struct("<IqIIHBII")
CHUNK_LOW_BITS, CHUNK_BITS = 16, 24
CHUNK_LOW_MASK = (1 << CHUNK_LOW_BITS) - 1
CHUNK_MASK = (1 << CHUNK_BITS) - 1
LATE_ZERO = 1 << 31
KIND_BITS = 3
_KIND_MASK = (1 << KIND_BITS) - 1
_DTYPE = np.dtype(
    [
        ("head", "<u4"),
        ("at", "<i8"),
        ("late", "<u4"),
        ("span", "<u4"),
        ("chunk_low", "<u2"),
        ("chunk_high", "u1"),
        ("end", "<u4"),
        ("hold", "<u4"),
    ]
)


def rows_of(data: bytes) -> NDArray[np.void]:
    """Whole rows from bytes, not copied."""
    return np.frombuffer(data, _DTYPE)


def kinds_of(rows: NDArray[np.void]) -> NDArray[np.int64]:
    """Index into FrameKind of each row; damaged ones may hold one that is none."""
    kinds: NDArray[np.int64] = (rows["head"] & _KIND_MASK).astype(np.int64)
    return kinds


def columns_of(rows: NDArray[np.void]) -> dict[str, NDArray[np.int64]]:
    """Rows as columns, shape (rows,) each, by the names in ``COLUMNS``; ``UNSET`` stands for "none"."""
    kind = kinds_of(rows)
    audio, out = kind == AUDIO, (kind == AUDIO) | (kind == CONTROL)
    stamp, late, span = rows["at"], rows["late"].astype(np.int64), rows["span"].astype(np.int64)
    sent = np.where(out, stamp + late - LATE_ZERO, stamp - span + 1)
    return {
        "kind": kind,
        "chunk": np.where(audio, _chunk(rows) - 1, UNSET),
        "end_sample": np.where(audio, rows["end"].astype(np.int64) - 1, UNSET),
        "due_ns": np.where(out, stamp, UNSET),
        "sent_ns": np.where(out & (late > 0) | ~out & (span > 0), sent, UNSET),
        "flushed_ns": np.where(out & (span > 0), sent + span - 1, UNSET),
        "hold_ns": np.where(audio, rows["hold"].astype(np.int64) - 1, UNSET),
        "received_ns": np.where(out, UNSET, stamp),
        "wire_bytes": (rows["head"] >> KIND_BITS).astype(np.int64),
    }


def values_of(row: bytes) -> tuple[int, ...]:
    """One row in the order of ``COLUMNS``."""
    head, at, late, span, low, high, end, hold = ROW.unpack_from(row)
    kind, size = head & _KIND_MASK, head >> KIND_BITS
    if kind in (AUDIO, CONTROL):
        sent = at + late - LATE_ZERO
        flushed = sent + span - 1 if span else UNSET
        if kind == CONTROL:
            return (kind, UNSET, UNSET, at, sent, flushed, UNSET, UNSET, size)
        return (kind, (high << CHUNK_LOW_BITS | low) - 1, end - 1, at, sent, flushed, hold - 1, UNSET, size)
    return (kind, UNSET, UNSET, UNSET, at - span + 1 if span else UNSET, UNSET, UNSET, at, size)


def packed_columns(columns: Mapping[str, NDArray[np.int64]]) -> bytes:
    """Columns as rows; what a row cannot hold comes out as something else and is found by comparing."""
    kind, sent = columns["kind"], columns["sent_ns"]
    audio, out = kind == AUDIO, (kind == AUDIO) | (kind == CONTROL)
    rows = np.zeros(len(kind), _DTYPE)
    rows["head"] = columns["wire_bytes"] << KIND_BITS | kind
    rows["at"] = np.where(out, columns["due_ns"], columns["received_ns"])
    rows["late"] = np.where(out & (sent != UNSET), sent - columns["due_ns"] + LATE_ZERO, 0)
    span = np.where(out, columns["flushed_ns"] - sent, columns["received_ns"] - sent) + 1
    rows["span"] = np.where(np.where(out, columns["flushed_ns"], sent) != UNSET, span, 0)
    chunk = np.where(audio, columns["chunk"] + 1, 0)
    rows["chunk_low"], rows["chunk_high"] = chunk & CHUNK_LOW_MASK, chunk >> CHUNK_LOW_BITS
    for name, column in (("end", "end_sample"), ("hold", "hold_ns")):
        rows[name] = np.where(audio, columns[column] + 1, 0)
    return rows.tobytes()


def _chunk(rows: NDArray[np.void]) -> NDArray[np.int64]:
    """The field of a chunk's number, in which value + 1 lies."""
    chunks: NDArray[np.int64] = rows["chunk_high"].astype(np.int64) << CHUNK_LOW_BITS | rows["chunk_low"]
    return chunks


def places_of(rows: NDArray[np.void]) -> list[int]:
    """Where the texts of rows lie, plus one; they take the fields of the chunk's number and its end."""
    places: list[int] = (_chunk(rows) | rows["end"].astype(np.int64) << CHUNK_BITS).tolist()
    return places


def without_places(rows: NDArray[np.void]) -> bytes:
    """Rows as they are kept elsewhere: where a text lay says nothing there."""
    rows = rows.copy()
    inward = kinds_of(rows) != AUDIO
    for name in ("chunk_low", "chunk_high", "end"):
        rows[name][inward] = 0
    return rows.tobytes()
