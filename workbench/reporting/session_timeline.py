"""One session on one time axis: words, messages, errors and sound, as the inspector and a saved session draw them.

Times are ms from time zero, the instant the first sample would have been spoken; matching is that of the latencies and
errors are those of the score, so that drawing and number cannot differ. Text is shown because somebody asked for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio.peaks import peaks
from workbench.reporting.session import Session
from workbench.scoring.explained import same_in_meaning
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.metrics.timeline import spoken_tokens
from workbench.scoring.metrics.words import SpokenWord, screen_texts, spoken_words
from workbench.units import NS_PER_MS, samples_to_ns

__all__ = ["same_rows", "session_timeline", "step_words"]

_PEAKS = 900
_PEAKS_PER_S = 60
_MOST_PEAKS = 6_000


def session_timeline(session: Session, pcm: NDArray[np.int16] | None, url: str | None, name: str) -> dict[str, Any]:
    """One session as the inspector draws it.

    Args:
        session: record and score.
        pcm: its sound as the service heard it, int16, mono, shape (n,); None if that is gone.
        url: address of the sound for the browser; None if it is not heard here.
        name: above its time axis.

    Returns:
        ``lengthMs``; ``peaks``, lowest and highest sample in turn; ``words``: text, start, end, due, first shown,
        settled, final, latency; ``texts``: at, text, whether final; ``steps``: kind, word heard, word said, index of
        the word said or None; ``normaliser``: what the steps are words of; ``same``: what was said and what was heard,
        written otherwise and counted as equal.
    """
    record = session.record
    seconds = record.samples / record.sample_rate_hz
    columns = min(_MOST_PEAKS, max(_PEAKS, round(seconds * _PEAKS_PER_S)))
    return {
        "name": name,
        "lengthMs": _ms(samples_to_ns(record.samples, record.sample_rate_hz)),
        "peaks": peaks(pcm, columns).ravel().tolist() if pcm is not None else [],
        "audio": url,
        "words": [_word(word) for word in spoken_words(record)],
        "texts": [[_ms(text.at_ns), text.text, text.final] for text in screen_texts(record)],
        "steps": step_words(session),
        "normaliser": session.score.normaliser,
        "same": same_rows(session),
    }


def _word(word: SpokenWord) -> list[str | float | None]:
    stamps = (word.start_ns, word.end_ns, word.due_ns, word.shown_ns, word.settled_ns, word.final_ns, word.latency_ns)
    return [word.text, *map(_ms, stamps)]


def same_rows(session: Session) -> list[list[str]]:
    """What ``clinical`` counts as the same: said and heard, such as ``98.6`` and ``ninety eight point six``."""
    record = session.record
    if record.unscorable() is not None:
        return []
    return [[s.said, s.heard] for s in same_in_meaning(record.reference.written, record.hypothesis())]


def step_words(session: Session) -> list[list[Any]]:
    """Every step of the word diff with the index of the reference word it belongs to; None if that is unknown.

    An insertion has the index of the word before it, so that it can be heard where it was heard.
    """
    record = session.record
    if record.unscorable() is not None or not record.reference.spoken:
        return []
    tokens, owners = _tokens(session)
    steps = session.diff.words
    # A normaliser of the written form, or one that works across words, has other tokens than the words with times.
    known = record.reference.words and [s.wanted for s in steps if s.wanted is not None] == tokens
    rows: list[list[Any]] = []
    at = -1
    for step in steps:
        at += step.wanted is not None
        word = owners[max(at, 0)] if known and owners else None
        rows.append([step.kind, step.heard, step.wanted, word])
    return rows


def _tokens(session: Session) -> tuple[list[str], list[int]]:
    """Words of the spoken reference under the normaliser of the score, and the word with times that each begins in."""
    reference, which = session.record.reference, normaliser(session.score.normaliser)
    if which.name == "clinical":
        spoken = spoken_tokens(reference)
        return spoken.tokens, [first for first, _ in spoken.owners]
    owned = [(token, k) for k, word in enumerate(reference.words) for token in which.tokens(word.text)]
    return [token for token, _ in owned], [k for _, k in owned]


def _ms(ns: int | None) -> float | None:
    return None if ns is None else round(ns / NS_PER_MS, 1)
