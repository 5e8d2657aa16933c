"""One session laid out in time: when each word was said, due, shown and final, and what stood on screen when.

Ns from time zero, the moment the first sample would have been spoken; None for never. Matching is that
of the latencies (:mod:`workbench.scoring.metrics.timeline`), so that a drawing and a number cannot differ.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from workbench.recording.record import SessionRecord
from workbench.scoring.metrics.timeline import sightings, spoken_tokens
from workbench.scoring.view import SessionView
from workbench.units import samples_to_ns

__all__ = ["ScreenText", "SpokenWord", "screen_texts", "spoken_words"]


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word of the reference.

    Attributes:
        text: as in the spoken form.
        start_ns, end_ns: when it was spoken.
        due_ns, sent_ns: when the chunk that completes it, and the number or expression it is part of, was due and sent;
            None if that was never sent.
        shown_ns: first message that has it.
        settled_ns: message from which it stood unchanged.
        final_ns: the final that has it.
    """

    text: str = field(repr=False)
    start_ns: int
    end_ns: int
    due_ns: int | None
    sent_ns: int | None
    shown_ns: int | None
    settled_ns: int | None
    final_ns: int | None

    @property
    def latency_ns(self) -> int | None:
        """First shown minus due, as the score counts it; None if it was never shown or never sent."""
        return None if self.shown_ns is None or self.due_ns is None else self.shown_ns - self.due_ns


@dataclass(frozen=True, slots=True)
class ScreenText:
    """One message: when it came, its text, and whether it was final."""

    at_ns: int
    text: str = field(repr=False)
    final: bool


def spoken_words(record: SessionRecord) -> list[SpokenWord]:
    """The reference words in order; empty if they have no times or streaming never began."""
    if record.start_ns is None or not record.reference.words:
        return []
    zero, rate = record.start_ns, record.sample_rate_hz
    view = SessionView(record)
    audio = view.audio
    spoken = spoken_tokens(record.reference)
    seen, by_word = sightings(spoken.tokens, view.segments), spoken.by_word()
    words = []
    for index, word in enumerate(record.reference.words):
        mine = by_word.get(index, [])
        last = max((spoken.owners[k][1] for k in mine), default=index)
        chunk = int(np.searchsorted(audio.end_sample, record.reference.words[last].end_sample))
        sent = chunk < audio.end_sample.size
        words.append(
            SpokenWord(
                word.text,
                samples_to_ns(word.start_sample, rate),
                samples_to_ns(word.end_sample, rate),
                int(audio.due_ns[chunk]) - zero if sent else None,
                int(audio.sent_ns[chunk]) - zero if sent else None,
                _whole([seen[k].shown_ns for k in mine], zero),
                _whole([seen[k].settled_ns for k in mine], zero),
                _whole([seen[k].final_ns for k in mine], zero),
            )
        )
    return words


def _whole(stamps: list[int | None], zero_ns: int) -> int | None:
    """A word of several tokens is there when its last token is; unknown if one never came."""
    known = [stamp for stamp in stamps if stamp is not None]
    return max(known) - zero_ns if known and len(known) == len(stamps) else None


def screen_texts(record: SessionRecord) -> list[ScreenText]:
    """Partials and finals in order of arrival, up to the terminal frame; empty if streaming never began."""
    if record.start_ns is None:
        return []
    texts = []
    for segment in SessionView(record).segments:
        texts += [ScreenText(at - record.start_ns, text, final=False) for at, text in segment.partials]
        if segment.final is not None:
            texts.append(ScreenText(segment.final[0] - record.start_ns, segment.final[1], final=True))
    return texts
