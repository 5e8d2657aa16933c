"""Which session is compared with which: same utterance, same repeat, same reference, completed on both sides.

Pairs come in the order of their ids, whatever the order in which sessions ended, so that a seed gives the same draws.
What is left out has its reason, and a session that failed on one side only is kept apart: leaving it out must not pay.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.scoring.cells import latest_attempts
from workbench.scoring.session import SessionScore

__all__ = ["Pair", "Pairing", "Unpaired", "pair_sessions"]


@dataclass(frozen=True, slots=True)
class Unpaired:
    """An utterance that could not be compared.

    Attributes:
        utterance: its id.
        reason: which side lacks it, on which side it failed, or that its references differ.
    """

    utterance: str
    reason: str


@dataclass(frozen=True, slots=True)
class Pair:
    """One session on both sides."""

    baseline: SessionScore
    candidate: SessionScore

    @property
    def utterance(self) -> str:
        """Id of what both played."""
        return self.baseline.utterance


@dataclass(frozen=True, slots=True)
class Pairing:
    """What two lists of scores have in common.

    Attributes:
        pairs: completed on both sides, by utterance and repeat.
        lost: the candidate failed where the baseline did not; ``gained`` is the other way round.
        attempted: every session that both sides tried, failed or not.
        unpaired: utterances of which nothing is compared, with reasons.
        foreign: utterances whose references differ between the sides.
    """

    pairs: tuple[Pair, ...]
    lost: tuple[Pair, ...]
    gained: tuple[Pair, ...]
    attempted: tuple[Pair, ...]
    unpaired: tuple[Unpaired, ...]
    foreign: tuple[str, ...]

    @property
    def n(self) -> int:
        """Utterances with at least one pair."""
        return len({pair.utterance for pair in self.pairs})

    @property
    def speakers(self) -> int | None:
        """How many speakers the pairs have; None unless every pair names one."""
        names = {pair.baseline.speaker for pair in self.pairs}
        return None if not names or None in names else len(names)


def pair_sessions(baseline: Sequence[SessionScore], candidate: Sequence[SessionScore]) -> Pairing:
    """Pair the newest attempts of two sides; a repeat that one side lacks is compared with nothing."""
    ours, theirs = _by_utterance(baseline), _by_utterance(candidate)
    attempted: list[Pair] = []
    unpaired: list[Unpaired] = []
    foreign: list[str] = []
    for utterance in sorted({*ours, *theirs}):
        both = list(_both(ours.get(utterance, {}), theirs.get(utterance, {})))
        if any(_other_reference(pair) for pair in both):
            foreign.append(utterance)
            unpaired.append(Unpaired(utterance, "the references differ"))
            continue
        attempted += both
        if (why := _why_unpaired(ours.get(utterance), theirs.get(utterance), both)) is not None:
            unpaired.append(Unpaired(utterance, why))
    return Pairing(
        pairs=tuple(p for p in attempted if not p.baseline.failed and not p.candidate.failed),
        lost=tuple(p for p in attempted if p.candidate.failed and not p.baseline.failed),
        gained=tuple(p for p in attempted if p.baseline.failed and not p.candidate.failed),
        attempted=tuple(attempted),
        unpaired=tuple(unpaired),
        foreign=tuple(foreign),
    )


_Place = tuple[str, int]


def _by_utterance(scores: Sequence[SessionScore]) -> dict[str, dict[_Place, SessionScore]]:
    newest = latest_attempts(scores)
    # One configuration against another has two names; several on a side are told apart by theirs.
    several = len({score.cell for score in newest}) > 1
    by_utterance: dict[str, dict[_Place, SessionScore]] = {}
    for score in newest:
        by_utterance.setdefault(score.utterance, {})[score.cell if several else "", score.repeat] = score
    return by_utterance


def _both(ours: dict[_Place, SessionScore], theirs: dict[_Place, SessionScore]) -> Iterator[Pair]:
    for place in sorted(ours):
        if place in theirs:
            yield Pair(ours[place], theirs[place])


def _other_reference(pair: Pair) -> bool:
    """Whether the references differ; scores from before references had a hash are judged by the run's corpus alone."""
    a, b = pair.baseline.reference_hash, pair.candidate.reference_hash
    return bool(a and b and a != b)


def _why_unpaired(
    ours: dict[_Place, SessionScore] | None, theirs: dict[_Place, SessionScore] | None, both: list[Pair]
) -> str | None:
    for side, scores in (("baseline", ours), ("candidate", theirs)):
        if scores is None:
            return f"not in the {side}"
    if not both:
        return "no repeat in common"
    if any(not p.baseline.failed and not p.candidate.failed for p in both):
        return None
    for side, failed in (("baseline", [p.baseline for p in both]), ("candidate", [p.candidate for p in both])):
        if why := next((s.outcome for s in failed if s.failed), None):
            return f"failed in the {side}: {why}"
    return None
