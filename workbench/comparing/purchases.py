"""What looks better and was bought: by failing, by saying less, by guessing early and taking back.

Each of these lowers a number without anybody being served better, so none of them may be called better. The worth of
a service that truly improves is untouched: its gain shows where nothing was given up for it.
"""

from __future__ import annotations

from workbench.comparing.differences import Difference
from workbench.comparing.paired import ERROR, Comparison
from workbench.scoring.measures import METRICS

__all__ = ["BACKED", "bought"]

_FAILED = 0.05
"""Sessions that only the candidate failed, of all, from which on no improvement stands."""
_COVERAGE = 0.2
"""Share of the words by which the candidate shows fewer, from which on its other values are those of other words."""
BACKED = {
    "word_latency_p50": "word_settled_p50",
    "word_latency_p95": "word_settled_p95",
    "word_emission_p50": "word_settled_p50",
    "word_emission_p95": "word_settled_p95",
    "first_partial": "first_word_settled",
    "first_partial_audio_start": "first_word_settled",
    "coverage": "wer",
}
"""What must be better too for a better value of the first to count."""


def bought(difference: Difference, comparison: Comparison) -> str | None:
    """Why an improvement is none, or None if it is one.

    Args:
        difference: an improvement of one metric.
        comparison: all that is known of the two sides.
    """
    if (why := _failing(difference, comparison)) or (why := _silent(difference, comparison)):
        return why
    backing = comparison.of(BACKED[difference.metric]) if difference.metric in BACKED else None
    if backing is not None and backing.difference is not None and not _better(backing):
        return f"words that were shown do not last: {METRICS[backing.metric].title} is not shown to be better"
    unstable = comparison.of("unstable_ratio")
    if difference.metric in BACKED and (backing is None or backing.difference is None) and _worse(unstable):
        return "more of the words shown are taken back"
    return None


def _failing(difference: Difference, comparison: Comparison) -> str | None:
    lost = len(comparison.lost)
    if not lost or difference.metric == "failed":
        return None
    net = lost - len(comparison.gained)
    if net > _FAILED * comparison.attempted or _worse(comparison.of("failed")):
        return f"only the candidate failed {lost} of {comparison.attempted} sessions"
    bounded = difference.bounded
    if bounded is not None and not _better(bounded):
        return f"not if the {lost} sessions that only the candidate failed count as wholly wrong"
    return None


def _silent(difference: Difference, comparison: Comparison) -> str | None:
    """A candidate that says less is early, steady, and invents nothing."""
    coverage, wer = comparison.of("coverage"), comparison.of("wer")
    if difference.metric in ("coverage", "failed"):
        return None
    if coverage.difference is not None and _worse(coverage) and coverage.difference < -_COVERAGE:
        candidate, baseline = (METRICS["coverage"].text(v or 0.0) for v in (coverage.candidate, coverage.baseline))
        return f"it covers {candidate} of the words, the baseline {baseline}"
    if _worse(comparison.of("deletions")) and (wer.difference or 0.0) >= 0 and difference.metric != "wer":
        return "it says fewer of the words"
    return None


def _better(difference: Difference) -> bool:
    return _signed(difference) < 0 and difference.p_value is not None and difference.p_value < ERROR


def _worse(difference: Difference) -> bool:
    return _signed(difference) > 0 and difference.p_value is not None and difference.p_value < ERROR


def _signed(difference: Difference) -> float:
    """The difference with a sign that is positive where it is worse."""
    value = difference.difference or 0.0
    return -value if METRICS[difference.metric].better == "higher" else value
