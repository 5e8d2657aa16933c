"""Random medication orders: one order in any style is one text, two orders never are."""

import random

import pytest

from tests.scoring.reading.orders import random_order, styles
from workbench.scoring.reading import read


def _played(count, seed):
    dice = random.Random(seed)
    known = {}
    for _ in range(count):
        order = random_order(dice)
        readings = [read(text) for text in styles(order)]
        values = [[item.value for item in found.values] for found in readings]
        assert len({found.words for found in readings}) == 1, styles(order)
        assert all(v == values[0] for v in values), styles(order)
        assert known.setdefault(readings[0].words, order.meaning) == order.meaning, styles(order)
    return known


def test_five_hundred_orders_in_five_styles():
    """Three written and two spoken."""
    assert len(_played(500, seed=1)) > 450


@pytest.mark.slow
def test_ten_thousand_orders_in_five_styles():
    """The same order in two styles is always equal, two orders never."""
    known = _played(10_000, seed=2)
    assert len(known) == len(set(known.values()))
