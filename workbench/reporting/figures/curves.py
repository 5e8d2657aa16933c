"""Figures of accuracy against time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.reporting.figures.base import base_figure, colour_of, dash_of, interval_bars
from workbench.scoring.curves import WaitPoint
from workbench.scoring.measures import METRICS
from workbench.units import NS_PER_MS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["wait_figure"]


def wait_figure(points: Sequence[WaitPoint], cells: Sequence[str]) -> Figure:
    """Word error rate against the wait for each word: one line a configuration, its level at the end dotted.

    Args:
        points: as :func:`workbench.scoring.curves.wait_curve` gives them; without any the figure is empty.
        cells: configurations in the order of the run.
    """
    figure = base_figure("wait from the end of each word [ms]", METRICS["wer"].axis)
    shown = {point.cell for point in points}
    for name in (cell for cell in cells if cell in shown):
        colour = colour_of(cells, name)
        line = {"color": colour, "dash": dash_of(cells, name)}
        known = [point for point in points if point.cell == name and point.rate is not None]
        waited = [point for point in known if point.wait_ns is not None]
        values = [100 * (point.rate or 0.0) for point in waited]
        ends = [(p.interval.low, p.interval.high) if p.interval else (None, None) for p in waited]
        lows, highs = ([None if end is None else 100 * end for end in side] for side in zip(*ends, strict=True))
        figure.add_scatter(
            x=[(point.wait_ns or 0) / NS_PER_MS for point in waited], y=values, name=name, mode="lines+markers",
            line=line, marker={"color": colour}, error_y=interval_bars(values, lows, highs, colour),
            hovertemplate="%{x:.0f} ms: %{y:.1f} %<extra>%{fullData.name}</extra>",
        )  # fmt: skip
        for point in known:
            if point.wait_ns is None:
                figure.add_hline(y=100 * (point.rate or 0.0), line={**line, "dash": "dot", "width": 1})
    figure.update_yaxes(rangemode="tozero")
    return figure
