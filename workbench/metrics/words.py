"""One session laid out in time: when each word was said, due, shown and final, and what stood on screen when.

House rules: ns from time zero, the moment the first sample would have been spoken; None for never. Matching is that
of the latencies (:mod:`workbench.metrics.timeline`), so that a drawing and a number cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from workbench.metrics.instrument import audio_sent
from workbench.metrics.normalize import NORMALISERS
from workbench.metrics.timeline import reference_tokens, segments, sightings
from workbench.recording import SessionRecord
from workbench.units import samples_to_ns

__all__ = ["ScreenText", "SpokenWord", "screen_texts", "spoken_words"]

_BASIC = NORMALISERS["basic"]


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word of the reference.

    Attributes:
        text: as in the spoken form.
        start_ns, end_ns: when it was spoken.
        due_ns, sent_ns: of the chunk that completes it; None where that was never sent.
        shown_ns: first message that has it.
        final_ns: the final that has it.
    """

    text: str = field(repr=False)
    start_ns: int
    end_ns: int
    due_ns: int | None
    sent_ns: int | None
    shown_ns: int | None
    final_ns: int | None


@dataclass(frozen=True, slots=True)
class ScreenText:
    """One message: when it came, its text, and whether it was final."""

    at_ns: int
    text: str = field(repr=False)
    final: bool


def spoken_words(record: SessionRecord) -> list[SpokenWord]:
    """The reference words in order; empty where they have no times or streaming never began."""
    if record.start_ns is None or not record.reference.words:
        return []
    zero, rate = record.start_ns, record.sample_rate_hz
    audio = audio_sent(record)
    tokens, owners = reference_tokens(record.reference, _BASIC)
    shown: dict[int, list[int | None]] = {}
    final: dict[int, list[int | None]] = {}
    for owner, seen in zip(owners, sightings(tokens, segments(record.messages()), _BASIC), strict=True):
        shown.setdefault(owner, []).append(seen.shown_ns)
        final.setdefault(owner, []).append(seen.final_ns)
    found = []
    for index, word in enumerate(record.reference.words):
        chunk = int(np.searchsorted(audio.end_sample, word.end_sample))
        sent = chunk < audio.end_sample.size
        found.append(
            SpokenWord(
                word.text,
                samples_to_ns(word.start_sample, rate),
                samples_to_ns(word.end_sample, rate),
                int(audio.due_ns[chunk]) - zero if sent else None,
                int(audio.sent_ns[chunk]) - zero if sent else None,
                _whole(shown.get(index, []), zero),
                _whole(final.get(index, []), zero),
            )
        )
    return found


def _whole(stamps: list[int | None], zero_ns: int) -> int | None:
    """A word of several tokens is there when its last token is; unknown if one never came."""
    known = [stamp for stamp in stamps if stamp is not None]
    return max(known) - zero_ns if known and len(known) == len(stamps) else None


def screen_texts(record: SessionRecord) -> list[ScreenText]:
    """Partials and finals in order of arrival, up to the terminal frame; empty where streaming never began."""
    if record.start_ns is None:
        return []
    found = []
    for segment in segments(record.messages()):
        found += [ScreenText(at - record.start_ns, text, final=False) for at, text in segment.partials]
        if segment.final is not None:
            found.append(ScreenText(segment.final[0] - record.start_ns, segment.final[1], final=True))
    return found
