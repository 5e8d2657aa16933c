"""The three numbers of a live lane: first word, final lag, WER.

House rules: their definitions are those of the metrics; while a lane plays they are taken over what has arrived.
Unknown is None.
"""

from __future__ import annotations

from typing import Any

from workbench.metrics.normalize import normaliser
from workbench.metrics.screen import visible_errors
from workbench.protocol.messages import Partial
from workbench.recording import SessionRecord
from workbench.scoring import score_session
from workbench.units import ms, samples_to_ns

__all__ = ["lane_numbers", "so_far"]

_BASIC = normaliser("basic")


def so_far(record: SessionRecord, before: dict[str, Any], now_ns: int, *, final: bool) -> dict[str, Any]:
    """Numbers after one more message.

    Args:
        record: the mirror of what has arrived.
        before: the numbers until now.
        now_ns: arrival of the message.
        final: whether it was one; only finals move the final lag.

    Returns:
        ``first_word_ms``: first partial, from the onset of the first word, or from the first chunk's due time
        (``first_word_from`` says which). ``final_lag_ms``: the final after the end of the last word spoken by then, or
        after the last chunk where words have no times. ``wer``, ``errors``, ``words``: of the text on screen against
        the words spoken by now.
    """
    found = dict(before)
    if "first_word_ms" not in found:
        found |= _first_word(record)
    if final:
        found["final_lag_ms"] = ms(_lag(record, now_ns))
    counted = visible_errors(record, [now_ns])
    if counted:
        found |= {"wer": counted[0].rate, "errors": counted[0].errors, "words": counted[0].reference}
    return found


def _first_word(record: SessionRecord) -> dict[str, Any]:
    shown = next(
        (m.received_ns for m in record.messages() if isinstance(m.message, Partial) and m.message.text.strip()), None
    )
    if shown is None or record.start_ns is None:
        return {}
    words = record.reference.words
    onset = words[0].start_sample if words else record.chunk_samples
    from_ns = record.start_ns + samples_to_ns(onset, record.sample_rate_hz)
    return {"first_word_ms": ms(shown - from_ns), "first_word_from": "speech" if words else "audio start"}


def _lag(record: SessionRecord, now_ns: int) -> int | None:
    if record.start_ns is None:
        return None
    rate = record.sample_rate_hz
    ends = [record.start_ns + samples_to_ns(word.end_sample, rate) for word in record.reference.words]
    past = [end for end in ends if end <= now_ns] or (
        [] if ends else [record.start_ns + samples_to_ns(record.samples, rate)]
    )
    return now_ns - past[-1] if past else None


def lane_numbers(record: SessionRecord) -> dict[str, Any]:
    """Numbers of a lane that has ended: the scores of its record."""
    score = score_session(record, _BASIC)
    taken = score.latency
    known = bool(record.reference.spoken) and score.unscorable is None and not score.failed
    first = taken.first_partial_ns if record.reference.words else taken.first_partial_audio_start_ns
    return {
        "first_word_ms": ms(first),
        "first_word_from": "speech" if record.reference.words else "audio start",
        "final_lag_ms": ms(taken.finalisation_ns if record.reference.words else taken.last_byte_to_final_ns),
        "wer": score.words.rate if known else None,
        "errors": score.words.errors if known else None,
        "words": score.words.reference if known else None,
        "pacing_valid": score.instrument.pacing_valid,
        "pacing_reason": score.instrument.pacing_reason,
        "lateness_p99_ms": ms(score.instrument.lateness_percentile_ns(99)),
    }
