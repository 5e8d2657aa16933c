"""Where the time goes: stages, distributions and the course of a run."""

from __future__ import annotations

from pathlib import Path

from tests.stored import batch, failing, heard, stored
from workbench.reporting.figures.latency import MOMENTS, course_figure, ecdf_figure, stages_figure, tail_figure
from workbench.reporting.tables.analysis import distributions_table, moments_table, quality_table, stages_table
from workbench.runs.result import begun
from workbench.scoring.measures import DURATIONS
from workbench.scoring.stages import Moment, course, latency_blocks, latency_values, stages
from workbench.units import NS_PER_MS


def test_stages_stand_in_the_order_of_a_session_and_say_their_zero(tmp_path: Path) -> None:
    """What was not measured keeps its place and has a reason."""
    found = stages(stored(tmp_path, batch(6)).scores)
    assert [stage.name for stage in found][:4] == ["session create", "connect", "first partial", "word latency"]
    assert all(stage.since for stage in found)
    for row in stages_table(found).rows:
        assert (row["p50_ms"] is None) == (row["reason"] is not None)


def test_uncertified_and_failed_sessions_have_no_latencies(tmp_path: Path) -> None:
    """They are in no distribution and in no stage of the stream."""
    scores = stored(tmp_path, [heard(utterance="late", late_ms=90), *failing(1)]).scores
    assert all(not values for values in latency_values(scores, "word_latency", ["clean"]).values())
    stage = next(stage for stage in stages(scores) if stage.name == "word latency")
    assert (stage.n, stage.reason) == (0, "no session with a valid pacing certificate")


def test_every_latency_can_be_drawn(tmp_path: Path) -> None:
    """Distribution, tail and numbers of every metric that has values."""
    scores = stored(tmp_path, batch(8) + batch(8, cell="noise", delay=90)).scores
    for metric, facts in DURATIONS.items():
        values = latency_values(scores, metric, ["clean", "noise"])
        for draw in (ecdf_figure, tail_figure):
            figure = draw(values, facts.title, 500)
            assert len(figure.to_json()) < 300_000
            assert all(len(trace.x) <= 600 for trace in figure.data if trace.x is not None)


def test_percentiles_of_the_table_are_those_of_the_cell(tmp_path: Path) -> None:
    """With the same interval over utterances, and a word where the sample is thin."""
    result = stored(tmp_path, batch(24, jitter=40))
    found = distributions_table(latency_blocks(result.scores, "word_latency", ["clean"]), 100)
    cell, row = result.cells[0], found.rows[0]
    assert row["p95_ms"] == cell.word_latency_p95_ns / NS_PER_MS
    assert row["p95_low_ms"] == cell.word_latency_p95_interval.low / NS_PER_MS
    assert row["utterances"] == 24
    assert 0 <= row["within"] <= 1
    assert any("needs 59 recordings" in note for note in found.notes)


def test_the_course_stands_on_the_time_of_the_run(tmp_path: Path) -> None:
    """Sessions in the order in which they began; those without a start are left out."""
    result = stored(tmp_path, batch(5))
    starts = {key: 1_000 - number for number, key in enumerate(score.key for score in result.scores)}
    moments = course(result.scores, starts, "word_latency")
    assert [m.utterance for m in moments] == [s.utterance for s in reversed(result.scores)]
    assert moments[0].at_ns == 0
    assert course(result.scores, {}, "word_latency") == []
    assert len(moments_table(moments).rows) == 5


def test_starts_are_read_from_the_stored_run_committed_or_not(tmp_path: Path) -> None:
    """One a session."""
    for commit in (True, False):
        run = stored(tmp_path, batch(3), commit=commit).run
        assert set(begun(run)) == set(run.keys())


def test_a_long_course_is_thinned_and_keeps_its_worst_sessions() -> None:
    """600 points at most, and the number of those left out."""
    moments = [Moment("a", f"u{i}", i, 10_000 if i == 777 else 1) for i in range(5_000)]
    figure, hidden = course_figure(moments, ["a"], "x")
    drawn = figure.data[0]
    assert len(drawn.x) <= MOMENTS
    assert len(drawn.x) + hidden == 5_000
    assert "u777" in drawn.text


def test_quality_names_what_is_wrong_with_the_measurement(tmp_path: Path) -> None:
    """Invalid sessions are counted and their reason is told."""
    result = stored(tmp_path, [*batch(3), heard(utterance="late", late_ms=90)])
    found = quality_table(result.cells, result.scores)
    assert (found.rows[0]["invalid"], found.rows[0]["left_out"]) == (1, 1)
    assert found.notes
    several = stored(tmp_path, [heard(utterance=f"u{late}", late_ms=late) for late in (50, 60, 70, 80, 90)])
    (told,) = quality_table(several.cells, several.scores).notes
    assert told.startswith("clean: p99 lateness 50.0 ms > 10 ms; p99 lateness 60.0 ms")
    assert told.endswith("; and 2 reasons more")


def test_stages_without_any_value_make_an_empty_figure() -> None:
    """No session, no bar, no error."""
    assert len(stages_figure(stages([])).data[0].x) == 0
