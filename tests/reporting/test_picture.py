"""Pictures without a script: what Plotly would draw is where Plotly would draw it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import plotly.graph_objects as go
import pytest

from workbench.reporting.figures.base import base_figure
from workbench.reporting.figures.picture import picture

SVG = "{http://www.w3.org/2000/svg}"


def drawn(figure: go.Figure) -> ET.Element:
    """The picture, parsed."""
    return ET.fromstring(picture(figure, "a <b>"))  # noqa: S314  our own text


def test_points_stand_where_their_values_are() -> None:
    """Three values a step apart are drawn a step apart, larger ones higher; an axis that is turned is turned."""
    figure = base_figure("x", "y")
    figure.add_scatter(x=[0, 1, 2], y=[10, 20, 30], mode="markers")
    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in drawn(figure).findall(f"{SVG}circle")]
    assert dots[1][0] - dots[0][0] == pytest.approx(dots[2][0] - dots[1][0], abs=0.2)
    assert dots[0][1] > dots[1][1] > dots[2][1]
    figure.update_yaxes(autorange="reversed")
    assert float(drawn(figure).findall(f"{SVG}circle")[2].attrib["cy"]) == pytest.approx(dots[0][1], abs=0.2)


def test_gaps_break_a_line_and_steps_are_steps() -> None:
    """Two moves for one gap; across first, then up."""
    figure = base_figure("x", "y")
    figure.add_scatter(x=[0, 1, None, 2, 3], y=[1, 2, None, 2, 1], mode="lines", line={"shape": "hv"})
    (path,) = (one.attrib["d"] for one in drawn(figure).findall(f"{SVG}path"))
    assert (path.count("M"), path.count("H"), path.count("V")) == (2, 2, 2)


def test_bars_on_each_other_begin_where_the_last_one_ended() -> None:
    """The width of each is its share."""
    figure = base_figure("x", "y")
    figure.add_bar(x=[3.0], y=["a"], orientation="h", name="one")
    figure.add_bar(x=[1.0], y=["a"], orientation="h", name="two")
    figure.update_layout(barmode="relative")
    bars = [bar.attrib for bar in drawn(figure).findall(f"{SVG}rect") if bar.get("stroke")]
    assert float(bars[1]["x"]) == pytest.approx(float(bars[0]["x"]) + float(bars[0]["width"]), abs=0.2)
    assert float(bars[0]["width"]) == pytest.approx(3 * float(bars[1]["width"]), abs=0.3)


def test_a_logarithmic_axis_has_powers_and_texts_are_escaped() -> None:
    """Ten and a hundred are as far apart as a hundred and a thousand."""
    figure = base_figure("<script>", "y")
    figure.add_scatter(x=[1, 2, 3], y=[10, 100, 1000], mode="markers+text", text=["<i>a", "b", "c"])
    figure.update_yaxes(type="log")
    root = drawn(figure)
    y = [float(dot.attrib["cy"]) for dot in root.findall(f"{SVG}circle")]
    assert y[0] - y[1] == pytest.approx(y[1] - y[2], abs=0.2)
    texts = [text.text for text in root.findall(f"{SVG}text")]
    assert "<script>" in texts
    assert "1,000" in texts
    assert not root.findall(f".//{SVG}script")


def test_what_is_not_drawn_here_is_refused() -> None:
    """No picture lacks a part without a word."""
    with pytest.raises(NotImplementedError, match="pie"):
        picture(go.Figure(go.Pie(values=[1])), "x")
