"""Pairs of texts: what means the same is equal in every measure, what does not is seen by its measure."""

import json
from pathlib import Path

import pytest

from tests.scoring.reading.same_and_different import DIFFERENT, SAME
from workbench.scoring.reading import Meaning, meaning
from workbench.scoring.reading.reading import read

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data" / "text_pairs.jsonl").read_text("utf-8").splitlines()
]


def _meaning(reference, hypothesis, terms=()):
    return meaning(
        read(reference),
        read(hypothesis),
        [t["text"] for t in terms if t["kind"] != "drug"],
        [t["text"] for t in terms if t["kind"] == "drug"],
    )


def _wrong(tally):
    return tally.changed + tally.lost + tally.invented


def _same(reference, hypothesis, found):
    tallies = (found.values, found.terms, found.drugs, found.negations, found.sides)
    return read(reference).words == read(hypothesis).words and not any(map(_wrong, tallies)) and not found.critical


def _seen(kind, reference, hypothesis, found):
    measured = {"value": found.values, "neg": found.negations, "side": found.sides, "term": found.terms}
    differs = read(reference).words != read(hypothesis).words
    return differs and (kind == "any" or _wrong(measured[kind]) > 0)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: f"{p['reference'][:20]}~{p['hypothesis'][:20]}")
def test_each_marked_pair_is_read_as_marked(pair):
    """The same is equal everywhere; a difference is an error and is seen by the measure of its kind."""
    found = _meaning(pair["reference"], pair["hypothesis"], pair["terms"])
    if pair["same"]:
        assert _same(pair["reference"], pair["hypothesis"], found)
    else:
        assert _seen(pair["kind"], pair["reference"], pair["hypothesis"], found)


@pytest.mark.parametrize("kind", SAME)
def test_every_way_to_say_the_same_is_one(kind):
    """Each against the first of its row, both ways round."""
    wrong = [
        (one, other)
        for row in SAME[kind]
        for variant in row[1:]
        for one, other in ((row[0], variant), (variant, row[0]))
        if not _same(one, other, _meaning(one, other))
    ]
    assert not wrong


@pytest.mark.parametrize("kind", DIFFERENT)
def test_no_two_meanings_are_one(kind):
    """Both ways round, by the measure of the kind."""
    wrong = [
        (one, other)
        for pair in DIFFERENT[kind]
        for one, other in (pair, pair[::-1])
        if not _seen(kind, one, other, _meaning(one, other))
    ]
    assert not wrong


def test_a_text_against_itself_is_perfect_and_counts_nothing_wrong():
    """The same object takes a shorter way with the same answer."""
    text = "Denies pain in the left knee; metoprolol 25 mg BID."
    quick = meaning(read(text), read(text), (), ["metoprolol"])
    read.cache_clear()
    one = read(text)
    read.cache_clear()
    assert one is not read(text)
    assert quick == meaning(one, read(text), (), ["metoprolol"])
    assert isinstance(quick, Meaning)
    assert (quick.values.said, quick.drugs.said, quick.negations.said, quick.sides.said) == (2, 1, 1, 1)
