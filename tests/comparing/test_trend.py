"""A data set over time: limits that one bad run does not move, and what is left out."""

from __future__ import annotations

from pathlib import Path

import msgspec
from click.testing import CliRunner

from tests.stored import batch, store_run
from workbench.cli import cli
from workbench.comparing.trend import trend, trend_subjects
from workbench.reporting.figures.trend import trend_figure
from workbench.reporting.tables.trend import trend_table
from workbench.runs.listing import CellHeadline, RunListing
from workbench.store import RunSummary


def listing(number: int, errors: int, *, normaliser: str = "clinical", words: int = 1_000) -> RunListing:
    """The ``number``-th run, with ``errors`` of 1,000 words."""
    created = f"2026-01-{number + 1:02}T08:00:00.000Z"
    run_id = f"202601{number + 1:02}T080000000Z-{number:06x}"
    cell = CellHeadline(name="clean", n=20, errors=errors, words=words, p50_ns=300_000_000, p95_ns=700_000_000)
    summary = RunSummary(run_id=run_id, created=created, status="committed", corpus="clinic")
    return RunListing(summary=summary, cells=(cell,), normaliser=normaliser)


def test_a_run_far_off_is_outside_and_does_not_move_the_limits() -> None:
    """Rates 10.0, 10.2, 9.9, 10.1, 10.0, 9.8 %, then 14 %; the median change is 0.15 points without, 0.2 with it."""
    usual = [100, 102, 99, 101, 100, 98]
    calm = trend([listing(i, errors) for i, errors in enumerate(usual)], "clinic", "clean")
    assert not any(point.outside for point in calm.points)
    # Sorted values 98 99 100 100 101 102: median 100; changes 2 3 2 1 2: median 2, so 3 x 2 / 0.954 = 6.29.
    assert calm.centre == 0.100
    assert calm.low is not None
    assert round(calm.low, 4) == round(0.100 - 0.006 / 0.954, 4)
    found = trend([listing(i, errors) for i, errors in enumerate([*usual, 140])], "clinic", "clean")
    assert [point.outside for point in found.points] == [False] * 6 + [True]
    assert found.high is not None
    assert found.high < 0.110
    assert list(trend_figure(found, ["clean"]).data[0].marker.symbol)[-1] == "x"


def test_few_runs_have_no_limits_and_other_normalisers_are_left_out() -> None:
    """With the reason."""
    runs = [listing(0, 1, normaliser="basic"), *(listing(i, 100) for i in range(1, 4)), listing(4, 0, words=0)]
    found = trend(runs, "clinic", "clean")
    assert (len(found.points), found.centre, found.hidden) == (3, None, 2)
    assert found.reason == "limits need 6 runs (got 3)"
    assert "2 runs left out" in " ".join(trend_table(found).notes)
    assert trend([], "clinic", "clean").points == ()
    assert trend_subjects(runs) == [("clinic", "clean")]


def test_of_many_runs_the_newest_are_drawn() -> None:
    """The limits rest on all 307, the table has all, a screen has room for 300."""
    found = trend([listing(i, 100 + i % 3) for i in range(307)], "clinic", "clean")
    (drawn,) = [trace for trace in trend_figure(found, ["clean"]).data if trace.mode == "lines+markers"]
    assert len(drawn.x) == len(drawn.marker.color) == 300
    assert [name.split()[-1] for name in drawn.x] == [point.run_id[-6:] for point in found.points[7:]]
    assert len(trend_table(found).rows) == 307


def test_the_command_shows_the_runs_and_fails_for_a_run_outside(tmp_path: Path) -> None:
    """Exit code 1, and a line for a data set that nobody played."""
    for wrong in (2, 3, 2, 3, 2, 3, 20):
        store_run(tmp_path, batch(24, wrong=wrong))
    runner = CliRunner()
    ran = runner.invoke(cli, ["trend", "--store", str(tmp_path), "--json"], standalone_mode=False)
    answer = msgspec.json.decode(ran.stdout)
    assert ran.return_value == 1
    assert answer["newest_outside"] is True
    assert [round(72 * point["value"]) for point in answer["trend"]["points"]] == [2, 3, 2, 3, 2, 3, 20]
    shown = runner.invoke(cli, ["trend", "--store", str(tmp_path)], standalone_mode=False)
    assert "outside" in shown.stdout
    unknown = runner.invoke(cli, ["trend", "--store", str(tmp_path), "--corpus", "mine"], standalone_mode=False)
    assert "no run to follow" in str(unknown.exception)
