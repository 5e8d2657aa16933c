"""Intervals cover and tests hold their level: simulated corpora, and the committed figure of 2,000 each."""

import csv
from pathlib import Path

import pytest

from benchmarks import statistics_validity
from benchmarks.statistics_validity import CHECKS, simulate

_CORPORA = 500


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_simulated_coverage_and_level_lie_in_their_band(name):
    """93 to 97 % for 95 % intervals, 3 to 7 % for tests at 5 %; fewer corpora than in the figure may stray a little."""
    low, high = CHECKS[name][2]
    stray = 2 * max((end * (1 - end) / _CORPORA) ** 0.5 for end in (low, high))
    assert low - stray <= simulate(name, _CORPORA) <= high + stray


def test_the_committed_figure_shows_every_check_inside_its_band():
    """The table beside the figure is that of these checks."""
    path = Path(statistics_validity.__file__).with_suffix(".csv")
    with path.open(newline="") as table:
        rows = list(csv.DictReader(table))
    assert [row["check"] for row in rows] == list(CHECKS)
    assert all(float(row["low"]) <= float(row["share"]) <= float(row["high"]) for row in rows)
    assert all(row["check"] in path.with_suffix(".svg").read_text() for row in rows)
