"""What a sound file's header promises, where libsndfile silently trusts the file's end instead.

libsndfile reads a WAV whose data chunk is shorter than its header says as if nothing were missing. For an
evaluation that is a truncated utterance scored against a whole reference, so the promise is read here.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["promised_data_bytes"]

_STREAMED = 0xFFFFFFFF  # a writer that could not seek back leaves the size open


def promised_data_bytes(path: Path) -> tuple[int, int] | None:
    """Bytes of audio the RIFF/WAVE header promises and bytes the file holds.

    Args:
        path: any file.

    Returns:
        ``(promised, present)``, or None where the file is no RIFF/WAVE or leaves the size open (0 or 2**32 - 1).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return None
        while True:
            chunk = file.read(8)
            if len(chunk) < 8:
                return None
            length = int.from_bytes(chunk[4:], "little")
            if chunk[:4] == b"data":
                present = size - file.tell()
                return None if length in (0, _STREAMED) else (length, min(length, present))
            file.seek(length + (length & 1), 1)  # chunks are padded to even length
