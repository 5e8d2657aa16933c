"""Do compare and gate ever contradict each other? Over pairs of simulated runs of all sizes, qualities and failures.

A contradiction is: the gate fails what compare does not call worse (but for failed sessions, which are facts), or
passes what compare calls worse by more than the margin; a guard passes what compare calls worse; the sentences
differ; or an interval leaves out 0 beside p > 0.05. Run: python benchmarks/statistics_agreement.py [pairs]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace

import msgspec
import numpy as np

from tests.fakes import make_manifest
from workbench.comparing.gate import Judgement, Rules, judge
from workbench.comparing.runs import compare_runs
from workbench.runs.result import RunResult
from workbench.scoring.cells import score_run
from workbench.scoring.measures import METRICS, named
from workbench.scoring.metrics.accuracy import ErrorCounts
from workbench.scoring.metrics.instrument import Instrument
from workbench.scoring.metrics.latency import Latency
from workbench.scoring.session import RULES, SessionScore
from workbench.units import NS_PER_MS

PAIRS = 500


def score(i, words, errors, latency, failed=False, speaker=None):
    """One session: substituted words have no latency."""
    hits = int(words - errors)
    shown = tuple(latency[:hits].tolist()) + (None,) * int(errors)
    counts = ErrorCounts(hits=hits, substitutions=int(errors))
    return SessionScore(
        "clean", f"u{i:03}", 0, 0, "refused" if failed else "completed", failed, "basic", "1", "0" * 64,
        speaker=speaker, words=counts, raw=counts, chars=counts, instrument=Instrument(pacing_valid=True), rules=RULES,
        latency=Latency(
            word_latency_ns=shown, word_emission_ns=shown, word_settled_ns=shown, word_finality_ns=shown,
            first_partial_ns=shown[0], finalisation_ns=int(latency[-1]), end_of_results_ns=int(latency[-1]),
            matched_words=hits, reference_words=int(words),
        ),
    )  # fmt: skip


def simulated(rng, n, words, difficulty, *, harder=1.0, later=0.0, failing=0.0, speakers=None):
    """The scores of a run."""
    share = np.minimum(difficulty * rng.gamma(8, 1 / 8, n) * harder, 0.95)
    errors = rng.binomial(words, share)
    return [
        score(
            i, words[i], errors[i],
            ((300 + later + rng.normal(0, 60) + rng.normal(0, 60, words[i])) * NS_PER_MS).astype(np.int64),
            failed=rng.random() < failing, speaker=speakers and f"s{i % speakers}",
        )
        for i in range(n)
    ]  # fmt: skip


def as_run(scores, run_id):
    """Scores as a run that was loaded."""
    manifest = replace_counts(make_manifest(), run_id, len(scores))
    return RunResult(SimpleNamespace(run_id=run_id, manifest=manifest), scores, score_run(scores, seed=1), True)


def replace_counts(manifest, run_id, planned):
    """A manifest of so many sessions."""
    counts = msgspec.structs.replace(manifest.counts, planned=planned)
    return msgspec.structs.replace(manifest, run_id=run_id, counts=counts)


def random_pair(rng):
    """Two runs of the same utterances, the second anything from much better to much worse."""
    n = int(rng.choice([2, 5, 8, 12, 20, 40, 64]))
    words, difficulty = rng.integers(3, 25, n), rng.beta(2, 12.3, n)
    speakers = int(rng.choice([0, 3, 12])) or None
    ours = simulated(rng, n, words, difficulty, speakers=speakers)
    theirs = simulated(
        rng, n, words, difficulty, harder=float(rng.choice([0.3, 0.9, 1.0, 1.0, 1.2, 3.0])),
        later=float(rng.choice([-100, 0, 0, 20, 200])), failing=float(rng.choice([0, 0, 0, 0.1, 0.4])),
        speakers=speakers,
    )  # fmt: skip
    if rng.random() < 0.1:
        theirs = [replace(s, outcome="completed", failed=False) for s in ours]
    return as_run(ours, "base"), as_run(theirs, "candidate")


def contradictions(base, candidate, margins):
    """What compare and gate say of a pair that cannot both be true."""
    found = judge(candidate, Rules(margins=margins), base)
    (pair,) = compare_runs([base, candidate]).pairs
    wrong = []
    for check in found.checks:
        if check.metric in ("failed", "certified", "references"):
            continue  # facts about these very sessions
        key = named(check.metric).key
        level = pair.verdict.of(key).level
        settled = pair.verdict.of(key.replace("latency", "settled")).level if "latency" in key else level
        if check.judgement is Judgement.FAIL and not (level.is_worse or settled.is_worse):
            wrong.append(f"gate fails {check.metric}, compare says {level}")
        if check.judgement is Judgement.PASS and check.kind == "margin" and level.is_worse:
            shown = METRICS[key].shown(pair.comparison.of(key).difference)
            if abs(shown) > check.bound:
                wrong.append(f"gate passes {check.metric}, compare says worse by {shown}")
        if check.judgement is Judgement.PASS and check.kind == "guard" and level.is_worse:
            wrong.append(f"guard passes {check.metric}, compare says {level}")
    if pair.verdict.sentence not in found.verdicts[0]:
        wrong.append("two sentences")
    for difference in pair.comparison.differences:
        ends, p_value = difference.interval, difference.p_value
        if ends is not None and p_value is not None and None not in (ends.low, ends.high):
            outside = ends.low > 0 or ends.high < 0
            if outside != (p_value <= 0.05) and abs(p_value - 0.05) > 1e-9:
                wrong.append(f"{difference.metric}: interval {ends.low} to {ends.high} beside p = {p_value}")
    return wrong


def simulate(pairs, seed=20):
    """Every contradiction in so many random pairs."""
    rng = np.random.default_rng(seed)
    margins = {"wer": 0.02, "word_latency_p95_ms": 50.0, "coverage": 0.05}
    return [line for _ in range(pairs) for line in contradictions(*random_pair(rng), margins)]


if __name__ == "__main__":
    found = simulate(int(sys.argv[1]) if len(sys.argv) > 1 else PAIRS)
    print("\n".join(found) or "no contradiction")
    sys.exit(bool(found))
