"""Do the intervals cover and the tests hold their level? By simulation, on data like ours.

Utterances differ in length and in how hard they are, and errors inside one come together; latencies of one session
share its mood. 2,000 corpora each, of 60
utterances unless a name says otherwise. Writes statistics_validity.csv and .svg beside this file.
Run: python benchmarks/statistics_validity.py
"""

from __future__ import annotations

import csv
import math
import sys
from functools import partial
from pathlib import Path

import numpy as np

from workbench.comparing.power import error_of_primary, spread_of_errors
from workbench.scoring.metrics.bounds import difference_limits
from workbench.scoring.metrics.clustered import clustered_percentile_interval
from workbench.scoring.metrics.inference import mapsswe, matched_segments, smallest_detectable, weighted_holm
from workbench.scoring.metrics.jackknife import left_out_interval
from workbench.scoring.metrics.stats import percentile_interval, rate_interval
from workbench.scoring.metrics.subsets import flip_interval, flip_p, subset_draws, subset_sums

CORPORA = 2_000
UTTERANCES = 60
DRAWS = 2_000
# Difficulty of an utterance: beta with mean 0.14 and standard deviation 0.09.
BETA = (2.0, 12.3)
TRUE_WER = BETA[0] / sum(BETA)


def utterances(rng, systems=1, *, bursts=True, n=UTTERANCES, speakers=None, mean=TRUE_WER):
    """Words of each utterance, and errors of each system, shape (utterances, systems); one difficulty for all."""
    words = rng.integers(5, 41, n)
    difficulty = rng.beta(*BETA, n) * mean / TRUE_WER
    if speakers:
        # Some speakers are harder than others: a factor with mean 1 and standard deviation 0.4.
        difficulty *= rng.gamma(6.25, 1 / 6.25, speakers)[np.arange(n) % speakers]
    # Each system meets the difficulty in its own way: the same mean, its own bursts.
    own = rng.gamma(8, 1 / 8, (n, systems)) if bursts else np.ones((n, systems))
    share = np.minimum(difficulty[:, None] * own, 1)
    return words, rng.binomial(words[:, None], share)


def wer_coverage(rng, corpora, n=UTTERANCES, speakers=None):
    """Share of intervals for the pooled WER that hold the true one."""
    hits = 0
    blocks = None if speakers is None else (np.arange(n) % speakers).tolist()
    for _ in range(corpora):
        words, errors = utterances(rng, n=n, speakers=speakers)
        found = rate_interval(errors[:, 0], words, seed=int(rng.integers(2**31)), draws=DRAWS, blocks=blocks)
        hits += found.low <= TRUE_WER <= found.high
    return hits


def flips(rng, change, words):
    """Sign-flip p-value and interval of a paired difference, as comparisons have them."""
    masks = subset_draws(len(words), rng, 10_000)
    sums = subset_sums(masks, np.column_stack((change, words)).astype(float))
    with np.errstate(invalid="ignore"):
        draws = sums[:, 0] / sums[:, 1]
    return flip_p(draws), flip_interval(draws)


def null_rejections(rng, corpora, n=UTTERANCES):
    """Share of equal systems called different at 5 % by the paired sign-flip test."""
    hits = 0
    for _ in range(corpora):
        words, errors = utterances(rng, 2, n=n)
        hits += flips(rng, errors[:, 1] - errors[:, 0], words)[0] < 0.05
    return hits


def speaker_rejections(rng, corpora, speakers=10, each=12):
    """The same over speakers, leaving out one at a time; systems meet speakers in their own way."""
    hits = 0
    groups = np.arange(speakers * each) % speakers
    for _ in range(corpora):
        words, errors = utterances(rng, 2, n=len(groups), speakers=speakers)
        liking = rng.gamma(25, 1 / 25, (speakers, 2))[groups]
        change = np.diff(errors * liking, axis=1)[:, 0]

        def without(mask, change=change, words=words):
            return float(change[~mask].sum() / words[~mask].sum())

        hits += left_out_interval(float(change.sum() / words.sum()), groups, without)[1] < 0.05
    return hits


def margin_passes(rng, corpora, n=UTTERANCES, base=TRUE_WER, together=0.0, margin=0.01):
    """Share of candidates worse by exactly the margin that are passed; additional errors may come together."""
    hits = 0
    for _ in range(corpora):
        words, errors = utterances(rng, 2, n=n, mean=base)
        share = np.full(n, margin)
        if together:
            concentration = 1 / together - 1
            share = rng.beta(margin * concentration, (1 - margin) * concentration, n)
        change = (errors[:, 1] - errors[:, 0] + rng.binomial(words, share)).astype(float)
        _, found = flips(rng, change, words)
        high = max(found.high, difference_limits(change, words.astype(float))[1])
        hits += high < margin
    return hits


