"""A figure as a picture that needs no script and no browser: SVG of the same traces, for pages that may run nothing.

Only what the figures of this project are made of is drawn: lines, points, bars, grids, intervals, texts and straight
shapes. Another kind of trace is refused, so that a picture never lacks a part without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from workbench.reporting.figures.base import NEUTRAL
from workbench.reporting.figures.picture_scale import Scale, scale_of
from workbench.reporting.figures.picture_strokes import INK, path_of, plain_line, sign, text_of
from workbench.reporting.figures.picture_traces import along, drawn, each, stacked
from workbench.reporting.markup import escape

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["picture"]

_WIDTH, _HEIGHT = 760, 380
_RIGHT, _BOTTOM, _TOP, _ROW = 24, 54, 30, 18
_LETTER = 6.6
"""Width of a letter at the size of ticks, on average and generously."""
_GRID = "#E3E7EB"
_BY_NIGHT = {"#FFFFFF": "#0E1117", INK: "#FAFAFA", _GRID: "#343A43", "#000000": "#FFFFFF"}
"""Ground, writing and grid on a dark page; black, the eighth colour, is white there."""

_Trace = Any
"""A trace of Plotly, whose fields are None where nothing was said."""


def picture(figure: Figure, label: str, *, width: int = _WIDTH, dark: bool = False) -> str:
    """A figure as one SVG element without scripts or addresses.

    Args:
        figure: one of this project's.
        label: what a reader who does not see it has to be told.
        width: of the drawing, pixels; letters have twelve of them. It is scaled to the room that it gets.
        dark: for a dark page; otherwise dark on white.

    Raises:
        NotImplementedError: it holds a trace that is not drawn here.
    """
    for trace in figure.data:
        if trace.type not in ("scatter", "bar", "heatmap"):
            raise NotImplementedError(f"a picture of {trace.type}")
    layout, traces = figure.layout, stacked(figure)
    height = int(layout.height or _HEIGHT)
    rows = _legend_rows(traces, width) if layout.showlegend is not False else []
    title = layout.title.text
    top = _TOP + (_ROW if title else 0) + _ROW * len(rows)
    height += _ROW * len(rows)
    ys = scale_of(layout.yaxis, [v for t in traces for v in along(t, "y")], height - _BOTTOM, top)
    left = 46 + min(260, int(_LETTER * max((len(plain_line(text)) for _, text in ys.ticks()), default=0)))
    xs = scale_of(layout.xaxis, [v for t in traces for v in along(t, "x")], left, width - _RIGHT)
    box = (left, top, width - _RIGHT, height - _BOTTOM)
    parts = [f'<rect width="{width}" height="{height}" fill="#FFFFFF"/>']
    if title:
        parts.append(text_of(8, 22, title, size=14, anchor="start"))
    parts += _legend(rows, left, top - _ROW * len(rows) - 6)
    parts += _axes(layout, xs, ys, box)
    parts += _shapes(layout, xs, ys, box)
    for trace in traces:
        parts += drawn(trace, xs, ys)
    parts += _notes(layout, xs, ys, box)
    shown = escape(label)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{shown}" viewBox="0 0 {width} {height}" '
        f'width="100%" font-family="sans-serif" font-size="12" fill="{INK}"><title>{shown}</title>'
        f"{''.join(parts)}</svg>"
    )
    # In attributes only: what a recording is called keeps its letters.
    return re.sub('="(#[0-9A-Fa-f]{6})"', lambda f: f'="{_BY_NIGHT.get(f[1], f[1])}"', svg) if dark else svg


def _axes(layout: Any, xs: Scale, ys: Scale, box: tuple[float, float, float, float]) -> Iterator[str]:  # noqa: ANN401
    left, top, right, bottom = box
    above = layout.xaxis.side == "top"
    for at, text in ys.ticks():
        yield f'<line x1="{left}" x2="{right}" y1="{at}" y2="{at}" stroke="{_GRID}"/>'
        yield text_of(left - 8, at + 4, plain_line(text), anchor="end")
    ticks = xs.ticks()
    slanted = sum(len(plain_line(text)) + 2 for _, text in ticks) * _LETTER > right - left
    for at, text in ticks:
        yield f'<line x1="{at}" x2="{at}" y1="{top}" y2="{bottom}" stroke="{_GRID}"/>'
        y = top - 6 if above else bottom + 16
        if slanted:
            yield text_of(at, y, plain_line(text), anchor="start" if above else "end", turn=-30)
        else:
            yield text_of(at, y, plain_line(text))
    yield f'<line x1="{left}" x2="{right}" y1="{bottom}" y2="{bottom}" stroke="{NEUTRAL}"/>'
    if layout.xaxis.title.text:
        yield text_of((left + right) / 2, bottom + 40, layout.xaxis.title.text)
    if layout.yaxis.title.text:
        yield text_of(14, (top + bottom) / 2, layout.yaxis.title.text, turn=-90)


def _legend_rows(traces: Sequence[_Trace], whole: int) -> list[list[_Trace]]:
    """Named traces, as many in a row as there is room for; one alone says nothing."""
    named = [trace for trace in traces if trace.name and trace.showlegend is not False and trace.type != "heatmap"]
    rows: list[list[_Trace]] = []
    room = 0.0
    for trace in named if len(named) > 1 else []:
        width = 44 + _LETTER * len(trace.name)
        if not rows or room < width:
            rows.append([])
            room = whole - 80.0
        rows[-1].append(trace)
        room -= width
    return rows


def _legend(rows: Sequence[Sequence[_Trace]], left: float, top: float) -> Iterator[str]:
    for number, row in enumerate(rows):
        x, y = left, top + _ROW * number
        for trace in row:
            mode = "markers" if trace.type == "bar" else trace.mode or "lines"
            if "lines" in mode:
                yield path_of(f"M{x},{y}L{x + 26},{y}", trace.line)
            if "markers" in mode:
                yield sign("square" if trace.type == "bar" else each(trace.marker.symbol, 0, "circle"),
                            x + 13, y, 8, each(trace.marker.color, 0, NEUTRAL))  # fmt: skip
            yield text_of(x + 32, y + 4, trace.name, anchor="start")
            x += 44 + _LETTER * len(trace.name)


def _shapes(layout: Any, xs: Scale, ys: Scale, box: tuple[float, float, float, float]) -> Iterator[str]:  # noqa: ANN401
    """Lines and bands across the figure."""
    left, top, right, bottom = box
    for shape in layout.shapes:
        whole_x, whole_y = str(shape.xref).endswith("domain"), str(shape.yref).endswith("domain")
        x0, x1 = (left, right) if whole_x else (xs.at(shape.x0), xs.at(shape.x1))
        y0, y1 = (top, bottom) if whole_y else (ys.at(shape.y0), ys.at(shape.y1))
        if x0 is None or x1 is None or y0 is None or y1 is None:
            continue
        if shape.type == "rect":
            yield (
                f'<rect x="{min(x0, x1)}" y="{min(y0, y1)}" width="{abs(x1 - x0)}" height="{abs(y1 - y0)}" '
                f'fill="{shape.fillcolor or NEUTRAL}" opacity="{shape.opacity or 1}"/>'
            )
        else:
            yield path_of(f"M{x0},{y0}L{x1},{y1}", shape.line)


def _notes(layout: Any, xs: Scale, ys: Scale, box: tuple[float, float, float, float]) -> Iterator[str]:  # noqa: ANN401
    left, top, right, bottom = box
    for note in layout.annotations:
        x = left + note.x * (right - left) if str(note.xref) in ("paper", "x domain") else xs.at(note.x)
        y = bottom - note.y * (bottom - top) if str(note.yref) in ("paper", "y domain") else ys.at(note.y)
        if x is not None and y is not None:
            anchor = {"left": "start", "right": "end"}.get(str(note.xanchor), "middle")
            yield text_of(x + (4 if anchor == "start" else 0), y - 6, str(note.text), anchor=anchor,
                        colour=note.font.color or INK)  # fmt: skip
