"""What streaming costs in accuracy: streamed finals against the same model's text of whole recordings, paired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.comparing.paired import Difference, compare_scores
from workbench.runs.offline_baseline import WHOLE_TEXT, baseline_scores
from workbench.runs.result import RunResult
from workbench.scoring.measures import METRICS

__all__ = ["StreamingCost", "known_streaming_costs", "streaming_costs"]


@dataclass(frozen=True, slots=True)
class StreamingCost:
    """One configuration.

    Attributes:
        cell: its name.
        wer: word error rate of the streamed finals minus that of the whole recordings, over utterances that completed.
    """

    cell: str
    wer: Difference

    def __str__(self) -> str:
        """One sentence."""
        whole, streamed, cost = self.wer.baseline, self.wer.candidate, self.wer.difference
        if whole is None or streamed is None or cost is None:
            return f"{self.cell}: what streaming costs is unknown ({self.wer.reason})"
        metric, ends = METRICS[self.wer.metric], self.wer.interval
        between = self.wer.reason or "no interval"
        if ends is not None and ends.low is not None and ends.high is not None:
            between = f"95 % {100 * ends.low:+.1f} to {100 * ends.high:+.1f}"
        return (
            f"{self.cell}: streaming costs {metric.text(cost, change=True, signed=True)} of WER ({between}): whole "
            f"recordings {metric.text(whole)}, streamed {metric.text(streamed)}, n = {self.wer.n}"
        )


def streaming_costs(result: RunResult, on_progress: Callable[[int, int], object] | None = None) -> list[StreamingCost]:
    """What streaming costs in each configuration of a run.

    Args:
        result: a run on the simulator.
        on_progress: called with the number of recordings that had to be decoded, and of how many.

    Raises:
        InputError, CorpusError: as :func:`workbench.runs.offline_baseline.baseline_scores`.
    """
    whole = baseline_scores(result, on_progress)
    costs = []
    for cell in (cell.cell for cell in result.cells):
        sides = [[score for score in scores if score.cell == cell] for scores in (whole, result.scores)]
        costs.append(StreamingCost(cell, compare_scores(*sides, seed=result.run.manifest.seed).wer))
    return costs


def known_streaming_costs(result: RunResult) -> list[StreamingCost]:
    """As :func:`streaming_costs` for a run that was played with ``offline_baseline``; none for any other.

    Nothing is decoded for it: a page or a report is no reason to.
    """
    request = result.run.manifest.request
    if request is None or not request.spec.get("offline_baseline"):
        return []
    if not all(WHOLE_TEXT in record.facts for record in result.iter_records()):
        return []
    return streaming_costs(result)
