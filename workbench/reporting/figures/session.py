"""The timeline of one session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.reporting.figures.base import base_figure
from workbench.reporting.markup import escape
from workbench.scoring.metrics.words import ScreenText, SpokenWord
from workbench.units import NS_PER_S

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["timeline_figure"]

_LANES = {"messages": 0, "final": 1, "on screen": 2, "spoken": 3}


def timeline_figure(words: Sequence[SpokenWord], texts: Sequence[ScreenText], title: str = "One session") -> Figure:
    """One session in time: what was said, when each word came on screen and became final, and every message.

    Args:
        words: words of the reference; a slanted line leads from the end of each to where it was first shown.
        texts: every message; its text is in the hover label.
        title: title of the figure.
    """
    figure = base_figure("time since the audio began [s]", "", title)
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
        marker={"color": "#A9D3E9", "line": {"color": "white", "width": 1}},
        hovertemplate="%{text}: spoken until %{x:.2f} s<extra></extra>",
        name="spoken",
    )
    lanes = (("on screen", "#6D00CC", "diamond"), ("final", "#0A6C9C", "square"))
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
    figure.update_yaxes(tickvals=list(_LANES.values()), ticktext=list(_LANES), range=[-0.6, 3.6])
    return figure
