"""What a planned run could find, and how many utterances a difference needs, before any audio is played.

For the test that the verdict uses: its share of the error probability, as :mod:`workbench.comparing.paired` divides it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.comparing.paired import ERROR, PRIMARY_SHARE
from workbench.comparing.pairs import pair_sessions
from workbench.runs.resolved_run import ResolvedRun
from workbench.runs.result import RunResult, load_result
from workbench.scoring.measures import METRICS
from workbench.scoring.metrics.inference import pairs_needed, smallest_detectable
from workbench.store import index_runs, open_run

__all__ = ["PowerPlan", "error_of_primary", "plan_power", "spread_of_errors", "spread_of_pairs", "typical_spread"]

_POINTS = (0.01, 0.02, 0.05)
# Of two recognisers with 14 % errors whose errors come in bursts: each word's own chance, and what utterances share.
_OF_WORDS, _OF_UTTERANCES = 0.23, 0.007


@dataclass(frozen=True, slots=True)
class PowerPlan:
    """What can be found with a power of 80 %.

    Attributes:
        smallest: smallest difference of WER that the planned utterances would find; None if there are too few.
        needed: utterances that a difference of WER needs.
        origin: where the spread comes from.
    """

    smallest: float | None
    needed: dict[float, int | None]
    origin: str


def error_of_primary(pairs: int) -> float:
    """Level at which the verdict tests WER where ``pairs`` configurations are compared with a baseline."""
    primary = sum(metric.primary for metric in METRICS.values())
    return ERROR * PRIMARY_SHARE / primary / max(1, pairs)


def typical_spread(words: float) -> float:
    """Standard deviation of the difference of WER of one utterance of so many words, where no pilot tells it."""
    return float(np.sqrt(_OF_WORDS / max(words, 1.0) + _OF_UTTERANCES))


def plan_power(store: Path, resolved: ResolvedRun, pilot: str | None = None) -> PowerPlan:
    """What ``resolved`` could find: between its configurations, or against another run of the same utterances.

    Args:
        store: folder of the runs.
        resolved: the planned run.
        pilot: run whose paired differences tell the spread; None takes the newest with two cells on this corpus, and
            a typical spread if there is none.
    """
    if pilot is not None:
        candidates = [open_run(store, pilot)]
    else:
        found = [
            line.run_id
            for line in index_runs(store)
            if line.status == "committed" and line.cells > 1 and line.corpus == resolved.corpus.name
        ]
        candidates = [open_run(store, run_id) for run_id in found[-1:]]
    spread, origin = None, ""
    if candidates:
        result = load_result(candidates[0])
        spread, n = spread_of_pairs(result)
        origin = f"at 80 % power, from {n} pairs of {result.run.run_id}"
    if spread is None:
        words = [len(u.reference.spoken.split()) for u in resolved.utterances]
        mean = sum(words) / max(1, len(words))
        spread = typical_spread(mean)
        origin = f"at 80 % power, no pilot: typical of two services with 14 % errors and {mean:.0f} words an utterance"
    error = error_of_primary(len(resolved.cells) - 1)
    needed = {points: pairs_needed(spread, points, error=error) for points in _POINTS}
    return PowerPlan(smallest_detectable(spread, len(resolved.utterances), error=error), needed, origin)


def spread_of_pairs(result: RunResult) -> tuple[float | None, int]:
    """Standard deviation of the difference of WER of an utterance between the first two configurations, and its n.

    None for fewer than six pairs, or where nothing differs: then the typical spread is a better guess.
    """
    first, second = ([s for s in result.scores if s.cell == cell.cell] for cell in result.cells[:2])
    sums: dict[str, list[int]] = {}
    for pair in pair_sessions(first, second).pairs:
        row = sums.setdefault(pair.utterance, [0, 0])
        row[0] += pair.candidate.words.errors - pair.baseline.words.errors
        row[1] += pair.baseline.words.reference
    return spread_of_errors(list(sums.values())), len(sums)


def spread_of_errors(rows: Sequence[Sequence[int]]) -> float | None:
    """Standard deviation of the difference of an error rate from (errors more, words) of each utterance."""
    if len(rows) < 6:
        return None
    change, words = np.array(rows, np.float64).T
    if not words.any():
        return None
    mean = float(change.sum() / words.sum())
    spread = float(np.sqrt(((change - mean * words) ** 2).sum() / (len(rows) - 1)) / words.mean())
    return spread or None
