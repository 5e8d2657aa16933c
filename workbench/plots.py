"""Figures of a run: Plotly for pages that may run scripts, inline SVG for those that may not.

House rules: values come from declared columns or from scores and are never computed here beyond thinning; a trace has
at most 600 points and says how many values it was thinned from. Colours are told apart with any colour vision.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.scoring import CellScore, SessionScore
from workbench.tables import cells_table
from workbench.units import NS_PER_MS

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["COLOURS", "latency_figure", "pareto_figure", "thinned", "wer_figure", "wer_svg"]

COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000", "#7F7F7F", "#332288",
)  # fmt: skip
_DASHES = ("solid", "dash", "dot", "dashdot")
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


def wer_figure(cells: Sequence[CellScore]) -> Figure:
    """WER of each configuration with its 95 % interval."""
    rows = [row for row in cells_table(cells).rows if row["wer"] is not None]
    values = [100 * float(row["wer"] or 0) for row in rows]
    names = [str(row["audio"]) for row in rows]
    figure = _figure("Word error rate by configuration, 95 % intervals", "WER [%]", "")
    figure.add_scatter(
        x=values,
        y=names,
        mode="markers",
        marker={"size": 10, "color": [_colour(cells, name) for name in names]},
        error_x=_whiskers(rows, "wer_low", "wer_high", values, 100),
        hovertemplate="%{y}: %{x:.1f} %<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(rangemode="tozero")
    return figure


def pareto_figure(cells: Sequence[CellScore]) -> Figure:
    """WER against the 95th percentile of word latency, both with intervals: lower left is better."""
    rows = [r for r in cells_table(cells).rows if r["wer"] is not None and r["word_latency_p95_ms"] is not None]
    x, y = [float(r["word_latency_p95_ms"] or 0) for r in rows], [100 * float(r["wer"] or 0) for r in rows]
    names = [str(row["audio"]) for row in rows]
    figure = _figure("Errors against delay, 95 % intervals", "word latency p95 [ms]", "WER [%]")
    figure.add_scatter(
        x=x,
        y=y,
        text=names,
        mode="markers+text",
        textposition="top center",
        marker={"size": 10, "color": [_colour(cells, name) for name in names]},
        error_x=_whiskers(rows, "word_latency_p95_low_ms", "word_latency_p95_high_ms", x, 1),
        error_y=_whiskers(rows, "wer_low", "wer_high", y, 100),
        hovertemplate="%{text}: %{x:.0f} ms, %{y:.1f} %<extra></extra>",
    )
    return figure


def latency_figure(cells: Sequence[CellScore], scores: Sequence[SessionScore]) -> Figure:
    """Share of words shown within a time, by configuration; only sessions with a valid pacing certificate."""
    told: dict[str, list[int]] = {cell.cell: [] for cell in cells}
    for score in scores:
        if score.timed and score.cell in told:
            told[score.cell] += [v for v in score.latency.word_latency_ns if v is not None]
    figure = _figure("Words shown within a time of being spoken", "word latency [ms]", "share of words [%]")
    for place, (name, values) in enumerate(told.items()):
        if values:
            at, share = thinned(values)
            figure.add_scatter(
                x=(at / NS_PER_MS).tolist(),
                y=(100 * share).tolist(),
                mode="lines",
                name=f"{name} (n = {len(values)} words)",
                line={
                    "shape": "hv",
                    "color": _colour(cells, name),
                    "dash": _DASHES[place // len(COLOURS) % len(_DASHES)],
                },
            )
    return figure


def _colour(cells: Sequence[CellScore], name: str) -> str:
    """By the place of the configuration in the run: the same in every figure."""
    return COLOURS[[cell.cell for cell in cells].index(name) % len(COLOURS)]


def _figure(title: str, x: str, y: str) -> Figure:
    from plotly.graph_objects import Figure

    figure = Figure()
    figure.update_layout(
        title={"text": title, "font": {"size": 15}},
        template="none",
        height=380,
        margin={"l": 80, "r": 20, "t": 50, "b": 50},
        legend={"orientation": "h", "y": -0.25},
    )
    figure.update_xaxes(title=x, automargin=True)
    figure.update_yaxes(title=y, automargin=True)
    return figure


def _whiskers(rows: Sequence[dict[str, Any]], low: str, high: str, values: list[float], scale: float) -> dict[str, Any]:
    """Asymmetric error bars; an end that is unknown or unbounded has none."""

    def reach(key: str, sign: int) -> list[float]:
        ends = [row[key] for row in rows]
        return [0.0 if e is None else max(0.0, sign * (e * scale - v)) for e, v in zip(ends, values, strict=True)]

    bars = {"array": reach(high, 1), "arrayminus": reach(low, -1)}
    return {"type": "data", "symmetric": False, "color": "#555555", **bars}


def wer_svg(cells: Sequence[CellScore]) -> str:
    """As :func:`wer_figure`, as one inline SVG element without scripts, fonts or addresses."""
    rows = [row for row in cells_table(cells).rows if row["wer"] is not None]
    largest = max((float(row["wer_high"] or row["wer"] or 0) for row in rows), default=0) or 1.0
    left, width, step = 260, 620, 26

    def x(ratio: float) -> float:
        return round(left + ratio / largest * (width - 20), 1)

    parts = []
    for place, row in enumerate(rows):
        y, wer = 20 + place * step, float(row["wer"] or 0)
        name, colour = str(row["audio"]), _colour(cells, str(row["audio"]))
        shown = name if len(name) <= 38 else name[:37] + "…"
        parts.append(f'<text x="{left - 10}" y="{y + 4}" text-anchor="end">{escape(shown)}</text>')
        if row["wer_low"] is not None and row["wer_high"] is not None:
            ends = f'x1="{x(float(row["wer_low"]))}" x2="{x(float(row["wer_high"]))}"'
            parts.append(f'<line {ends} y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<circle cx="{x(wer)}" cy="{y}" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{x(wer)}" y="{y - 8}" text-anchor="middle" font-size="10">{wer:.1%}</text>')
    height = 20 + len(rows) * step
    label = "Word error rate by configuration, with 95 % intervals"
    return (
        f'<svg role="img" aria-label="{label}" viewBox="0 0 {left + width} {height}" width="100%" '
        f'font-family="sans-serif" font-size="12"><title>{label}</title>{"".join(parts)}</svg>'
    )
