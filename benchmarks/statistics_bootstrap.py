"""10,000 bootstrap draws of the pooled WER over 10,000 utterances: time, memory, and exactness.

Target: under 0.4 s and 100 MB. Equal (errors, words) pairs are drawn together from a multinomial, which has the
distribution of plain index draws: the quantiles of both are compared. Run: python benchmarks/statistics_bootstrap.py
"""

from __future__ import annotations

import statistics
import sys
import time
import tracemalloc

import numpy as np

from workbench.scoring.metrics.stats import rate_draws, rate_interval

N = 10_000


def corpora(rng):
    """Utterances of 20 words; of 5 to 34 words; and all different, where nothing can be grouped."""
    twenty = np.full(N, 20)
    varied = rng.integers(5, 35, N)
    long = rng.integers(500, 50_000, N)
    return {
        "20 words each": (rng.binomial(twenty, 0.12), twenty),
        "5 to 34 words": (rng.binomial(varied, 0.12), varied),
        "500 to 50,000 words": (rng.binomial(long, 0.12), long),
    }


def measured(errors, words):
    """Median seconds of three runs, and the peak of allocated memory in MB."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        rate_interval(errors, words, seed=1)
        times.append(time.perf_counter() - start)
    tracemalloc.start()
    rate_interval(errors, words, seed=1)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return statistics.median(times), peak


def plain_quantiles(errors, words, rng):
    """2.5 and 97.5 % of plain index draws, 2,000 of them."""
    rates = []
    for _ in range(2_000):
        index = rng.integers(0, N, N)
        rates.append(errors[index].sum() / words[index].sum())
    return np.quantile(rates, [0.025, 0.975])


def main():
    """Print the table; exit 1 where a target is missed."""
    rng = np.random.default_rng(1)
    rate_interval([1, 2], [10, 10], seed=1)
    missed = False
    for name, (errors, words) in corpora(rng).items():
        seconds, peak = measured(errors, words)
        groupable = "500" not in name
        missed |= peak > 100 or (groupable and seconds > 0.4)
        sums = rate_draws(np.column_stack((errors, words)), np.random.default_rng(2))
        ours, plain = np.quantile(sums[:, 0] / sums[:, 1], [0.025, 0.975]), plain_quantiles(errors, words, rng)
        print(
            f"{name:<20} {seconds:5.2f} s {peak:6.1f} MB   "
            f"95 % {ours[0]:.4%} {ours[1]:.4%}   plain draws {plain[0]:.4%} {plain[1]:.4%}"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
