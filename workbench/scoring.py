"""From a record to its score, and from scores to the score of a cell.

House rules: a score is derived from the record alone and can be made again with another normaliser. Counts and
nanoseconds at rest, rates when asked. A failed session keeps its place in the count and none in an average; a
session with an invalid pacing certificate keeps its words and none of its latencies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from workbench.metrics.accuracy import ErrorCounts, char_errors, word_errors
from workbench.metrics.instrument import Instrument, instrument
from workbench.metrics.latency import Latency, latency
from workbench.metrics.normalize import NORMALISERS, Normaliser
from workbench.metrics.rows import flatten, row_types, unflatten
from workbench.metrics.stats import Interval, percentile, percentile_interval, rate_interval, thin
from workbench.recording import SessionKey, SessionRecord

__all__ = ["ROW_TYPES", "CellScore", "Pacing", "SessionScore", "latest_attempts", "score_run", "score_session"]

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
        violations: breaches of the contract by the service.
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
    violations: int = 0

    @property
    def key(self) -> SessionKey:
        """Which session of the run, as its record says."""
        return SessionKey(self.cell, self.utterance, self.repeat, self.attempt)

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
    hypothesis = record.hypothesis()
    wanted = record.reference.spoken if normaliser.spoken else record.reference.written
    ours, theirs = normaliser(wanted), normaliser(hypothesis)
    raw = word_errors(_RAW.tokens(record.reference.written), _RAW.tokens(hypothesis))
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
        words=word_errors(ours.split(), theirs.split()),
        raw=raw,
        chars=char_errors(ours, theirs),
        instrument=instrument(record),
        latency=latency(record),
        violations=len(record.violations),
    )


@dataclass(frozen=True, slots=True)
class Pacing:
    """Send lateness of all sessions of a cell that sent audio.

    Attributes:
        valid: every session's certificate is valid; None where no session sent audio.
        p99_ns, max_ns: over all their chunks.
        invalid: sessions whose certificate is not valid.
        reasons: why, without repetition.
    """

    valid: bool | None
    p99_ns: int | None
    max_ns: int | None
    invalid: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CellScore:
    """What one cell of a run came to. Rates are pooled, latencies ns.

    Attributes:
        cell: name of the configuration.
        n: sessions, of each the last attempt; ``failed`` of them failed, ``replayed`` earlier attempts are not counted.
        normaliser: name of the normaliser of ``words``.
        words, raw, chars: pooled counts of the completed sessions.
        wer_interval: percentile bootstrap over utterances; None for fewer than two.
        pacing: send lateness.
        left_out: completed sessions left out of latencies for want of a valid certificate.
        latency_sessions: sessions whose latencies are pooled below.
        first_partial_ns: median over sessions.
        first_partial_name: "first partial", or "first partial (audio start)" where there are no word times.
        word_latency_p50_ns, word_latency_p95_ns: over all matched words, from when a word's chunk was due.
        finalisation_p50_ns, end_of_results_p50_ns, connect_p50_ns: median over sessions.
        word_finality_p50_ns: over all words a final covers.
        matched_words, reference_words: coverage of the word latencies.
        reasons: column name to why it is None, or why it is thin.
    """

    cell: str
    n: int
    failed: int
    replayed: int
    normaliser: str
    words: ErrorCounts
    raw: ErrorCounts
    chars: ErrorCounts
    wer_interval: Interval | None
    pacing: Pacing
    left_out: int
    latency_sessions: int
    first_partial_ns: int | None
    first_partial_name: str
    word_latency_p50_ns: int | None
    word_latency_p95_ns: int | None
    word_finality_p50_ns: int | None
    finalisation_p50_ns: int | None
    finalisation_interval: Interval | None
    end_of_results_p50_ns: int | None
    connect_p50_ns: int | None
    matched_words: int
    reference_words: int
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def coverage(self) -> float | None:
        """Matched / reference words of the sessions in the latencies; None where there are none."""
        return self.matched_words / self.reference_words if self.reference_words else None


def latest_attempts(scores: Iterable[SessionScore]) -> list[SessionScore]:
    """Of each session the last attempt, in order of first appearance."""
    last: dict[tuple[str, str, int], SessionScore] = {}
    for score in scores:
        place = (score.cell, score.utterance, score.repeat)
        if place not in last or score.attempt >= last[place].key.attempt:
            last[place] = score
    return list(last.values())


def score_run(scores: Sequence[SessionScore], *, seed: int) -> list[CellScore]:
    """Scores of the cells of a run, in order of first appearance.

    Args:
        scores: of all sessions, failed ones included.
        seed: of the bootstrap.
    """
    cells: dict[str, list[SessionScore]] = {}
    for score in scores:
        cells.setdefault(score.cell, []).append(score)
    return [_score_cell(cell, members, seed) for cell, members in cells.items()]


def _score_cell(cell: str, members: list[SessionScore], seed: int) -> CellScore:
    sessions = latest_attempts(members)
    done = [s for s in sessions if not s.failed]
    timed = [s for s in done if s.timed]
    reasons: dict[str, str] = {}
    if not done:
        reasons["wer"] = "all sessions failed"
    name = "first_partial_ns" if any(s.latency.first_partial_ns is not None for s in timed) else _AUDIO_START
    finalisation = _known(timed, "finalisation_ns")
    latencies = [v for s in timed for v in s.latency.word_latency_ns if v is not None]
    interval = rate_interval(
        [s.words.errors for s in done],
        [s.words.reference for s in done],
        seed=seed,
        blocks=[s.utterance for s in done],
    )
    if interval is None and done:
        reasons["wer_interval"] = "fewer than two utterances with words"
    if latencies and (why := thin(len({s.utterance for s in timed}), 95)):
        reasons["word_latency_p95_ns"] = why
    found = CellScore(
        cell=cell,
        n=len(sessions),
        failed=len(sessions) - len(done),
        replayed=len(members) - len(sessions),
        normaliser=sessions[0].normaliser,
        words=sum((s.words for s in done), ErrorCounts()),
        raw=sum((s.raw for s in done), ErrorCounts()),
        chars=sum((s.chars for s in done), ErrorCounts()),
        wer_interval=interval,
        pacing=_pacing(sessions),
        left_out=len(done) - len(timed),
        latency_sessions=len(timed),
        first_partial_ns=percentile(_known(timed, name), 50),
        first_partial_name="first partial (audio start)" if name == _AUDIO_START else "first partial",
        word_latency_p50_ns=percentile(latencies, 50),
        word_latency_p95_ns=percentile(latencies, 95),
        word_finality_p50_ns=percentile([v for s in timed for v in s.latency.word_finality_ns if v is not None], 50),
        finalisation_p50_ns=percentile(finalisation, 50),
        finalisation_interval=percentile_interval(finalisation, 50),
        end_of_results_p50_ns=percentile(_known(timed, "end_of_results_ns"), 50),
        connect_p50_ns=percentile(_known(timed, "connect_ns"), 50),
        matched_words=sum(s.latency.matched_words for s in timed),
        reference_words=sum(s.latency.reference_words for s in timed),
        reasons=reasons,
    )
    _explain(found, timed, len(done))
    return found


_AUDIO_START = "first_partial_audio_start_ns"
# Columns of a cell and the latency of a session that they summarise.
_SOURCES = {
    "first_partial_ns": _AUDIO_START,
    "word_latency_p50_ns": "word_latency_ns",
    "word_latency_p95_ns": "word_latency_ns",
    "word_finality_p50_ns": "word_finality_ns",
    "finalisation_p50_ns": "finalisation_ns",
    "end_of_results_p50_ns": "end_of_results_ns",
}


def _known(sessions: list[SessionScore], name: str) -> list[int]:
    return [v for s in sessions if (v := getattr(s.latency, name)) is not None]


def _pacing(sessions: list[SessionScore]) -> Pacing:
    streamed = [s.instrument for s in sessions if s.instrument.pacing_valid is not None]
    lateness = [v for i in streamed for v in i.lateness_ns]
    invalid = [i for i in streamed if not i.pacing_valid]
    return Pacing(
        valid=not invalid if streamed else None,
        p99_ns=percentile(lateness, 99),
        max_ns=percentile(lateness, 100),
        invalid=len(invalid),
        reasons=tuple(dict.fromkeys(i.pacing_reason for i in invalid if i.pacing_reason)),
    )


def _explain(cell: CellScore, timed: list[SessionScore], done: int) -> None:
    """Give each missing latency its reason: the first one that a session gave."""
    for name, source in _SOURCES.items():
        if getattr(cell, name) is not None:
            continue
        if timed:
            why = next((r for s in timed if (r := s.latency.reasons.get(source))), "not measured")
        else:
            why = "no session with a valid pacing certificate" if done else "all sessions failed"
        cell.reasons[name] = why
