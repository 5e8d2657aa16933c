"""The footer of a Parquet file, read by ourselves: Arrow ends the process over a footer with a flipped bit.

Thrift's compact protocol, as far as Parquet uses it. Every length is held against the bytes that are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Chunk", "read_footer"]

_MAGIC = b"PAR1"
_TAIL = 8
_MOST_FOOTER = 64 * 1024 * 1024
_DEEPEST = 16
_TEXT_TYPE = 6
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_INTEGERS = (4, 5, 6)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What the footer says of one column of one row group.

    Attributes:
        path: name of the column, with dots where it lies in another.
        is_text: whether its values have no fixed length.
        encodings: numbers of the encodings of its pages.
        values: how many values, empty ones included.
        uncompressed: bytes of its pages before compression.
        has_dictionary: whether its pages may refer to a dictionary.
    """

    path: str
    is_text: bool
    encodings: tuple[int, ...]
    values: int
    uncompressed: int
    has_dictionary: bool


def read_footer(path: Path) -> list[Chunk]:
    """Every column chunk of a file.

    Raises:
        ValueError: no footer, or one that is damaged.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        tail = file.read(_TAIL)
        length = int.from_bytes(tail[:4], "little")
        if len(tail) < _TAIL or tail[4:] != _MAGIC or not 0 < length <= min(size - _TAIL, _MOST_FOOTER):
            raise ValueError("no Parquet footer")
        file.seek(size - _TAIL - length)
        data = file.read(length)
    try:
        facts = _Reader(data).struct(0)
        return [_chunk(column[3]) for group in facts.get(4, []) for column in group[1]]
    except IndexError:
        raise ValueError("a Parquet footer that is cut off") from None
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError):
        raise ValueError("a Parquet footer without what it must have") from None


def _chunk(facts: dict[int, Any]) -> Chunk:
    dictionary = facts.get(11)
    encodings = tuple(facts[2])
    return Chunk(
        path=b".".join(facts[3]).decode(),
        is_text=facts[1] >= _TEXT_TYPE,
        encodings=encodings,
        values=int(facts[5]),
        uncompressed=int(facts[6]),
        has_dictionary=dictionary is not None or bool({2, 8} & set(encodings)),
    )


class _Reader:
    """Where the bytes end too early, an ``IndexError``: to look before every byte would take a quarter longer."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def _number(self) -> int:
        data, at = self._data, self._at
        byte = data[at]
        value, shift = byte & 0x7F, 7
        while byte >= 0x80:
            if shift > 63:
                raise ValueError("a number of a Parquet footer that does not end")
            at += 1
            byte = data[at]
            value |= (byte & 0x7F) << shift
            shift += 7
        self._at = at + 1
        return value

    def _signed(self) -> int:
        value = self._number()
        return (value >> 1) ^ -(value & 1)

    def _bytes(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise ValueError("a Parquet footer that is cut off")
        self._at += count
        return self._data[self._at - count : self._at]

    def _value(self, kind: int, depth: int) -> Any:  # noqa: ANN401  whatever the file holds
        if kind in _INTEGERS:
            return self._signed()
        if kind == _BINARY:
            return self._bytes(self._number())
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            head = self._data[self._at]
            self._at += 1
            count = head >> 4 if head >> 4 < 15 else self._number()
            if count > len(self._data) - self._at:
                raise ValueError("a list of a Parquet footer that is longer than it")
            return [self._value(head & 15, depth + 1) for _ in range(count)]
        if kind in (_TRUE, _FALSE, _BYTE):
            self._at += 1
            return self._data[self._at - 1]
        if kind == _DOUBLE:
            return self._bytes(8)
        raise ValueError("a kind of value that no Parquet footer has")

    def struct(self, depth: int) -> dict[int, Any]:
        """Fields by their number."""
        if depth > _DEEPEST:
            raise ValueError("a Parquet footer that nests without end")
        fields: dict[int, Any] = {}
        number, data = 0, self._data
        while head := data[self._at]:
            self._at += 1
            number = number + (head >> 4) if head >> 4 else self._signed()
            kind = head & 15
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        self._at += 1
        return fields
