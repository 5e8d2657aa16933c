"""AIFF, AU, CAF, Wave64 and NIST SPHERE: the length that the header promises against what the file holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from mmap import mmap

from workbench.audio.containers.layout import Layout, Missing, patched
from workbench.audio.containers.riff import OPEN_BYTES, is_padding

__all__ = ["aiff_layout", "au_layout", "caf_layout", "nist_layout", "w64_layout"]

_AIFF_OPEN_BYTES = 0x7F000000  # SoX writes 0x7F000008 into a pipe
_OPEN = "its header leaves the length open; it was read to the end of the file"


def aiff_layout(data: mmap) -> Layout:
    """Layout of an AIFF or AIFF-C file."""
    frames = align = 0
    frames_at = None
    for name, offset, size in _big_endian_chunks(data, 12, 4):
        if name == b"COMM" and size >= 18:
            channels, bits = _number(data, offset, 2), _number(data, offset + 6, 2)
            frames_at, frames, align = offset + 2, _number(data, offset + 2, 4), channels * -(-bits // 8)
            if size >= 22 and data[offset + 18 : offset + 22] not in (b"NONE", b"sowt", b"twos", b"fl32", b"fl64"):
                align = 0  # compressed: bytes do not give samples
        elif name == b"SSND":
            return _ssnd(data, offset, size, (frames_at, frames, align))
    return Layout()


def _ssnd(data: mmap, offset: int, size: int, common: tuple[int | None, int, int]) -> Layout:
    frames_at, frames, align = common
    sound = offset + 8  # offset and block size stand before the samples
    present = len(data) - sound
    promised = max(size - 8, frames * align if size < _AIFF_OPEN_BYTES else 0)
    if size >= _AIFF_OPEN_BYTES and promised > present:
        return Layout(remarks=(_OPEN,))
    if promised > present:
        if align:
            return Layout(missing=Missing(present // align, promised // align, "samples"))
        return Layout(missing=Missing(present, promised, "bytes"))
    end = sound + size - 8
    rest = len(data) - end
    chunk_follows = data[end + (size & 1) : end + (size & 1) + 4].strip().isalnum() and rest >= 8
    if size < 8 or rest <= 1 or chunk_follows or not align or frames_at is None or is_padding(data, end):
        return Layout(remarks=(_OPEN,) if size < 8 < present else ())
    remark = f"its header states {size - 8} bytes of sound and {present} are there; all of them were read"
    changes = {4: _bytes(len(data) - 8), frames_at: _bytes(present // align), offset - 4: _bytes(present + 8)}
    return Layout((patched(data, 0, len(data), changes),), (remark,))


def au_layout(data: mmap) -> Layout:
    """Layout of a Sun/NeXT AU file."""
    if len(data) < 24:
        return Layout()
    offset, size, encoding, channels = (_number(data, place, 4) for place in (4, 8, 12, 20))
    present = len(data) - offset
    align = channels * {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}.get(encoding, 0)
    if (size == 0 < present) or (size >= OPEN_BYTES and size > present):
        return Layout(remarks=(_OPEN,))
    if size > present:
        if align:
            return Layout(missing=Missing(max(0, present) // align, size // align, "samples"))
        return Layout(missing=Missing(present, size, "bytes"))
    if present - size <= 1 or is_padding(data, offset + size):
        return Layout()
    remark = f"its header states {size} bytes of sound and {present} are there; all of them were read"
    return Layout((patched(data, 0, len(data), {8: _bytes(present)}),), (remark,))


def caf_layout(data: mmap) -> Layout:
    """Layout of Apple's Core Audio Format."""
    align = 0
    for name, offset, size in _big_endian_chunks(data, 8, 8):
        if name == b"desc" and size >= 32:
            align = _number(data, offset + 16, 4)
        elif name == b"data":
            return _promised(len(data) - offset - 4, size - 4, align, left_open=size == 0xFFFFFFFFFFFFFFFF)
    return Layout()


def w64_layout(data: mmap) -> Layout:
    """Layout of a Sony Wave64 file: sizes count their own 24 bytes, chunks lie on multiples of 8."""
    position, align = 40, 0
    while position + 24 <= len(data):
        name, size = data[position : position + 4], int.from_bytes(data[position + 16 : position + 24], "little")
        if name == b"fmt ":
            align = int.from_bytes(data[position + 36 : position + 38], "little")
        elif name == b"data":
            present = len(data) - position - 24
            return _promised(present, size - 24, align, left_open=size in (0, 24) or size >= 1 << 62)
        position += max(24, -(-size // 8) * 8)
    return Layout()


def nist_layout(data: mmap) -> Layout:
    """Layout of a NIST SPHERE file."""
    head = data[: min(len(data), 4096)]
    length = re.match(rb"NIST_1A\n\s*(\d+)\n", head)
    fields = dict(re.findall(rb"^(sample_count|channel_count|sample_n_bytes) -i (\d+)", head, re.MULTILINE))
    if not length or b"sample_count" not in fields or re.search(rb"^sample_coding .*shorten", head, re.MULTILINE):
        return Layout()
    align = int(fields.get(b"channel_count", b"1")) * int(fields.get(b"sample_n_bytes", b"2"))
    return _promised(len(data) - int(length[1]), int(fields[b"sample_count"]) * align, align)


def _promised(present: int, size: int, align: int, *, left_open: bool = False) -> Layout:
    present = max(0, present)
    if left_open:
        return Layout(remarks=(_OPEN,))
    if size <= present:
        return Layout()
    if align:
        return Layout(missing=Missing(present // align, size // align, "samples"))
    return Layout(missing=Missing(present, size, "bytes"))


def _big_endian_chunks(data: mmap, position: int, width: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and size of each chunk; ``width`` is the bytes of a size, four with chunks padded to even length."""
    while position + 4 + width <= len(data):
        size = _number(data, position + 4, width)
        yield data[position : position + 4], position + 4 + width, size
        position += 4 + width + size + (size & 1 if width == 4 else 0)


def _number(data: mmap, position: int, width: int) -> int:
    return int.from_bytes(data[position : position + width], "big")


def _bytes(value: int) -> bytes:
    return min(value, 0xFFFFFFFF).to_bytes(4, "big")
