"""What is wrong with one recording, word by word and in plain English: which words, how late, and when.

Times are those of the inspector: matching is that of the latencies, errors are those of the score. In a redacted case
a word has its number in place of its text.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from workbench.recording.record import SessionRecord
from workbench.reporting.sentence import seconds_text
from workbench.reporting.session import Session
from workbench.reporting.session_timeline import step_words
from workbench.scoring.metrics.words import SpokenWord, spoken_words
from workbench.units import NS_PER_MS, NS_PER_S, counted

__all__ = ["Wrong", "paragraph", "utc_text", "wall_ns", "word_rows", "wrong_words"]

_NAMED = 8
"""Wrong words that a paragraph names; the table below it has all."""

_HEADINGS = {"substitution": "wrong", "deletion": "missing", "insertion": "added"}


@dataclass(frozen=True, slots=True)
class Wrong:
    """One word that is not as it was said.

    Attributes:
        kind: ``substitution``, ``deletion`` or ``insertion``.
        said, heard: the words; None where there is none.
        word: index of the word with times that it belongs to, for an insertion of the one before; None if unknown.
    """

    kind: str
    said: str | None = field(repr=False)
    heard: str | None = field(repr=False)
    word: int | None


def wrong_words(session: Session) -> list[Wrong]:
    """Every error of the score, in order."""
    return [
        Wrong(kind, wanted, heard, word) for kind, heard, wanted, word in step_words(session) if kind != "equal"
    ]  # fmt: skip


def wall_ns(record: SessionRecord, at_ns: int) -> int | None:
    """Unix time of an instant of the session's clock; None if the record does not know it."""
    return record.wall_start_ns + at_ns - record.mono_start_ns if record.wall_start_ns else None


def utc_text(at_ns: int | None, *, date: bool = False) -> str | None:
    """Unix time as UTC to the millisecond, for a search in a service's own log.

    >>> utc_text(1_700_000_000_123_456_789, date=True), utc_text(None)
    ('2023-11-14T22:13:20.123Z', None)
    """
    if at_ns is None:
        return None
    whole, rest = divmod(at_ns, NS_PER_S)
    return time.strftime("%Y-%m-%dT%H:%M:%S" if date else "%H:%M:%S", time.gmtime(whole)) + f".{rest // NS_PER_MS:03d}Z"


def word_rows(session: Session, *, redact: bool) -> list[dict[str, Any]]:
    """One row a word of the reference that has times: when it was said, due, shown and final, and its error."""
    record = session.record
    wrong = {one.word: one for one in wrong_words(session) if one.kind != "insertion" and one.word is not None}
    rows = []
    for number, word in enumerate(spoken_words(record)):
        error = wrong.get(number)
        said_at = None if record.start_ns is None else wall_ns(record, record.start_ns + word.start_ns)
        rows.append(
            {
                "word": number + 1,
                "said": None if redact else word.text,
                "heard_as": None if redact or error is None else error.heard,
                "error": None if error is None else _HEADINGS[error.kind],
                "said_at_ns": word.start_ns,
                "said_at_utc": utc_text(said_at, date=True),
                "due_ns": word.due_ns,
                "shown_ns": word.shown_ns,
                "settled_ns": word.settled_ns,
                "final_ns": word.final_ns,
                "latency_ns": word.latency_ns,
            }
        )
    return rows


def paragraph(session: Session, *, redact: bool) -> str:
    """What is wrong with the recording: how it ended, which words, how late, and whether the times may be believed."""
    record, score = session.record, session.score
    begun = utc_text(wall_ns(record, record.start_ns or record.mono_start_ns), date=True)
    played = f" Its audio began at {begun}." if begun else ""
    if score.failed:
        return f"The session failed: {(record.error or score.outcome).rstrip('.')}.{played}"
    return " ".join(filter(None, (_errors(session, redact) + played, _delays(session, redact), _breaches(session))))


def _errors(session: Session, redact: bool) -> str:
    reason = session.record.unscorable()
    if reason is not None:
        return f"There is no transcript to compare: {reason}."
    wrong, said = wrong_words(session), session.score.words.reference
    if not wrong:
        return f"No word is wrong of {said}."
    words = spoken_words(session.record)
    named = "; ".join(_error(one, words, redact) for one in wrong[:_NAMED])
    more = f"; and {len(wrong) - _NAMED} more, in the table" if len(wrong) > _NAMED else ""
    return f"{counted(len(wrong), 'word error')} in {said} spoken words: {named}{more}."


def _error(one: Wrong, words: list[SpokenWord], redact: bool) -> str:
    at = None if one.word is None or one.word >= len(words) else words[one.word]
    when = (
        "" if at is None else f" ({'after' if one.kind == 'insertion' else 'said at'} {at.start_ns / NS_PER_S:.2f} s)"
    )
    if redact:
        name = "a word" if at is None or one.word is None else f"word {one.word + 1}"
        text = {"substitution": "{} was transcribed as another", "deletion": "{} is missing"}
        return text.get(one.kind, "a word that nobody said was added").format(name) + when
    if one.kind == "substitution":
        return f"“{one.said}” was transcribed as “{one.heard}”{when}"
    return f"“{one.said}” is missing{when}" if one.kind == "deletion" else f"“{one.heard}” was added{when}"


def _delays(session: Session, redact: bool) -> str:
    """How late the words were; only of a session whose own timing is certified."""
    score = session.score
    if not score.timed:
        return f"Do not rely on its times: {score.instrument.pacing_reason or 'no audio was sent'}."
    late = [(word.latency_ns, number, word) for number, word in enumerate(spoken_words(session.record))
            if word.latency_ns is not None]  # fmt: skip
    if not late:
        return "No word has a latency."
    worst_ns, number, word = max(late, key=lambda one: one[0])
    half_ns = sorted(one[0] for one in late)[(len(late) - 1) // 2]
    name = f"word {number + 1}" if redact else f"“{word.text}”"
    end = score.latency.finalisation_ns
    final = "" if end is None else f" The last final arrived {seconds_text(end)} after the last word."
    own = score.instrument.lateness_percentile_ns(99)
    sent = "" if own is None else f" The sender was on time: 99 % of chunks left at most {own / NS_PER_MS:.1f} ms late."
    return (
        f"Half the words appeared within {seconds_text(half_ns)} of the moment their audio was due; the latest, {name} "
        f"(said at {word.start_ns / NS_PER_S:.2f} s), after {seconds_text(worst_ns)}.{final}{sent}"
    )


def _breaches(session: Session) -> str:
    found = session.record.violations
    return f"Breaches of the documented contract: {'; '.join(found)}." if found else ""
