"""Compare and gate share one judgement: over random pairs of runs they never contradict each other."""

import pytest

from benchmarks.statistics_agreement import simulate


@pytest.mark.slow
def test_compare_and_gate_do_not_contradict_each_other():
    """Runs of 2 to 64 utterances, better and worse, late and failing; the benchmark plays 500 pairs."""
    assert simulate(20, seed=3) == []
