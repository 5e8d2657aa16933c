"""The recordings of a run, worst first: what was said, what was heard, and where the first error can be heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from workbench.audio.files import encode_audio
from workbench.recording.record import SessionKey
from workbench.reporting.session import Session, diff_html
from workbench.reporting.session_timeline import step_words
from workbench.runs.result import RunResult
from workbench.scoring.cells import latest_attempts
from workbench.scoring.metrics.stats import percentile
from workbench.scoring.session import SessionScore
from workbench.units import ms

__all__ = ["ORDERS", "SHOWN", "Filter", "Recording", "from_error", "latency_ms", "ranked", "selected", "shown"]

ORDERS = ("worst first", "most critical errors", "slowest first", "by name")

SHOWN: dict[str, Callable[[SessionScore], bool]] = {
    "every recording": lambda s: True,
    "with wrong words": lambda s: not s.failed and s.words.errors > 0,
    "with critical errors": lambda s: not s.failed and s.meaning.critical > 0,
    "failed": lambda s: s.failed,
    "not timed": lambda s: not s.failed and not s.timed,
}
"""What may be left of a list of recordings."""


class Filter(msgspec.Struct, frozen=True):
    """What is left of the recordings of a run.

    Attributes:
        cell: configuration.
        tags: one of which a recording has; none for any.
        speakers: likewise.
        shown: one of :data:`SHOWN`.
        words: each stands in the name of a recording or in what is said in it; in small letters.
    """

    cell: str
    tags: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    shown: str = "every recording"
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recording:
    """One session of a run as its page lists it.

    Attributes:
        key: which.
        score: its score.
        html: reference and transcript with their differences marked, every text escaped; empty for one that failed.
        reference: what was said, as written.
        error: why it failed; None if it did not.
        error_at_ms: where the first error begins in the sound; None if there is none, or no word times.
    """

    key: SessionKey
    score: SessionScore
    html: str = field(repr=False)
    reference: str = field(repr=False)
    error: str | None
    error_at_ms: float | None

    @property
    def summary(self) -> str:
        """One line: words wrong, critical errors, median delay."""
        score = self.score
        if score.failed:
            return f"failed: {self.error or score.outcome}"
        wrong, words = score.words.errors, score.words.reference
        parts = [f"{wrong} of {words} words wrong" if wrong else "no word wrong"]
        if score.meaning.critical:
            parts.append(f"{score.meaning.critical} critical")
        missing = "no latency" if score.timed else "not timed"
        parts.append(f"{latency / 1000:.2f} s" if (latency := latency_ms(score)) is not None else missing)
        return " · ".join(parts)


def latency_ms(score: SessionScore) -> float | None:
    """Median word latency of a session; None if its timing does not count or no word has one."""
    if not score.timed:
        return None
    return ms(percentile([value for value in score.latency.word_latency_ns if value is not None], 50))


def selected(scores: Sequence[SessionScore], by: Filter, said: Mapping[str, str]) -> list[SessionScore]:
    """Latest attempts of a configuration that a filter leaves.

    Args:
        scores: of the run.
        by: the filter.
        said: reference of each recording, which the words of the filter are looked for in.
    """
    keep = SHOWN[by.shown]
    return [
        s
        for s in latest_attempts(scores)
        if s.cell == by.cell
        and keep(s)
        and (not by.tags or set(by.tags) & set(s.tags))
        and (not by.speakers or s.speaker in by.speakers)
        and all(word in f"{s.utterance} {said.get(s.utterance, '')}".casefold() for word in by.words)
    ]


def ranked(scores: Sequence[SessionScore], order: str) -> list[SessionScore]:
    """Sessions in one of :data:`ORDERS`; failed ones come first where the worst do."""
    keys = {
        "worst first": lambda s: (-s.failed, -(s.words.rate or 0.0), -s.words.errors, s.utterance),
        "most critical errors": lambda s: (-s.failed, -s.meaning.critical, -s.words.errors, s.utterance),
        "slowest first": lambda s: (-s.failed, -(latency_ms(s) or -1.0), s.utterance),
        "by name": lambda s: (s.utterance, s.cell, s.repeat),
    }
    return sorted(scores, key=keys[order])


def shown(result: RunResult, scores: Sequence[SessionScore]) -> list[Recording]:
    """What the page shows of these sessions, in their order; reads their records once."""
    wanted = {score.key: score for score in scores}
    made = {}
    for record in result.run.iter_records():
        score = wanted.get(record.key)
        if score is None:
            continue
        session = Session(result.run, record, score)
        html, error_at = "", None
        if not score.failed and record.unscorable() is None:
            html = diff_html(session.diff.words)
            error_at = _first_error_ms(session)
        made[record.key] = Recording(
            record.key, score, html, record.reference.written, record.error if score.failed else None, error_at
        )
    return [made[key] for key in wanted if key in made]


def _first_error_ms(session: Session) -> float | None:
    words = session.record.reference.words
    for kind, _, _, word in step_words(session):
        if kind != "equal":
            return None if word is None else ms(words[word].start_sample * 10**9 // session.record.sample_rate_hz)
    return None


def from_error(sound: tuple[NDArray[np.int16], int], at_ms: float) -> bytes:
    """The sound from an instant on, as a WAV file: it begins with the error, to the sample.

    Args:
        sound: samples, int16, mono, shape (n,), and their rate in Hz.
        at_ms: where it begins.
    """
    pcm, rate_hz = sound
    return encode_audio(pcm[round(at_ms / 1000 * rate_hz) :], rate_hz, "WAV")
