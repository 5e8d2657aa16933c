"""A metric over time, with its control limits; a run outside is marked by its sign and its colour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.comparing.trend import Trend
from workbench.reporting.figures.base import NEUTRAL, WRONG, base_figure, colour_of
from workbench.scoring.measures import METRICS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["DRAWN", "trend_figure"]

DRAWN = 300
"""Newest runs that are drawn; more could not be told apart on a screen."""


def trend_figure(trend: Trend, cells: Sequence[str]) -> Figure:
    """One point a run, in order, the newest :data:`DRAWN`; the limits, which rest on all, as a band.

    Args:
        trend: one configuration over time.
        cells: configurations of its newest run in their order, for its colour.
    """
    metric, colour = METRICS[trend.metric], colour_of(cells, trend.configuration)
    scale = 100 if metric.column_unit == "%" else 1

    def y(value: float) -> float:
        return scale * float(metric.shown(value) or 0.0)

    figure = base_figure("run", metric.axis)
    points = trend.points[-DRAWN:]
    names = [f"{point.created.replace('T', ' ')[5:16]} {point.run_id[-6:]}" for point in points]
    if trend.centre is not None and trend.low is not None and trend.high is not None:
        figure.add_hrect(y0=y(trend.low), y1=y(trend.high), fillcolor="#9AA5B1", opacity=0.2, line_width=0)
        figure.add_hline(y=y(trend.centre), line={"color": NEUTRAL, "dash": "dot"})
    figure.add_scatter(
        x=names, y=[y(point.value) for point in points], mode="lines+markers", name=trend.configuration,
        line={"color": colour}, showlegend=False,
        marker={
            "size": [13 if p.outside else 8 for p in points],
            "symbol": ["x" if p.outside else "circle-open" if p.failed else "circle" for p in points],
            "color": [WRONG if p.outside else colour for p in points],
        },
        text=[f"n = {p.n}" + (f", {p.failed} failed" if p.failed else "") for p in points],
        hovertemplate="%{x}: %{y:.1f}, %{text}<extra></extra>",
    )  # fmt: skip
    figure.update_xaxes(type="category")
    figure.update_yaxes(rangemode="tozero")
    return figure
