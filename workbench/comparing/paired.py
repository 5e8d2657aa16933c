"""Two lists of scores against each other, paired on the utterance.

Only sessions that both sides completed are compared; the others are named with their reason, and those that one side
alone failed are bounded. Positive differences mean that the candidate is higher. Every difference has its interval, its
p-value and its n.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from workbench.comparing.differences import Difference, blocks_of, metric_difference
from workbench.comparing.pairs import Pair, Unpaired, pair_sessions
from workbench.errors import InputError
from workbench.scoring.cells import latest_attempts
from workbench.scoring.measures import METRICS
from workbench.scoring.metrics.inference import MatchedPairs, mapsswe, matched_segments, weighted_holm
from workbench.scoring.session import SessionScore

__all__ = [
    "ERROR",
    "PRIMARY_SHARE",
    "Comparison",
    "Difference",
    "NoiseFloor",
    "Unpaired",
    "adjust_metrics",
    "compare_scores",
    "noise_floor",
]

ERROR = 0.05
"""Below this p-value a difference is more than chance."""
PRIMARY_SHARE = 0.8
"""Share of the error probability that the primary metrics have together; the others divide the rest."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed between two lists of scores.

    Attributes:
        n: utterances that both sides completed.
        differences: one a compared metric, in the order of the list, WER first.
        unpaired: utterances left out, with reasons.
        normaliser: name of the normaliser of both sides.
        matched_pairs: MAPSSWE over the segments of the paired sessions.
        others: one a metric that no table of differences shows; they are in the family of the tests all the same.
        lost, gained: sessions that only the candidate, or only the baseline, failed, as (utterance, repeat).
        attempted: sessions that both sides tried.
        foreign: utterances whose references differ between the sides; they are not compared.
        speakers: how many speakers the pairs have; None where they are not named.
        by_speaker: whether speakers are the blocks of the tests.
    """

    n: int
    differences: tuple[Difference, ...]
    unpaired: tuple[Unpaired, ...]
    normaliser: str
    matched_pairs: MatchedPairs
    others: tuple[Difference, ...] = ()
    lost: tuple[tuple[str, int], ...] = ()
    gained: tuple[tuple[str, int], ...] = ()
    attempted: int = 0
    foreign: tuple[str, ...] = ()
    speakers: int | None = None
    by_speaker: bool = False

    @property
    def wer(self) -> Difference:
        """The difference of the normalised WER."""
        return self.of("wer")

    def of(self, metric: str) -> Difference:
        """The difference of a metric, by its key.

        Raises:
            KeyError: the metric has no direction or is tested on request, so it is not compared.
        """
        for difference in (*self.differences, *self.others):
            if difference.metric == metric:
                return difference
        raise KeyError(metric)


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """How much the same configuration differs from itself when it is played twice (A/A).

    Attributes:
        n: utterances played twice.
        differences: second play minus first, one a metric.
    """

    n: int
    differences: tuple[Difference, ...]

    def width(self, metric: str) -> float | None:
        """Largest absolute difference that the A/A interval holds, in the unit of the metric; None if unknown."""
        for difference in self.differences:
            if difference.metric == metric and difference.interval is not None:
                ends = (difference.interval.low, difference.interval.high)
                return max((abs(end) for end in ends if end is not None), default=None)
        return None


def compare_scores(
    baseline: Sequence[SessionScore],
    candidate: Sequence[SessionScore],
    *,
    seed: int,
    by_speaker: bool = False,
    also: Collection[str] = (),
) -> Comparison:
    """Paired differences of every metric that is tested, candidate minus baseline.

    Args:
        baseline: scores of one run or of one configuration; repeats of an utterance are one block.
        candidate: scores of the other.
        seed: random seed of the draws.
        by_speaker: speakers instead of utterances are the blocks of tests and intervals.
        also: keys of metrics that are tested on request.

    Raises:
        InputError: the sides were normalised differently, or one is empty.
    """
    _same_normaliser(baseline, candidate)
    pairing = pair_sessions(baseline, candidate)
    completed, attempted = blocks_of(pairing.pairs, seed), blocks_of(pairing.attempted, seed)
    differences = {
        key: metric_difference(
            metric,
            pairing.attempted if metric.attempted else pairing.pairs,
            attempted if metric.attempted else completed,
            by_speaker=by_speaker,
            lost=pairing.lost,
        )
        for key, metric in METRICS.items()
        if metric.tested or key in also
    }
    return Comparison(
        n=pairing.n,
        differences=tuple(d for key, d in differences.items() if METRICS[key].compared),
        unpaired=pairing.unpaired,
        normaliser=baseline[0].normaliser,
        matched_pairs=mapsswe([segment for pair in pairing.pairs for segment in _segments(pair)]),
        others=tuple(d for key, d in differences.items() if not METRICS[key].compared),
        lost=tuple((p.utterance, p.baseline.repeat) for p in pairing.lost),
        gained=tuple((p.utterance, p.baseline.repeat) for p in pairing.gained),
        attempted=len(pairing.attempted),
        foreign=pairing.foreign,
        speakers=pairing.speakers,
        by_speaker=by_speaker,
    )


def _segments(pair: Pair) -> list[tuple[int, int]]:
    ours, theirs = pair.baseline.track, pair.candidate.track
    return matched_segments(ours, theirs) if len(ours) == len(theirs) else []


def adjust_metrics(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Comparisons whose every difference has its Holm-adjusted p-value; the family is all metrics of all of them.

    A comparison is made for a few questions: failed sessions, WER, critical errors, coverage and the 95th percentile of
    word latency (``primary`` in the list of metrics). They share four fifths of the 5 %, all other metrics the rest, so
    that forty rows of a table cost the few that decide little power. The chance of any false "worse" or "better" among
    all of them is at most 5 %.
    """
    every = [d for c in comparisons for d in (*c.differences, *c.others) if d.p_value is not None]
    primary = sum(METRICS[d.metric].primary for d in every)
    shares = {True: PRIMARY_SHARE / max(primary, 1), False: (1 - PRIMARY_SHARE) / max(len(every) - primary, 1)}
    weights = [shares[METRICS[d.metric].primary] for d in every]
    adjusted = dict(zip(map(id, every), weighted_holm([d.p_value or 0.0 for d in every], weights), strict=True))

    def among(differences: Iterable[Difference]) -> tuple[Difference, ...]:
        return tuple(replace(d, p_adjusted=adjusted[id(d)]) if id(d) in adjusted else d for d in differences)

    return [replace(c, differences=among(c.differences), others=among(c.others)) for c in comparisons]


