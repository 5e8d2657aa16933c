"""FLAC: samples counted from the last whole frame, because headers of piped files leave the number out.

The format is that of RFC 9639: STREAMINFO has 36 bits for the number of samples (8.2), each frame header carries its
number or its first sample (9.1.5) under a CRC-8 (9.1.8), each frame ends with a CRC-16 (9.3).
"""

from __future__ import annotations

from mmap import mmap

from workbench.audio.containers.layout import Layout, Missing, patched

__all__ = ["flac_layout"]

_SYNC = (b"\xff\xf8", b"\xff\xf9")
_SEARCH_BYTES = 1 << 20  # far longer than any frame of speech
_BLOCK_SIZES = {1: 192, 2: 576, 3: 1152, 4: 2304, 5: 4608} | {code: 1 << code for code in range(8, 16)}


def _crc_table(polynomial: int, bits: int) -> list[int]:
    mask, top = (1 << bits) - 1, 1 << (bits - 1)
    table = []
    for byte in range(256):
        value = byte << (bits - 8)
        for _ in range(8):
            value = ((value << 1) ^ polynomial if value & top else value << 1) & mask
        table.append(value)
    return table


_CRC8, _CRC16 = _crc_table(0x07, 8), _crc_table(0x8005, 16)


def flac_layout(data: mmap, start: int = 0) -> Layout:
    """Layout of a FLAC file.

    Args:
        data: the file.
        start: where ``fLaC`` stands (a tag may stand before it).
    """
    if data[start + 4 : start + 5] not in (b"\x00", b"\x80") or len(data) < start + 42:
        return Layout()
    block_size = int.from_bytes(data[start + 10 : start + 12], "big")  # the largest; all but the last, if fixed
    total = int.from_bytes(data[start + 21 : start + 26], "big") & 0xFFFFFFFFF
    audio = _first_frame(data, start + 4)
    ends = _last_frame(data, audio, block_size)
    if ends is None:
        return Layout() if total == 0 else Layout(missing=Missing(0, total, "samples"))
    samples, end = ends
    if total > samples:
        return Layout(missing=Missing(samples, total, "samples"))
    if total == samples and start == 0:
        return Layout()
    remarks = ["its header leaves the length open; its frames were counted"] if total == 0 else []
    if 0 < total < samples:
        remarks.append(f"its header states {total} samples and {samples} are there; all of them were read")
    if end < len(data):
        remarks.append("it breaks off inside a frame; what is there was read")
    count = ((data[start + 21] & 0xF0) << 32 | samples).to_bytes(5, "big")
    # The checksum of all samples is cleared with the count: a header that could not state one could not state both.
    changes = {start + 21: count} | ({start + 26: bytes(16)} if total else {})
    return Layout((patched(data, start, end, changes),), tuple(remarks))


def _first_frame(data: mmap, position: int) -> int:
    while position + 4 <= len(data):
        last = data[position] & 0x80
        position += 4 + int.from_bytes(data[position + 1 : position + 4], "big")
        if last:
            break
    return position


def _last_frame(data: mmap, audio: int, block_size: int) -> tuple[int, int] | None:
    """Samples up to the end of the last whole frame, and where it ends; None if there is no whole frame."""
    end = len(data)
    position = end
    floor = max(audio, end - _SEARCH_BYTES)
    while True:
        position = max(data.rfind(sync, floor, min(end, position + 1)) for sync in _SYNC)
        if position < 0:
            return None
        header = _frame(data, position, block_size)
        if header is not None:
            first, size = header
            if _crc16(data[position : end - 2]) == int.from_bytes(data[end - 2 : end], "big"):
                return first + size, end
            if first == 0 or position == audio:
                return None
            # Cut inside this frame: the one before ends where it begins.
            return first, position


def _frame(data: mmap, position: int, block_size: int) -> tuple[int, int] | None:
    """First sample and size of the frame whose header stands there; None if none does."""
    if position + 4 > len(data):
        return None
    code, rate = data[position + 2] >> 4, data[position + 2] & 15
    number = _coded_number(data, position + 4)
    if number is None or code == 0 or rate == 15:
        return None
    value, after = number
    extra = {6: 1, 7: 2}.get(code, 0)
    size = int.from_bytes(data[after : after + extra], "big") + 1 if extra else _BLOCK_SIZES[code]
    after += extra + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if after >= len(data) or _crc8(data[position:after]) != data[after]:
        return None
    return (value if data[position + 1] & 1 else value * block_size), size


def _coded_number(data: mmap, position: int) -> tuple[int, int] | None:
    """A number coded as UTF-8 codes characters, up to 36 bits, and where it ends."""
    if position >= len(data):
        return None
    lead = data[position]
    if lead < 0x80:
        return lead, position + 1
    count = 8 - (lead ^ 0xFF).bit_length() if lead != 0xFF else 8
    if count < 2 or count > 7 or position + count > len(data):
        return None
    value = lead & (0x7F >> count)
    for byte in data[position + 1 : position + count]:
        if byte >> 6 != 2:
            return None
        value = value << 6 | byte & 0x3F
    return value, position + count


def _crc8(data: bytes) -> int:
    value = 0
    for byte in data:
        value = _CRC8[value ^ byte]
    return value


def _crc16(data: bytes) -> int:
    value = 0
    for byte in data:
        value = ((value << 8) & 0xFFFF) ^ _CRC16[(value >> 8) ^ byte]
    return value
