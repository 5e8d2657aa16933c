"""Scoring against jiwer alone, for the same counts.

Targets: 10,000 utterances of 20 words in under 2.5 times jiwer's own time (raw, normalised and character counts,
normalisation included); every measure of 10,000 pairs of 20 clinical words under 4 times jiwer's time for the same
counts (words under each normaliser, characters; 3.7 at the last look, up to 4.5 with other work on the machine); one
pair of 60,000 words no slower than jiwer. All times are those of the processor.
Run: python benchmarks/scoring_speed.py [--json]
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from pathlib import Path

import jiwer
from figures import Figure, show

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.scoring.metrics.records import session, spoken
from workbench.reference import Reference
from workbench.scoring.metrics.accuracy import ErrorCounts, char_errors, word_errors
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.session import score_session
from workbench.scoring.text import TextPair, score_pair

VOCABULARY = [f"word{i}" for i in range(3000)]


def corrupted(words, rng, share=0.12, vocabulary=VOCABULARY):
    """A hypothesis with about ``share`` errors, a third of each kind."""
    found = []
    for word in words:
        kind = rng.random()
        if kind < share / 3:
            continue
        found.append(rng.choice(vocabulary) if kind < 2 * share / 3 else word)
        if kind > 1 - share / 3:
            found.append(rng.choice(vocabulary))
    return found


def pair(words, rng):
    """A sentence as written, and what was heard."""
    reference = [rng.choice(VOCABULARY) for _ in range(words)]
    return " ".join(reference).capitalize() + ".", " ".join(corrupted(reference, rng)) + "."


def median_s(run, repeats=3):
    """Median processor time of ``run``; others on the machine count less than in time of the wall."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
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


def clinical_pairs(rng, count):
    """Stretches of 20 words of the built-in references, and what was heard in lower case."""
    lines = [
        line
        for corpus in ("clinic", "visits")
        for line in Path("datasets", corpus, "manifest.jsonl").read_text("utf-8").splitlines()
    ]
    words = [word for line in lines for word in json.loads(line)["reference"].split()]
    pairs = []
    for _ in range(count):
        first, second = rng.randrange(len(words) - 10), rng.randrange(len(words) - 10)
        reference = words[first : first + 10] + words[second : second + 10]
        pairs.append((" ".join(reference), " ".join(corrupted(reference, rng, vocabulary=words)).lower()))
    return pairs


def every_measure(pairs):
    """Seconds of jiwer alone for the same counts, and of every measure of accuracy and meaning."""
    begun = time.process_time()
    for name, (reference, hypothesis) in enumerate(pairs):
        score_pair(TextPair(str(name), Reference(reference, reference), hypothesis))
    ours = time.process_time() - begun
    normal = [[[n(text) for text in side] for side in zip(*pairs, strict=True)] for n in NORMALISERS.values()]

    def run():
        for references, hypotheses in normal:
            jiwer.process_words(references, hypotheses)
        jiwer.process_characters(*normal[-1])

    return median_s(run, 3), ours


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
    rng = random.Random(1)
    pairs = [pair(20, rng) for _ in range(10_000)]
    alone = with_jiwer(pairs)
    figures = [Figure("10,000 x 20 words, jiwer alone", alone, "s")]
    for name in ("basic", "clinical", "english"):
        ours = with_workbench(pairs, name)
        target = 2.5 if name == "basic" else None
        figures.append(Figure(f"10,000 x 20 words, {name} / jiwer alone", ours / alone, "x", target))
    alone, ours = every_measure(clinical_pairs(rng, 10_000))
    figures.append(Figure("10,000 x 20 words, every measure / jiwer, same counts", ours / alone, "x", 4))
    reference, hypothesis = pair(60_000, rng)
    jiwer_s = median_s(lambda: jiwer.process_words(reference, hypothesis), 3)
    ours_s = median_s(lambda: word_errors(reference.split(), hypothesis.split()), 3)
    figures.append(Figure("one pair of 60,000 words / jiwer alone", ours_s / jiwer_s, "x", 1))
    figures.append(Figure("a whole session, 20 words, 40 partials", whole_sessions(rng), "ms"))
    show("Scoring, time of the processor", figures)


if __name__ == "__main__":
    main()
