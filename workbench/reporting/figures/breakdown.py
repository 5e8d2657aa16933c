"""Figures of a breakdown: one bar a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.reporting.figures.base import base_figure, colour_of, interval_bars
from workbench.scoring.metric import Metric

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["breakdown_figure"]


def breakdown_figure(rows: Sequence[dict[str, Any]], metric: Metric, cells: Sequence[str]) -> Figure:
    """Parts of a run with their 95 % intervals, one colour a configuration.

    Args:
        rows: as :func:`workbench.reporting.tables.analysis.breakdown_table` gives them.
        metric: what their values are.
        cells: every configuration, in the order of the run.
    """
    unit = metric.column_unit
    figure = base_figure(metric.axis, "")
    scale = 100 if unit == "%" else 1
    known = [row for row in rows if row["value"] is not None]
    for name in cells:
        mine = [row for row in known if row["audio"] == name]
        if mine:
            values = [scale * float(row["value"]) for row in mine]
            lows, highs = ([None if r[end] is None else scale * float(r[end]) for r in mine] for end in ("low", "high"))
            figure.add_scatter(
                x=values,
                y=[str(row["slice"]) for row in mine],
                mode="markers",
                cliponaxis=False,
                # Grouped along the axis of the parts, so that intervals stand below each other.
                orientation="h",
                offsetgroup=name,
                name=name,
                marker={"size": 9, "color": colour_of(cells, name)},
                error_x=interval_bars(values, lows, highs, colour_of(cells, name)),
                text=[f"n = {row['n']}" for row in mine],
                hovertemplate=f"%{{y}}: %{{x:.1f}} {unit}, %{{text}}<extra>%{{fullData.name}}</extra>",
            )
    parts = list(dict.fromkeys(str(row["slice"]) for row in known))
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_layout(height=150 + (16 + 16 * len(cells)) * len(parts), scattermode="group", scattergap=0.5)
    figure.update_xaxes(rangemode="tozero")
    return figure
