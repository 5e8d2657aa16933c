"""Scales of a picture: from a value to its place, and the values that are written at the axis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Scale", "scale_of"]

_TICKS = 6
_ROOM = 0.05


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis.

    Attributes:
        low, high: first and last value; of words, by their number.
        start, end: where these are drawn.
        words: names of a scale of words; empty for one of numbers.
        log: values are drawn by their logarithm; ``low`` and ``high`` are logarithms then.
        given: values that are written and how; empty for round numbers.
    """

    low: float
    high: float
    start: float
    end: float
    words: tuple[str, ...] = ()
    log: bool = False
    given: tuple[tuple[float, str], ...] = ()

    def at(self, value: object) -> float | None:
        """Where a value is drawn; None for a gap, or what has no place on the scale."""
        number = self._number(value)
        if number is None:
            return None
        return round(self.start + (number - self.low) / (self.high - self.low) * (self.end - self.start), 1)

    def _number(self, value: object) -> float | None:
        if value is None:
            return None
        if self.words:
            if isinstance(value, int | float):
                return float(value)
            return float(self.words.index(str(value))) if str(value) in self.words else None
        number = float(str(value))
        if self.log:
            return math.log10(number) if number > 0 else None
        return number if math.isfinite(number) else None

    @property
    def step(self) -> float:
        """How long one unit is drawn."""
        return abs(self.end - self.start) / abs(self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Places and texts of what is written at the axis."""
        if self.words:
            named: Iterable[tuple[object, str]] = enumerate(self.words)
        else:
            named = self.given or [(value, f"{value:,.10g}") for value in self._round()]
        placed = [(self.at(value), text) for value, text in named]
        ends = sorted((self.start, self.end))
        return [(at, text) for at, text in placed if at is not None and ends[0] - 0.5 <= at <= ends[1] + 0.5]

    def _round(self) -> list[float]:
        low, high = sorted((self.low, self.high))
        if self.log:
            return [10.0**power for power in range(math.ceil(low), math.floor(high) + 1)]
        raw = (high - low) / _TICKS
        base = 10 ** math.floor(math.log10(raw))
        step = next(factor * base for factor in (1, 2, 5, 10) if factor * base >= raw)
        first = math.ceil(low / step)
        return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def scale_of(axis: Any, values: Sequence[object], start: float, end: float) -> Scale:  # noqa: ANN401  Plotly's axis
    """The scale of an axis of a figure.

    Args:
        axis: its layout.
        values: all that is drawn along it, with the ends of intervals.
        start: where its first value is drawn.
        end: where its last one is.
    """
    known = [value for value in values if value is not None]
    if axis.autorange == "reversed":
        start, end = end, start
    if axis.type == "category" or any(isinstance(value, str) for value in known):
        order = [str(word) for word in axis.categoryarray if word in known] if axis.categoryarray is not None else []
        words = tuple(dict.fromkeys([*order, *map(str, known)])) or ("",)
        return Scale(-0.5, len(words) - 0.5, start, end, words)
    log = axis.type == "log"
    numbers = [float(str(value)) for value in known]
    numbers = [math.log10(n) if log else n for n in numbers if math.isfinite(n) and (n > 0 or not log)] or [0.0, 1.0]
    low, high = min(numbers), max(numbers)
    if axis.range is not None:
        low, high = (float(value) for value in axis.range)
    else:
        room = _ROOM * ((high - low) or abs(high) or 1.0)
        low, high = low - room, high + room
        if axis.rangemode == "tozero":
            low, high = min(0.0, low) if min(numbers) < 0 else 0.0, max(0.0, high)
    given: tuple[tuple[float, str], ...] = ()
    if axis.tickvals is not None:
        texts = axis.ticktext if axis.ticktext is not None else [f"{value:g}" for value in axis.tickvals]
        given = tuple((float(value), str(text)) for value, text in zip(axis.tickvals, texts, strict=True))
    return Scale(low, high if high > low else low + 1.0, start, end, log=log, given=given)
