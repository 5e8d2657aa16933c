"""A sweep over its settings: a line with its intervals, or a grid of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.reporting.figures.base import NEUTRAL, base_figure, colour_of, interval_bars, on_axis
from workbench.reporting.setting_axis import Axis, axes_of, lines_over, on_grid, value_text
from workbench.scoring.cells import CellScore
from workbench.scoring.measures import METRICS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["grid_figure", "setting_figure"]

_DASHES = ("solid", "dash", "dot", "dashdot")
_RIBBON = "rgba(127,127,127,0.16)"
_SHADES = [[0, "#F4F6F8"], [1, "#8FA0B3"]]
"""Of the grid, light to dark: neither better nor worse by itself, and readable under dark text."""
_INK = "#1B2430"


def setting_figure(
    cells: Sequence[CellScore], settings: Mapping[str, Mapping[str, object]], key: str, metric: str
) -> Figure:
    """A metric over a setting, one line for each combination of the other settings, each told by how it is drawn.

    The points have the colours of their configurations, as in every figure of the run; hollow ones had failures.

    Args:
        cells: configurations in the order of the run; those that have not been played yet are left out.
        settings: every configuration of the run to its settings.
        key: the setting.
        metric: key of the metric.
    """
    axes = axes_of(settings)
    axis = axes[key]
    known = [cell for cell in cells if cell.shown(metric).value is not None]
    counts = {_n(cell, metric) for cell in known}
    # The number of recordings stands at each point where it differs, as it does while the sweep plays.
    figure = base_figure(axis.label + (f", n = {min(counts)} each" if len(counts) == 1 else ""), METRICS[metric].axis)
    lines = lines_over(known, axes, key)
    for place, (name, members) in enumerate(lines.items()):
        drawn = _line(members, axis, metric, name)
        drawn["marker"] = _marker(members, list(settings))
        drawn["line"] = {"color": NEUTRAL, "dash": _DASHES[place % len(_DASHES)]}
        if len(counts) > 1:
            drawn |= {"mode": drawn["mode"] + "+text", "texttemplate": "n %{customdata[1]}"}
        if axis.numeric and len(members) > 1 and all(None not in ends for ends in on_axis(members, metric)[1:]):
            _ribbon(figure, drawn)
        figure.add_scatter(**drawn)
    if not axis.scaled:
        order = [value_text(key, value) for value in axis.places()]
        figure.update_xaxes(type="category", categoryorder="array", categoryarray=order)
    figure.update_layout(showlegend=len(lines) > 1)
    figure.update_yaxes(rangemode="tozero")
    return figure


def _line(members: Sequence[CellScore], axis: Axis, metric: str, name: str) -> dict[str, Any]:
    """One line as a trace; its intervals are whiskers."""
    unit = METRICS[metric].column_unit
    values, lows, highs = on_axis(members, metric)
    return {
        "x": [axis.values[cell.cell] if axis.scaled else axis.text(cell.cell) for cell in members],
        "y": values,
        "name": name or METRICS[metric].title,
        "legendgroup": f"line {name}",
        # Between two words there is nothing.
        "mode": "lines+markers" if axis.numeric else "markers",
        "error_y": interval_bars(values, lows, highs, NEUTRAL),
        "text": [_told(cell, metric) for cell in members],
        "customdata": [[cell.cell, _n(cell, metric)] for cell in members],
        "textposition": "bottom right",
        "textfont": {"size": 10, "color": NEUTRAL},
        "hovertemplate": f"%{{x}}: %{{y:.1f}} {unit}, %{{text}}<extra></extra>",
    }


def _ribbon(figure: Figure, line: dict[str, Any]) -> None:
    """The intervals of a line as a ribbon behind it, where every one is known; whiskers say which point has which."""
    bars = line["error_y"]
    highs = [value + up for value, up in zip(line["y"], bars["array"], strict=True)]
    lows = [value - down for value, down in zip(line["y"], bars["arrayminus"], strict=True)]
    figure.add_scatter(
        x=[*line["x"], *reversed(line["x"])], y=[*highs, *reversed(lows)], fill="toself", fillcolor=_RIBBON,
        mode="lines", line={"width": 0, "color": NEUTRAL}, hoverinfo="skip", showlegend=False,
        legendgroup=line["legendgroup"],
    )  # fmt: skip
    line["error_y"] = bars | {"thickness": 1}


def _marker(members: Sequence[CellScore], order: Sequence[str]) -> dict[str, object]:
    colours = [colour_of(order, cell.cell) for cell in members]
    symbols = ["circle-open" if cell.failed else "circle" for cell in members]
    return {"size": 10, "symbol": symbols, "color": colours, "line": {"width": 2, "color": colours}}


def _n(cell: CellScore, metric: str) -> int:
    """How many recordings a point rests on: of a latency those that were timed."""
    return cell.latency_sessions if METRICS[metric].certified else cell.n


def _told(cell: CellScore, metric: str) -> str:
    """A point in words: its configuration, how many recordings, how many of them failed."""
    return f"{cell.cell}, n = {_n(cell, metric)}" + (f", {cell.failed} failed" if cell.failed else "")


def grid_figure(
    cells: Sequence[CellScore], settings: Mapping[str, Mapping[str, object]], across: str, up: str, metric: str
) -> Figure | None:
    """A metric over two settings, dark where it is high; None where more than these two differ.

    What has not been played yet is empty. The points below the numbers have the colours of their configurations.

    Args:
        cells: configurations in the order of the run.
        settings: every configuration of the run to its settings.
        across: setting from left to right.
        up: setting from top to bottom.
        metric: key of the metric.
    """
    axes = axes_of(settings)
    x, y = axes[across], axes[up]
    placed = on_grid(cells, x, y)
    if placed is None:
        return None
    columns, rows = x.places(), y.places()
    names = [value_text(across, value) for value in columns], [value_text(up, value) for value in rows]
    shown = [[_shown(placed.get((column, row)), metric) for column in columns] for row in rows]
    texts = [[_text(placed.get((column, row)), metric) for column in columns] for row in rows]
    figure = base_figure(x.label, y.label, height=150 + 70 * len(rows))
    figure.add_heatmap(
        z=shown, x=names[0], y=names[1], text=texts, texttemplate="%{text}", colorscale=_SHADES, showscale=False,
        textfont={"color": _INK}, hoverinfo="skip", xgap=2, ygap=2,
    )  # fmt: skip
    known = [cell for cell in cells if cell.shown(metric).value is not None]
    figure.add_scatter(
        x=[x.text(cell.cell) for cell in known], y=[y.text(cell.cell) for cell in known], mode="markers+text",
        marker=_marker(known, list(settings)), customdata=[[cell.cell, _n(cell, metric)] for cell in known],
        text=[_told(cell, metric) for cell in known], texttemplate="<br>n %{customdata[1]}",
        textposition="bottom center", textfont={"size": 10, "color": _INK}, hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=names[0], showgrid=False)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=names[1][::-1], showgrid=False)
    return figure


def _shown(cell: CellScore | None, metric: str) -> float | None:
    return None if cell is None else cell.shown(metric).value


def _text(cell: CellScore | None, metric: str) -> str:
    value = _shown(cell, metric)
    return "" if value is None else f"<b>{METRICS[metric].text(value)}</b><br> <br> "
