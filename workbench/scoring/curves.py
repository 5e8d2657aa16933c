"""Accuracy against time: what waiting buys, and how a session stands at any instant.

Both read the words as the ``clinical`` normaliser does and take only sessions whose timing is certified. They need the
records: what stood on the screen is in no score.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from workbench.recording.record import SessionKey, SessionRecord
from workbench.scoring.cells import latest_attempts
from workbench.scoring.metrics.accuracy import ErrorCounts
from workbench.scoring.metrics.alignment import align
from workbench.scoring.metrics.screen import visible_errors
from workbench.scoring.metrics.stats import Interval, rate_interval
from workbench.scoring.reading import read
from workbench.scoring.session import SessionScore
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_MS, NS_PER_S, samples_to_ns

__all__ = [
    "WAITS_MS",
    "Curves",
    "Instant",
    "WaitPoint",
    "curves",
    "over_time",
    "timed_keys",
    "wait_curve",
    "waited_errors",
]

WAITS_MS = (0, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000)
"""Waits of the curve; after them stands the end of the session."""

_STEPS_S = (1, 2, 5, 10, 30, 60, 300, 900, 3600)
_INSTANTS = 12


@dataclass(frozen=True, slots=True)
class WaitPoint:
    """What a reader gets who takes each word a fixed time after it was spoken.

    Attributes:
        cell: configuration.
        wait_ns: from the end of the word; None for the end of the session.
        errors: errors of the text then on screen.
        missing: of these, words with nothing in their place.
        words: words of the references.
        interval: 95 % of the rate, utterances as blocks; None for fewer than two.
    """

    cell: str
    wait_ns: int | None
    errors: int
    missing: int
    words: int
    interval: Interval | None = None

    @property
    def rate(self) -> float | None:
        """Word error rate at this wait; None without words."""
        return self.errors / self.words if self.words else None


def timed_keys(scores: Sequence[SessionScore]) -> set[SessionKey]:
    """Sessions whose times count: the newest attempt of each, completed and certified."""
    return {score.key for score in latest_attempts(scores) if score.timed and score.unscorable is None}


def wait_curve(records: Iterable[SessionRecord], timed: set[SessionKey], seed: int) -> list[WaitPoint]:
    """Word error rate against the time that a reader waits for each word, by configuration.

    Args:
        records: sessions of a run.
        timed: those that count.
        seed: random seed of the bootstrap.

    Returns:
        Points by configuration and wait; none for sessions without word times.
    """
    rows: dict[str, list[tuple[str, int, list[tuple[int, int]]]]] = {}
    waits = [wait * NS_PER_MS for wait in WAITS_MS]
    for record in (record for record in records if record.key in timed):
        view = SessionView(record)
        if found := waited_errors(view, waits):
            rows.setdefault(record.key.cell, []).append((record.key.utterance, len(view.spoken.tokens), found))
    points = []
    for cell, sessions in rows.items():
        owners, words = [name for name, _, _ in sessions], [n for _, n, _ in sessions]
        for place, wait in enumerate([*waits, None]):
            errors = [found[place][0] for _, _, found in sessions]
            missing = sum(found[place][1] for _, _, found in sessions)
            interval = rate_interval(errors, words, seed=seed, blocks=owners)
            points.append(WaitPoint(cell, wait, sum(errors), missing, sum(words), interval))
    return points


def waited_errors(view: SessionView, waits_ns: Sequence[int]) -> list[tuple[int, int]]:
    """Errors of a session, and words missing, if each word is taken some time after its end.

    A word counts as it stands in the text that is on the screen at that instant: wrong, missing, or with words in front
    of the next that nobody said. Words that are not spoken yet are neither missing nor invented.

    Args:
        view: a session whose reference has word times.
        waits_ns: waits; the end of the session follows them, where the errors are those of the joined finals.

    Returns:
        One pair a wait and one for the end; empty if the words have no times or streaming never began.
    """
    record, spoken = view.record, view.spoken
    if not record.reference.words or record.start_ns is None or not spoken.tokens:
        return []
    lasts = [samples_to_ns(record.reference.words[last].end_sample, record.sample_rate_hz) for _, last in spoken.owners]
    ends = (record.start_ns + np.maximum.accumulate(np.array(lasts, np.int64))).tolist()
    texts = _screen(view)
    stamps = [at for at, _ in texts]
    known: dict[tuple[int, bool], tuple[list[int], list[bool]]] = {}

    def at(place: int, whole: bool) -> tuple[list[int], list[bool]]:
        if (place, whole) not in known:
            known[place, whole] = _by_token(spoken.tokens, texts[place - 1][1] if place else (), whole=whole)
        return known[place, whole]

    totals = []
    for wait in waits_ns:
        looked = [(k, at(bisect_right(stamps, end + wait), end + wait >= ends[-1])) for k, end in enumerate(ends)]
        totals.append((sum(errors[k] for k, (errors, _) in looked), sum(gone[k] for k, (_, gone) in looked)))
    errors, gone = _by_token(spoken.tokens, read(view.finals_text).words, whole=True)
    return [*totals, (sum(errors), sum(gone))]


def _screen(view: SessionView) -> list[tuple[int, tuple[str, ...]]]:
    """The words on the screen after each message: finals and the newest partial."""
    shown: list[tuple[int, str]] = []
    finals: list[str] = []
    for segment in view.segments:
        shown += [(at, " ".join(filter(None, [*finals, text]))) for at, text in segment.partials]
        if segment.final is not None:
            finals.append(segment.final[1])
            shown.append((segment.final[0], " ".join(filter(None, finals))))
    return [(at, read(text).words) for at, text in shown]


def _by_token(tokens: Sequence[str], words: Sequence[str], *, whole: bool) -> tuple[list[int], list[bool]]:
    """Errors at each token, invented words behind it among them, and whether nothing stands in its place."""
    pairs = dict(align(tokens, words, open_end=not whole))
    errors = [int(k not in pairs or tokens[k] != words[pairs[k]]) for k in range(len(tokens))]
    placed = sorted((j, k) for k, j in pairs.items())
    stamps = [j for j, _ in placed]
    for j in range(len(words)):
        before = bisect_right(stamps, j)
        if not before or stamps[before - 1] != j:
            errors[placed[before - 1][1] if before else 0] += 1
    return errors, [k not in pairs for k in range(len(tokens))]


@dataclass(frozen=True, slots=True)
class Instant:
    """How the sessions of a configuration stand some time after streaming began.

    Attributes:
        cell: configuration.
        at_ns: since streaming began.
        sessions: how many still stream then.
        errors: of the text on screen against the words spoken by then.
        lag_ns: cursor latencies of the messages since the instant before.
    """

    cell: str
    at_ns: int
    sessions: int
    errors: ErrorCounts
    lag_ns: tuple[int, ...] = field(repr=False)


def over_time(
    records: Iterable[SessionRecord], scores: Mapping[SessionKey, SessionScore], timed: set[SessionKey]
) -> list[Instant]:
    """WER(t) and cursor latency at the same instants, at most twelve a configuration.

    Args:
        records: sessions of a run.
        scores: theirs.
        timed: those that count.
    """
    lengths = [scores[key].instrument.audio_ns or 0 for key in timed]
    step = _step(max(lengths, default=0))
    sums: dict[tuple[str, int], Instant] = {}
    for record in (record for record in records if record.key in timed and record.start_ns is not None):
        key, score = record.key, scores[record.key]
        instants = list(range(step, (score.instrument.audio_ns or 0) + 1, step))
        errors = visible_errors(record, [(record.start_ns or 0) + at for at in instants])
        lags = list(zip(score.cursor.at_ns, score.cursor.lag_ns, strict=True))
        for at, counts in zip(instants, errors or (), strict=bool(errors)):
            now = tuple(lag for seen, lag in lags if at - step < seen <= at)
            before = sums.get((key.cell, at), Instant(key.cell, at, 0, ErrorCounts(), ()))
            sums[key.cell, at] = Instant(
                key.cell, at, before.sessions + 1, before.errors + counts, (*before.lag_ns, *now)
            )
    cells = list(dict.fromkeys(cell for cell, _ in sums))
    return [sums[place] for place in sorted(sums, key=lambda place: (cells.index(place[0]), place[1]))]


@dataclass(frozen=True, slots=True)
class Curves:
    """Accuracy of a run against both times; each empty if no timed session has what it needs.

    Attributes:
        waits: as :func:`wait_curve` gives them.
        instants: as :func:`over_time` gives them.
    """

    waits: tuple[WaitPoint, ...]
    instants: tuple[Instant, ...]


def curves(records: Iterable[SessionRecord], scores: Sequence[SessionScore], seed: int) -> Curves:
    """Both curves of a run.

    Args:
        records: its sessions.
        scores: theirs.
        seed: random seed of the bootstrap.
    """
    timed = timed_keys(scores)
    counted = [record for record in records if record.key in timed]
    instants = over_time(counted, {score.key: score for score in scores}, timed)
    return Curves(tuple(wait_curve(counted, timed, seed)), tuple(instants))


def _step(longest_ns: int) -> int:
    return next(
        (step * NS_PER_S for step in _STEPS_S if longest_ns <= step * NS_PER_S * _INSTANTS), _STEPS_S[-1] * NS_PER_S
    )
