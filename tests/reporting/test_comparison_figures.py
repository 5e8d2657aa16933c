"""Figures of a comparison: every utterance counted, every point accounted for."""

from __future__ import annotations

from pathlib import Path

from tests.stored import batch, stored
from workbench.app.parts.changed_utterances import within
from workbench.comparing.changes import Changed, changed_utterances, paired_utterances
from workbench.comparing.runs import compare_runs
from workbench.reporting.figures.comparison import POINTS, delta_figure, heat_figure, scatter_figure
from workbench.reporting.tables.comparison import display_table, every_pair_table, paired_table


def many(n: int) -> list[Changed]:
    """``n`` utterances with every amount of change."""
    return [Changed(f"u{i}", 10, i % 7, i % 5, 100_000_000, 100_000_000 + i * 1_000_000) for i in range(n)]


def test_the_histogram_counts_every_utterance_once() -> None:
    """For errors and for latency; what has no latency is in no bar of it."""
    pairs = many(300)
    assert sum(delta_figure(pairs, "errors").data[0].y) == 300
    assert sum(delta_figure(pairs, "latency").data[0].y) == 300
    nothing = [Changed("u", 10, 1, 1, None, 1)]
    assert len(delta_figure(nothing, "latency").data) == 0


def test_a_bar_of_no_change_is_neither_better_nor_worse() -> None:
    """Whole errors stand in bars of their own; all the same latency is one bar."""
    figure = delta_figure([Changed("u", 10, 2, 2, 1, 1), Changed("v", 10, 1, 2, 1, 1)], "errors")
    assert dict(zip(figure.data[0].x, figure.data[0].y, strict=True))[0] == 1
    assert sum(delta_figure([Changed("u", 10, 2, 2, 5, 5)] * 3, "latency").data[0].y) == 3


def test_a_scatter_leaves_out_only_what_changed_least_and_says_how_many() -> None:
    """600 points at most, the worst among them."""
    pairs = many(2_000)
    figure, hidden = scatter_figure(pairs, "latency", ("a", "b"))
    assert len(figure.data[1].x) == POINTS
    assert hidden == 2_000 - POINTS
    assert "u1999" in figure.data[1].text
    assert len(figure.to_json()) < 300_000


def test_better_and_worse_differ_in_their_sign_and_not_in_colour_alone() -> None:
    """A triangle up is worse."""
    pairs = [Changed("better", 10, 3, 1, 1, 1), Changed("same", 10, 1, 1, 1, 1), Changed("worse", 10, 1, 3, 1, 1)]
    drawn = scatter_figure(pairs, "errors", ("a", "b"))[0].data[1]
    assert dict(zip(drawn.text, drawn.marker.symbol, strict=True)) == {
        "better": "triangle-down", "same": "circle", "worse": "triangle-up",
    }  # fmt: skip


def test_every_pair_is_in_the_heat_map_with_its_number(tmp_path: Path) -> None:
    """One row a configuration; what is shown to differ has a dot."""
    result = stored(tmp_path, batch(24) + batch(24, wrong=20, cell="noise") + batch(24, cell="same"))
    compared = compare_runs([result])
    drawn = heat_figure(compared.pairs).data[0]
    assert list(drawn.y) == ["noise", "same"]
    assert drawn.text[0][0].endswith("●")
    assert not drawn.text[1][0].endswith("●")
    assert len(every_pair_table(compared).rows) == 2 * len(compared.pairs[0].comparison.differences)


def test_differences_are_told_with_unit_sign_and_interval(tmp_path: Path) -> None:
    """Percent and points for rates, ms for times, nothing for what is unknown."""
    worse = batch(24, wrong=12, jitter=1, cell="noise", delay=80)
    compared = compare_runs([stored(tmp_path, batch(24, jitter=1) + worse)])
    rows = {row["metric"]: row for row in display_table(compared.pairs[0], compared.floor).rows}
    assert (rows["WER"]["baseline"], rows["WER"]["change"]) == ("0.0 %", "+16.7 points")
    assert rows["word latency p50"]["change"] == "+80 ms"
    assert " to +" in str(rows["WER"]["between"])
    assert rows["medical WER"]["change"] is None


def test_unchanged_utterances_are_paired_and_are_among_no_changed_ones(tmp_path: Path) -> None:
    """The list of changes is a part of the pairs."""
    result = stored(tmp_path, batch(6) + batch(6, wrong=2, cell="noise"))
    clean, noise = ([s for s in result.scores if s.cell == name] for name in ("clean", "noise"))
    every = paired_utterances(clean, noise)
    assert len(every) == len(paired_table(every).rows) == 6
    assert {one.utterance for one in changed_utterances(clean, noise)} == {"u00", "u01"}


def test_a_brushed_range_holds_what_lies_in_it() -> None:
    """Without a range, everything."""
    pairs = many(50)
    assert within(pairs, "errors", None) == pairs
    assert all(1 <= one.errors <= 2 for one in within(pairs, "errors", (0.5, 2.5)))
