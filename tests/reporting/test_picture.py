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


def test_a_point_says_what_plotly_would_say_where_it_is_pointed_at() -> None:
    """With the figure's own template: numbers rounded as there, nothing for what has none."""
    figure = base_figure("x", "y")
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines+markers")
    figure.add_scatter(
        x=[1.26, 2], y=[10, 2000.4], mode="markers", text=["a & b", "c"], customdata=[[3, "one"], [4, "two"]],
        marker={"symbol": ["circle", "diamond-open"]},
        hovertemplate="<b>%{text}</b>, n = %{customdata[0]}, %{customdata[1]}: %{x:.1f} → %{y:,.0f}<extra>no</extra>",
    )  # fmt: skip
    told = [title.text for title in drawn(figure).findall(f"{SVG}*/{SVG}title")]
    assert told == ["a & b , n = 3, one: 1.3 → 10", "c , n = 4, two: 2.0 → 2,000"]


def test_by_night_ground_and_writing_change_and_colours_and_names_do_not() -> None:
    """Black, the eighth colour, is white there, as in the figures of Plotly."""
    figure = base_figure("x", "y")
    figure.add_scatter(
        x=[1, 2, 3], y=[1, 2, 3], mode="markers+text", text=["#FFFFFF", "b", '="#000000"'],
        marker={"color": ["#0072B2", "#000000", "#E69F00"]},
    )  # fmt: skip
    day, night = picture(figure, "x"), picture(figure, "x", dark=True)
    roots = [ET.fromstring(svg) for svg in (day, night)]  # noqa: S314  our own text
    filled = [[dot.attrib["fill"] for dot in root.findall(f"{SVG}circle")] for root in roots]
    assert filled == [["#0072B2", "#000000", "#E69F00"], ["#0072B2", "#FFFFFF", "#E69F00"]]
    assert [root.findall(f"{SVG}rect")[0].attrib["fill"] for root in roots] == ["#FFFFFF", "#0E1117"]
    assert {"#FFFFFF", '="#000000"'} <= {text.text for text in roots[1].findall(f"{SVG}text")}
    assert not [text for text in roots[1].findall(f"{SVG}text") if text.attrib["fill"] == "#1B2430"]


def test_a_narrow_picture_has_all_within_it_and_letters_of_the_same_size() -> None:
    """A legend that has less room has more rows."""
    figure = base_figure("x", "y")
    for name in ("a long name of a configuration", "another long name of one", "and a third one, as long"):
        figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines+markers", name=name)
    wide = drawn(figure)
    narrow = ET.fromstring(picture(figure, "x", width=400))  # noqa: S314  our own text
    assert (wide.attrib["viewBox"].split()[2], narrow.attrib["viewBox"].split()[2]) == ("760", "400")
    assert max(float(dot.attrib["cx"]) for dot in narrow.findall(f"{SVG}circle")) < 400
    heights = [float(root.attrib["viewBox"].split()[3]) for root in (wide, narrow)]
    assert heights[1] > heights[0]


def test_what_is_not_drawn_here_is_refused() -> None:
    """No picture lacks a part without a word."""
    with pytest.raises(NotImplementedError, match="pie"):
        picture(go.Figure(go.Pie(values=[1])), "x")
