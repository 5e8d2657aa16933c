"""What all figures share: colours by configuration, axes, margins.

House rules: a configuration keeps its colour wherever it is drawn, and colour is never the only sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.plots import COLOURS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["base_figure", "colour_of", "dash_of", "slices_figure"]

_DASHES = ("solid", "dash", "dot", "dashdot")


def colour_of(names: Sequence[str], name: str) -> str:
    """Colour of a configuration by its place in the run: the same in every figure."""
    return COLOURS[list(names).index(name) % len(COLOURS)]


def dash_of(names: Sequence[str], name: str) -> str:
    """How the line of a configuration is drawn: the tenth colour is followed by the first one, dashed."""
    return _DASHES[list(names).index(name) // len(COLOURS) % len(_DASHES)]


def base_figure(x: str, y: str) -> Figure:
    """An empty figure without a title: a page says above it what it shows."""
    from plotly.graph_objects import Figure

    # In one piece: each update of a figure costs milliseconds, and a page makes several figures on every rerun.
    return Figure(
        layout={
            "template": "none",
            "height": 380,
            "margin": {"l": 10, "r": 20, "t": 30, "b": 40},
            "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
            "barmode": "overlay",
            "hovermode": "closest",
            "xaxis": {"title": {"text": x}, "automargin": True},
            "yaxis": {"title": {"text": y}, "automargin": True},
        }
    )


def slices_figure(rows: Sequence[dict[str, Any]], unit: str, title: str) -> Figure:
    """Parts of a run with their 95 % intervals, one colour a configuration.

    Args:
        rows: of :func:`workbench.run_tables.slices_table`.
        unit: ``%`` or ``ms``.
        title: of the value axis.
    """
    figure = base_figure(f"{title} [{unit}]", "")
    scale = 100 if unit == "%" else 1
    known = [row for row in rows if row["value"] is not None]
    cells = list(dict.fromkeys(str(row["audio"]) for row in rows))
    for name in cells:
        mine = [row for row in known if row["audio"] == name]
        if mine:
            figure.add_scatter(
                x=[scale * float(row["value"]) for row in mine],
                y=[str(row["slice"]) for row in mine],
                mode="markers",
                cliponaxis=False,
                # Grouped along the axis of the parts, so that intervals stand below each other.
                orientation="h",
                offsetgroup=name,
                name=name,
                marker={"size": 9, "color": colour_of(cells, name)},
                error_x=_interval_bars(mine, scale, colour_of(cells, name)),
                text=[f"n = {row['n']}" for row in mine],
                hovertemplate=f"%{{y}}: %{{x:.1f}} {unit}, %{{text}}<extra>%{{fullData.name}}</extra>",
            )
    parts = list(dict.fromkeys(str(row["slice"]) for row in known))
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_layout(height=150 + (16 + 16 * len(cells)) * len(parts), scattermode="group", scattergap=0.5)
    figure.update_xaxes(rangemode="tozero")
    return figure


def _interval_bars(rows: Sequence[dict[str, Any]], scale: float, colour: str) -> dict[str, Any]:
    """Asymmetric bars from the value to the ends of its interval; an end that is unknown has none."""

    def reach(end: str, sign: int) -> list[float]:
        return [0.0 if r[end] is None else max(0.0, sign * scale * (float(r[end]) - float(r["value"]))) for r in rows]

    bars = {"array": reach("high", 1), "arrayminus": reach("low", -1)}
    return {"type": "data", "symmetric": False, "color": colour, "thickness": 1.5, **bars}
