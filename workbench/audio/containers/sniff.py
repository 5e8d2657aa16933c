"""Which family of containers a file belongs to, by its first bytes: endings lie, and nobody asks them."""

from __future__ import annotations

from enum import Enum
from mmap import mmap

from workbench.audio.containers.flac import flac_layout
from workbench.audio.containers.layout import Layout
from workbench.audio.containers.mpeg import after_id3, is_mpeg, mpeg_layout
from workbench.audio.containers.ogg import ogg_layout
from workbench.audio.containers.promises import aiff_layout, au_layout, caf_layout, nist_layout, w64_layout
from workbench.audio.containers.riff import wav_layout

__all__ = ["Family", "family_of", "layout_of"]


class Family(Enum):
    """Families of containers; those from MP4 on are decoded by ffmpeg, and the value is the name of its demuxer."""

    WAV = "wav"
    FLAC = "flac"
    OGG = "ogg"
    MPEG = "mp3"
    AIFF = "aiff"
    AU = "au"
    CAF = "caf"
    W64 = "w64"
    NIST = "nistsphere"
    MP4 = "mov"
    MATROSKA = "matroska"
    ASF = "asf"
    AAC = "aac"
    AMR = "amr"
    OTHER = ""


def family_of(data: mmap) -> tuple[Family, int]:
    """The family of a file, and where its sound file begins (after an ID3v2 tag)."""
    start = after_id3(data)
    head = data[start : start + 16]
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return Family.WAV, start
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Family.AIFF, start
    if head[4:8] in (b"ftyp", b"moov", b"mdat"):
        return Family.MP4, start
    for magic, family in _MAGIC.items():
        if head.startswith(magic):
            return family, start
    if len(head) >= 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return Family.AAC, start
    return (Family.MPEG if is_mpeg(data, start) else Family.OTHER), start


_MAGIC = {
    b"fLaC": Family.FLAC,
    b"OggS": Family.OGG,
    b".snd": Family.AU,
    b"caff": Family.CAF,
    b"riff\x2e\x91\xcf\x11": Family.W64,
    b"NIST_1A": Family.NIST,
    b"\x1a\x45\xdf\xa3": Family.MATROSKA,
    b"\x30\x26\xb2\x75": Family.ASF,
    b"#!AMR": Family.AMR,
}

_BLIND = "a file of this kind states too little to tell whether it is cut off"


def layout_of(data: mmap) -> Layout:
    """What lies in a file that libsndfile shall read."""
    family, start = family_of(data)
    match family:
        case Family.WAV:
            return wav_layout(data, start)
        case Family.FLAC:
            return flac_layout(data, start)
        case Family.OGG:
            return ogg_layout(data, start)
        case Family.MPEG:
            return mpeg_layout(data, start)
        case Family.AIFF:
            return aiff_layout(data)
        case Family.AU:
            return au_layout(data)
        case Family.CAF:
            return caf_layout(data)
        case Family.W64:
            return w64_layout(data)
        case Family.NIST:
            return nist_layout(data)
        case _:
            return Layout(remarks=(_BLIND,))
