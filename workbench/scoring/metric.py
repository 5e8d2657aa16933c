"""What a metric is: the type of the rows of :mod:`workbench.scoring.measures`.

Values at rest are ratios, counts and nanoseconds; the unit of a row says what people see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from workbench.scoring.session import SessionScore
from workbench.units import NS_PER_MS, NS_PER_S

__all__ = [
    "FACES", "Counts", "Duration", "Face", "Metric", "Percentile", "Pooled", "Total", "Unit", "percentile_row",
]  # fmt: skip

Unit = Literal["%", "", "count", "per 100 words", "per minute", "ms", "s"]
Face = Literal["summary", "cells", "ends", "accuracy", "words", "meaning", "stability", "sessions", "details"]

_DIVISORS: dict[Unit, float] = {"per 100 words": 0.01, "ms": NS_PER_MS, "s": NS_PER_S}
_SUFFIXES: dict[Unit, str] = {"ms": "_ms", "s": "_s"}


@dataclass(frozen=True, slots=True)
class Duration:
    """A time that a session, a word or a token has.

    Attributes:
        key: name in links and, with ``_ns``, in the reasons of a latency.
        title: name in sentences and on pages.
        since: what its zero is.
        values: values of one session, ns; None if a word or the session has none.
        each: what has a value of it.
        heading: name over a column; empty for the title.
        certified: counted only in sessions with a valid pacing certificate.
        otherwise: counted instead where no session has a value.
        stage: listed among the stages of a session.
        page: offered by the latency page.
    """

    key: str
    title: str
    since: str
    values: Callable[[SessionScore], Iterable[int | None]]
    each: Literal["session", "word", "message"] = "session"
    heading: str = ""
    certified: bool = True
    otherwise: Duration | None = None
    stage: bool = True
    page: bool = True


@dataclass(frozen=True, slots=True)
class Counts:
    """A rate: numerators and denominators add over sessions, then they are divided.

    Attributes:
        of: numerator and denominator of one session.
        base: what the denominator counts.
        scale: what one event weighs in the numerator, where both are scaled to stay whole numbers.
    """

    of: Callable[[SessionScore], tuple[int, int]]
    base: str = "such words in the references"
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Percentile:
    """The ``p``-th percentile of all values of a duration."""

    duration: Duration
    p: float


@dataclass(frozen=True, slots=True)
class Total:
    """A number or a time in ns that adds over sessions; None if a session has none."""

    of: Callable[[SessionScore], int | None]


@dataclass(frozen=True, slots=True)
class Pooled:
    """What is no quotient of sums: computed from all sessions at once; None if it is unknown."""

    of: Callable[[Sequence[SessionScore]], float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the list.

    Attributes:
        key: name in comparisons and links.
        title: name in sentences and on pages.
        unit: ``%`` (of a ratio), nothing (a ratio as it is), ``count``, ``per 100 words``, ``per minute``, ``ms`` or
            ``s``.
        better: which direction is good; None if neither is.
        source: where its values come from.
        definition: what it is, in one line.
        heading: name over a column; empty for the title.
        tables: tables that have it as a column, see :data:`FACES`.
        compared: a row of comparisons; where it is missing from a table, the table says why. Every metric that has a
            direction is tested, compared or not, unless it is ``on_request``, and may have a limit and a margin in a
            gate.
        primary: one of the few questions that a comparison is made for: the larger share of the error probability is
            theirs, see :func:`workbench.comparing.paired.adjust_metrics`.
        attempted: counts failed sessions too.
        certified: counted only in sessions whose timing is certified.
        of_words: counted only in sessions with a text to compare.
        on_request: tested only where a gate has a margin for it; it costs the tests of the others nothing.
        interval: tables of configurations know its 95 % interval.
        digits: decimals on screen.
    """

    key: str
    title: str
    unit: Unit
    better: Literal["lower", "higher"] | None
    source: Counts | Percentile | Total | Pooled
    definition: str
    heading: str = ""
    tables: tuple[Face, ...] = ()
    compared: bool = False
    primary: bool = False
    attempted: bool = False
    certified: bool = False
    of_words: bool = True
    on_request: bool = False
    interval: bool = False
    digits: int = 0

    @property
    def name(self) -> str:
        """Its name in JSON, tables and gates: the key, times with their unit.

        >>> Metric("lag_p50", "lag p50", "ms", "lower", Total(lambda s: 0), "as an example").name
        'lag_p50_ms'
        """
        return self.key + _SUFFIXES.get(self.unit, "")

    @property
    def tested(self) -> bool:
        """Whether every comparison tests it."""
        return self.better is not None and not self.on_request

    @property
    def gated(self) -> bool:
        """Whether a gate takes a limit and a margin for it: whatever has a good direction."""
        return self.better is not None

    @property
    def since(self) -> str | None:
        """What the zero of a time is; None for what is no percentile of times."""
        return self.source.duration.since if isinstance(self.source, Percentile) else None

    def shown(self, value: float | None) -> float | None:
        """A value at rest (ratio, count or ns) in the unit of tables; a percentage stays a ratio.

        >>> lag = Metric("lag_p50", "lag p50", "ms", "lower", Total(lambda s: 0), "as an example")
        >>> lag.shown(1_500_000), lag.shown(None)
        (1.5, None)
        """
        divisor = _DIVISORS.get(self.unit)
        return value if value is None or divisor is None else value / divisor

    @property
    def shown_scale(self) -> float:
        """What a value at rest is multiplied by to be in the unit of tables."""
        return 1.0 / _DIVISORS.get(self.unit, 1.0)

    def text(self, value: float, *, change: bool = False, signed: bool = False, digits: int | None = None) -> str:
        """A value in the unit of tables as people read it.

        Args:
            value: as :meth:`shown` gives it.
            change: it is a difference: of percentages in points.
            signed: with a plus where it is positive.
            digits: decimals; those of the metric by default.

        >>> rate = Metric("rate", "rate", "%", "lower", Counts(lambda s: (1, 8)), "as an example", digits=1)
        >>> rate.text(0.125), rate.text(0.02, change=True, signed=True)
        ('12.5 %', '+2.0 points')
        """
        unit = "points" if change and self.unit == "%" else self.column_unit
        return f"{self.number(value, signed=signed, digits=digits)} {unit}".rstrip()

    def number(self, value: float, *, signed: bool = False, digits: int | None = None) -> str:
        """As :meth:`text`, without the unit: for a column or a row whose heading has it."""
        places = self.digits if digits is None else digits
        return f"{value * 100 if self.unit == '%' else value:{'+' if signed else ''}.{places}f}"

    @property
    def axis(self) -> str:
        """Title with its unit, as an axis has it."""
        return f"{self.title} [{self.column_unit}]" if self.column_unit else self.title

    @property
    def column_unit(self) -> str:
        """The unit over a column; numbers that count have none."""
        return "" if self.unit == "count" else self.unit


def percentile_row(duration: Duration, p: int, definition: str, **more: Any) -> Metric:  # noqa: ANN401  fields of Metric
    """The row of a percentile: named after its duration, less is better."""
    row = Metric(
        f"{duration.key}_p{p}", f"{duration.title} p{p}", "ms", "lower", Percentile(duration, p), definition,
        f"{duration.heading or duration.title} p{p}", certified=duration.certified,
    )  # fmt: skip
    return replace(row, **more)


FACES: dict[Face, str] = {
    "summary": "the table after `run`",
    "cells": "`show` and `--json`",
    "ends": "`show` and `--json`, ends of its interval",
    "accuracy": "accuracy, `score --normaliser` and `--json`",
    "words": "accuracy page, words",
    "meaning": "accuracy page, terms and values",
    "stability": "stability and `--json`",
    "sessions": "`show --sessions`",
    "details": "`show --columns details`, latency page and `--json`",
}
"""Tables that take their columns from the list, and where people meet them."""
