"""Figures: what they are drawn from, and how little of it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scoring.metrics.records import untimed
from tests.stored import batch, failing, heard
from workbench.reporting.figures.base import COLOURS, thinned
from workbench.reporting.figures.pareto import pareto_figure
from workbench.reporting.figures.run import latency_figure, metric_svg, wer_figure
from workbench.scoring.cells import score_run
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.metrics.stats import percentile
from workbench.scoring.session import score_session


def scored(records):
    """Cells and scores of records."""
    scores = [score_session(record, normaliser("basic")) for record in records]
    return score_run(scores, seed=1), scores


@settings(max_examples=30)
@given(st.lists(st.integers(-(10**9), 10**12), min_size=1, max_size=3_000))
def test_thinning_keeps_the_ends_and_the_percentiles(values):
    """Few enough points, only values that occurred, p50 to p99 among them with their share."""
    at, share = thinned(values)
    assert len(at) <= 600
    assert set(at.tolist()) <= set(values)
    assert (at[0], at[-1], share[-1]) == (min(values), max(values), 1.0)
    assert sorted(at) == at.tolist()
    for p in (90, 95, 99):
        assert percentile(values, p) in at


def test_nothing_is_thinned_to_nothing():
    """No values, no points."""
    assert [len(x) for x in thinned([])] == [0, 0]


def test_each_configuration_has_its_value_interval_and_colour():
    """The same numbers as in the table; one colour a configuration in every figure."""
    cells, scores = scored(batch(24, wrong=6) + batch(24, cell="noise", wrong=12) + failing(2, cell="dead"))
    wer, pareto, latency = wer_figure(cells), pareto_figure(cells), latency_figure(cells, scores)
    (drawn,) = wer.data
    name = cells[0].normaliser
    assert wer.layout.xaxis.title.text == pareto.layout.yaxis.title.text == f"WER [%], {name}"
    assert f"WER [%], {name}" in metric_svg(cells, "wer")
    assert list(drawn.y) == ["clean", "noise"]
    assert list(drawn.x) == pytest.approx([100 * c.words.rate for c in cells[:2]])
    assert drawn.x[1] + drawn.error_x.array[1] == pytest.approx(100 * cells[1].wer_interval.high)
    assert list(drawn.marker.color) == list(pareto.data[0].marker.color) == list(COLOURS[:2])
    curves = [t for t in latency.data if t.mode == "lines"]
    assert [t.line.color for t in curves] == list(COLOURS[:2])
    assert curves[0].name == "clean (n = 66 words)"  # the six wrong ones are not matched


def test_sessions_with_invalid_pacing_are_in_no_latency_figure():
    """Nor are words without times."""
    cells, scores = scored(batch(4, late_ms=60))
    assert latency_figure(cells, scores).data == ()
    assert list(pareto_figure(cells).data[0].x) == []
    record = heard()
    record.reference = untimed("no chest pain")
    cells, scores = scored([record])
    assert latency_figure(cells, scores).data == ()


def test_the_inline_drawing_is_well_formed_whatever_the_names():
    """Names are escaped and shortened; one dot a configuration."""
    cells, _ = scored(batch(3, wrong=1, cell='<b>&"x' + "y" * 60) + batch(3, cell="all good"))
    root = ET.fromstring(metric_svg(cells, "wer"))  # noqa: S314  our own text
    assert len(root.findall("circle")) == 2
    assert any((t.text or "").startswith('<b>&"x') and t.text.endswith("…") for t in root.findall("text"))
    assert "<circle" not in metric_svg([], "wer")