def family_alarms(rng, corpora, n=20, metrics=12):
    """Share of equal systems of which anything is called better or worse, five primary metrics among twelve."""
    weights = [0.16] * 5 + [0.2 / (metrics - 5)] * (metrics - 5)
    hits = 0
    for _ in range(corpora):
        masks = subset_draws(n, rng, 10_000)
        p_values = []
        for _ in range(metrics):
            words, errors = utterances(rng, 2, n=n)
            sums = subset_sums(masks, np.column_stack((errors[:, 1] - errors[:, 0], words)).astype(float))
            kept = sums[:, 1] > 0
            p_values.append(flip_p(sums[kept, 0] / sums[kept, 1]))
        hits += min(weighted_holm(p_values, weights)) < 0.05
    return hits


def power_kept(rng, corpora, n=UTTERANCES):
    """Share of differences of the size that a plan promises to find with 80 % that the verdict's test finds."""
    error, shift, own = error_of_primary(1), 0.05, np.random.default_rng(1)
    # A pilot is of the same two systems: its spread is that of the difference that is promised.
    for _ in range(4):
        words, errors = utterances(own, 2, n=20_000)
        change = errors[:, 1] - errors[:, 0] + own.binomial(words, shift)
        shift = smallest_detectable(spread_of_errors(np.column_stack((change, words))), n, error=error)
    hits = 0
    for _ in range(corpora):
        words, errors = utterances(rng, 2, n=n)
        # The candidate is worse by as many errors in the mean, spread over words.
        change = errors[:, 1] - errors[:, 0] + rng.binomial(words, shift)
        hits += flips(rng, change, words)[0] < error
    return hits


def mapsswe_rejections(rng, corpora, *, bursts=False):
    """Share of equal systems called different at 5 % by the matched-pairs test, errors placed at random.

    The test takes segments for independent; where errors of a system come in bursts they are not.
    """
    hits = 0
    for _ in range(corpora):
        words, errors = utterances(rng, 2, bursts=bursts)
        segments = []
        for n, (a, b) in zip(words, errors, strict=True):
            tracks = []
            for count in (a, b):
                track = np.zeros(2 * n + 1, int)
                track[2 * rng.choice(n, count, replace=False) + 1] = 1
                tracks.append(track.tolist())
            segments += matched_segments(*tracks)
        found = mapsswe(segments)
        hits += found.p_value is not None and found.p_value <= 0.05
    return hits


def mapsswe_in_bursts(rng, corpora):
    """The same where the errors of each system come in bursts."""
    return mapsswe_rejections(rng, corpora, bursts=True)


def median_coverage(rng, corpora):
    """Share of order-statistic intervals that hold the true median of 60 independent lognormal values."""
    samples = (rng.lognormal(0, 0.5, (corpora, UTTERANCES)) * 1e9).astype(np.int64)
    return sum(f.low <= 1e9 <= f.high for f in (percentile_interval(s, 50) for s in samples))


def p95_coverage(rng, corpora, n=299):
    """The same for a P95 of 299 independent values."""
    truth = 1e9 * math.exp(0.5 * 1.6448536)
    samples = (rng.lognormal(0, 0.5, (corpora, n)) * 1e9).astype(np.int64)
    return sum(f.low <= truth <= f.high for f in (percentile_interval(s, 95) for s in samples))


def clustered_median_coverage(rng, corpora, p=50, z=0.0):
    """Share of clustered intervals for a percentile of words that hold the true one."""
    truth = 300e6 + 80e6 * z
    hits = 0
    owner = np.repeat(np.arange(UTTERANCES), 20)
    for _ in range(corpora):
        values = rng.normal(300e6, math.sqrt(0.4) * 80e6, UTTERANCES)[owner]
        values = (values + rng.normal(0, math.sqrt(0.6) * 80e6, owner.size)).astype(np.int64)
        found = clustered_percentile_interval(values, owner, p)
        hits += found.low <= truth <= (math.inf if found.high is None else found.high)
    return hits


def clustered_p95_coverage(rng, corpora):
    """The same for the P95."""
    return clustered_median_coverage(rng, corpora, 95, 1.6448536)


# What is simulated, the share that is wanted, and the band in which it must lie. Order statistics promise at least
# 95 % and, being discrete, give up to 98 %.
_COVER, _LEVEL, _AT_MOST = (0.95, (0.93, 0.97)), (0.05, (0.03, 0.07)), (0.025, (0.0, 0.03))


