"""A layout: which bytes of a file make streams that libsndfile reads to their end."""

from __future__ import annotations

import io
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from mmap import mmap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Layout", "Missing", "Part", "PartFile", "patched"]


@dataclass(frozen=True, slots=True)
class Part:
    """One stream: pieces that are read as if they followed one another in a file of their own.

    Attributes:
        pieces: bytes that stand for a header, or ranges of positions in the file.
    """

    pieces: tuple[bytes | range, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Missing:
    """Audio that a header promises and the file does not hold.

    Attributes:
        got, expected: how much there is and how much there should be.
        unit: what is counted: ``samples`` or ``bytes``.
    """

    got: int
    expected: int
    unit: str


@dataclass(frozen=True, slots=True)
class Layout:
    """What was found in a file.

    Attributes:
        parts: streams to decode one after the other; empty if libsndfile reads the file right as it is.
        remarks: what a user should know about how the file was read.
        missing: None if everything promised is there.
    """

    parts: tuple[Part, ...] = ()
    remarks: tuple[str, ...] = ()
    missing: Missing | None = None


def patched(data: mmap, start: int, end: int, changes: dict[int, bytes]) -> Part:
    """A stretch of a file with some bytes changed; ``changes`` maps positions in the file to new bytes."""
    pieces: list[bytes | range] = []
    position = start
    for offset, new in sorted(changes.items()):
        pieces += [range(position, offset), new]
        position = offset + len(new)
    pieces.append(range(position, end))
    return Part(tuple(piece for piece in pieces if len(piece)))


class PartFile(io.RawIOBase):
    """A part as a file that can be read and sought, holding none of it in memory.

    Args:
        data: the whole file.
        part: pieces of it.
    """

    def __init__(self, data: mmap, part: Part) -> None:
        self._data = data
        self._pieces = part.pieces
        self._starts = [0, *accumulate(len(piece) for piece in part.pieces)]
        self._position = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Position in the part."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in the part."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._starts[-1]}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer over the borders of pieces; the number of bytes that were left to read, at most its size."""
        view = memoryview(buffer).cast("B")
        count = 0
        while count < len(view) and self._position < self._starts[-1]:
            index = bisect_right(self._starts, self._position) - 1
            piece = self._pieces[index]
            inside = self._position - self._starts[index]
            size = min(len(view) - count, len(piece) - inside)
            if isinstance(piece, bytes):
                view[count : count + size] = piece[inside : inside + size]
            else:
                view[count : count + size] = self._data[piece.start + inside : piece.start + inside + size]
            count += size
            self._position += size
        return count
