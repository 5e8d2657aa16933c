"""What all figures share: colours by configuration, axes, margins.

A configuration keeps its colour wherever it is drawn, and colour is never the only sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.cells import CellScore
from workbench.scoring.measures import METRICS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = [
    "COLOURS",
    "NEUTRAL",
    "RIGHT",
    "WRONG",
    "base_figure",
    "colour_of",
    "dash_of",
    "interval_bars",
    "on_axis",
    "thinned",
]

COLOURS = (
    "#0072B2", "#CC79A7", "#000000", "#66BDFF", "#6D00CC", "#CCB800", "#8A426B", "#A866FF", "#878A42", "#565229",
)  # fmt: skip
"""Of configurations, in the order of the run: blues, violets, black and yellows, told apart with any colour vision.
None is orange, red or green, because these mean wrong and right."""
WRONG, RIGHT, NEUTRAL = "#D55E00", "#009E73", "#7F7F7F"
"""An error or a change for the worse; a change for the better; what is neither and no configuration."""

_DASHES = ("solid", "dash", "dot", "dashdot")


def colour_of(names: Sequence[str], name: str) -> str:
    """Colour of a configuration by its place in the run: the same in every figure.

    Args:
        names: every configuration of the run in its order, also those that a figure has no value of.
        name: one of them.
    """
    return COLOURS[list(names).index(name) % len(COLOURS)]


def dash_of(names: Sequence[str], name: str) -> str:
    """How the line of a configuration is drawn: the tenth colour is followed by the first one, dashed."""
    return _DASHES[list(names).index(name) // len(COLOURS) % len(_DASHES)]


def on_axis(cells: Sequence[CellScore], key: str) -> tuple[list[float], list[float | None], list[float | None]]:
    """Values of a metric and the ends of their intervals, in the unit of its axis; None where an end is not known.

    Args:
        cells: configurations that have a value.
        key: key of the metric.
    """
    scale = 100 if METRICS[key].column_unit == "%" else 1
    shown = [cell.shown(key) for cell in cells]
    lows, highs = (
        [None if end is None else scale * float(end) for end in (getattr(one.interval, side, None) for one in shown)]
        for side in ("low", "high")
    )
    return [scale * float(one.value or 0.0) for one in shown], lows, highs


def base_figure(x: str, y: str, title: str | None = None, *, height: int = 380) -> Figure:
    """An empty figure.

    Args:
        x: title of the axis.
        y: title of the axis.
        title: title of the figure; None if a page says above it what it shows.
        height: height of the figure, in pixels.
    """
    from plotly.graph_objects import Figure

    # In one piece: each update of a figure costs milliseconds, and a page makes several figures on every rerun.
    return Figure(
        layout={
            "template": "none",
            "title": {"text": title, "font": {"size": 15}} if title else None,
            "height": height,
            "margin": {"l": 10, "r": 20, "t": 70 if title else 30, "b": 40},
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
            "barmode": "overlay",
            "hovermode": "closest",
            "xaxis": {"title": {"text": x}, "automargin": True},
            "yaxis": {"title": {"text": y}, "automargin": True},
        }
    )


_QUANTILES = np.unique(np.concatenate((np.linspace(0, 1, 512), [0.9, 0.95, 0.99, 0.999])))


def thinned(values: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Order statistics at 512 even quantiles and in the tail, and the share of values at or below each.

    Values that occurred, never between two; the smallest and the largest are always among them.

    Returns:
        values and shares, shape (m,) each, m at most 516; the shares end at 1.

    >>> [list(map(float, x)) for x in thinned([30, 10, 20, 40])]
    [[10.0, 20.0, 30.0, 40.0], [0.25, 0.5, 0.75, 1.0]]
    """
    ordered = np.sort(np.asarray(values, np.int64))
    n = len(ordered)
    if not n:
        return ordered, np.array([], np.float64)
    ranks = np.unique(np.clip(np.ceil(_QUANTILES * n).astype(np.int64) - 1, 0, n - 1))
    return ordered[ranks], (ranks + 1) / n


def interval_bars(
    values: Sequence[float], lows: Sequence[float | None], highs: Sequence[float | None], colour: str = "#555555"
) -> dict[str, Any]:
    """Error bars from each value to the ends of its interval; an end that is unknown or unbounded has none.

    >>> bars = interval_bars([2.0, 5.0], [1.5, None], [4.0, None])
    >>> bars["array"], bars["arrayminus"]
    ([2.0, 0.0], [0.5, 0.0])
    """

    def reach(ends: Sequence[float | None], sign: int) -> list[float]:
        return [0.0 if end is None else max(0.0, sign * (end - at)) for end, at in zip(ends, values, strict=True)]

    bars = {"array": reach(highs, 1), "arrayminus": reach(lows, -1)}
    return {"type": "data", "symmetric": False, "color": colour, "thickness": 1.5, **bars}
