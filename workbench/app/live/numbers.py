"""The three numbers of a live lane: first word, lag, WER.

While a lane plays they are taken over what has been finished: words whose final has come. A partial moves none of
them, so what stands on the screen stands still until it is known better. When the lane has ended they are the scores
of its record. Unknown is None, with a reason where people would ask for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.app.live.wording import as_written
from workbench.protocol.messages import Final, Partial
from workbench.recording.record import SessionRecord
from workbench.reference import Reference
from workbench.scoring.metrics.alignment import align
from workbench.scoring.metrics.normalize import DEFAULT
from workbench.scoring.metrics.timeline import read_words
from workbench.scoring.reading import read
from workbench.scoring.session import score_session
from workbench.scoring.word_diff import DiffWord, word_diff
from workbench.units import NS_PER_MS, ms, samples_to_ns

__all__ = ["BEFORE_END", "NO_SPEECH", "STILL_SPEAKING", "Finished", "finished", "lane_numbers", "so_far", "span_of"]

NO_SPEECH = "no speech was found in the sound"
STILL_SPEAKING = "speech goes on"
BEFORE_END = "the last final came before the end of the speech"

_GOES_ON_MS = 150
"""Speech that ended this shortly before a final has perhaps not ended."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The finals so far against the part of the reference that they cover.

    Attributes:
        words: words of the reference that they cover.
        steps: word by word.
        rows: the same for a screen, as they are written.
    """

    words: int
    steps: tuple[DiffWord, ...]
    rows: list[list[str | None]]

    @property
    def errors(self) -> int:
        """Words changed, missed and added."""
        return sum(step.kind != "equal" for step in self.steps)

    @property
    def reference(self) -> int:
        """Words that were spoken, as the score counts them."""
        return sum(step.kind != "insertion" for step in self.steps)


def finished(record: SessionRecord, finals: str, now_ns: int) -> Finished | None:
    """Which words have their final by now, and how they differ.

    The finals are aligned with what had been said by now, and may stop early at no cost: a word that was said a moment
    ago and has no final yet is not missed. What stands behind the last matching word was heard for the words that
    follow it there.

    Args:
        record: reference, and time zero where its words have times.
        finals: texts of the finals, joined.
        now_ns: only words that had ended by then were said.

    Returns:
        None if nobody knows what was said.
    """
    if not record.reference.spoken:
        return None
    said = _said(record, now_ns)
    tokens, heard = read_words(said), read(finals).words
    pairs = align(tokens.tokens, heard, open_end=True)
    last, opposite = pairs[-1] if pairs else (-1, -1)
    covered = min(len(tokens.tokens), last + len(heard) - opposite)
    words = tokens.owners[covered - 1][1] + 1 if covered else 0
    prefix = " ".join(said[:words])
    steps = word_diff(Reference(prefix, prefix), finals, DEFAULT)
    return Finished(words, steps, as_written(steps, prefix, finals))


def _said(record: SessionRecord, now_ns: int) -> list[str]:
    words = record.reference.words
    if not words:
        return record.reference.spoken.split()
    start_ns, rate = record.start_ns or now_ns, record.sample_rate_hz
    return [word.text for word in words if start_ns + samples_to_ns(word.end_sample, rate) <= now_ns]


def so_far(
    record: SessionRecord,
    before: dict[str, Any],
    now_ns: int,
    done: Finished | None,
    span_ms: tuple[int, int] | None,
    *,
    final: bool,
) -> dict[str, Any]:
    """Numbers after one more message.

    Args:
        record: the mirror of what has arrived.
        before: the numbers until now.
        now_ns: arrival of the message.
        done: what the finals cover, where somebody knows what was said.
        span_ms: first and last speech that the sound has so far, from time zero; used where words have no times.
        final: whether it was one; only finals move lag and WER.

    Returns:
        ``first_word_ms``: first partial, from the onset of the first word, or from the first chunk's due time
        (``first_word_from`` says which). ``final_lag_ms``: the final after the end of the last word that it covers, or
        of the speech in the sound; ``lag_why`` says why there is none. ``wer``, ``errors``, ``words``: of what the
        finals cover, counted under ``normaliser``.
    """
    numbers = dict(before)
    if numbers.get("first_word_ms") is None:
        numbers |= _first_word(record, span_ms)
    if final:
        numbers |= _lag(record, now_ns, done, span_ms)
        if done is not None and done.reference:
            numbers |= {
                "wer": done.errors / done.reference, "errors": done.errors, "words": done.reference,
                "normaliser": DEFAULT.name,
            }  # fmt: skip
    return numbers


def _first_word(record: SessionRecord, span_ms: tuple[int, int] | None) -> dict[str, Any]:
    shown = next(
        (m.received_ns for m in record.messages() if isinstance(m.message, Partial) and m.message.text.strip()), None
    )
    if shown is None or record.start_ns is None:
        return {}
    words = record.reference.words
    if not words and span_ms is not None:
        return {"first_word_ms": ms(shown - record.start_ns - span_ms[0] * NS_PER_MS), "first_word_from": "speech"}
    onset = words[0].start_sample if words else record.chunk_samples
    from_ns = record.start_ns + samples_to_ns(onset, record.sample_rate_hz)
    return {"first_word_ms": ms(shown - from_ns), "first_word_from": "speech" if words else "audio start"}


def _lag(record: SessionRecord, now_ns: int, done: Finished | None, span_ms: tuple[int, int] | None) -> dict[str, Any]:
    if record.start_ns is None:
        return {}
    words = record.reference.words
    if words:
        if done is None or not done.words:
            return {}
        end_ns = samples_to_ns(words[done.words - 1].end_sample, record.sample_rate_hz)
        return {"final_lag_ms": ms(now_ns - record.start_ns - end_ns), "lag_why": None}
    if span_ms is None:
        return {"final_lag_ms": None, "lag_why": NO_SPEECH}
    lag_ms = (now_ns - record.start_ns) / NS_PER_MS - span_ms[1]
    goes_on = lag_ms < _GOES_ON_MS
    return {"final_lag_ms": None if goes_on else round(lag_ms, 1), "lag_why": STILL_SPEAKING if goes_on else None}


def lane_numbers(record: SessionRecord) -> dict[str, Any]:
    """Numbers of a lane that has ended: the scores of its record; of a sound without word times, from its speech."""
    score = score_session(record, DEFAULT)
    known = bool(record.reference.spoken) and score.unscorable is None and not score.failed
    span_ms = span_of(record)
    first = _first_word(record, span_ms)
    lag_ms = ms(score.latency.finalisation_ns) if record.reference.words else _last_final_ms(record, span_ms)
    why = None
    if lag_ms is None and not record.reference.words and span_ms is None:
        why = NO_SPEECH
    elif lag_ms is not None and lag_ms < 0:
        lag_ms, why = None, BEFORE_END
    return {
        "first_word_ms": first.get("first_word_ms"),
        "first_word_from": first.get("first_word_from", "speech"),
        "final_lag_ms": lag_ms,
        "lag_why": why,
        "wer": score.words.rate if known else None,
        "errors": score.words.errors if known else None,
        "words": score.words.reference if known else None,
        "normaliser": score.normaliser,
        "pacing_valid": score.instrument.pacing_valid,
        "pacing_reason": score.instrument.pacing_reason,
        "lateness_p99_ms": ms(score.instrument.lateness_percentile_ns(99)),
    }


def span_of(record: SessionRecord) -> tuple[int, int] | None:
    """First and last speech in the sound, ms, as the record knows them; None before its end, or where nobody speaks."""
    begin, end = record.facts.get("speech_begin_ms"), record.facts.get("speech_end_ms")
    return (int(begin), int(end)) if begin is not None and end is not None else None


def _last_final_ms(record: SessionRecord, span_ms: tuple[int, int] | None) -> float | None:
    """The last final after the end of the speech in the sound."""
    finals = [m.received_ns for m in record.messages() if isinstance(m.message, Final) and m.message.text.strip()]
    if span_ms is None or not finals or record.start_ns is None:
        return None
    return round((finals[-1] - record.start_ns) / NS_PER_MS - span_ms[1], 1)
