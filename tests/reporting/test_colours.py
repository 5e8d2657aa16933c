"""One configuration, one colour, one place: in every figure that the project has, by the order of the run."""

from __future__ import annotations

import colorsys
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.comparing.test_trend import listing
from tests.stored import batch, stored
from workbench.comparing.runs import compare_runs
from workbench.comparing.trend import trend
from workbench.reporting import figures
from workbench.reporting.figures.base import COLOURS, NEUTRAL, RIGHT, WRONG
from workbench.reporting.figures.breakdown import breakdown_figure
from workbench.reporting.figures.comparison import heat_figure
from workbench.reporting.figures.curves import wait_figure
from workbench.reporting.figures.latency import course_figure, delay_parts_figure, ecdf_figure, tail_figure
from workbench.reporting.figures.pareto import pareto_figure
from workbench.reporting.figures.run import latency_figure, metric_svg, wer_figure
from workbench.reporting.figures.setting import grid_figure, setting_figure
from workbench.reporting.figures.trend import trend_figure
from workbench.reporting.tables.analysis import breakdown_table
from workbench.runs.result import RunResult
from workbench.scoring.breakdown import breakdown
from workbench.scoring.curves import timed_keys, wait_curve
from workbench.scoring.delay_parts import median_word
from workbench.scoring.measures import METRICS
from workbench.scoring.stages import Moment, latency_values
from workbench.store import CellFacts

