"""What a session's screen showed, as timed pieces: the material of captions and of scoring tools' files.

A service sends no word times here, so a piece of text is placed where it can be known: between the arrival of the first
message that shows its segment and the arrival of its final, in seconds since the start of the audio.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.protocol.messages import EndOfResults, Final, Partial
from workbench.recording.record import Received, SessionRecord
from workbench.units import NS_PER_S, samples_to_ns

__all__ = ["Piece", "PlacedWord", "audio_s", "pieces", "word_times"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One final and when it was on the screen.

    Attributes:
        text: text of the final.
        shown_s: arrival of the first message of its segment, seconds after time zero.
        final_s: arrival of the final.
        speaker: speaker of its first word that has one.
        speakers: speaker of each entry of its words, which need not be as many as the words of its text.
    """

    text: str
    shown_s: float
    final_s: float
    speaker: str | None
    speakers: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word of a final, where it is estimated to lie in the audio (seconds), and its speaker."""

    text: str
    start_s: float
    end_s: float
    speaker: str | None = None


def pieces(record: SessionRecord, messages: Iterable[Received] | None = None) -> list[Piece]:
    """Finals that have text, in order of arrival, up to the terminal frame; empty if streaming never began.

    Args:
        record: a session.
        messages: its messages, where they are decoded already.
    """
    finals: list[Piece] = []
    shown_ns: int | None = None
    if record.start_ns is None:
        return finals
    for item in record.messages() if messages is None else messages:
        message = item.message
        if isinstance(message, EndOfResults):
            break
        if not isinstance(message, Partial | Final) or not message.text.strip():
            continue
        shown_ns = item.received_ns if shown_ns is None else shown_ns
        if isinstance(message, Final):
            speaker = next((word.speaker for word in message.words if word.speaker), None)
            speakers = tuple(word.speaker for word in message.words)
            shown_s, final_s = _since(shown_ns, record.start_ns), _since(item.received_ns, record.start_ns)
            finals.append(Piece(message.text, shown_s, final_s, speaker, speakers))
            shown_ns = None
    return finals


def _since(at_ns: int, start_ns: int) -> float:
    return (at_ns - start_ns) / NS_PER_S


def audio_s(record: SessionRecord) -> float:
    """Seconds of audio."""
    return samples_to_ns(record.samples, record.sample_rate_hz) / NS_PER_S


def word_times(record: SessionRecord, messages: Iterable[Received] | None = None) -> list[PlacedWord]:
    """Words of the finals with an estimated place in the audio.

    The words of a final are spread evenly over the audio between the final before it and its own arrival, within the
    audio. Good enough for a scoring tool to find the right segment; not a measurement.
    """
    end_s, before_s = audio_s(record), 0.0
    times: list[PlacedWord] = []
    for piece in pieces(record, messages):
        after_s = max(before_s, min(piece.final_s, end_s))
        words = piece.text.split()
        step_s = (after_s - before_s) / len(words)
        speakers = piece.speakers if len(piece.speakers) == len(words) else (piece.speaker,) * len(words)
        times += [
            PlacedWord(word, before_s + i * step_s, before_s + (i + 1) * step_s, speaker)
            for i, (word, speaker) in enumerate(zip(words, speakers, strict=True))
        ]
        before_s = after_s
    return times
