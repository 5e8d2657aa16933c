"""Differences of metrics that somebody asked for, which no comparison tests by itself: percentiles, rows on request."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.comparing.differences import Difference, blocks_of, metric_difference
from workbench.comparing.pairs import pair_sessions
from workbench.comparing.runs import PairedCells
from workbench.scoring.metric import Metric

__all__ = ["further_differences"]


def further_differences(
    pair: PairedCells, metrics: Sequence[Metric], *, seed: int, by_speaker: bool = False
) -> list[Difference]:
    """One difference a metric, over the sessions that both sides completed.

    They are in no family of tests: whoever looks at many metrics finds one that differs by chance.

    Args:
        pair: one baseline and its candidate.
        metrics: what is asked for.
        seed: random seed of the draws.
        by_speaker: speakers instead of utterances are the blocks of intervals.
    """
    pairing = pair_sessions(*pair.scores)
    blocks = blocks_of(pairing.pairs, seed)
    return [metric_difference(metric, pairing.pairs, blocks, by_speaker=by_speaker) for metric in metrics]
