"""What was counted as the same, looked up for a pair."""

import pytest

from workbench.scoring.explained import same_in_meaning


@pytest.mark.parametrize(
    ("reference", "hypothesis", "same"),
    [
        ("Temperature 98.6.", "temperature ninety eight point six", [("98.6", "ninety eight point six")]),
        ("BP", "blood pressure", [("BP", "blood pressure")]),
        ("120/80 today", "one twenty over eighty today", [("120/80", "one twenty over eighty")]),
        ("Take rest.", "take rest", []),
        ("5 mg", "50 mg", []),
        ("", "", []),
    ],
)
def test_only_what_is_written_otherwise_is_listed(reference, hypothesis, same):
    """Stretches of both texts as they stand there."""
    found = same_in_meaning(reference, hypothesis)
    assert [(s.said, s.heard) for s in found] == same
    assert all(reference[s.start : s.end] == s.said for s in found)
