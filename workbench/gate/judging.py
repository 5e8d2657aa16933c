"""From rules and runs to a judgement.

House rules: a check passes only on enough sound data. Too few utterances, an unfinished run, or an interval that
reaches over the margin is "not enough data"; a run whose own timing failed is "measurement invalid"; neither is ever a
pass. A limit judges the value that was measured; a margin judges the interval of the paired difference
(non-inferiority). All checks must pass, so nothing is adjusted for being many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from workbench.compare import HIGHER_IS_BETTER, Difference, compare_scores
from workbench.comparisons import RunComparison, compare_runs
from workbench.errors import InputError, MeasurementError
from workbench.gate.measures import MINIMA, Measured, measure, scaled, unsound
from workbench.gate.rules import FAILED, Rules, check_rules
from workbench.metrics.inference import non_inferiority
from workbench.metrics.stats import thin
from workbench.scored import RunResult
from workbench.scoring import SessionScore, latest_attempts
from workbench.units import NS_PER_MS

__all__ = ["Check", "GateResult", "Judgement", "judge"]


class Judgement(StrEnum):
    """What came of a check, or of all of them."""

    PASS = "pass"  # noqa: S105  not a password
    FAIL = "fail"
    NOT_ENOUGH = "not enough data"
    INVALID = "measurement invalid"


@dataclass(frozen=True, slots=True)
class Check:
    """One metric of one slice.

    Attributes:
        part: the slice: a configuration, or a tag or speaker of it.
        metric: its name, with ``_ms`` where it is a time.
        kind: ``limit`` or ``margin``.
        bound: what is allowed; a ratio or ms.
        value: what was found: the value, or for a margin how much worse it is; None where unknown.
        low, high: 95 % interval of the value; None where unknown or unbounded.
        n: utterances.
        judgement: what came of it.
        reason: why, in words.
    """

    part: str
    metric: str
    kind: Literal["limit", "margin"]
    bound: float
    value: float | None
    low: float | None
    high: float | None
    n: int
    judgement: Judgement
    reason: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """What came of all checks.

    Attributes:
        run_id: the run that was judged.
        against: the baseline, or None.
        created: when the run began, UTC, RFC 3339.
        checks: at least one, by slice.
        warnings: what makes the comparison unfair.
    """

    run_id: str
    against: str | None
    created: str
    checks: tuple[Check, ...]
    warnings: tuple[str, ...] = ()

    @property
    def judgement(self) -> Judgement:
        """The worst: a fail before an invalid measurement, that before too few data."""
        found = {check.judgement for check in self.checks}
        order = (Judgement.FAIL, Judgement.INVALID, Judgement.NOT_ENOUGH)
        return next((judgement for judgement in order if judgement in found), Judgement.PASS)

    @property
    def exit_code(self) -> int:
        """0 for a pass, 1 for a fail, 6 for what cannot be judged."""
        return {Judgement.PASS: 0, Judgement.FAIL: 1}.get(self.judgement, MeasurementError.exit_code)

    @property
    def sentence(self) -> str:
        """How many checks came out how."""
        counts = [(j, sum(c.judgement is j for c in self.checks)) for j in Judgement]
        told = ", ".join(f"{count} {judgement}" for judgement, count in counts if count)
        against = f" against {self.against}" if self.against else ""
        return f"{self.judgement} for {self.run_id}{against}: {told}"


def judge(run: RunResult, rules: Rules, against: RunResult | None = None) -> GateResult:
    """Judge a run by rules, slice by slice.

    Args:
        run: the candidate.
        rules: at least one limit or margin.
        against: the baseline of the margins; on other words of the same corpus nothing is paired.

    Raises:
        InputError: no rule at all, or margins without a baseline.
    """
    check_rules(rules, "gate")
    if not rules.limits and not rules.margins:
        raise InputError("nothing to check", item="gate", expected="a limit or a margin, as flags or in [gate]")
    if rules.margins and against is None:
        raise InputError("margins need a baseline", item="gate", expected="--against RUN")
    manifest = run.run.manifest
    sessions = latest_attempts(run.scores)
    missing = manifest.counts.planned - len(sessions)
    unfinished = f"{missing} of {manifest.counts.planned} sessions were not played" if missing > 0 else None
    checks = [
        _limit(part, rows, name, bound, rules, manifest.seed, unfinished)
        for part, rows in _by_slice(sessions, rules.slices)
        for name, bound in rules.limits.items()
    ]
    found = compare_runs([against, run]) if against and rules.margins else None
    if found:
        checks += _margins(run, found, rules, manifest.seed, unfinished)
    return GateResult(
        run_id=manifest.run_id,
        against=against.run.run_id if against else None,
        created=manifest.created,
        checks=tuple(checks),
        warnings=found.warnings if found else (),
    )


def _by_slice(sessions: Sequence[SessionScore], slices: Iterable[str]) -> Iterator[tuple[str, list[SessionScore]]]:
    """Every configuration, and each tag or speaker within it."""
    cells: dict[str, list[SessionScore]] = {}
    for score in sessions:
        cells.setdefault(score.cell, []).append(score)
    for cell, rows in cells.items():
        yield cell, rows
        for kind in slices:
            for label in _labels(rows, kind):
                yield f"{cell} / {kind} {label}", [s for s in rows if _has(s, kind, label)]


def _labels(rows: Iterable[SessionScore], kind: str) -> list[str]:
    found = (tag for s in rows for tag in (s.tags if kind == "tag" else filter(None, [s.speaker])))
    return sorted(set(found))


def _has(score: SessionScore, kind: str, label: str) -> bool:
    return label in score.tags if kind == "tag" else score.speaker == label


def _limit(
    part: str, rows: list[SessionScore], name: str, bound: float, rules: Rules, seed: int, unfinished: str | None
) -> Check:
    done = [s for s in rows if not s.failed]
    failed = len(rows) - len(done)
    if name == FAILED:
        found = Measured(failed / len(rows), None, len({s.utterance for s in rows}))
        # The share of these very sessions: a fact, not an estimate.
        breach = failed / len(rows) > bound
    else:
        found = measure(done, name, seed)
        breach = _breach(found, name, bound)
    judgement, reason = Judgement.PASS, f"n = {found.n}"
    if name.endswith("_ms") and (why := unsound(done)):
        judgement, reason = Judgement.INVALID, why
    elif breach:
        judgement = Judgement.FAIL
    elif found.value is None:
        judgement, reason = Judgement.NOT_ENOUGH, "nothing to measure it on" if done else "all sessions failed"
    elif why := _too_few(found.n, name, rules) or unfinished:
        judgement, reason = Judgement.NOT_ENOUGH, why
    elif _beyond(found.value, name, bound):
        judgement = Judgement.FAIL
    reason += f"; {failed} of {len(rows)} sessions failed" if failed else ""
    return _check(part, name, "limit", bound, found, judgement, reason)


def _check(
    part: str,
    name: str,
    kind: Literal["limit", "margin"],
    bound: float,
    found: Measured,
    judgement: Judgement,
    reason: str,
) -> Check:
    low, high = (found.interval.low, found.interval.high) if found.interval else (None, None)
    return Check(part, name, kind, bound, found.value, low, high, found.n, judgement, reason)


def _breach(found: Measured, name: str, bound: float) -> bool:
    """Whether the whole interval lies beyond the bound: then few utterances are enough to fail."""
    if found.interval is None:
        return False
    nearest = found.interval.high if name in MINIMA else found.interval.low
    return nearest is not None and _beyond(nearest, name, bound)


def _beyond(value: float, name: str, bound: float) -> bool:
    return value < bound if name in MINIMA else value > bound


def _too_few(n: int, name: str, rules: Rules) -> str | None:
    if n < rules.min_utterances:
        return f"n = {n}, {rules.min_utterances} needed"
    return thin(n, 95) if "_p95" in name else None


def _margins(run: RunResult, found: RunComparison, rules: Rules, seed: int, unfinished: str | None) -> Iterator[Check]:
    for pair in found.pairs:
        base, candidate = (latest_attempts(side) for side in pair.scores)
        for part, theirs in _by_slice(candidate, rules.slices):
            wanted = {s.utterance for s in theirs}
            ours = [s for s in base if s.utterance in wanted]
            # A slice that the baseline lacks is compared with all of it: nothing pairs, and the reason says so.
            compared = (
                pair.comparison if len(theirs) == len(candidate) else compare_scores(ours or base, theirs, seed=seed)
            )
            for name, margin in rules.margins.items():
                difference = next(d for d in compared.differences if d.metric == name.removesuffix("_ms"))
                invalid = _incomparable(found, name, ours, theirs)
                yield _margin(part, difference, name, margin, rules, invalid, unfinished)
    paired = {s.cell for pair in found.pairs for s in pair.scores[1]}
    for cell in (cell.cell for cell in run.cells if cell.cell not in paired):
        for name, margin in rules.margins.items():
            why = "the baseline has no such configuration"
            yield _check(cell, name, "margin", margin, Measured(None, None, 0), Judgement.NOT_ENOUGH, why)


def _incomparable(found: RunComparison, name: str, ours: list[SessionScore], theirs: list[SessionScore]) -> str | None:
    if found.unlike:
        return f"the runs differ in {' and '.join(found.unlike)}"
    if not name.endswith("_ms"):
        return None
    for side, rows in (("baseline", ours), ("run", theirs)):
        if why := unsound([s for s in rows if not s.failed]):
            return f"{side}: {why}"
    return None


def _margin(
    part: str,
    difference: Difference,
    name: str,
    margin: float,
    rules: Rules,
    invalid: str | None,
    unfinished: str | None,
) -> Check:
    found = _worsening(difference)
    worse, interval = found.value, found.interval
    judgement, reason = Judgement.PASS, f"n = {difference.n}"
    shown = non_inferiority(interval, margin)
    if invalid:
        judgement, reason = Judgement.INVALID, invalid
    elif worse is None or interval is None:
        judgement, reason = Judgement.NOT_ENOUGH, difference.reason or "no interval"
    elif worse > margin and interval.low is not None and interval.low > 0:
        # Worse by more than the margin, and shown to be worse at all.
        judgement = Judgement.FAIL
    elif why := _too_few(difference.n, name, rules) or unfinished:
        judgement, reason = Judgement.NOT_ENOUGH, why
    elif shown is None or not shown.shown:
        judgement, reason = Judgement.NOT_ENOUGH, f"n = {difference.n}, the interval reaches over the margin"
    return _check(part, name, "margin", margin, found, judgement, reason)


def _worsening(difference: Difference) -> Measured:
    """How much worse the candidate is, times in ms: the sign is turned where higher is better."""
    factor = (1 / NS_PER_MS if difference.unit == "ns" else 1.0) * (-1 if difference.metric in HIGHER_IS_BETTER else 1)
    value = None if difference.difference is None else difference.difference * factor
    return Measured(value, scaled(difference.interval, factor), difference.n)
