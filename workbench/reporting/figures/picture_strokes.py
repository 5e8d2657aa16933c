"""Strokes of a picture: points, lines, texts and shades."""

from __future__ import annotations

import itertools
import re
from typing import Any

from workbench.reporting.figures.base import NEUTRAL
from workbench.reporting.markup import escape

__all__ = ["INK", "path_of", "plain_line", "shade", "sign", "text_of"]

INK = "#1B2430"

_DASHES = {"dash": "7 4", "dot": "2 3", "dashdot": "7 3 2 3"}
_SIGNS = {
    "diamond": "M0,-1.25L1.25,0L0,1.25L-1.25,0Z",
    "square": "M-1,-1H1V1H-1Z",
    "cross": "M-.4,-1.2H.4V-.4H1.2V.4H.4V1.2H-.4V.4H-1.2V-.4H-.4Z",
    "x": "M-1,-1L1,1M-1,1L1,-1",
    "star": "M0,-1.3L.4,-.4L1.3,-.4L.6,.2L.8,1.1L0,.6L-.8,1.1L-.6,.2L-1.3,-.4L-.4,-.4Z",
    "hexagon": "M0,-1.15L1,-.57L1,.57L0,1.15L-1,.57L-1,-.57Z",
    "triangle-up": "M0,-1.2L1.1,.9L-1.1,.9Z",
    "triangle-down": "M0,1.2L1.1,-.9L-1.1,-.9Z",
    "line-ns": "M0,-1.2V1.2",
}


def sign(symbol: str, x: float, y: float, size: float, colour: str, told: str = "") -> str:
    """A point; an open one is hollow, and so is a sign of strokes. ``told`` is shown where it is pointed at."""
    name = symbol.removesuffix("-open")
    hollow = name != symbol or name == "x"
    paint = f'fill="{"#FFFFFF" if hollow and name not in ("x", "line-ns") else "none" if hollow else colour}"'
    stroke = f'stroke="{colour}" stroke-width="2"'
    shown = f"><title>{escape(told)}</title>" if told else "/>"
    if name == "circle":
        circle = f'<circle cx="{x}" cy="{y}" r="{size / 2:g}" {paint} {stroke if hollow else ""}'
        return circle + shown + ("</circle>" if told else "")
    path = (
        f'<path d="{_SIGNS[name]}" transform="translate({x},{y}) scale({size / 2:g})" {paint} '
        f'{stroke if hollow else ""} vector-effect="non-scaling-stroke"'
    )
    return path + shown + ("</path>" if told else "")


def path_of(path: str, line: Any) -> str:  # noqa: ANN401  Plotly's line
    """A stroke along a path."""
    dash = f' stroke-dasharray="{_DASHES[line.dash]}"' if line.dash in _DASHES else ""
    width = 2 if line.width is None else line.width
    return f'<path d="{path}" fill="none" stroke="{line.color or NEUTRAL}" stroke-width="{width}"{dash}/>'


def plain_line(text: str) -> str:
    """Text without what Plotly reads as markup of its own."""
    return re.sub(r"</?(b|i|br|sub|sup)>", " ", text).strip()


def text_of(
    x: float, y: float, text: str, *, anchor: str = "middle", size: float = 12, turn: int = 0, colour: str = INK
) -> str:
    """A text at a place, escaped."""
    turned = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size:g}" fill="{colour}"{turned}>'
        f"{escape(plain_line(text))}</text>"
    )


def shade(scale: Any, share: float) -> str:  # noqa: ANN401  pairs of Plotly
    """The colour at a share of a scale of colours."""
    for (low, one), (high, other) in itertools.pairwise(scale):
        if share <= high:
            part = (share - low) / ((high - low) or 1.0)
            ends = ([int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in (one, other))
            return str(one[0]) + "".join(f"{round(a + part * (b - a)):02X}" for a, b in zip(*ends, strict=True))
    return str(scale[-1][1])
