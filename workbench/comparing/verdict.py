"""What a comparison means: one judgement of every metric, and one sentence. Compare, gate, report and app all read it.

A difference counts where its adjusted p-value is below 0.05, whatever the number of pairs; with few of them its size is
uncertain, and said to be. "No difference shown" is never called "equal". Nothing is called better that was bought:
by failing the hard sessions, by saying less, or by showing words early and taking them back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from workbench.comparing.paired import ERROR, Comparison, Difference, NoiseFloor
from workbench.comparing.purchases import bought
from workbench.scoring.measures import METRICS
from workbench.scoring.metric import Metric
from workbench.scoring.metrics.stats import FEW_SPEAKERS, Interval
from workbench.units import counted

__all__ = ["MIN_PAIRS", "Finding", "Level", "Verdict", "enough", "judge_difference", "verdict"]

MIN_PAIRS = 20
"""Below this many paired utterances the size of a difference is uncertain."""

_HEADLINES = ("wer", "word_latency_p95")


class Level(StrEnum):
    """What is shown of one metric."""

    BETTER = "better"
    WORSE = "worse"
    WORSE_UNSIZED = "worse, size uncertain"
    NO_DIFFERENCE = "no difference shown"
    EQUIVALENT = "equivalent within the margin"
    NOT_COMPARABLE = "not comparable"

    @property
    def is_worse(self) -> bool:
        """Whether it is shown to be worse, its size known or not."""
        return self in (Level.WORSE, Level.WORSE_UNSIZED)


@dataclass(frozen=True, slots=True)
class Finding:
    """The judgement of one metric.

    Attributes:
        difference: what it rests on.
        level: what is shown.
        why: what "not comparable" and "no difference shown" rest on; None where the numbers say it.
    """

    difference: Difference
    level: Level
    why: str | None = None

    @property
    def metric(self) -> Metric:
        """The row of the list."""
        return METRICS[self.difference.metric]

    def within(self, margin: float) -> Finding:
        """The same judged against a margin, in the unit at rest: equivalent if the whole interval lies within it."""
        ends = self.difference.interval
        if self.level is not Level.NO_DIFFERENCE or ends is None or ends.low is None or ends.high is None:
            return self
        inside = -margin < ends.low and ends.high < margin
        return Finding(self.difference, Level.EQUIVALENT if inside else self.level, self.why)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison shows.

    Attributes:
        sentence: what people read.
        worse, better: metrics that are shown to differ.
        enough: False where there are too few pairs for the size of a difference.
        findings: of every metric, by its key.
        incomparable: why nothing can be compared; None if it can.
    """

    sentence: str
    worse: tuple[str, ...] = ()
    better: tuple[str, ...] = ()
    enough: bool = True
    findings: dict[str, Finding] | None = None
    incomparable: str | None = None

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence

    def of(self, metric: str) -> Finding:
        """The judgement of a metric, by its key.

        Raises:
            KeyError: it is not compared.
        """
        return (self.findings or {})[metric]


def enough(n: int) -> bool:
    """Whether ``n`` paired utterances tell the size of a difference."""
    return n >= MIN_PAIRS


def verdict(comparison: Comparison, floor: NoiseFloor | None = None, unlike: str | None = None) -> Verdict:
    """What the comparison shows.

    Args:
        comparison: its p-values adjusted where it is one of many.
        floor: a difference must exceed one that the same configuration is shown to have from itself.
        unlike: why the two sides are no pair at all; None if they are.
    """
    why = unlike or _no_pairs(comparison)
    every = (*comparison.differences, *comparison.others)
    if why:
        findings = {d.metric: Finding(d, Level.NOT_COMPARABLE, why) for d in every}
        return Verdict(f"not comparable: {why}", enough=False, findings=findings, incomparable=why)
    findings = {d.metric: judge_difference(d, comparison, floor) for d in every}
    worse = tuple(d.metric for d in comparison.differences if findings[d.metric].level.is_worse)
    better = tuple(d.metric for d in comparison.differences if findings[d.metric].level is Level.BETTER)
    shown = [*_HEADLINES, *(m for m in (*worse, *better) if METRICS[m].primary and m not in _HEADLINES)]
    parts = [_phrase(findings[m], floor) for m in shown]
    for word, metrics in (("worse", worse), ("better", better)):
        others = [METRICS[m].title for m in metrics if m not in shown]
        if others:
            parts.append(f"also {word}: {', '.join(others)}")
    parts += _circumstances(comparison, findings)
    return Verdict("; ".join(parts), worse, better, enough(comparison.n), findings)


