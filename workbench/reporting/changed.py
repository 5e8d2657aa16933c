"""The recordings that changed most between two sides, with what either heard marked against what was said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workbench.comparing.changes import Changed
from workbench.comparing.pairs import Pair, pair_sessions
from workbench.comparing.runs import PairedCells
from workbench.recording.record import SessionKey, SessionRecord
from workbench.reporting.sentence import seconds_text
from workbench.reporting.session import Session, diff_html
from workbench.runs.result import RunResult
from workbench.scoring.session import SessionScore
from workbench.units import counted

__all__ = ["ChangedText", "changed_texts"]


@dataclass(frozen=True, slots=True)
class ChangedText:
    """One recording on both sides.

    Attributes:
        changed: how much.
        keys: sessions of baseline and candidate that are shown: of several repeats the one that changed most.
        baseline, candidate: reference against transcript as HTML, see :func:`workbench.reporting.session.diff_html`.
    """

    changed: Changed
    keys: tuple[SessionKey, SessionKey]
    baseline: str = field(repr=False)
    candidate: str = field(repr=False)

    @property
    def summary(self) -> str:
        """Words wrong before and now, and the median delay before and now."""
        one = self.changed
        wrong = f"{one.baseline_errors} → {one.candidate_errors} of {counted(one.reference_words, 'word')} wrong"
        if one.latency_ns is None:
            return wrong
        return f"{wrong} · {seconds_text(one.baseline_latency_ns)} → {seconds_text(one.candidate_latency_ns)}"


def changed_texts(pair: PairedCells, results: Sequence[RunResult]) -> list[ChangedText]:
    """What changed most in a pair, most first, in the order of :attr:`PairedCells.changed`.

    Args:
        pair: of a comparison of ``results``.
        results: the runs that were compared.

    Raises:
        StoreError: a run is damaged.
    """
    most = {one.utterance: one for one in pair.changed}
    chosen: dict[str, Pair] = {}
    for both in pair_sessions(*pair.scores).pairs:
        known = chosen.get(both.utterance)
        if both.utterance in most and (known is None or _moved(both) > _moved(known)):
            chosen[both.utterance] = both
    runs = {result.run.run_id: result for result in results}
    ours = _records(runs[pair.runs[0]], [both.baseline for both in chosen.values()])
    theirs = _records(runs[pair.runs[1]], [both.candidate for both in chosen.values()])
    return [
        ChangedText(
            one,
            (chosen[name].baseline.key, chosen[name].candidate.key),
            _marked(runs[pair.runs[0]], ours, chosen[name].baseline),
            _marked(runs[pair.runs[1]], theirs, chosen[name].candidate),
        )
        for name, one in most.items()
        if name in chosen
    ]


def _moved(pair: Pair) -> int:
    return abs(pair.candidate.words.errors - pair.baseline.words.errors)


def _records(result: RunResult, scores: Sequence[SessionScore]) -> dict[SessionKey, SessionRecord]:
    wanted = {score.key for score in scores}
    return {record.key: record for record in result.iter_records() if record.key in wanted} if wanted else {}


def _marked(result: RunResult, records: Mapping[SessionKey, SessionRecord], score: SessionScore) -> str:
    record = records.get(score.key)
    if record is None or record.unscorable() is not None:
        return ""
    return diff_html(Session(result.run, record, score).diff.words)
