"""Figures of a comparison: differences utterance by utterance, side against side, configuration against metric.

As :mod:`workbench.reporting.figures.run`. A figure never hides an interval that a table shows; where points are left
out, the figure's maker returns how many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from workbench.comparing.changes import Changed
from workbench.comparing.paired import Difference
from workbench.comparing.runs import PairedCells
from workbench.reporting.figures.base import NEUTRAL, RIGHT, WRONG, base_figure
from workbench.scoring.measures import DURATIONS, METRICS
from workbench.units import NS_PER_MS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["POINTS", "Measure", "delta_figure", "heat_figure", "scatter_figure"]

POINTS = 600
"""Utterances that a scatter draws at most: those that changed most are kept."""

Measure = Literal["errors", "latency"]
_BINS = 40
_MARKS = {1: (WRONG, "triangle-up"), 0: (NEUTRAL, "circle"), -1: (RIGHT, "triangle-down")}
"""Worse, equal, better: the sign says it without colour."""


def _value(pair: Changed, measure: Measure) -> float | None:
    if measure == "errors":
        return float(pair.errors)
    return None if pair.latency_ns is None else pair.latency_ns / NS_PER_MS


def delta_figure(pairs: Sequence[Changed], measure: Measure) -> Figure:
    """How many utterances changed by how much; a bar can be brushed."""
    values = [value for pair in pairs if (value := _value(pair, measure)) is not None]
    title = "errors more than in the baseline" if measure == "errors" else "median word later than in the baseline [ms]"
    figure = base_figure(title, "utterances")
    if not values:
        return figure
    counts, edges = np.histogram(values, _edges(values, measure))
    centres = (edges[:-1] + edges[1:]) / 2
    figure.add_bar(
        x=centres.round(3).tolist(),
        y=counts.tolist(),
        width=(edges[1:] - edges[:-1]).round(3).tolist(),
        marker={"color": [_MARKS[int(np.sign(round(float(c), 6)))][0] for c in centres]},
        customdata=np.column_stack((edges[:-1], edges[1:])).round(3).tolist(),
        hovertemplate="%{y} utterances between %{customdata[0]} and %{customdata[1]}<extra></extra>",
        showlegend=False,
    )
    figure.add_vline(x=0, line={"color": NEUTRAL, "width": 1})
    figure.update_layout(bargap=0.05, dragmode="select", selectdirection="h")
    return figure


def _edges(values: Sequence[float], measure: Measure) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Edges of the bars; those of errors are whole numbers wide and centred on whole numbers."""
    low, high = min(values), max(values)
    if measure == "errors":
        whole = max(1, int(np.ceil((high - low + 1) / _BINS)))
        return np.arange(np.floor(low / whole) * whole - whole / 2, high + whole, whole)
    if low == high:
        return np.array([low - 0.5, high + 0.5])
    # Zero is an edge, so that no bar mixes sooner and later.
    step = (high - low) / _BINS
    return np.arange(np.floor(low / step), np.ceil(high / step) + 1) * step


