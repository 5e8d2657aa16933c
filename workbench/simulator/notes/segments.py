"""What one socket of an ambient or form-filling session brought: its audio and what was heard in it.

Audio stays in the memory of this process and is never written anywhere; it goes with the session, or earlier, when
recordings of later sessions need the room.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from workbench.errors import RemoteProtocolError
from workbench.simulator.identifiers import new_transcript_id

__all__ = ["RATE_HZ", "Segment", "Utterance", "instant_of"]

RATE_HZ = 16_000
"""Of all audio on ``/ws/stream``: 16 kHz, mono, LINEAR16."""

_BYTES_PER_SAMPLE = 2
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def instant_of(text: str) -> datetime:
    """The moment that a START_TIME names. Raises RemoteProtocolError where it is not RFC 3339 text (S-150).

    >>> instant_of("2026-04-25T12:34:56Z").isoformat()
    '2026-04-25T12:34:56+00:00'
    """
    try:
        if _RFC_3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise RemoteProtocolError(
        "START_TIME is not a time", got=f"{len(text)} characters", expected="RFC 3339 text", close_code=1007
    )


@dataclass(frozen=True, slots=True)
class Utterance:
    """One final of the recogniser.

    Attributes:
        text: words separated by blanks.
        start_ms, end_ms: where it lies in the audio of its segment.
        id: fresh for each.
    """

    text: str = field(repr=False)
    start_ms: int
    end_ms: int
    id: str = field(default_factory=new_transcript_id)


@dataclass(slots=True, eq=False)
class Segment:
    """The stretch from one START_TIME to the end of its socket.

    Attributes:
        started_at: as the client said.
        recording_id: id of its audio.
        pcm: 16 kHz, mono, PCM_S16LE; None once it had to make room.
        audio_bytes: received, also when the audio itself is gone.
        utterances: what was heard, in order.
        kept_since_s: Unix time from which the life of the recording counts.
    """

    started_at: datetime
    recording_id: str = field(default_factory=new_transcript_id)
    pcm: bytearray | None = field(default_factory=bytearray, repr=False)
    audio_bytes: int = 0
    utterances: list[Utterance] = field(default_factory=list, repr=False)
    kept_since_s: float = field(default_factory=time.time)

    def add(self, pcm: bytes) -> None:
        """Append a chunk."""
        self.audio_bytes += len(pcm)
        if self.pcm is not None:
            self.pcm += pcm

    def at(self, offset_ms: int) -> datetime:
        """Wall-clock time of a place in it."""
        return self.started_at + timedelta(milliseconds=offset_ms)

    def wav(self) -> bytes | None:
        """The audio with a header of 44 bytes in front; None once it had to make room."""
        if self.pcm is None:
            return None
        size, rate = len(self.pcm), RATE_HZ
        numbers = ((36 + size, 4), b"WAVEfmt ", (16, 4), (1, 2), (1, 2), (rate, 4), (rate * _BYTES_PER_SAMPLE, 4),
                   (_BYTES_PER_SAMPLE, 2), (8 * _BYTES_PER_SAMPLE, 2), b"data", (size, 4))  # fmt: skip
        header = b"".join(n if isinstance(n, bytes) else n[0].to_bytes(n[1], "little") for n in numbers)
        return b"RIFF" + header + bytes(self.pcm)
