"""How far the text on screen is behind the audio that was sent, over the session.

Two cursors run through the recording: of the audio sent, and of the audio transcribed. Speech is transcribed up to the
end of the furthest reference word shown; a pause after it needs no words, so that the cursor moves through it with the
audio until the next word begins.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from workbench.protocol.messages import EndOfResults, Final, Partial
from workbench.scoring.metrics.timeline import last_of
from workbench.scoring.view import SessionView
from workbench.units import samples_to_ns

__all__ = ["Cursor", "cursor"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Cursor latency of one session at each of its messages, ns.

    Attributes:
        at_ns: arrival of the message, since streaming began.
        lag_ns: audio sent by then minus audio transcribed by then; negative where a word is shown before it was sent.
    """

    at_ns: tuple[int, ...] = ()
    lag_ns: tuple[int, ...] = ()


def cursor(view: SessionView) -> Cursor:
    """Cursor latency at every message with text, up to the terminal frame.

    Empty input: empty if the words have no times, nothing was sent, or no message has text.

    Source: the difference of audio cursor and transcript cursor that Deepgram calls streaming latency; without times in
    the messages, the place of a word is that of the reference.
    """
    record, audio = view.record, view.audio
    words = record.reference.words
    if not words or record.start_ns is None or not audio.sent_ns.size:
        return Cursor()
    shown = {
        place: last_of([view.sightings[k].shown_ns for k in tokens]) for place, tokens in view.spoken.by_word().items()
    }
    order = sorted((at, place) for place, at in shown.items() if at is not None)
    stamps, furthest = [at for at, _ in order], list(accumulate((place for _, place in order), max))
    starts, ends = (
        [samples_to_ns(getattr(word, edge), record.sample_rate_hz) for word in words]
        for edge in ("start_sample", "end_sample")
    )
    arrivals = _arrivals(view)
    chunks = np.searchsorted(audio.sent_ns, arrivals, side="right").tolist()
    sent_by = [0, *audio.end_ns.tolist()]
    at_ns, lag_ns = [], []
    for at, chunk in zip(arrivals, chunks, strict=True):
        sent = sent_by[chunk]
        known = bisect_right(stamps, at)
        last = furthest[known - 1] if known else -1
        following = starts[last + 1] if last + 1 < len(words) else sent
        reached = ends[last] if known else 0
        at_ns.append(at - record.start_ns)
        lag_ns.append(sent - max(reached, min(sent, following)))
    return Cursor(tuple(at_ns), tuple(lag_ns))


def _arrivals(view: SessionView) -> list[int]:
    arrivals: list[int] = []
    for item in view.messages:
        if isinstance(item.message, EndOfResults):
            break
        if isinstance(item.message, Partial | Final) and item.message.text.strip():
            arrivals.append(item.received_ns)
    return arrivals
