"""From rules and runs to a judgement.

A check passes only on enough sound data. Too few utterances, an unfinished run, or an interval that reaches over the
margin is "not enough data"; a run whose own timing failed is "measurement invalid"; neither is ever a pass. A limit
judges the value that was measured; a margin judges the interval of the paired difference (non-inferiority), and fails
only what the comparison calls worse. What no rule asks for is guarded all the same, see
:mod:`workbench.comparing.gate.guards`. All checks must pass, so that passing is adjusted for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from workbench.comparing.gate.check import Check, GateResult, Judgement
from workbench.comparing.gate.guards import guards
from workbench.comparing.gate.rules import FAILED, Rules, check_rules, has_least
from workbench.comparing.gate.slices import by_slice
from workbench.comparing.paired import Difference, adjust_metrics, compare_scores
from workbench.comparing.purchases import BACKED
from workbench.comparing.runs import PairedCells, RunComparison, compare_runs, excluded_warnings
from workbench.comparing.verdict import Finding, Verdict, verdict
from workbench.errors import InputError
from workbench.runs.result import RunResult
from workbench.scoring.cells import latest_attempts
from workbench.scoring.measured import Measured, measure, scaled, unsound
from workbench.scoring.measures import METRICS, named
from workbench.scoring.metric import Percentile
from workbench.scoring.metrics.inference import non_inferiority
from workbench.scoring.metrics.stats import thin
from workbench.scoring.session import SessionScore
from workbench.scoring.trust import trust_of_sessions

__all__ = ["judge"]

_RESETTLED = 0.1
"""Share of the words taken back from which on a limit on their latency is one on the settled latency."""


def judge(run: RunResult, rules: Rules, against: RunResult | None = None, *, against_first: bool = False) -> GateResult:
    """Judge a run by rules, slice by slice.

    Args:
        run: the candidate.
        rules: at least one limit or margin.
        against: the baseline of margins and guards.
        against_first: take the first configuration of the run as baseline in its place, as a comparison of one run
            does, and judge the others.

    Raises:
        InputError: no rule at all, margins without a baseline, two baselines, a run that is its own baseline, or one
            configuration alone with ``against_first``.
    """
    check_rules(rules, "")
    if not rules.limits and not rules.margins:
        raise InputError("nothing to check", item="gate", expected="a limit or a margin, as flags or in [gate]")
    if rules.margins and against is None and not against_first:
        raise InputError("margins need a baseline", item="gate", expected="a baseline run (against)")
    _one_baseline(run, against, against_first)
    manifest = run.run.manifest
    every = latest_attempts(run.scores)
    missing = manifest.counts.planned - len(every) - run.excluded_sessions
    unfinished = f"{missing} of {manifest.counts.planned} sessions were not played" if missing > 0 else None
    also = _also(rules)
    sides = [run] if against_first else [against, run] if against else []
    comparison = compare_runs(sides, by_speaker=rules.by_speaker, also=also) if sides else None
    baseline = comparison.pairs[0].cells[0] if against_first and comparison else None
    sessions = [score for score in every if score.cell != baseline]
    checks = [
        _limit(part, rows, name, bound, rules, manifest.seed, unfinished)
        for part, rows in by_slice(sessions, rules.slices)
        for name, bound in rules.limits.items()
    ]
    if comparison:
        judged = list(dict.fromkeys(score.cell for score in sessions))
        checks += _margins(judged, comparison, rules, manifest.seed, unfinished)
    verdicts = {pair.scores[1][0].cell: pair.verdict for pair in comparison.pairs} if comparison else {}
    for cell, rows in by_slice(sessions, ()):
        checks += guards(cell, rows, verdicts.get(cell), rules)
    return GateResult(
        run_id=manifest.run_id,
        against=baseline or (against.run.run_id if against else None),
        created=manifest.created,
        checks=tuple(checks),
        warnings=comparison.warnings if comparison else tuple(excluded_warnings(run)),
        excluded={one.run.run_id: one.excluded for one in sides or [run] if one.excluded},
        trust=trust_of_sessions(sessions),
        verdicts=tuple(f"{p.candidate} against {p.baseline}: {p.verdict}" for p in comparison.pairs)
        if comparison
        else (),
    )


def _limit(
    part: str, rows: list[SessionScore], name: str, bound: float, rules: Rules, seed: int, unfinished: str | None
) -> Check:
    done = [s for s in rows if not s.failed]
    failed = len(rows) - len(done)
    measured, note = _measured(rows if name == FAILED else done, name, seed)
    # The share of failed sessions is a fact of these very sessions, and no estimate.
    breach = _beyond(measured.value or 0.0, name, bound) if name == FAILED else _breach(measured, name, bound)
    judgement, reason = Judgement.PASS, f"n = {measured.n}{note}"
    if named(name).certified and (why := unsound(done)):
        judgement, reason = Judgement.INVALID, why
    elif breach:
        judgement = Judgement.FAIL
    elif measured.value is None:
        judgement, reason = Judgement.NOT_ENOUGH, "nothing to measure it on" if done else "all sessions failed"
    elif why := _too_few(measured.n, name, rules) or unfinished:
        judgement, reason = Judgement.NOT_ENOUGH, why
    elif _beyond(measured.value, name, bound):
        judgement = Judgement.FAIL
    reason += f"; {failed} of {len(rows)} sessions failed" if failed else ""
    return _check(part, name, "limit", bound, measured, judgement, reason)


def _measured(rows: list[SessionScore], name: str, seed: int) -> tuple[Measured, str]:
    """The value that a limit judges; where words are shown early and taken back, that of settled words."""
    metric = named(name)
    measured = measure(rows, metric, seed).shown(metric)
    backing = BACKED.get(metric.key)
    taken_back = measure(rows, "resettled_words", seed, interval=False).value if backing else None
    if backing is None or taken_back is None or taken_back <= _RESETTLED:
        return measured, ""
    settled = measure(rows, backing, seed).shown(METRICS[backing])
    if settled.value is None or measured.value is None or settled.value <= measured.value:
        return measured, ""
    return settled, f", settled: {taken_back * 100:.0f} % of the words are taken back after they are first shown"


def _check(
    part: str,
    name: str,
    kind: Literal["limit", "margin"],
    bound: float,
    measured: Measured,
    judgement: Judgement,
    reason: str,
) -> Check:
    low, high = (measured.interval.low, measured.interval.high) if measured.interval else (None, None)
    return Check(part, name, kind, bound, measured.value, low, high, measured.n, judgement, reason)


def _breach(measured: Measured, name: str, bound: float) -> bool:
    """Whether the whole interval lies beyond the bound: then few utterances are enough to fail."""
    if measured.interval is None:
        return False
    nearest = measured.interval.high if has_least(name) else measured.interval.low
    return nearest is not None and _beyond(nearest, name, bound)


def _beyond(value: float, name: str, bound: float) -> bool:
    return value < bound if has_least(name) else value > bound


def _too_few(n: int, name: str, rules: Rules) -> str | None:
    if n < rules.min_utterances:
        return f"n = {n}, {rules.min_utterances} needed"
    source = named(name).source
    return thin(n, source.p) if isinstance(source, Percentile) and source.p > 50 else None


def _margins(
    cells: Sequence[str], comparison: RunComparison, rules: Rules, seed: int, unfinished: str | None
) -> Iterator[Check]:
    for pair in comparison.pairs:
        base, candidate = (latest_attempts(side) for side in pair.scores)
        for part, theirs in by_slice(candidate, rules.slices):
            wanted = {s.utterance for s in theirs}
            ours = [s for s in base if s.utterance in wanted]
            judged = pair.verdict if len(theirs) == len(candidate) else _slice(pair, ours or base, theirs, seed, rules)
            for name, margin in rules.margins.items():
                invalid = judged.incomparable or _uncertified(name, ours, theirs)
                yield _margin(part, judged, name, margin, rules, invalid, unfinished)
    paired = {s.cell for pair in comparison.pairs for s in pair.scores[1]}
    for cell in (cell for cell in cells if cell not in paired):
        for name, margin in rules.margins.items():
            why = "the baseline has no such configuration"
            yield _check(cell, name, "margin", margin, Measured(None, None, 0), Judgement.NOT_ENOUGH, why)


def _slice(pair: PairedCells, ours: list[SessionScore], theirs: list[SessionScore], seed: int, rules: Rules) -> Verdict:
    """A slice has a verdict of its own; one that the baseline lacks pairs with nothing, and the reason says so."""
    found = compare_scores(ours, theirs, seed=seed, by_speaker=rules.by_speaker, also=_also(rules))
    return verdict(adjust_metrics([found])[0], unlike=pair.verdict.incomparable)


def _one_baseline(run: RunResult, against: RunResult | None, against_first: bool) -> None:
    if against is not None and against_first:
        raise InputError("two baselines", item="gate", expected="a baseline run (against) or against_first")
    if against is not None and against.run.run_id == run.run.run_id:
        raise InputError(
            "a run cannot be its own baseline",
            item=run.run.run_id,
            got="the same run as candidate and baseline",
            expected="two runs",
            action="Play the candidate as a separate run, or compare with the first configuration (against_first)",
        )
    if against_first and len(run.cells) < 2:
        raise InputError(
            "no configuration to judge",
            item=run.run.run_id,
            got="one configuration, which would be its own baseline",
            expected="a run with several configurations",
        )


def _also(rules: Rules) -> list[str]:
    """Metrics that are tested because a margin asks for them."""
    return [row.key for row in map(named, rules.margins) if row.on_request]


def _uncertified(name: str, ours: list[SessionScore], theirs: list[SessionScore]) -> str | None:
    if not named(name).certified:
        return None
    for side, rows in (("baseline", ours), ("run", theirs)):
        if why := unsound([s for s in rows if not s.failed]):
            return f"{side}: {why}"
    return None


def _margin(
    part: str,
    judged: Verdict,
    name: str,
    margin: float,
    rules: Rules,
    invalid: str | None,
    unfinished: str | None,
) -> Check:
    finding, note = _backed(judged, name)
    difference = finding.difference
    worsening = _worsening(difference)
    worse, interval = worsening.value, worsening.interval
    judgement, reason = Judgement.PASS, f"n = {difference.n}{note}"
    shown = non_inferiority(interval, margin)
    bounded = difference.bounded and non_inferiority(_worsening(difference.bounded).interval, margin)
    if invalid:
        judgement, reason = Judgement.INVALID, invalid
    elif worse is not None and worse > margin and finding.level.is_worse:
        judgement, reason = Judgement.FAIL, f"{reason}, {finding.level}"
    elif worse is None or interval is None:
        judgement, reason = Judgement.NOT_ENOUGH, difference.reason or "no interval"
    elif why := _too_few(difference.n, name, rules) or unfinished:
        judgement, reason = Judgement.NOT_ENOUGH, why
    elif difference.bounded is not None and not (bounded and bounded.shown):
        judgement, reason = Judgement.NOT_ENOUGH, f"{reason}, sessions that only the candidate failed are not bounded"
    elif shown is None or not shown.shown:
        judgement, reason = Judgement.NOT_ENOUGH, f"{reason}, the interval reaches over the margin"
    else:
        reason = f"{reason}, {finding.within(margin / METRICS[difference.metric].shown_scale).level}"
    return _check(part, name, "margin", margin, worsening, judgement, reason)


def _backed(judged: Verdict, name: str) -> tuple[Finding, str]:
    """The judgement of a metric, or of the settled value that it must not outrun, whichever is the worse."""
    finding = judged.of(named(name).key)
    backing = judged.of(BACKED[finding.difference.metric]) if finding.difference.metric in BACKED else None
    if backing is None or backing.difference.difference is None or finding.difference.difference is None:
        return finding, ""
    if backing.difference.difference <= finding.difference.difference:
        return finding, ""
    return backing, f", {backing.metric.title}"


def _worsening(difference: Difference) -> Measured:
    """How much worse the candidate is, in the unit of tables: the sign is turned where higher is better."""
    metric = METRICS[difference.metric]
    turned = metric.better == "higher"

    def worse(value: float | None) -> float | None:
        shown = metric.shown(value)
        return -shown if turned and shown is not None else shown

    return Measured(worse(difference.difference), scaled(difference.interval, worse, turned=turned), difference.n)
