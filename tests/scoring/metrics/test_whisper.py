"""The Whisper normaliser stretch by stretch gives what it gives for the whole text."""

import json
import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from whisper_normalizer.english import EnglishTextNormalizer

from workbench.scoring.metrics.whisper import english

WHOLE = EnglishTextNormalizer()
JOINING = [
    *sorted(WHOLE.standardize_numbers.words), "5", "10%", "$5", "2nd", "1,000", "3.5", "half", "¢7", "£2", ".5", "5.",
    "$",
    "um", "uh", "'s", "n't", "Mr.", "St.", "can't", "he'd", "been", "-", "–", "...", "e.g.", "T-score", "anti-",
    "(", "[x]",
    "Muñoz", "½", "-5", "+", "%", "o'clock", "and/or", "twenty-five", "pain", "the", "a", "no,",
]  # fmt: skip


def _same(text):
    return english(text) == " ".join(WHOLE(text).split())


@given(st.lists(st.sampled_from(JOINING), max_size=12).map(" ".join))
def test_numbers_marks_and_plain_words_in_any_order(text):
    """As the whole text."""
    assert _same(text)


def test_stretches_of_the_references():
    """Cut anywhere, with words that join thrown in."""
    dice = random.Random(1)
    words = []
    for line in Path("datasets/visits/manifest.jsonl").read_text("utf-8").splitlines():
        words += json.loads(line)["reference"].split()
    for _ in range(500):
        some = [dice.choice(JOINING if dice.random() < 0.2 else words) for _ in range(dice.randrange(20))]
        assert _same(" ".join(some)), some
