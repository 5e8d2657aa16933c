"""Traces of a picture: lines, points, bars, grids and intervals, as Plotly would place them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from workbench.reporting.figures.base import NEUTRAL
from workbench.reporting.figures.picture_scale import Scale
from workbench.reporting.figures.picture_strokes import INK, path_of, plain_line, shade, sign, text_of

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["along", "drawn", "each", "stacked"]

_LETTER = 5.6
"""Width of a letter in a bar, on average and generously."""

Trace = Any
"""A trace of Plotly, whose fields are None where nothing was said."""


def drawn(trace: Trace, xs: Scale, ys: Scale) -> Iterator[str]:
    """Elements of a trace."""
    kinds = {"scatter": _scatter, "bar": _bars, "heatmap": _heat}
    return kinds[trace.type](trace, xs, ys)


def _list(values: Any) -> list[Any]:  # noqa: ANN401  tuples and arrays of Plotly
    return [] if values is None else [value.item() if hasattr(value, "item") else value for value in values]


def along(trace: Trace, way: str) -> list[object]:
    """Every value of a trace along an axis, with the ends of its intervals and its bars."""
    values = _list(getattr(trace, way))
    if trace.type == "scatter":
        bars = getattr(trace, f"error_{way}")
        ups, downs = _list(bars.array), _list(bars.arrayminus)
        numbers = [value for value in values if isinstance(value, int | float)]
        if len(numbers) == len(values):
            values = [*values, *(v + u for v, u in zip(values, ups, strict=False))]
            values += [v - d for v, d in zip(numbers, downs, strict=False)]
    if trace.type == "bar" and (trace.orientation == "h") is (way == "x"):
        bases = _bases(trace, len(values))
        return [*bases, *(base + value for base, value in zip(bases, values, strict=True) if value is not None)]
    return values


def stacked(figure: Figure) -> list[Trace]:
    """Traces; bars that stand on each other know where they begin."""
    if figure.layout.barmode not in ("relative", "stack"):
        return list(figure.data)
    reached: dict[tuple[object, bool], float] = {}
    traces = []
    for trace in figure.data:
        if trace.type == "bar":
            lying = trace.orientation == "h"
            names, lengths = _list(trace.y if lying else trace.x), _list(trace.x if lying else trace.y)
            keys = [(name, (length or 0.0) < 0) for name, length in zip(names, lengths, strict=True)]
            bases = [reached.get(key, 0.0) for key in keys]
            for key, length in zip(keys, lengths, strict=True):
                reached[key] = reached.get(key, 0.0) + (length or 0.0)
            trace = type(trace)(trace, base=bases)
        traces.append(trace)
    return traces


def _bases(trace: Trace, count: int) -> list[float]:
    base = trace.base
    return [float(base or 0.0)] * count if base is None or isinstance(base, int | float) else _list(base)


def each(value: Any, place: int, default: Any) -> Any:  # noqa: ANN401  one for all, or a list
    """What a trace says of one point."""
    if value is None:
        return default
    return value if isinstance(value, str | int | float) else _list(value)[place]


def _scatter(trace: Trace, xs: Scale, ys: Scale) -> Iterator[str]:
    points = [(xs.at(x), ys.at(y)) for x, y in zip(_list(trace.x), _list(trace.y), strict=True)]
    mode = trace.mode or "lines"
    if trace.fill == "toself":
        path = _steps(points, "linear")
        yield f'<path d="{path}Z" fill="{trace.fillcolor or NEUTRAL}" stroke="none"/>' if path else ""
    elif "lines" in mode and (path := _steps(points, trace.line.shape or "linear")):
        yield path_of(path, trace.line)
    yield from _whiskers(trace, xs, ys)
    for place, (x, y) in enumerate(points):
        if x is None or y is None:
            continue
        if "markers" in mode:
            yield sign(each(trace.marker.symbol, place, "circle"), x, y, float(each(trace.marker.size, place, 6)),
                        each(trace.marker.color, place, NEUTRAL), _told(trace, place))  # fmt: skip
        if "text" in mode:
            yield _beside(trace, place, x, y)


_FIELD = re.compile(r"%\{(x|y|text|customdata\[(\d+)\])(?::([^}]*))?\}")


def _filled(template: str, trace: Trace, place: int) -> str:
    """A template of Plotly with what a trace says of one point."""

    def value(found: re.Match[str]) -> str:
        own = found[2] is not None
        one = trace.customdata[place][int(found[2])] if own else each(getattr(trace, found[1]), place, "")
        return format(one, found[3] or "")

    return _FIELD.sub(value, template)


def _told(trace: Trace, place: int) -> str:
    """What Plotly shows where a point is pointed at."""
    if trace.hovertemplate is None:
        return ""
    return plain_line(_filled(re.sub(r"<extra>.*</extra>", "", str(trace.hovertemplate)), trace, place))


def _beside(trace: Trace, place: int, x: float, y: float) -> str:
    """The text of a point, on the side that the figure names."""
    where = str(each(trace.textposition, place, "middle center"))
    anchor = "end" if where.endswith("left") else "start" if where.endswith("right") else "middle"
    down = -8 if where.startswith("top") else 16 if where.startswith("bottom") else 4
    aside = {"end": -6, "start": 6, "middle": 0}[anchor]
    text = str(each(trace.text, place, ""))
    if trace.texttemplate:
        text = _filled(str(trace.texttemplate), trace, place)
    size = trace.textfont.size or 11
    return text_of(x + aside, y + down, plain_line(text), anchor=anchor, size=size, colour=trace.textfont.color or INK)


def _whiskers(trace: Trace, xs: Scale, ys: Scale) -> Iterator[str]:
    for way, bars in (("x", trace.error_x), ("y", trace.error_y)):
        for x, y, up, down in zip(
            _list(trace.x), _list(trace.y), _list(bars.array), _list(bars.arrayminus), strict=False
        ):
            ends = (x - down, x + up) if way == "x" else (y - down, y + up)
            if ends[0] == ends[1]:
                continue
            a, b = ((xs if way == "x" else ys).at(end) for end in ends)
            at = ys.at(y) if way == "x" else xs.at(x)
            line = f"M{a},{at}L{b},{at}" if way == "x" else f"M{at},{a}L{at},{b}"
            yield f'<path d="{line}" stroke="{bars.color or NEUTRAL}" stroke-width="1.5" fill="none"/>'


def _steps(points: Sequence[tuple[float | None, float | None]], shape: str) -> str:
    """A path through points; a gap begins it anew."""
    path, last = "", None
    for x, y in points:
        if x is None or y is None:
            last = None
            continue
        if last is None:
            path += f"M{x},{y}"
        elif shape == "hv":
            path += f"H{x}V{y}"
        else:
            path += f"L{x},{y}"
        last = y
    return path


def _bars(trace: Trace, xs: Scale, ys: Scale) -> Iterator[str]:
    lying = trace.orientation == "h"
    lengths, at = (_list(trace.x), _list(trace.y)) if lying else (_list(trace.y), _list(trace.x))
    lengthways, across = (xs, ys) if lying else (ys, xs)
    for place, (length, name, base) in enumerate(zip(lengths, at, _bases(trace, len(at)), strict=True)):
        middle, begin, end = across.at(name), lengthways.at(base), lengthways.at(base + (length or 0.0))
        if middle is None or begin is None or end is None:
            continue
        thick = across.step * float(each(trace.width, place, 0.8))
        low, long = min(begin, end), abs(end - begin)
        x, y, w, h = (low, middle - thick / 2, long, thick) if lying else (middle - thick / 2, low, thick, long)
        colour = each(trace.marker.color, place, NEUTRAL)
        yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" fill="{colour}" stroke="#FFFFFF"/>'
        text = str(each(trace.text, place, ""))
        if text and len(text) * _LETTER <= w:
            yield text_of(x + w / 2, y + h / 2 + 4, text, size=10)


def _heat(trace: Trace, xs: Scale, ys: Scale) -> Iterator[str]:
    if not xs.words or not ys.words:
        raise NotImplementedError("a picture of a grid over numbers")
    rows = [_list(row) for row in trace.z]
    known = [value for row in rows for value in row if value is not None]
    low = trace.zmin if trace.zmin is not None else min(known, default=0.0)
    high = trace.zmax if trace.zmax is not None else max(known, default=1.0)
    names_x, names_y = _list(trace.x), _list(trace.y)
    for row, (name_y, values) in enumerate(zip(names_y, rows, strict=True)):
        for column, (name_x, value) in enumerate(zip(names_x, values, strict=True)):
            x, y = xs.at(name_x), ys.at(name_y)
            if value is None or x is None or y is None:
                continue
            colour = shade(trace.colorscale, (value - low) / ((high - low) or 1.0))
            wide, tall = xs.step, ys.step
            yield (
                f'<rect x="{x - wide / 2 + 1:.1f}" y="{y - tall / 2 + 1:.1f}" width="{wide - 2:.1f}" '
                f'height="{tall - 2:.1f}" fill="{colour}"/>'
            )
            text = plain_line(str(trace.text[row][column])) if trace.text is not None else ""
            yield text_of(x, y - (10 if "<br>" in str(trace.text[row][column]) else -4), text) if text else ""