def judge_difference(difference: Difference, comparison: Comparison, floor: NoiseFloor | None = None) -> Finding:
    """The judgement of one metric of a comparison.

    Args:
        difference: one of the comparison.
        comparison: what else is known of the two sides.
        floor: see :func:`verdict`.
    """
    metric = METRICS[difference.metric]
    if difference.difference is None:
        return Finding(difference, Level.NOT_COMPARABLE, difference.reason)
    p = difference.p_value if difference.p_adjusted is None else difference.p_adjusted
    if p is None or not difference.difference or p >= ERROR:
        return Finding(difference, Level.NO_DIFFERENCE, difference.reason)
    if _within(difference, floor):
        return Finding(difference, Level.NO_DIFFERENCE, "no more than the same configuration differs from itself")
    if (difference.difference > 0) == (metric.better == "higher"):
        why = bought(difference, comparison)
        return Finding(difference, Level.NOT_COMPARABLE if why else Level.BETTER, why)
    return Finding(difference, Level.WORSE if enough(difference.n) else Level.WORSE_UNSIZED)


def _no_pairs(comparison: Comparison) -> str | None:
    if comparison.foreign:
        same = comparison.n + len(comparison.foreign)
        return f"{len(comparison.foreign)} of {same} utterances have other references"
    return None if comparison.attempted else "no utterance in common"


def _within(difference: Difference, floor: NoiseFloor | None) -> bool:
    """Whether an A/A run is shown to differ from itself, and the difference is not shown to be larger than that."""
    drift = next((d for d in floor.differences if d.metric == difference.metric), None) if floor else None
    if drift is None or not drift.difference or drift.p_value is None or drift.p_value >= ERROR:
        return False
    larger = abs(difference.difference or 0.0) - abs(drift.difference)
    # One-sided 5 %: intervals are 1.96 standard errors wide on either side.
    return larger < 1.645 / 1.96 * math.hypot(_reach(difference.interval), _reach(drift.interval))


def _reach(interval: Interval | None) -> float:
    if interval is None or interval.low is None or interval.high is None:
        return 0.0
    return (interval.high - interval.low) / 2


def _phrase(finding: Finding, floor: NoiseFloor | None) -> str:
    """One metric: what is shown, its size with the interval, its own n."""
    difference, title = finding.difference, finding.metric.title
    if difference.difference is None:
        return f"{title} is unknown ({finding.why})"
    ends = difference.interval
    spread = f" ({_amount(difference, ends.low).split()[0]} to {_amount(difference, ends.high)})" if ends else ""
    n = f", n = {difference.n}"
    match finding.level:
        case Level.WORSE | Level.BETTER if enough(difference.n):
            return f"{title} is {finding.level} by {_amount(difference, abs(difference.difference), False)}{spread}{n}"
        case Level.WORSE_UNSIZED | Level.BETTER:
            word = "worse" if finding.level is Level.WORSE_UNSIZED else "better"
            amount = _amount(difference, difference.difference)
            return f"{title} is clearly {word}, size uncertain: {amount}{spread}{n}"
        case Level.NOT_COMPARABLE:
            return f"{title} is not comparable: {finding.why}{n}"
        case _:
            if floor and _within(difference, floor):
                return f"{title} differs no more than the same configuration does from itself{spread}{n}"
            why = f" ({finding.why})" if finding.why and not spread else ""
            if difference.p_value is not None and difference.p_value < ERROR <= (difference.p_adjusted or 0.0):
                why = f" once the number of metrics is allowed for (p = {difference.p_adjusted:.2f})"
            return f"{title} is not shown to differ{spread}{why}{n}"


def _circumstances(comparison: Comparison, findings: dict[str, Finding]) -> list[str]:
    """Coverage, failures on one side, and whose words these are."""
    parts = []
    coverage = comparison.of("coverage")
    if coverage.baseline is not None and coverage.candidate is not None:
        candidate, baseline = (METRICS["coverage"].text(value) for value in (coverage.candidate, coverage.baseline))
        parts.append(f"coverage {candidate} against {baseline}")
    for side, sessions in (("candidate", comparison.lost), ("baseline", comparison.gained)):
        if sessions:
            names = ", ".join(dict.fromkeys(utterance for utterance, _ in sessions[:3]))
            more = f" and {len(sessions) - 3} more" if len(sessions) > 3 else ""
            parts.append(
                f"only the {side} failed {len(sessions)} of {counted(comparison.attempted, 'session')} ({names}{more})"
            )
    bounded = findings["wer"].difference.bounded
    if bounded is not None and bounded.difference is not None:
        direction = "higher" if bounded.difference > 0 else "lower"
        amount = _amount(bounded, abs(bounded.difference), False)
        parts.append(f"with these counted as wholly wrong, WER is {amount} {direction}")
    if comparison.by_speaker and comparison.speakers:
        parts.append(f"judged by speaker ({comparison.speakers})")
    elif comparison.speakers and comparison.speakers < FEW_SPEAKERS:
        parts.append(
            f"valid for {'this speaker' if comparison.speakers == 1 else f'these {comparison.speakers} speakers'} only"
        )
    return parts


def _amount(difference: Difference, value: float | None, signed: bool = True) -> str:
    metric = METRICS[difference.metric]
    change = metric.shown(value)
    return "unbounded" if change is None else metric.text(change, change=True, signed=signed)
