"""Figures of latencies: distribution, tail, course of the run, stages.

As :mod:`workbench.reporting.figures.run`: nothing is computed beyond thinning, at most 600 points a
trace, a
percentile is marked where it is known and its interval is in the table beside the figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from workbench.reporting.figures.base import NEUTRAL, base_figure, colour_of, dash_of, interval_bars, thinned
from workbench.scoring.delay_parts import PARTS, MedianWord
from workbench.scoring.metrics.stats import percentile
from workbench.scoring.stages import Moment, Stage
from workbench.units import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["MOMENTS", "course_figure", "delay_parts_figure", "ecdf_figure", "stages_figure", "tail_figure"]

MOMENTS = 600
"""Sessions that a course draws at most; the worst are kept, the others thinned evenly."""

_MARKED = (50, 95, 99)


def ecdf_figure(values: Mapping[str, Sequence[int]], title: str, target_ms: float | None = None) -> Figure:
    """Share of values at or below each time, one step line a configuration; p50, p95 and p99 are marked.

    Args:
        values: ns by configuration, every one of the run in its order.
        title: name of the time axis, without its unit.
        target_ms: drawn as a line; None for none.
    """
    figure = base_figure(f"{title} [ms]", "share of values [%]")
    for name, sample in values.items():
        if not sample:
            continue
        at, share = thinned(sample)
        line = {"shape": "hv", "color": colour_of(list(values), name), "dash": dash_of(list(values), name)}
        figure.add_scatter(
            x=_ms(at),
            y=(100 * share).round(3).tolist(),
            mode="lines",
            name=f"{name} (n = {len(sample)})",
            line=line,
            legendgroup=name,
        )
        marks = [(p, percentile(sample, p)) for p in _MARKED]
        figure.add_scatter(
            x=[value / NS_PER_MS for _, value in marks if value is not None],
            y=[p for p, value in marks if value is not None],
            mode="markers",
            marker={"color": line["color"], "size": 8, "line": {"width": 1, "color": "#ffffff"}},
            text=[f"p{p}" for p, value in marks if value is not None],
            hovertemplate="%{text}: %{x:.0f} ms<extra>" + name + "</extra>",
            legendgroup=name,
            showlegend=False,
        )
    _target(figure, target_ms)
    figure.update_yaxes(range=[0, 101])
    return figure


def tail_figure(values: Mapping[str, Sequence[int]], title: str, target_ms: float | None = None) -> Figure:
    """Share of values later than each time, on a logarithmic axis: what a distribution hides in its last percent."""
    figure = base_figure(f"{title} [ms]", "share later than this [%]")
    for name, sample in values.items():
        if len(sample) > 1:
            at, share = thinned(sample)
            figure.add_scatter(
                x=_ms(at[:-1]),
                y=(100 * (1 - share[:-1])).tolist(),
                mode="lines",
                name=f"{name} (n = {len(sample)})",
                line={"shape": "hv", "color": colour_of(list(values), name), "dash": dash_of(list(values), name)},
            )
    _target(figure, target_ms)
    figure.update_yaxes(
        type="log", tickvals=[100, 50, 10, 5, 1, 0.1, 0.01], ticktext=["100", "50", "10", "5", "1", "0.1", "0.01"]
    )
    return figure


def _ms(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[float]:
    return [round(float(value), 3) for value in values / NS_PER_MS]


def _target(figure: Figure, target_ms: float | None) -> None:
    if target_ms is not None:
        figure.add_vline(
            x=target_ms, line={"dash": "dash", "color": NEUTRAL}, annotation_text=f"target {target_ms:.0f} ms"
        )


def course_figure(moments: Sequence[Moment], cells: Sequence[str], title: str) -> tuple[Figure, int]:
    """Median of a latency of each session against when it began.

    Returns:
        The figure, and how many sessions it leaves out.
    """
    shown = _thinned_moments(moments)
    figure = base_figure("time of the run [s]", f"{title}, median of the session [ms]")
    for name in cells:
        mine = [moment for moment in shown if moment.cell == name]
        if mine:
            figure.add_scatter(
                x=[round(moment.at_ns / NS_PER_S, 2) for moment in mine],
                y=[round(moment.value_ns / NS_PER_MS, 2) for moment in mine],
                text=[moment.utterance for moment in mine],
                mode="markers",
                name=name,
                marker={"color": colour_of(cells, name), "size": 7, "opacity": 0.8},
                hovertemplate="%{text}: %{y:.0f} ms<extra>" + name + "</extra>",
            )
    figure.update_yaxes(rangemode="tozero")
    return figure, len(moments) - len(shown)


def _thinned_moments(moments: Sequence[Moment]) -> list[Moment]:
    if len(moments) <= MOMENTS:
        return list(moments)
    worst = set(sorted(range(len(moments)), key=lambda i: -moments[i].value_ns)[: MOMENTS // 10])
    even = set(np.linspace(0, len(moments) - 1, MOMENTS - len(worst)).astype(int).tolist())
    return [moments[i] for i in sorted(worst | even)]


def stages_figure(stages: Sequence[Stage]) -> Figure:
    """Median of each stage as a bar, its 95th percentile as a whisker, in the order of a session."""
    known = [stage for stage in stages if stage.p50_ns is not None and stage.p95_ns is not None]
    medians = [float(stage.p50_ns or 0) / NS_PER_MS for stage in known]
    ends = [float(stage.p95_ns or 0) / NS_PER_MS for stage in known]
    figure = base_figure("median, and to the 95th percentile [ms]", "")
    figure.add_bar(
        x=medians,
        y=[stage.name for stage in known],
        orientation="h",
        marker={"color": _SHADES[2]},
        error_x=interval_bars(medians, [None] * len(known), ends, NEUTRAL),
        text=[stage.since for stage in known],
        textposition="none",
        hovertemplate="%{y}: median %{x:.1f} ms, counted from %{text}<extra></extra>",
        showlegend=False,
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", type="category")
    return figure


_SHADES = ("#B0BEC5", "#546E7A", "#0A6C9C", "#5BA3C9", "#A9D3E9")
"""Of the parts of a delay, which are no configurations."""


def delay_parts_figure(medians: Mapping[str, MedianWord]) -> Figure:
    """One stacked bar a configuration, the parts of the delay of its median word in their order in time.

    Args:
        medians: configuration to its median word, in the order of the run.
    """
    figure = base_figure("from the end of the word [ms]", "", height=120 + 34 * len(medians))
    for part, shade in zip(PARTS, _SHADES, strict=True):
        values = [median.parts_ms[part] for median in medians.values()]
        figure.add_bar(
            x=values, y=list(medians), name=part, orientation="h", marker={"color": shade},
            hovertemplate=f"%{{y}}: {part} %{{x:.0f}} ms<extra></extra>",
        )  # fmt: skip
    figure.update_layout(barmode="relative", legend={"traceorder": "normal"})
    figure.update_yaxes(autorange="reversed", type="category")
    return figure