ORDER = ("zebra", "loud", "alpha", "clean")
"""As asked for; neither alphabetical nor that in which the sessions end. No session of the second was timed."""
EXPECTED = dict(zip(ORDER, COLOURS, strict=False))
WITHOUT = {
    "delta_figure",
    "histogram_figure",
    "scatter_figure",
    "spectrogram_figure",
    "stages_figure",
    "timeline_figure",
    "waveform_figure",
}
"""They show recordings, stages and sound: nothing in them stands for a configuration."""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """A sweep over the level, whose sessions ended in another order."""
    records = [
        record
        for name in reversed(ORDER)
        for record in batch(8, wrong=len(name) - 3, cell=name, speaker="slt", late_ms=90 if name == "loud" else 0)
    ]
    cells = [
        CellFacts.of(name, {"gain_db": float(place), "chunk_ms": 50 + 50 * (place // 2)})
        for place, name in enumerate(ORDER)
    ]
    return stored(tmp_path_factory.mktemp("runs"), records, cells=cells)


@pytest.fixture(scope="module")
def drawn(result: RunResult) -> dict[str, Any]:
    """Every figure that shows configurations, by the name of its builder."""
    names = [cell.cell for cell in result.cells]
    values = latency_values(result.scores, "word_latency", names)
    parts = breakdown_table(breakdown(result.scores, "speaker", "wer", 1, names), METRICS["wer"]).rows
    medians = {name: median_word([s for s in result.scores if s.cell == name]) for name in names}
    settings = {cell.name: dict(cell.config) for cell in result.run.manifest.cells}
    timed = timed_keys(result.scores)
    records = [record for record in result.iter_records() if record.key in timed]
    moments = [Moment(score.cell, score.utterance, 0, 10**8) for score in result.scores]
    return {
        "wer_figure": wer_figure(result.cells),
        "pareto_figure": pareto_figure(result.cells),
        "latency_figure": latency_figure(result.cells, result.scores),
        "ecdf_figure": ecdf_figure(values, "x"),
        "tail_figure": tail_figure(values, "x"),
        "course_figure": course_figure(moments, names, "x")[0],
        "breakdown_figure": breakdown_figure(parts, METRICS["wer"], names),
        "setting_figure": setting_figure(result.cells, settings, "gain_db", "wer"),
        "grid_figure": grid_figure(result.cells, settings, "gain_db", "chunk_ms", "wer"),
        "trend_figure": trend_figure(trend([listing(i, 100) for i in range(3)], "clinic", "clean"), names),
        "delay_parts_figure": delay_parts_figure({name: word for name, word in medians.items() if word is not None}),
        "wait_figure": wait_figure(wait_curve(records, timed, 1), names),
        "heat_figure": heat_figure(compare_runs([result]).pairs),
        "metric_svg": metric_svg(result.cells, "wer"),
    }


def configuration(label: object) -> str | None:
    """The configuration that a label begins with."""
    return next((name for name in ORDER if str(label).startswith(name)), None)


def coloured(figure: Any) -> Iterator[tuple[str, str]]:
    """Configurations of a figure with their colours, in the order in which it has them."""
    if isinstance(figure, str):
        root = ET.fromstring(figure)  # noqa: S314  our own text
        names = [name for text in root.findall("text") if (name := configuration(text.text)) is not None]
        yield from zip(names, [dot.attrib["fill"] for dot in root.findall("circle")], strict=True)
        return
    for trace in figure.data:
        if trace.type != "scatter":
            continue
        colours = trace.marker.color if "markers" in trace.mode else trace.line.color
        if isinstance(colours, tuple | list):
            labels = [list(values) for values in (trace.text, trace.y, trace.x) if values is not None]
            found = (next((name for name in map(configuration, at) if name), None) for at in zip(*labels, strict=True))
            points = [name or configuration(trace.name) for name in found]
            yield from ((name, colour) for name, colour in zip(points, colours, strict=True) if name is not None)
        elif (name := configuration(trace.name) or configuration(trace.legendgroup)) is not None:
            yield name, colours


def places(figure: Any) -> list[str]:
    """Configurations in the order in which a figure shows them."""
    if isinstance(figure, str):
        return [name for name, _ in coloured(figure)]
    named = [name for trace in figure.data if trace.type in ("bar", "heatmap")
             for label in (trace.y if trace.y is not None else ()) if (name := configuration(label))]  # fmt: skip
    return list(dict.fromkeys(named or [name for name, _ in coloured(figure)]))


def builders() -> set[str]:
    """Every builder of a figure in the project."""
    modules = [
        importlib.import_module(f"{figures.__name__}.{one.name}") for one in pkgutil.iter_modules(figures.__path__)
    ]
    return {name for module in modules for name in module.__all__ if name.endswith(("_figure", "_svg"))} - {
        "base_figure"
    }


def test_every_builder_of_a_figure_is_looked_at(drawn: dict[str, Any]) -> None:
    """One that is new must say whether it shows configurations."""
    assert builders() == set(drawn) | WITHOUT


@pytest.mark.parametrize("name", sorted(builders() - WITHOUT))
def test_a_configuration_has_its_colour_and_its_place(name: str, drawn: dict[str, Any]) -> None:
    """Also where another one has no value: its colour is not taken over."""
    figure = drawn[name]
    found = list(coloured(figure))
    assert found or name in (
        "delay_parts_figure",
        "heat_figure",
    )  # their colours are parts of a delay, and better or worse
    for cell, colour in found:
        assert colour == EXPECTED[cell] or (name == "trend_figure" and colour == WRONG)
    shown = places(figure)
    assert shown == [cell for cell in ORDER if cell in shown]
    assert len(shown) >= (1 if name == "trend_figure" else 3)


def test_a_second_run_keeps_the_colours_and_has_a_sign(result: RunResult) -> None:
    """The same configuration in another run: the same colour, another shape."""
    figure = pareto_figure([*result.cells, *result.cells], [*["a"] * 4, *["b"] * 4])
    trace, _ = figure.data
    assert list(trace.marker.color) == [EXPECTED[c] for c in ("zebra", "alpha", "clean")] * 2
    assert list(trace.marker.symbol) == ["circle"] * 3 + ["diamond"] * 3
    assert trace.text[0] == "zebra · a"


def _hue(colour: str) -> tuple[float, float]:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, _, saturation = colorsys.rgb_to_hls(red, green, blue)
    return 360 * hue, saturation


def test_no_configuration_is_orange_red_or_green() -> None:
    """Orange means wrong, green means right, and nothing else does."""
    for colour in COLOURS:
        hue, saturation = _hue(colour)
        assert saturation < 0.1 or 50 <= hue <= 70 or 180 <= hue <= 335, colour
    assert not {WRONG, RIGHT, NEUTRAL} & set(COLOURS)
    assert _hue(WRONG)[0] < 45
    assert 90 < _hue(RIGHT)[0] < 180


def test_what_is_no_verdict_is_drawn_in_no_colour_of_verdicts() -> None:
    """Wherever a figure names a colour itself, it is not that of an error or of what is right."""
    allowed = {"comparison.py", "base.py"}  # better and worse are what these are about
    for file in Path(figures.__path__[0]).glob("*.py"):
        if file.name in allowed:
            continue
        text = file.read_text()
        for at in (i for i, sign in enumerate(text) if sign == "#" and text[i - 1] == '"'):
            hue, saturation = _hue(text[at : at + 7])
            assert saturation < 0.25 or 50 <= hue <= 80 or 180 <= hue <= 335, (file.name, text[at : at + 7])
