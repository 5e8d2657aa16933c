"""What a session's screen showed, as timed pieces: the material of captions and of scoring tools' files.

A service sends no word times here, so a piece of text is placed where it can be known: between the arrival of the first
message that shows its segment and the arrival of its final, in seconds since the start of the audio.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.protocol.messages import Final, Partial
from workbench.recording import SessionRecord
from workbench.units import NS_PER_S, samples_to_ns

__all__ = ["Piece", "audio_s", "pieces", "word_times"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One final and when it was on the screen.

    Attributes:
        text: of the final.
        shown_s: arrival of the first message of its segment, seconds after time zero.
        final_s: arrival of the final.
        speaker: of its first word that has one.
    """

    text: str
    shown_s: float
    final_s: float
    speaker: str | None


def pieces(record: SessionRecord) -> list[Piece]:
    """Finals that have text, in order of arrival; empty where streaming never began."""
    found: list[Piece] = []
    shown_ns: int | None = None
    if record.start_ns is None:
        return found
    for item in record.messages():
        message = item.message
        if not isinstance(message, Partial | Final) or not message.text.strip():
            continue
        shown_ns = item.received_ns if shown_ns is None else shown_ns
        if isinstance(message, Final):
            speaker = next((word.speaker for word in message.words if word.speaker), None)
            start_ns = record.start_ns
            found.append(Piece(message.text, _since(shown_ns, start_ns), _since(item.received_ns, start_ns), speaker))
            shown_ns = None
    return found


def _since(at_ns: int, start_ns: int) -> float:
    return (at_ns - start_ns) / NS_PER_S


def audio_s(record: SessionRecord) -> float:
    """Seconds of audio."""
    return samples_to_ns(record.samples, record.sample_rate_hz) / NS_PER_S


def word_times(record: SessionRecord) -> list[tuple[str, float, float]]:
    """Words of the finals with an estimated place in the audio: (word, start, duration), seconds.

    The words of a final are spread evenly over the audio between the final before it and its own arrival, within the
    audio. Good enough for a scoring tool to find the right segment; not a measurement.
    """
    end_s, before_s = audio_s(record), 0.0
    found: list[tuple[str, float, float]] = []
    for piece in pieces(record):
        after_s = max(before_s, min(piece.final_s, end_s))
        words = piece.text.split()
        step_s = (after_s - before_s) / len(words)
        found += [(word, before_s + i * step_s, step_s) for i, word in enumerate(words)]
        before_s = after_s
    return found
