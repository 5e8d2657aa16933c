"""From a record to its score.

House rules: a score is derived from the record alone and can be made again with another normaliser. Counts and
nanoseconds at rest, rates when asked. A failed session is scored like any other; what its score may enter is decided
where scores are pooled.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from workbench.metrics.accuracy import ErrorCounts, char_errors, word_errors
from workbench.metrics.alignment import align
from workbench.metrics.inference import error_track
from workbench.metrics.instrument import Instrument, instrument
from workbench.metrics.latency import Latency, latency
from workbench.metrics.normalize import NORMALISERS, Normaliser
from workbench.metrics.results import TimeToResult, time_to_result
from workbench.metrics.rows import flatten, row_types, unflatten
from workbench.metrics.screen import Screen, screen
from workbench.metrics.stability import Stability, stability
from workbench.metrics.terms import Meaning, meaning
from workbench.metrics.values import ValueCounts, value_counts
from workbench.recording import SessionKey, SessionRecord

__all__ = ["ROW_TYPES", "SessionScore", "score_session"]

_RAW = NORMALISERS["raw"]


@dataclass(frozen=True, slots=True)
class SessionScore:
    """What one session came to.

    Attributes:
        cell, utterance, repeat, attempt: which session of the run.
        outcome, failed: how it ended.
        speaker, tags: slices of the corpus.
        normaliser, normaliser_version, normaliser_hash: what ``words`` and ``chars`` were normalised with.
        words: word counts after the normaliser; a failed session has counts too, but no place in an average.
        raw: word counts with no normalisation beyond white space, against the written reference.
        chars: character counts after the normaliser.
        instrument: send timing and the pacing certificate.
        latency: latencies, with reasons for the missing ones.
        stability: of the partials.
        meaning: medical terms, negations and sides.
        values: numeric expressions.
        screen: marks, capitals, speakers, and the joined finals.
        track: errors along the normalised reference, for the matched-pairs test.
        violations: breaches of the contract by the service.
        result: from the session's end to its result.
        unscorable: why there is no text to compare, so that all counts of words are empty; None where there is one.
    """

    cell: str
    utterance: str
    repeat: int
    attempt: int
    outcome: str
    failed: bool
    normaliser: str
    normaliser_version: str
    normaliser_hash: str
    speaker: str | None = None
    tags: tuple[str, ...] = ()
    words: ErrorCounts = field(default_factory=ErrorCounts)
    raw: ErrorCounts = field(default_factory=ErrorCounts)
    chars: ErrorCounts = field(default_factory=ErrorCounts)
    instrument: Instrument = field(default_factory=Instrument)
    latency: Latency = field(default_factory=Latency)
    stability: Stability = field(default_factory=Stability)
    meaning: Meaning = field(default_factory=Meaning)
    values: ValueCounts = field(default_factory=ValueCounts)
    screen: Screen = field(default_factory=Screen)
    track: tuple[int, ...] = ()
    violations: int = 0
    result: TimeToResult = field(default_factory=TimeToResult)
    unscorable: str | None = None

    @property
    def key(self) -> SessionKey:
        """Which session of the run, as its record says."""
        return SessionKey(self.cell, self.utterance, self.repeat, self.attempt)

    @property
    def streaming_penalty(self) -> float | None:
        """WER of the joined finals minus WER of the service's own transcript; None where it gave none."""
        finals, own = self.screen.finals.rate, self.words.rate
        if not self.screen.has_transcript or finals is None or own is None:
            return None
        return finals - own

    @property
    def timed(self) -> bool:
        """Whether its latencies may enter an aggregate: it completed, and its certificate is valid."""
        return not self.failed and self.instrument.pacing_valid is True

    def to_row(self) -> dict[str, object]:
        """A flat row for a table on disk: see :data:`ROW_TYPES` for its columns."""
        return flatten(self)

    @classmethod
    def from_row(cls, row: dict[str, object]) -> SessionScore:
        """The score a row was made of; columns that an older row lacks take their defaults.

        Raises:
            StoreError: a column is missing that has no default.
        """
        return unflatten(cls, row)


ROW_TYPES: dict[str, str] = row_types(SessionScore)
"""Columns of a score row and their types: ``string``, ``bool``, ``int64``, ``double``, ``list<…>`` of these.

A column is null where the value is unknown; ``list<int64>`` columns may hold nulls.
"""


def score_session(record: SessionRecord, normaliser: Normaliser) -> SessionScore:
    """Score one session.

    The normalised words are compared with the spoken form of the reference, or with the written form where the
    normaliser says so (``raw`` does); the raw words always with the written form.

    Args:
        record: any record, failed or not.
        normaliser: applied to both sides.
    """
    if (why := record.unscorable()) is not None:
        return _unscored(record, normaliser, why)
    hypothesis = record.hypothesis()
    wanted = record.reference.spoken if normaliser.spoken else record.reference.written
    ours, theirs = normaliser(wanted), normaliser(hypothesis)
    ours_words, their_words = ours.split(), theirs.split()
    raw = word_errors(_RAW.tokens(record.reference.written), _RAW.tokens(hypothesis))
    return replace(
        _unscored(record, normaliser, None),
        words=word_errors(ours_words, their_words),
        raw=raw,
        chars=char_errors(ours, theirs),
        stability=stability(record),
        meaning=meaning(record.reference, hypothesis),
        values=value_counts(record.reference, hypothesis),
        screen=screen(record, normaliser),
        track=_track(ours_words, their_words),
    )


def _unscored(record: SessionRecord, normaliser: Normaliser, why: str | None) -> SessionScore:
    """What does not depend on the text: a session without one is not a session of deletions."""
    return SessionScore(
        cell=record.key.cell,
        utterance=record.key.utterance,
        repeat=record.key.repeat,
        attempt=record.key.attempt,
        outcome=record.outcome.value,
        failed=record.outcome.failed,
        normaliser=normaliser.name,
        normaliser_version=normaliser.version,
        normaliser_hash=normaliser.hash,
        speaker=record.speaker,
        tags=record.tags,
        instrument=instrument(record),
        latency=latency(record),
        violations=len(record.violations),
        result=time_to_result(record),
        unscorable=why,
    )


def _track(ours: list[str], theirs: list[str]) -> tuple[int, ...]:
    pairs = align(ours, theirs)
    return tuple(error_track(len(ours), pairs, [ours[i] == theirs[j] for i, j in pairs], len(theirs)))
