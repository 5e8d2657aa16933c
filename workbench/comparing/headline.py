"""The verdict in one short sentence, for somebody who reads nothing else; the whole of it is in the verdict."""

from __future__ import annotations

from workbench.comparing.verdict import Finding, Level, Verdict
from workbench.scoring.measures import METRICS
from workbench.scoring.metrics.stats import Interval
from workbench.units import counted

__all__ = ["HEADLINES", "change_text", "headline", "interval_text"]

HEADLINES = ("wer", "word_latency_p95", "critical_errors")
"""What a comparison is told by: at most three numbers."""
_DECIDING = (*HEADLINES, "failed", "coverage")


def headline(verdict: Verdict, baseline: str, candidate: str) -> str:
    """Whether the candidate is better or worse, and by how much.

    Args:
        verdict: of the pair.
        baseline: what the sentence calls it.
        candidate: likewise.
    """
    if verdict.incomparable:
        return f"{candidate} cannot be compared with {baseline}: {verdict.incomparable}."
    found = [verdict.of(key) for key in _DECIDING]
    worse = [one for one in found if one.level.is_worse]
    better = [one for one in found if one.level is Level.BETTER]
    n = verdict.of("wer").difference.n
    unsized = "" if verdict.enough else f", size uncertain with {counted(n, 'recording')}"
    if not worse and not better:
        open_ = [f"{METRICS[key].title} {text}" for key in HEADLINES[:2] if (text := interval_text(verdict.of(key)))]
        chance = (
            ": among all metrics compared, one such interval can be chance" if any(map(_leaves_out_0, found)) else ""
        )
        rest = f" ({'; '.join(open_)}{chance})" if open_ else f": {counted(n, 'recording')} cannot show one"
        return f"No difference is shown between {candidate} and {baseline}{rest}."
    if worse and better:
        lead = f"{candidate} is better and worse than {baseline}"
    else:
        lead = f"{candidate} is {'worse' if worse else 'better'} than {baseline}"
    told = "; ".join(_told(one) for one in (*worse, *better))
    same = [METRICS[key].title for key in HEADLINES[:2] if verdict.of(key).level is Level.NO_DIFFERENCE]
    also = f"; {' and '.join(same)} not shown to differ" if same else ""
    return f"{lead}{unsized}: {told}{also}."


def _leaves_out_0(finding: Finding) -> bool:
    """Whether the interval alone would show a difference; the verdict counts how many were looked at."""
    ends = finding.difference.interval if finding.metric.key in HEADLINES[:2] else None
    return ends is not None and ((ends.low or 0.0) > 0 or (ends.high or 0.0) < 0)


def _told(finding: Finding) -> str:
    spread = interval_text(finding)
    return f"{change_text(finding)} {finding.metric.title}" + (f" ({spread})" if spread else "")


def change_text(finding: Finding) -> str:
    """The change with its sign and unit; "unknown" where there is none."""
    metric = finding.metric
    change = metric.shown(finding.difference.difference)
    return "unknown" if change is None else metric.text(change, change=True, signed=True)


def interval_text(finding: Finding) -> str | None:
    """Both ends of the interval of a change, the unit after the second; None without one."""
    ends: Interval | None = finding.difference.interval
    if ends is None:
        return None
    metric, texts = finding.metric, []
    for end in (ends.low, ends.high):
        value = metric.shown(end)
        texts.append("unbounded" if value is None else metric.text(value, change=True, signed=True))
    return f"{texts[0].partition(' ')[0]} to {texts[1]}"
