"""WAV (RIFF, RIFX, RF64, BW64): sizes that writers leave open, state too small or promise in vain.

A program that writes to a pipe cannot go back to fill in sizes. It leaves 0 (Python, GStreamer, a recorder that was
killed), 0xFFFFFFFF (ffmpeg), 0x7FFFF000 (SoX, espeak), 0x7FFFFFFF (LAME), 0x7FFFFF00 (arecord) or a neighbour of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap
from typing import Literal

from workbench.audio.containers.layout import Layout, Missing, Part, patched

__all__ = ["OPEN_BYTES", "is_padding", "wav_layout"]

OPEN_BYTES = 0x7FFF0000
"""From here on a size that the file does not hold is a placeholder: 18 hours of 16 kHz sound, cut, are rarer."""

_CHAINED = "recordings one after the other in one file"
_RF64 = (b"RF64", b"BW64")
_TAGS = (b"TAG", b"ID3", b"APETAGEX", b"LYRICSBEGIN")


def wav_layout(data: mmap, start: int = 0) -> Layout:
    """Layout of a WAV file, or of several written one after the other.

    Args:
        data: the file.
        start: where its first ``RIFF`` stands.
    """
    order: Literal["big", "little"] = "big" if data[start : start + 4] == b"RIFX" else "little"
    align, long_size, body = 1, None, None
    for name, offset, size in _chunks(data, start + 12, order):
        if name == b"fmt " and size >= 16:
            align = max(1, int.from_bytes(data[offset + 12 : offset + 14], order))
        elif name == b"ds64" and size >= 16:
            long_size = int.from_bytes(data[offset + 8 : offset + 16], "little")
        elif name == b"data":
            body = offset, size
            break
    if body is None:
        return Layout()
    offset, size = body
    if data[start : start + 4] in _RF64 and size == 0xFFFFFFFF and long_size is not None:
        size = long_size
    return _judged(data, start, offset, size, align, order)


def _judged(data: mmap, start: int, offset: int, size: int, align: int, order: Literal["big", "little"]) -> Layout:
    present = len(data) - offset

    def whole(count: int) -> Part:
        # A size over 4 GB does not fit: libsndfile takes the largest one for "to the end of the file".
        riff, body = (min(value, 0xFFFFFFFF).to_bytes(4, order) for value in (offset - start - 8 + count, count))
        return patched(data, start, offset + count, {start + 4: riff, offset - 4: body})

    left_open = (size == 0 and not _is_chunk_list(data, offset, order)) or (size >= OPEN_BYTES and size > present)
    if left_open:
        remark = "its header leaves the length open; it was read to the end of the file"
        return Layout((whole(present),), (remark,)) if present else Layout()
    if size > present:
        if size - present < align:
            return Layout((whole(present),), ("its last sample is incomplete and was left out",))
        return Layout(missing=Missing(present // align, size // align, "samples" if align <= 16 else "bytes"))
    end = offset + size
    tail = end + (size & 1)
    if data[tail : tail + 4] in (b"RIFF", b"RIFX") and data[tail + 8 : tail + 12] == b"WAVE":
        return _chained(whole(size), wav_layout(data, tail))
    if _is_chunk_list(data, tail, order) or _is_chunk_list(data, end, order) or is_padding(data, end):
        return Layout((whole(size),)) if start else Layout()
    remark = f"its header states {size} bytes of sound and {present} are there; all of them were read"
    return Layout((whole(present),), (remark,))


def _chained(first: Part, rest: Layout) -> Layout:
    parts = (first, *rest.parts)
    others = [remark for remark in rest.remarks if not remark.endswith(_CHAINED)]
    return Layout(parts, (f"{len(parts)} {_CHAINED}", *others), rest.missing)


def _chunks(data: mmap, position: int, order: Literal["big", "little"]) -> Iterator[tuple[bytes, int, int]]:
    """Name, place and stated size of each chunk; chunks are padded to even length."""
    while position + 8 <= len(data):
        size = int.from_bytes(data[position + 4 : position + 8], order)
        yield data[position : position + 4], position + 8, size
        position += 8 + size + (size & 1)


def _is_chunk_list(data: mmap, position: int, order: Literal["big", "little"]) -> bool:
    """Whether chunks with printable names fill the rest of the file, give or take a pad byte."""
    if len(data) - position <= 1:
        return True
    end = position
    for name, offset, size in _chunks(data, position, order):
        if not all(0x20 <= byte < 0x7F for byte in name):
            return is_padding(data, end)
        end = offset + size
    return position < end <= len(data) + 1 and len(data) - end < 8


def is_padding(data: mmap, position: int) -> bool:
    """Whether nothing but zeros, or a music player's tag, follows."""
    rest = len(data) - position
    if data[position : position + 16].startswith(_TAGS):
        return True
    step = 1 << 20
    return all(
        not any(data[place : min(place + step, position + rest)]) for place in range(position, position + rest, step)
    )
