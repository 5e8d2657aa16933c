"""How recordings of a corpus are spread: by length, by level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench.reporting.figures.base import COLOURS, base_figure

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["histogram", "histogram_figure"]

_BARS = 20


def histogram(values: Sequence[float], bars: int = _BARS) -> list[tuple[float, float, int]]:
    """From, to, and how many values lie there; even stretches, the last one with both of its ends.

    >>> histogram([1.0, 1.5, 2.0, 5.0], bars=2)
    [(1.0, 3.0, 3), (3.0, 5.0, 1)]
    """
    if not values:
        return []
    counts, edges = np.histogram(np.asarray(values, np.float64), bars)
    return [(float(a), float(b), int(n)) for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)]


def histogram_figure(values: Sequence[float], x: str) -> Figure:
    """Recordings by a quantity; the table beside a figure is :func:`histogram`.

    Args:
        values: one a recording; at least one.
        x: what they are, with the unit.
    """
    rows = histogram(values)
    figure = base_figure(x, "recordings", height=240)
    figure.add_bar(
        x=[(low + high) / 2 for low, high, _ in rows],
        y=[count for _, _, count in rows],
        width=[high - low for low, high, _ in rows],
        marker={"color": COLOURS[0], "line": {"color": "white", "width": 1}},
        customdata=[[low, high] for low, high, _ in rows],
        hovertemplate="%{customdata[0]:.1f} to %{customdata[1]:.1f}: %{y} recordings<extra></extra>",
        showlegend=False,
    )
    figure.update_yaxes(rangemode="tozero")
    return figure
