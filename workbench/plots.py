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

from workbench.metrics.stats import Interval
from workbench.metrics.words import ScreenText, SpokenWord
from workbench.scoring import CellScore, SessionScore
from workbench.tables import cells_table
from workbench.units import NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["COLOURS", "latency_figure", "pareto_figure", "thinned", "timeline_figure", "wer_figure", "wer_svg"]

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
        cliponaxis=False,  # a name at the edge stays whole
        marker={"size": 10, "color": [_colour(cells, name) for name in names]},
        error_x=_whiskers(rows, "word_latency_p95_low_ms", "word_latency_p95_high_ms", x, 1),
        error_y=_whiskers(rows, "wer_low", "wer_high", y, 100),
        hovertemplate="%{text}: %{x:.0f} ms, %{y:.1f} %<extra></extra>",
    )
    return figure


def latency_figure(cells: Sequence[CellScore], scores: Sequence[SessionScore]) -> Figure:
    """Share of words shown within a time, by configuration, with the intervals of its median and 95th percentile.

    Only sessions with a valid pacing certificate. An interval whose upper end is unknown has a whisker to one side.
    """
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
                legendgroup=name,
            )
            _percentile_marks(figure, next(c for c in cells if c.cell == name), _colour(cells, name))
    return figure


def _percentile_marks(figure: Figure, cell: CellScore, colour: str) -> None:
    """The median and the 95th percentile of a curve, each with its interval."""
    marks: tuple[tuple[int, int | None, Interval | None], ...] = (
        (50, cell.word_latency_p50_ns, cell.word_latency_p50_interval),
        (95, cell.word_latency_p95_ns, cell.word_latency_p95_interval),
    )
    known = [(share, value / NS_PER_MS, interval) for share, value, interval in marks if value is not None]

    def reach(end: str, sign: int) -> list[float]:
        ends = [None if interval is None else getattr(interval, end) for _, _, interval in known]
        return [
            0.0 if e is None else max(0.0, sign * (e / NS_PER_MS - v)) for e, (_, v, _) in zip(ends, known, strict=True)
        ]

    figure.add_scatter(
        x=[value for _, value, _ in known],
        y=[share for share, _, _ in known],
        mode="markers",
        marker={"size": 8, "color": colour},
        error_x={
            "type": "data", "symmetric": False, "array": reach("high", 1), "arrayminus": reach("low", -1),
            "color": colour, "thickness": 2, "width": 6,
        },
        hovertemplate="p%{y}: %{x:.0f} ms<extra></extra>",
        legendgroup=cell.cell,
        showlegend=False,
    )  # fmt: skip


_LANES = {"messages": 0, "final": 1, "on screen": 2, "spoken": 3}


def timeline_figure(words: Sequence[SpokenWord], texts: Sequence[ScreenText], title: str = "One session") -> Figure:
    """One session in time: what was said, when each word came on screen and became final, and every message.

    Args:
        words: of the reference; a slanted line leads from the end of each to where it was first shown.
        texts: every message; its text is in the hover label.
        title: of the figure.
    """
    figure = _figure(title, "time since the audio began [s]", "")
    figure.add_bar(
        base=[word.start_ns / NS_PER_S for word in words],
        x=[(word.end_ns - word.start_ns) / NS_PER_S for word in words],
        y=[_LANES["spoken"]] * len(words),
        width=0.5,
        text=[word.text for word in words],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        orientation="h",
        marker={"color": "#56B4E9", "line": {"color": "white", "width": 1}},
        hovertemplate="%{text}: spoken until %{x:.2f} s<extra></extra>",
        name="spoken",
    )
    lanes = (("on screen", "#E69F00", "diamond"), ("final", "#009E73", "square"))
    for lane, colour, symbol in lanes:
        at = [word.shown_ns if lane == "on screen" else word.final_ns for word in words]
        known = [
            (word.text, word.end_ns / NS_PER_S, t / NS_PER_S)
            for word, t in zip(words, at, strict=True)
            if t is not None
        ]
        figure.add_scatter(
            x=[t for _, _, t in known],
            y=[_LANES[lane]] * len(known),
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9},
            customdata=[[text, 1000 * (t - end)] for text, end, t in known],
            hovertemplate="%{customdata[0]}: %{customdata[1]:.0f} ms after it was said<extra></extra>",
            name=lane,
        )
        if lane == "on screen":
            figure.add_scatter(
                x=[v for _, end, t in known for v in (end, t, None)],
                y=[_LANES["spoken"] - 0.25, _LANES[lane], None] * len(known),
                mode="lines",
                line={"color": colour, "width": 1},
                hoverinfo="skip",
                showlegend=False,
            )
    for final, symbol in ((False, "line-ns-open"), (True, "square-open")):
        chosen = [text for text in texts if text.final is final]
        figure.add_scatter(
            x=[text.at_ns / NS_PER_S for text in chosen],
            y=[_LANES["messages"]] * len(chosen),
            mode="markers",
            marker={"color": "#000000", "symbol": symbol, "size": 10},
            text=[escape(text.text) for text in chosen],
            hovertemplate="%{x:.2f} s: %{text}<extra></extra>",
            name="final message" if final else "partial message",
        )
    figure.update_layout(barmode="overlay")
    figure.update_yaxes(tickvals=list(_LANES.values()), ticktext=list(_LANES), range=[-0.6, 3.6])
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