def noise_floor(scores: Sequence[SessionScore], seed: int) -> NoiseFloor | None:
    """Difference between two plays of the same sessions: repeat 1 minus repeat 0, whatever their cell.

    The plays of one utterance under several cells stay together as one block of resampling.

    Args:
        scores: every session of a run that played them at least twice.
        seed: random seed of the draws.

    Returns:
        None if no session was completed twice.
    """
    plays: list[dict[tuple[str, str], SessionScore]] = [{}, {}]
    for score in latest_attempts(scores):
        if score.repeat < 2 and not score.failed:
            plays[score.repeat][score.cell, score.utterance] = score
    both = [place for place in plays[0] if place in plays[1]]
    if not both:
        return None
    second_minus_first = compare_scores(
        [plays[0][place] for place in both], [replace(plays[1][place], repeat=0) for place in both], seed=seed
    )
    return NoiseFloor(second_minus_first.n, second_minus_first.differences)


def _same_normaliser(baseline: Sequence[SessionScore], candidate: Sequence[SessionScore]) -> None:
    for side, scores in (("baseline", baseline), ("candidate", candidate)):
        if not scores:
            raise InputError("nothing to compare", item=side, got="0 sessions", expected="at least one scored session")
    normalisers = {(s.normaliser, s.normaliser_hash) for s in (*baseline, *candidate)}
    if len(normalisers) > 1:
        raise InputError(
            "the two sides were normalised differently",
            got=" and ".join(sorted(f"{name} {digest[:8]}" for name, digest in normalisers)),
            expected="one normaliser on both sides",
            action="Score both again with the same normaliser",
        )
