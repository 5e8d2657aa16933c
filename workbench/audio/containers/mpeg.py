"""MP3: every frame counted, because a file without a Xing header states its length nowhere.

libsndfile estimates such a length from the first frame's bit rate and stops there. Here the frames are walked; a run
of them gets an ``Info`` frame in front that states their true number, which the decoder believes. Files that were
concatenated are several runs, each with the padding that its own header states.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from mmap import mmap

from workbench.audio.containers.layout import Layout, Missing, Part

__all__ = ["after_id3", "is_mpeg", "mpeg_layout"]

_KBPS = {
    (3, 3): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (3, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (3, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 3): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""By version (3 is MPEG-1, 2 is MPEG-2) and layer bits; MPEG-2.5 and layer III of MPEG-2 share the last row."""

_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_LAYER_3 = 1
_FAMILY_MASK = 0xFFFE0C00
_RESYNC_BYTES = 1 << 16
_FRAMES_AFTER_JUNK = 4
_DECODER_DELAY = 529
_LAME_BYTES = 36


@dataclass(slots=True)
class _Frame:
    length: int
    samples: int
    family: int
    mono: bool
    side_bytes: int


@dataclass(slots=True)
class _Run:
    """Frames that belong together.

    ``header`` is the range of its Xing, Info or VBRI frame, ``promised`` the number of frames and of bytes that it
    states; ``spans`` are the ranges of its frames, without what lies between them.
    """

    first: _Frame
    head: int
    header: range | None = None
    promised: int | None = None
    promised_bytes: int | None = None
    frames: int = 0
    spans: list[range] = field(default_factory=list)

    def add(self, position: int, length: int) -> None:
        self.frames += 1
        if self.spans and self.spans[-1].stop == position:
            self.spans[-1] = range(self.spans[-1].start, position + length)
        else:
            self.spans.append(range(position, position + length))


def after_id3(data: mmap, position: int = 0) -> int:
    """Where an ID3v2 tag ends; the position itself if there is none."""
    while data[position : position + 3] == b"ID3" and position + 10 <= len(data):
        size = 0
        for byte in data[position + 6 : position + 10]:
            size = size << 7 | byte & 0x7F
        position += 10 + size + (10 if data[position + 5] & 0x10 else 0)
    return position


def is_mpeg(data: mmap, position: int) -> bool:
    """Whether frames of MPEG audio begin there, or after junk; by chance, noise too has a frame here and there."""
    first = _sync(data, position)
    if first is None or first == position:
        return first is not None
    for _ in range(_FRAMES_AFTER_JUNK):
        frame = _parsed(int.from_bytes(data[first : first + 4].ljust(4, b"\0"), "big"))
        if frame is None or not _followed(data, first, frame):
            return False
        first += frame.length
    return True


def mpeg_layout(data: mmap, start: int) -> Layout:
    """Layout of a file of MPEG audio frames.

    Args:
        data: the file.
        start: first byte after a tag.
    """
    walk = _Walk(data)
    walk.go(start)
    runs = [run for run in walk.runs if run.frames]
    if not runs or runs[0].first.side_bytes == 0:
        return Layout()  # layers I and II have no header frame to state a length in
    remarks = []
    if len(runs) > 1:
        remarks.append(f"{len(runs)} recordings one after the other in one file")
    missing = None
    for run in runs:
        if run.promised is None:
            remarks.append("its length is stated nowhere; its frames were counted")
        elif run.promised > run.frames and not _miscounted(run):
            samples = run.first.samples
            missing = Missing(run.frames * samples, run.promised * samples, "samples")
    if walk.cut:
        remarks.append("it breaks off inside a frame; what is there was read")
    if walk.junk:
        remarks.append(f"{walk.junk} bytes that are no sound were passed over")
    if len(runs) == 1 and not remarks and runs[0].promised == runs[0].frames:
        return Layout(missing=missing)
    return Layout(tuple(_part(run) for run in runs), tuple(dict.fromkeys(remarks)), missing)


class _Walk:
    """Goes from frame to frame, over tags and junk."""

    def __init__(self, data: mmap) -> None:
        self._data = data
        self._frames: dict[int, _Frame | None] = {}
        self.runs: list[_Run] = []
        self.cut = False
        self.junk = 0

    def go(self, position: int) -> None:
        data, end = self._data, len(self._data)
        while position < end:
            word = int.from_bytes(data[position : position + 4], "big") if position + 4 <= end else 0
            frame = self._frame(word)
            run = self.runs[-1] if self.runs else None
            if frame is None or (run and frame.family != run.first.family and not _followed(data, position, frame)):
                position = self._over(position)
                continue
            if position + frame.length > end:
                self.cut = True
                return
            position = self._take(position, word, frame, run)

    def _take(self, position: int, word: int, frame: _Frame, run: _Run | None) -> int:
        header = _header_frame(self._data, position, frame)
        over = run is not None and run.promised is not None and run.frames >= run.promised + 3
        if run is None or header or frame.family != run.first.family or frame.mono != run.first.mono or over:
            run = _Run(frame, word)
            self.runs.append(run)
        if header:
            run.header = range(position, position + frame.length)
            run.promised, run.promised_bytes = header
        else:
            run.add(position, frame.length)
        return position + frame.length

    def _frame(self, word: int) -> _Frame | None:
        if word not in self._frames:
            self._frames[word] = _parsed(word)
        return self._frames[word]

    def _over(self, position: int) -> int:
        """The next place to look at, past a tag or past bytes that are no frame."""
        data, end = self._data, len(self._data)
        if data[position : position + 3] == b"TAG" and end - position <= 128 + 227:
            return end
        if data[position : position + 3] == b"ID3":
            return min(end, after_id3(data, position))
        if data[position : position + 8] == b"APETAGEX":
            return min(end, position + 32 + int.from_bytes(data[position + 12 : position + 16], "little"))
        following = _sync(data, position + 1, end)
        stop = end if following is None else following
        if any(data[position : min(stop, position + _RESYNC_BYTES)]):
            if following is None and self._frame(int.from_bytes(data[position : position + 4].ljust(4, b"\0"), "big")):
                self.cut = True
            self.junk += stop - position
        return stop


