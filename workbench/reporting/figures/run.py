"""Figures of a run: Plotly for pages that may run scripts, inline SVG for those that may not.

Values come from declared columns or from scores and are never computed here beyond thinning; a trace has
at most 600 points and says how many values it was thinned from. Colours are told apart with any colour vision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.reporting.figures.base import base_figure, colour_of, dash_of, interval_bars, thinned
from workbench.reporting.markup import escape
from workbench.reporting.tables.cells import cells_table
from workbench.scoring.cells import CellScore
from workbench.scoring.measures import DURATIONS, METRICS
from workbench.scoring.metrics.stats import Interval
from workbench.scoring.session import SessionScore
from workbench.units import NS_PER_MS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["latency_figure", "metric_svg", "wer_figure"]

_Ends = list[float | None]


def _wer_axis(cells: Sequence[CellScore]) -> str:
    """Title of an axis of WER: with the normaliser it was counted under."""
    names = dict.fromkeys(cell.normaliser for cell in cells)
    return f"{METRICS['wer'].axis}, {' and '.join(names)}" if names else METRICS["wer"].axis


def wer_figure(cells: Sequence[CellScore]) -> Figure:
    """WER of each configuration with its 95 % interval."""
    rows = [row for row in cells_table(cells).rows if row["wer"] is not None]
    values = [100 * float(row["wer"] or 0) for row in rows]
    names = [str(row["audio"]) for row in rows]
    figure = base_figure(_wer_axis(cells), "", "Word error rate by configuration, 95 % intervals")
    figure.add_scatter(
        x=values,
        y=names,
        mode="markers",
        marker={"size": 10, "color": [colour_of(_names(cells), name) for name in names]},
        error_x=interval_bars(values, *_ends(rows, "wer", 100)),
        hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(rangemode="tozero")
    return figure


def latency_figure(cells: Sequence[CellScore], scores: Sequence[SessionScore]) -> Figure:
    """Share of words shown within a time, by configuration, with the intervals of its median and 95th percentile.

    Only sessions with a valid pacing certificate. An interval whose upper end is unknown has a whisker to one side.
    """
    by_cell: dict[str, list[int]] = {cell.cell: [] for cell in cells}
    for score in scores:
        if score.timed and score.cell in by_cell:
            by_cell[score.cell] += [v for v in score.latency.word_latency_ns if v is not None]
    names, title = list(by_cell), DURATIONS["word_latency"].title
    figure = base_figure(f"{title} [ms]", "share of words [%]", "Words shown within a time of being spoken")
    for name, values in by_cell.items():
        if values:
            at, share = thinned(values)
            figure.add_scatter(
                x=(at / NS_PER_MS).tolist(),
                y=(100 * share).tolist(),
                mode="lines",
                name=f"{name} (n = {len(values)} words)",
                line={"shape": "hv", "color": colour_of(names, name), "dash": dash_of(names, name)},
                legendgroup=name,
            )
            _percentile_marks(figure, next(c for c in cells if c.cell == name), colour_of(names, name))
    return figure


def _percentile_marks(figure: Figure, cell: CellScore, colour: str) -> None:
    """The median and the 95th percentile of a curve, each with its interval."""
    marks: tuple[tuple[int, int | None, Interval | None], ...] = (
        (50, cell.word_latency_p50_ns, cell.word_latency_p50_interval),
        (95, cell.word_latency_p95_ns, cell.word_latency_p95_interval),
    )
    known = [(share, value / NS_PER_MS, interval) for share, value, interval in marks if value is not None]
    lows, highs = ([_ms(getattr(interval, end, None)) for _, _, interval in known] for end in ("low", "high"))
    figure.add_scatter(
        x=[value for _, value, _ in known],
        y=[share for share, _, _ in known],
        mode="markers",
        marker={"size": 8, "color": colour},
        error_x=interval_bars([value for _, value, _ in known], lows, highs, colour),
        hovertemplate="p%{y}: %{x:.0f} ms<extra></extra>",
        legendgroup=cell.cell,
        showlegend=False,
    )  # fmt: skip


def _ms(ns: float | None) -> float | None:
    return None if ns is None else ns / NS_PER_MS


def _names(cells: Sequence[CellScore]) -> list[str]:
    """In the order of the run, by which a configuration has its colour."""
    return [cell.cell for cell in cells]


def _ends(rows: Sequence[dict[str, Any]], name: str, scale: float, unit: str = "") -> tuple[_Ends, _Ends]:
    """Lower and upper ends of an interval that stands in two columns."""

    def column(key: str) -> _Ends:
        return [None if row[key] is None else scale * float(row[key]) for row in rows]

    return column(f"{name}_low{unit}"), column(f"{name}_high{unit}")


def metric_svg(cells: Sequence[CellScore], key: str, runs: Sequence[str] = ()) -> str:
    """A metric by configuration as one inline SVG element without scripts, fonts or addresses; empty without a value.

    Args:
        cells: configurations in the order of the run.
        key: key of the metric.
        runs: what the run of each is called, where there are several, see ``pareto_figure``.
    """
    metric, of = METRICS[key], runs or [""] * len(cells)
    every = zip(cells, of, (cell.shown(key) for cell in cells), strict=True)
    named = [(cell, run, one) for cell, run, one in every if one.value is not None]
    known = [(cell, one) for cell, _, one in named]
    order, signs = list(dict.fromkeys(_names(cells))), list(dict.fromkeys(of))
    if not known:
        return ""
    ends = [(None, None) if one.interval is None else (one.interval.low, one.interval.high) for _, one in known]
    largest = max(*(high or 0.0 for _, high in ends), *(float(one.value or 0.0) for _, one in known), 0.0) or 1.0
    left, width, step = 260, 620, 26

    def x(value: float) -> float:
        return round(left + max(0.0, value) / largest * (width - 40), 1)

    parts = []
    for place, ((cell, run, one), (low, high)) in enumerate(zip(named, ends, strict=True)):
        y, value = 20 + place * step, float(one.value or 0.0)
        colour, name = colour_of(order, cell.cell), cell.cell + (f" · {run}" if run else "")
        shown = name if len(name) <= 38 else name[:37] + "…"
        parts.append(f'<text x="{left - 10}" y="{y + 4}" text-anchor="end">{escape(shown)}</text>')
        if low is not None and high is not None:
            parts.append(f'<line x1="{x(low)}" x2="{x(high)}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>')
        if signs.index(run):
            at = x(value)
            corners = f"{at},{y - 6} {at + 6},{y} {at},{y + 6} {at - 6},{y}"
            parts.append(f'<polygon points="{corners}" fill="{colour}"/>')
        else:
            parts.append(f'<circle cx="{x(value)}" cy="{y}" r="5" fill="{colour}"/>')
        text = escape(metric.text(value))
        parts.append(f'<text x="{x(value)}" y="{y - 8}" text-anchor="middle" font-size="10">{text}</text>')
    height = 20 + len(known) * step
    axis = _wer_axis(cells) if key == "wer" else metric.axis
    label = f"{metric.title[0].upper()}{metric.title[1:]} by configuration, with 95 % intervals: {axis}"
    parts.append(f'<text x="{left}" y="{height + 4}">{escape(axis)}</text>')
    return (
        f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {left + width} {height + 12}" width="100%" '
        f'font-family="sans-serif" font-size="12"><title>{escape(label)}</title>{"".join(parts)}</svg>'
    )
