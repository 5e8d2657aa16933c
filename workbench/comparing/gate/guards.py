"""What a gate checks unasked: that a pass was not bought.

Sessions that failed, words that were never shown, timing that was not certified, and what the comparison calls worse
among errors that matter clinically. A limit or a margin on the same metric takes the place of its guard.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.comparing.gate.check import Check, Judgement
from workbench.comparing.gate.rules import FAILED, Rules
from workbench.comparing.verdict import Finding, Verdict
from workbench.scoring.measured import pooled, unsound
from workbench.scoring.measures import METRICS
from workbench.scoring.session import SessionScore

__all__ = ["SAFETY", "guards"]

SAFETY = (
    "critical_errors", "unsafe_flicker", "resettled_words", "unstable_ratio", "drugs_invented", "values_invented",
    "negations_kept", "negations_invented", "sides_kept", "sides_invented", "drug_recall", "value_accuracy",
)  # fmt: skip
"""Metrics that must not be shown to be worse than in the baseline; the first two are always listed."""
_LISTED = 2

_LEAST_COVERAGE = 0.5
_LOST_COVERAGE = 0.1


def guards(part: str, rows: list[SessionScore], judged: Verdict | None, rules: Rules) -> Iterator[Check]:
    """The guards of one configuration.

    Args:
        part: its name.
        rows: its sessions, failed ones included.
        judged: what the comparison with the baseline says; None without one.
        rules: what is asked for has no guard.
    """
    ruled = {*rules.limits, *rules.margins}
    if judged is not None and judged.incomparable:
        yield Check(part, "references", "guard", 0.0, None, None, None, 0, Judgement.INVALID, judged.incomparable)
        judged = None
    if FAILED not in ruled:
        yield _failed(part, rows, judged)
    if "coverage" not in ruled and (check := _coverage(part, rows, judged)):
        yield check
    if not rules.uncertified and (why := unsound([s for s in rows if not s.failed])):
        n = len({s.utterance for s in rows})
        yield Check(part, "certified", "guard", 0.0, None, None, None, n, Judgement.INVALID, why)
    if judged is None:
        return
    for key in SAFETY:
        finding = judged.of(key)
        listed = finding.level.is_worse or key in SAFETY[:_LISTED]
        if listed and METRICS[key].name not in ruled and finding.difference.difference is not None:
            yield _safety(part, finding)


def _failed(part: str, rows: list[SessionScore], judged: Verdict | None) -> Check:
    """No more failed sessions than in the baseline; without one, none."""
    difference = judged.of(FAILED).difference if judged else None
    n = len({s.utterance for s in rows})
    if difference is not None and difference.baseline is not None and difference.candidate is not None:
        bound, value = difference.baseline, difference.candidate
        reason = f"n = {n}; the baseline failed {METRICS[FAILED].text(bound)}"
    else:
        bound, value = 0.0, sum(s.failed for s in rows) / len(rows)
        reason = f"n = {n}; {sum(s.failed for s in rows)} of {len(rows)} sessions failed"
    judgement = Judgement.FAIL if value > bound else Judgement.PASS
    return Check(part, FAILED, "guard", bound, value, None, None, n, judgement, reason)


def _coverage(part: str, rows: list[SessionScore], judged: Verdict | None) -> Check | None:
    """Words that are never shown have no latency: a value over the others says little."""
    finding = judged.of("coverage") if judged else None
    if finding is not None and finding.difference.baseline is not None:
        value, bound = finding.difference.candidate or 0.0, max(0.0, finding.difference.baseline - _LOST_COVERAGE)
        n, worse = finding.difference.n, finding.level.is_worse
        reason = (
            f"n = {n}; the baseline covers {METRICS['coverage'].text(finding.difference.baseline)}, {finding.level}"
        )
    else:
        # Words are shown or not whether or not their timing is certified.
        done = [s for s in rows if not s.failed and s.latency.reference_words]
        if (shown := pooled(done, METRICS["coverage"])) is None:
            return None
        value, bound = shown, _LEAST_COVERAGE
        n, worse = len({s.utterance for s in done}), False
        reason = f"n = {n}"
    judgement = Judgement.FAIL if worse else Judgement.PASS
    if value < bound and not worse:
        # Against a baseline a drop that the comparison does not show may be chance; without one it is a fact.
        judgement = Judgement.NOT_ENOUGH if finding is not None else Judgement.FAIL
    return Check(part, "coverage", "guard", bound, value, None, None, n, judgement, reason)


def _safety(part: str, finding: Finding) -> Check:
    metric, difference = finding.metric, finding.difference
    turned = -1 if metric.better == "higher" else 1
    value = metric.shown((difference.difference or 0.0) * turned)
    judgement = Judgement.FAIL if finding.level.is_worse else Judgement.PASS
    reason = f"n = {difference.n}, {finding.level}"
    return Check(part, metric.name, "guard", 0.0, value, None, None, difference.n, judgement, reason)