CHECKS = {
    **{f"WER, {n} utterances, interval covers": (partial(wer_coverage, n=n), *_COVER) for n in (12, 20, 40, 64, 200)},
    **{
        f"WER, {k} speakers, interval by speaker covers":
            (partial(wer_coverage, n=12 * k, speakers=k), 0.95, (0.9, 0.97))
        for k in (5, 10)
    },
    **{f"paired, {n} utterances, true null rejected": (partial(null_rejections, n=n), *_LEVEL) for n in (12, 20, 64)},
    **{
        f"paired, {k} speakers, true null rejected": (partial(speaker_rejections, speakers=k), *_LEVEL) for k in (5, 10)
    },
    "twelve metrics, any called better or worse": (family_alarms, 0.05, (0.0, 0.05)),
    "gate at the margin passes, 14 % errors": (margin_passes, *_AT_MOST),
    "gate at the margin passes, rare errors": (partial(margin_passes, base=0.0), *_AT_MOST),
    "gate at the margin passes, rare errors in bursts": (partial(margin_passes, base=0.005, together=0.1), *_AT_MOST),
    "gate at the margin passes, 20 utterances": (partial(margin_passes, n=20, base=0.0, together=0.1), *_AT_MOST),
    **{f"power promised 80 %, {n} utterances": (partial(power_kept, n=n), 0.8, (0.75, 0.85)) for n in (20, 40, 200)},
    # Known to be too eager here, which is why the sign flips over utterances are the headline: shown, not accepted.
    "MAPSSWE, independent segments, rejected": (mapsswe_rejections, *_LEVEL),
    "MAPSSWE, errors in bursts, rejected": (mapsswe_in_bursts, 0.05, (0.0, 0.15)),
    "median, order statistics cover": (median_coverage, 0.95, (0.93, 0.98)),
    "P95 of 299, order statistics cover": (p95_coverage, 0.95, (0.93, 0.98)),
    "median of words in sessions, interval covers": (clustered_median_coverage, *_COVER),
    "P95 of words in sessions, interval covers": (clustered_p95_coverage, *_COVER),
}  # fmt: skip


def simulate(name, corpora=CORPORA, seed=20):
    """Share of ``corpora`` simulated corpora for the check called ``name``."""
    return CHECKS[name][0](np.random.default_rng(seed), corpora) / corpora


def draw(rows, path):
    """A figure: each share with its band, coverage above and level below."""
    width, height, left = 860, 34, 400
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height * len(rows) + 40}" '
        'font-family="sans-serif" font-size="13">',
        f"<title>Coverage and level in {CORPORA} simulated corpora</title>",
    ]
    for i, row in enumerate(rows):
        y = height * i + 24
        middle, scale = row["wanted"], (width - left - 90) / 0.1
        x = [left + (v - middle + 0.05) * scale for v in (row["low"], row["wanted"], row["high"], row["share"])]
        lines += [
            f'<text x="8" y="{y + 4}">{row["check"]}</text>',
            f'<rect x="{x[0]:.0f}" y="{y - 9}" width="{x[2] - x[0]:.0f}" height="18" fill="#dddddd"/>',
            f'<line x1="{x[1]:.0f}" x2="{x[1]:.0f}" y1="{y - 9}" y2="{y + 9}" stroke="#7F7F7F"/>',
            f'<circle cx="{x[3]:.1f}" cy="{y}" r="5" fill="#0072B2"/>',
            f'<text x="{width - 70}" y="{y + 4}">{row["share"]:.1%}</text>',
        ]
    legend = "grey: accepted band; line: nominal; dot: simulated"
    lines.append(f'<text x="8" y="{height * len(rows) + 28}" fill="#555">{legend}</text></svg>')
    path.write_text("\n".join(lines) + "\n")


def main():
    """Simulate, write the table and the figure; exit 1 where a share leaves its band."""
    here = Path(__file__).parent
    rows = []
    for name, (_, wanted, (low, high)) in CHECKS.items():
        share = simulate(name)
        rows.append({"check": name, "wanted": wanted, "low": low, "high": high, "share": share, "corpora": CORPORA})
        print(f"{name:<46} {share:6.1%}   accepted {low:.0%} to {high:.0%}")
    with (here / "statistics_validity.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    draw(rows, here / "statistics_validity.svg")
    return int(any(not r["low"] <= r["share"] <= r["high"] for r in rows))


if __name__ == "__main__":
    sys.exit(main())
