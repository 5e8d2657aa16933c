"""Errors against delay: every configuration as a point, the ones that no other beats as a front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.reporting.figures.base import NEUTRAL, base_figure, colour_of, interval_bars, on_axis
from workbench.scoring.cells import CellScore
from workbench.scoring.measures import METRICS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["pareto_figure", "pareto_front"]

_SYMBOLS = ("circle", "diamond", "square", "cross", "star", "hexagon")


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Which points no other one beats: none is at most as far in both directions and less far in one.

    Returns:
        Their places, from left to right.

    >>> pareto_front([(1.0, 9.0), (2.0, 5.0), (3.0, 6.0), (4.0, 2.0)])
    [0, 1, 3]
    """
    front = [
        place
        for place, (x, y) in enumerate(points)
        if not any(a <= x and b <= y and (a, b) != (x, y) for a, b in points)
    ]
    return sorted(front, key=lambda place: points[place])


def pareto_figure(
    cells: Sequence[CellScore], runs: Sequence[str] = (), *, across: str = "word_latency_p95", up: str = "wer"
) -> Figure:
    """Two metrics against each other, both with intervals: lower left is better; a dotted line is the front.

    Args:
        cells: configurations in the order of the run; of several runs, the baseline's first.
        runs: what the run of each is called, where there are several: a configuration keeps its colour in all of them,
            and a run has its sign.
        across: key of the metric from left to right, of which less is better.
        up: key of the metric from below, likewise.
    """
    of = runs or [""] * len(cells)
    known = [
        (cell, run)
        for cell, run in zip(cells, of, strict=True)
        if cell.shown(up).value is not None and cell.shown(across).value is not None
    ]
    order, signs = list(dict.fromkeys(cell.cell for cell in cells)), list(dict.fromkeys(of))
    (x, x_lows, x_highs), (y, y_lows, y_highs) = (on_axis([cell for cell, _ in known], key) for key in (across, up))
    ends = [end for end in (*x, *x_lows, *x_highs) if end is not None]
    middle = (min(ends, default=0.0) + max(ends, default=0.0)) / 2
    names = dict.fromkeys(cell.normaliser for cell in cells) if up == "wer" else {}
    title = ", ".join(filter(None, (METRICS[up].axis, " and ".join(names))))
    figure = base_figure(METRICS[across].axis, title, "Errors against delay, 95 % intervals")
    figure.add_scatter(
        x=x, y=y,
        # What fails is in no average: a point must not look better for it.
        text=[_name(cell, run) for cell, run in known],
        customdata=[[cell.cell, cell.n] for cell, _ in known],
        mode="markers+text",
        # Towards the middle, so that a name at the edge stays whole.
        textposition=["top left" if value > middle else "top right" for value in x],
        cliponaxis=False,
        marker={
            "size": 10,
            "color": [colour_of(order, cell.cell) for cell, _ in known],
            "symbol": [
                _SYMBOLS[signs.index(run) % len(_SYMBOLS)] + ("-open" if cell.failed else "") for cell, run in known
            ],
            "line": {"width": 2, "color": [colour_of(order, cell.cell) for cell, _ in known]},
        },
        error_x=interval_bars(x, x_lows, x_highs), error_y=interval_bars(y, y_lows, y_highs),
        hovertemplate="%{text}, n = %{customdata[1]}: "
        f"%{{x:.0f}} {METRICS[across].column_unit}, %{{y:.1f}} {METRICS[up].column_unit}<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    figure.update_yaxes(rangemode="tozero")
    if len(known) > 1:
        _front(figure, list(zip(x, y, strict=True)))
    return figure


def _name(cell: CellScore, run: str) -> str:
    failed = f" ({cell.failed} of {cell.n} failed)" if cell.failed else ""
    return cell.cell + (f" · {run}" if run else "") + failed


def _front(figure: Figure, points: Sequence[tuple[float, float]]) -> None:
    front = [points[place] for place in pareto_front(points)]
    figure.add_scatter(
        x=[x for x, _ in front], y=[y for _, y in front], mode="lines", name="no other is better in both",
        line={"color": NEUTRAL, "dash": "dot", "shape": "hv", "width": 1.5}, hoverinfo="skip",
        showlegend=len(front) > 1,
    )  # fmt: skip
    figure.add_annotation(
        text="↙ better", x=0, y=0, xref="paper", yref="paper", xanchor="left", yanchor="bottom", showarrow=False,
        yshift=4, font={"color": NEUTRAL, "size": 12},
    )  # fmt: skip