def _sync(data: mmap, position: int, end: int | None = None) -> int | None:
    """The next place where two frames of one kind follow each other, or one ends the file."""
    end = min(len(data), position + _RESYNC_BYTES) if end is None else end
    while (position := data.find(b"\xff", position, end)) >= 0:
        frame = _parsed(int.from_bytes(data[position : position + 4].ljust(4, b"\0"), "big"))
        if frame is not None and _followed(data, position, frame):
            return position
        position += 1
    return None


def _followed(data: mmap, position: int, frame: _Frame) -> bool:
    after = position + frame.length
    if after == len(data):
        return True
    follower = _parsed(int.from_bytes(data[after : after + 4].ljust(4, b"\0"), "big"))
    return follower is not None and follower.family == frame.family


def _parsed(word: int) -> _Frame | None:
    version, layer, rate_code = word >> 19 & 3, word >> 17 & 3, word >> 10 & 3
    kbps_code = word >> 12 & 15
    if word >> 21 != 0x7FF or version == 1 or layer == 0 or rate_code == 3 or kbps_code in (0, 15):
        return None
    row = _KBPS.get((3 if version == 3 else 2, layer)) or _KBPS[2, 2]
    rate, padding, mono = _RATES_HZ[version][rate_code], word >> 9 & 1, word >> 6 & 3 == 3
    bits = row[kbps_code] * 1000
    if layer == 3:
        return _Frame((12 * bits // rate + padding) * 4, 384, word & _FAMILY_MASK, mono, 0)
    samples = 576 if layer == _LAYER_3 and version != 3 else 1152
    side = ((17 if mono else 32) if version == 3 else (9 if mono else 17)) if layer == _LAYER_3 else 0
    return _Frame(samples // 8 * bits // rate + padding, samples, word & _FAMILY_MASK, mono, side)


def _header_frame(data: mmap, position: int, frame: _Frame) -> tuple[int | None, int | None] | None:
    """Frames and bytes that a Xing, Info or VBRI frame states; None if it is a frame of sound."""
    if not frame.side_bytes:
        return None
    tag = position + 4 + frame.side_bytes
    if data[tag : tag + 4] in (b"Xing", b"Info"):
        flags, place = int.from_bytes(data[tag + 4 : tag + 8], "big"), tag + 8
        count = int.from_bytes(data[place : place + 4], "big") if flags & 1 else None
        place += 4 if flags & 1 else 0
        return count, int.from_bytes(data[place : place + 4], "big") if flags & 2 else None
    if data[position + 36 : position + 40] == b"VBRI":
        return tuple(int.from_bytes(data[position + at : position + at + 4], "big") for at in (50, 46))  # type: ignore[return-value]
    return None


def _miscounted(run: _Run) -> bool:
    """Whether the header is one frame too high while every byte that it states is there: it counted itself."""
    present = sum(len(span) for span in run.spans) + (len(run.header) if run.header else 0)
    return run.promised == run.frames + 1 and run.promised_bytes is not None and present >= run.promised_bytes


def _part(run: _Run) -> Part:
    if run.header is not None and run.promised == run.frames:
        return Part((run.header, *run.spans))
    return Part((*_info_frames(run), *run.spans))


def _info_frames(run: _Run) -> tuple[bytes, bytes]:
    """A frame that states how many frames follow, and a silent one for the decoder to throw away.

    A decoder that knows the number of frames leaves out its own delay, 529 samples, and with it the beginning of the
    sound. Stating an encoder's delay that makes up one whole frame gives it silence to leave out instead.
    """
    for code in range(1, 15):
        word = (run.head | 0x10000) & ~0xF200 | code << 12  # no checksum, no padding
        frame = _parsed(word)
        if frame is not None and frame.length >= 4 + frame.side_bytes + 12 + _LAME_BYTES:
            head = word.to_bytes(4, "big") + bytes(frame.side_bytes)
            count = b"Info" + (1).to_bytes(4, "big") + (run.frames + 1).to_bytes(4, "big")
            delay = ((frame.samples - _DECODER_DELAY) << 12).to_bytes(3, "big")
            lame = b"LAME3.100".ljust(21, b"\0") + delay
            return (head + count + lame).ljust(frame.length, b"\0"), head.ljust(frame.length, b"\0")
    raise AssertionError("no bit rate holds an Info frame")
