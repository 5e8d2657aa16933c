"""`make bench` says what got worse: by more than the noise, in the bad direction, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.beside import TIMER, mark
from benchmarks.short_table import IN_SHORT, in_short


def part(value: float, unit: str = "ms", what: str = "time", timer: float | None = None, **more: Any) -> dict[str, Any]:
    beside = [] if timer is None else [{"what": TIMER, "value": timer, "unit": "ms", "target": None}]
    return {"title": "part", "figures": [*beside, {"what": what, "value": value, "unit": unit, "target": None, **more}]}


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        ([part(100.0)], [part(124.0)], False),  # measured once: a quarter
        ([part(100.0)], [part(126.0)], True),
        ([part(100.0)], [part(10.0)], False),
        ([part(100.0, noise=5.0)], [part(109.0, noise=2.0)], False),  # a tenth at least
        ([part(100.0, noise=5.0)], [part(111.0, noise=2.0)], True),
        ([part(100.0, noise=5.0)], [part(111.0, noise=12.0)], False),
        ([part(100.0)], [part(120.0), part(122.0), part(180.0)], False),  # repeats: their median, their span
        ([part(100.0)], [part(120.0), part(122.0), part(124.0)], True),
        ([part(1.0, what="lateness p99", timer=0.5)], [part(1.6, what="lateness p99", timer=0.7)], False),
        ([part(1.0, what="lateness p99", timer=0.5)], [part(1.6, what="lateness p99", timer=0.5)], True),
        ([part(1.0, what="lateness max")], [part(9.0, what="lateness max")], False),
        ([part(4.0, "", "sessions")], [part(9.0, "", "sessions")], False),  # neither direction is bad
        ([part(50.0, "x", at_least=10)], [part(37.0, "x", at_least=10)], True),
        ([part(50.0, "x", at_least=10)], [part(90.0, "x", at_least=10)], False),
        ([part(-2.0, "ppm")], [part(2.1, "ppm")], False),  # a drift is as bad in either direction
    ],
)
def test_worse_is_what_moved_in_the_bad_direction_by_more_than_its_noise(
    before: list[dict[str, Any]], now: list[dict[str, Any]], worse: bool
) -> None:
    lines = mark(now, before)
    assert (len(lines) == 1) is worse
    assert now[0]["figures"][-1]["worse"] is worse
    assert now[0]["figures"][-1]["committed"] == before[0]["figures"][-1]["value"]


def test_a_figure_that_was_not_there_before_is_not_judged() -> None:
    new = [part(5.0, what="new")]
    assert mark(new, [part(1.0)]) == []
    assert "worse" not in new[0]["figures"][0]


def test_every_line_that_people_wait_for_was_measured_in_the_committed_run() -> None:
    """And none says "reached" of what lies beyond its bound."""
    committed = json.loads((Path(__file__).parents[2] / "benchmarks/results.json").read_text())["parts"]
    lines = in_short(committed)[4:-1]
    assert len(lines) == len(IN_SHORT)
    assert not [line for line in lines if "not measured" in line]
    for line in lines:
        wanted, now, verdict = (field.strip() for field in line.split("|")[3:6])
        value = float(now.split()[0].replace(",", ""))
        if wanted:
            sign, end = wanted.split()
            met = value <= float(end) if sign == "≤" else value >= float(end)
            assert verdict == ("reached" if met else "missed"), line


def test_of_several_measurements_the_short_table_has_the_median() -> None:
    parts = [
        part(value, what="lateness p99", target=0.3) | {"title": "workbench, picows, 1000 sessions"}
        for value in (9.0, 0.2, 0.4)
    ]
    (line,) = (line for line in in_short(parts) if "1,000 sessions" in line)
    assert line.split("|")[3:6] == [" ≤ 0.3 ", " 0.4 ms ", " missed "]
