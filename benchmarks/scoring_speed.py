"""Scoring against jiwer alone, for the same counts.

Targets: 10,000 utterances of 20 words in under 2.5 times jiwer's own time (raw, normalised and character counts,
normalisation included); one pair of 60,000 words no slower than jiwer. Run: python benchmarks/scoring_speed.py
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from pathlib import Path

import jiwer

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.metrics.records import session, spoken
from workbench.metrics.accuracy import ErrorCounts, char_errors, word_errors
from workbench.metrics.normalize import NORMALISERS
from workbench.scoring import score_session

VOCABULARY = [f"word{i}" for i in range(3000)]


def corrupted(words, rng, share=0.12):
    """A hypothesis with about ``share`` errors, a third of each kind."""
    found = []
    for word in words:
        kind = rng.random()
        if kind < share / 3:
            continue
        found.append(rng.choice(VOCABULARY) if kind < 2 * share / 3 else word)
        if kind > 1 - share / 3:
            found.append(rng.choice(VOCABULARY))
    return found


def pair(words, rng):
    """A sentence as written, and what was heard."""
    reference = [rng.choice(VOCABULARY) for _ in range(words)]
    return " ".join(reference).capitalize() + ".", " ".join(corrupted(reference, rng)) + "."


def median_s(run, repeats=5):
    """Median duration of ``run``."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def with_jiwer(pairs):
    """Raw, normalised and character counts by jiwer alone, on text that is normalised already."""
    references, hypotheses = map(list, zip(*pairs, strict=True))
    normal = [[NORMALISERS["basic"](t) for t in side] for side in (references, hypotheses)]

    def run():
        jiwer.process_words(references, hypotheses)
        jiwer.process_words(*normal)
        jiwer.process_characters(*normal)

    return median_s(run)


def with_workbench(pairs, name):
    """The same counts, normalisation included."""
    raw, normalise = NORMALISERS["raw"], NORMALISERS[name]

    def run():
        total = [ErrorCounts(), ErrorCounts(), ErrorCounts()]
        for reference, hypothesis in pairs:
            ours, theirs = normalise(reference), normalise(hypothesis)
            total[0] += word_errors(raw.tokens(reference), raw.tokens(hypothesis))
            total[1] += word_errors(ours.split(), theirs.split())
            total[2] += char_errors(ours, theirs)

    return median_s(run)


def whole_sessions(rng, count=100):
    """Milliseconds to score a whole session: 20 words, 40 partials, every metric."""
    records = []
    for index in range(count):
        words = [rng.choice(VOCABULARY) for _ in range(20)]
        partials = [
            (200 * i, "partial", " ".join(corrupted(words[: i // 2 + 1], rng, 0.05 if i % 3 else 0))) for i in range(40)
        ]
        messages = [*partials, (8100, "final", " ".join(corrupted(words, rng))), (8200, "end", "")]
        records.append(session(spoken(" ".join(words)), messages, chunks=80, utterance=f"u{index}"))
    basic = NORMALISERS["basic"]
    return median_s(lambda: [score_session(r, basic) for r in records], 3) / count * 1000


def main():
    """Print the table; exit 1 where a target is missed."""
    rng = random.Random(1)
    pairs = [pair(20, rng) for _ in range(10_000)]
    alone = with_jiwer(pairs)
    print(f"10,000 x 20 words, jiwer alone           {alone:6.2f} s")
    missed = False
    for name in ("basic", "clinical", "english"):
        ours = with_workbench(pairs, name)
        missed |= name == "basic" and ours > 2.5 * alone
        print(f"10,000 x 20 words, workbench, {name:<9}  {ours:6.2f} s   {ours / alone:4.2f} x")
    reference, hypothesis = pair(60_000, rng)
    jiwer_s = median_s(lambda: jiwer.process_words(reference, hypothesis), 3)
    ours_s = median_s(lambda: word_errors(reference.split(), hypothesis.split()), 3)
    missed |= ours_s > jiwer_s
    print(f"one pair of 60,000 words, jiwer alone    {jiwer_s:6.2f} s")
    print(f"one pair of 60,000 words, workbench      {ours_s:6.2f} s   {ours_s / jiwer_s:4.2f} x")
    print(f"a whole session, 20 words, 40 partials   {whole_sessions(rng):6.2f} ms")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