def scatter_figure(
    pairs: Sequence[Changed], measure: Measure, names: tuple[str, str], normaliser: str = ""
) -> tuple[Figure, int]:
    """Each utterance on both sides; on the diagonal nothing changed, above it the candidate is worse.

    Args:
        pairs: utterances that both sides have.
        measure: WER of the utterance, or its median word latency.
        names: names of baseline and candidate.
        normaliser: name of the normaliser of both, for the axes of WER.

    Returns:
        The figure, and how many utterances it leaves out.
    """
    points = [(pair.utterance, *ends) for pair in pairs if (ends := _ends(pair, measure)) is not None]
    drawn = sorted(points, key=lambda point: -abs(point[2] - point[1]))[:POINTS]
    rate = f"{METRICS['wer'].axis}{', ' if normaliser else ''}{normaliser}"
    unit = rate if measure == "errors" else f"median {DURATIONS['word_latency'].title} [ms]"
    figure = base_figure(f"{names[0]}: {unit}", f"{names[1]}: {unit}")
    if not drawn:
        return figure, len(points)
    limit = max(max(before, after) for _, before, after in drawn) * 1.05 or 1.0
    floor = min(0.0, *(min(before, after) for _, before, after in drawn))
    figure.add_scatter(
        x=[floor, limit], y=[floor, limit], mode="lines", line={"color": NEUTRAL, "dash": "dash", "width": 1},
        hoverinfo="skip", showlegend=False,
    )  # fmt: skip
    marks = [_MARKS[(after > before) - (after < before)] for _, before, after in drawn]
    figure.add_scatter(
        x=[round(before, 3) for _, before, _ in drawn],
        y=[round(after, 3) for _, _, after in drawn],
        text=[utterance for utterance, _, _ in drawn],
        mode="markers",
        marker={
            "size": 8,
            "opacity": 0.8,
            "color": [colour for colour, _ in marks],
            "symbol": [symbol for _, symbol in marks],
        },
        hovertemplate="%{text}: %{x:.1f} → %{y:.1f}<extra></extra>",
        showlegend=False,
    )
    return figure, len(points) - len(drawn)


def _ends(pair: Changed, measure: Measure) -> tuple[float, float] | None:
    if measure == "errors":
        words = pair.reference_words
        return (100 * pair.baseline_errors / words, 100 * pair.candidate_errors / words) if words else None
    if pair.baseline_latency_ns is None or pair.candidate_latency_ns is None:
        return None
    return pair.baseline_latency_ns / NS_PER_MS, pair.candidate_latency_ns / NS_PER_MS


def heat_figure(pairs: Sequence[PairedCells]) -> Figure:
    """Configuration against metric: change relative to the baseline; a dot where it is shown to differ."""
    metrics = [d.metric for d in pairs[0].comparison.differences if any(_known(p, d.metric) for p in pairs)]
    shades = [[_worse(_found(pair, metric)) for metric in metrics] for pair in pairs]
    texts = [[_cell_text(_found(pair, metric), pair) for metric in metrics] for pair in pairs]
    figure = base_figure("", "")
    figure.add_heatmap(
        z=shades,
        x=[METRICS[metric].title for metric in metrics],
        y=[pair.candidate for pair in pairs],
        text=texts,
        texttemplate="%{text}",
        hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        # Orange is worse, green is better; the number and the dot say the same without colour.
        colorscale=[[0, "#5DB79A"], [0.5, "#F2F2F2"], [1, "#E8915A"]],
        zmin=-1,
        zmax=1,
        showscale=False,
        textfont={"color": "#1B2430"},
        xgap=2,
        ygap=2,
    )
    figure.update_xaxes(side="top", type="category", tickangle=-30)
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_layout(height=120 + 44 * len(pairs))
    return figure


def _found(pair: PairedCells, metric: str) -> Difference:
    return next(d for d in pair.comparison.differences if d.metric == metric)


def _known(pair: PairedCells, metric: str) -> bool:
    return _found(pair, metric).difference is not None


def _worse(difference: Difference) -> float | None:
    """How much worse, relative to the baseline and cut at double; None if unknown."""
    if difference.difference is None or difference.baseline is None:
        return None
    change = (
        difference.difference / abs(difference.baseline) if difference.baseline else float(difference.difference > 0)
    )
    sign = -1 if METRICS[difference.metric].better == "higher" else 1
    return float(np.clip(sign * change, -1, 1))


def _cell_text(difference: Difference, pair: PairedCells) -> str:
    metric = METRICS[difference.metric]
    change = metric.shown(difference.difference)
    if change is None:
        return "–"
    text = metric.text(change, change=True, signed=True).removesuffix(" points")
    return f"{text} ●" if difference.metric in (*pair.verdict.worse, *pair.verdict.better) else text
