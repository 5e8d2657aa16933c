"""From a record to its score.

A score is derived from the record alone and can be made again with another normaliser. Counts and
nanoseconds at rest, rates when asked. A failed session is scored like any other; what its score may enter is decided
where scores are pooled.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from workbench.recording.record import SessionKey, SessionRecord
from workbench.scoring.meant import meant
from workbench.scoring.metrics.accuracy import ErrorCounts, counted, word_errors
from workbench.scoring.metrics.alignment import align
from workbench.scoring.metrics.cursor import Cursor, cursor
from workbench.scoring.metrics.facts import FactTally, fact_tally
from workbench.scoring.metrics.first_term import FirstTerm, first_term
from workbench.scoring.metrics.inference import error_track
from workbench.scoring.metrics.instrument import Instrument, instrument
from workbench.scoring.metrics.latency import Latency, latency
from workbench.scoring.metrics.meetings import Meeting, meeting
from workbench.scoring.metrics.normalize import NORMALISERS, Normaliser
from workbench.scoring.metrics.screen import Screen, screen
from workbench.scoring.metrics.stability import Stability, stability
from workbench.scoring.metrics.time_to_result import TimeToResult, time_to_result
from workbench.scoring.reading import Meaning, Tally, read
from workbench.scoring.row import flatten, row_types, unflatten
from workbench.scoring.variants import best_reference
from workbench.scoring.view import SessionView
from workbench.units import samples_to_ns

__all__ = ["ROW_TYPES", "RULES", "SessionScore", "score_session"]

_RAW = NORMALISERS["raw"]
RULES = 2
"""Raised where a record scores otherwise than before, whatever the normaliser. 2: one reading of clinical text."""


@dataclass(frozen=True, slots=True)
class SessionScore:
    """Scores of one session.

    Attributes:
        cell, utterance, repeat, attempt: which session of the run.
        outcome, failed: how it ended.
        speaker, tags: groups of the recording.
        normaliser, normaliser_version, normaliser_hash: what ``words`` and ``chars`` were normalised with.
        words: word counts after the normaliser; those of a failed session are excluded from averages.
        raw: word counts with no normalisation beyond white space, against the written reference.
        chars: character counts after the normaliser.
        instrument: send timing and the pacing certificate.
        latency: latencies, with reasons for the missing ones.
        stability: stability of the partials.
        meaning: values, medical terms, drugs, negations and sides kept, changed, lost and invented; critical errors.
        screen: marks, capitals, speakers, and the joined finals.
        track: errors along the normalised reference, for the matched-pairs test.
        violations: breaches of the contract by the service.
        result: time from the session's end to its result.
        cursor: how far the text was behind the audio, message by message.
        first_term: the first marked term that was right on the screen.
        meeting: errors of a conversation by speaker.
        facts: facts of note, diagnoses, orders and forms; nothing where none are expected.
        unscorable: why there is no text to compare, so that all counts of words are empty; None if there is one.
        silent_ns: length of the audio where nothing is said in it; None if something is.
        reference_hash: of the reference as the corpus has it, its variants included; empty in scores from before.
        rules: the :data:`RULES` that the score was made by; where it is older, meaning is unknown.

    >>> run.scores[0].utterance, run.scores[0].words.substitutions
    ('u00', 1)
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
    screen: Screen = field(default_factory=Screen)
    track: tuple[int, ...] = ()
    violations: int = 0
    result: TimeToResult = field(default_factory=TimeToResult)
    facts: FactTally = field(default_factory=FactTally)
    cursor: Cursor = field(default_factory=Cursor)
    first_term: FirstTerm = field(default_factory=FirstTerm)
    meeting: Meeting = field(default_factory=Meeting)
    unscorable: str | None = None
    silent_ns: int | None = None
    rules: int = 1
    reference_hash: str = ""

    @property
    def values(self) -> Tally:
        """Values kept, changed, lost and invented."""
        return self.meaning.values

    @property
    def key(self) -> SessionKey:
        """Which session of the run, as its record says."""
        return SessionKey(self.cell, self.utterance, self.repeat, self.attempt)

    @property
    def streaming_penalty(self) -> float | None:
        """WER of the joined finals minus WER of the service's own transcript; None if it gave none."""
        finals, own = self.screen.finals.rate, self.words.rate
        if not self.screen.has_transcript or finals is None or own is None:
            return None
        return finals - own

    @property
    def convention(self) -> tuple[int, int]:
        """Raw errors that the normaliser forgives, and raw errors; fewer than 0 where it makes more than it forgives.

        >>> of = dict(cell="c", utterance="u", repeat=0, attempt=0, outcome="completed", failed=False)
        >>> of |= dict(normaliser="clinical", normaliser_version="2", normaliser_hash="")
        >>> SessionScore(**of, raw=ErrorCounts(5, 4), words=ErrorCounts(8, 1)).convention
        (3, 4)
        """
        return self.raw.errors - self.words.errors, self.raw.errors

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

        What older rules called meaning is left out: it is unknown until the run is scored again.

        Raises:
            StoreError: a column is missing that has no default.
        """
        if row.get("rules") is None:
            row = {name: value for name, value in row.items() if not name.startswith(("meaning_", "values_"))}
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
    reference = f"{record.reference.written}\0{record.reference.spoken}".encode()
    return replace(_scored(record, normaliser), reference_hash=hashlib.sha256(reference).hexdigest()[:16])


def _scored(record: SessionRecord, normaliser: Normaliser) -> SessionScore:
    view = SessionView(record)
    if (why := record.unscorable()) is not None:
        return _unscored(view, normaliser, why)
    hypothesis = view.hypothesis
    if (chosen := best_reference(record.reference, hypothesis)) is not record.reference:
        record = replace(record, reference=chosen)
        view = SessionView(record)
    wanted = record.reference.spoken if normaliser.spoken else record.reference.written
    ours, theirs = normaliser(wanted), normaliser(hypothesis)
    ours_words, their_words = ours.split(), theirs.split()
    pairs = align(ours_words, their_words)
    whole = read(record.reference.written).words == tuple(ours_words) and read(hypothesis).words == tuple(their_words)
    raw = (_RAW.tokens(record.reference.written), _RAW.tokens(hypothesis))
    words, written, chars = counted([(ours_words, their_words), raw, (ours, theirs)])
    return replace(
        _unscored(view, normaliser, None),
        words=word_errors(ours_words, their_words, pairs=pairs, counts=words),
        raw=word_errors(*raw, counts=written),
        chars=chars,
        stability=stability(view),
        meaning=meant(record.reference, hypothesis, pairs=pairs if whole else None),
        screen=screen(view, normaliser),
        silent_ns=None if record.reference.written.strip() else samples_to_ns(record.samples, record.sample_rate_hz),
        meeting=meeting(view),
        track=_track(ours_words, their_words, pairs),
    )


def _unscored(view: SessionView, normaliser: Normaliser, why: str | None) -> SessionScore:
    """What does not depend on the text: a session without one is not a session of deletions."""
    record = view.record
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
        instrument=instrument(view),
        latency=latency(view),
        violations=len(record.violations),
        result=time_to_result(view),
        facts=fact_tally(view),
        cursor=cursor(view),
        first_term=first_term(view),
        unscorable=why,
        rules=RULES,
    )


def _track(ours: list[str], theirs: list[str], pairs: list[tuple[int, int]]) -> tuple[int, ...]:
    return tuple(error_track(len(ours), pairs, [ours[i] == theirs[j] for i, j in pairs], len(theirs)))
