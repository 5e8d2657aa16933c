"""Ogg (RFC 3533): chained streams, of which libsndfile reads the first, and streams that break off."""

from __future__ import annotations

from mmap import mmap

from workbench.audio.containers.layout import Layout, Missing, Part

__all__ = ["ogg_layout"]

_FIRST, _LAST = 0x02, 0x04


def ogg_layout(data: mmap, start: int = 0) -> Layout:
    """Layout of an Ogg file.

    Args:
        data: the file.
        start: where its first page stands.
    """
    links: list[int] = []
    position = start
    was_first = False
    skipped = 0
    open_streams: set[bytes] = set()
    while position < len(data):
        if data[position : position + 4] != b"OggS":
            following = data.find(b"OggS", position)
            skipped += (following if following >= 0 else len(data)) - position
            if following < 0:
                break
            position = following
        flags, serial = data[position + 5 : position + 6], data[position + 14 : position + 18]
        end = _page_end(data, position)
        if end is None or not flags:
            return Layout(
                _parts(links, position, start), missing=Missing(len(data) - position, _least(data, position), "bytes")
            )
        if flags[0] & _FIRST:
            if not was_first:  # streams that begin together belong to one link
                links.append(position)
                open_streams.clear()
            open_streams.add(serial)
        was_first = bool(flags[0] & _FIRST)
        if flags[0] & _LAST:
            open_streams.discard(serial)
        position = end
    remarks = []
    if len(links) > 1:
        remarks.append(f"{len(links)} recordings one after the other in one file")
    if open_streams:
        remarks.append("it has no end mark: it may be cut off")
    if skipped:
        remarks.append(f"{skipped} bytes that are no sound were passed over")
    return Layout(_parts(links, len(data), start), tuple(remarks))


def _parts(links: list[int], end: int, start: int) -> tuple[Part, ...]:
    if len(links) < 2 and start == 0:
        return ()
    return tuple(Part((range(a, b),)) for a, b in zip(links, [*links[1:], end], strict=True))


def _page_end(data: mmap, position: int) -> int | None:
    """Where a page ends; None if it is cut off."""
    if position + 27 > len(data):
        return None
    segments = data[position + 26]
    body = position + 27 + segments
    end = body + sum(data[position + 27 : body])
    return end if body <= len(data) and end <= len(data) else None


def _least(data: mmap, position: int) -> int:
    """Bytes that the page which is cut off would have at least."""
    if position + 27 > len(data):
        return 28
    body = position + 27 + data[position + 26]
    return body - position + sum(data[position + 27 : min(body, len(data))])
