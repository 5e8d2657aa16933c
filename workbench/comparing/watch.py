"""One data set against one service every so often: does the newest run lie within what the runs before let expect.

A run outside of its limits is played again at once, and only what both find is told. Limits are four standard
deviations from the median of all runs, wider where these are few, from the twelfth run on; a run of which nothing came
through needs none.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from workbench.comparing.trend import TREND_METRICS, TrendMetric, trend
from workbench.errors import InputError, WorkbenchError
from workbench.runs.listing import RunListing
from workbench.runs.spec import RunSpec
from workbench.runs.sweep import spec_from_file, sweep_values

__all__ = ["Clock", "Outside", "WatchPlan", "Watched", "load_watch", "watch"]

_UNITS_S = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
_EVERY = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|h|d)")
_DAY_S = 86_400

# Limits of a few runs are rough. With hourly runs and three metrics, three standard deviations from the sixth run on,
# one that is played again, called in vain every fifth week; four from the twelfth on in 4 of 300, each within its first
# 16 runs; these, which are a third wider for twelve runs and 4 % for a hundred, in none of 300.
_DEVIATIONS, _FEW = 4.0, 4.0
_LEAST_RUNS = 12


class WatchPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Table ``[watch]`` of a watch file.

    Attributes:
        every: time from the beginning of one run to that of the next: ``15min``, ``1h``, ``1d``.
        minutes_a_day: minutes of audio that may be sent in a day (UTC); None is no bound.
        metrics: what has limits.
        webhook: address that is told of a run outside of its limits.
        until_outside: end with the first of them.
    """

    every: str = "1h"
    minutes_a_day: float | None = None
    metrics: tuple[TrendMetric, ...] = TREND_METRICS
    webhook: str | None = None
    until_outside: bool = False

    @property
    def every_s(self) -> float:
        """Seconds from one run to the next.

        >>> WatchPlan(every="15min").every_s
        900.0
        """
        found = _EVERY.fullmatch(self.every)
        return float(found[1]) * _UNITS_S[found[2]] if found else 0.0


@dataclass(frozen=True, slots=True)
class Outside:
    """A value outside of its limits.

    Attributes:
        configuration, metric: of which.
        value: as :class:`workbench.comparing.trend.TrendPoint` has it; None where every session failed.
        low, high: limits; None where there are none.
    """

    configuration: str
    metric: TrendMetric
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """What a watch did.

    Attributes:
        at_s: when, in seconds of the clock.
        run_ids: runs that were played: none, one, or two where the first was outside.
        outside: what both of two runs found; empty means that all is well.
        once: what only the first of two found, or the only one, where the day's minutes do not allow another.
        problem: why nothing could be played.
        wait_s: seconds until the next run, where the day's minutes are spent.
    """

    at_s: float
    run_ids: tuple[str, ...] = ()
    outside: tuple[Outside, ...] = ()
    once: tuple[Outside, ...] = ()
    problem: str | None = None
    wait_s: float | None = None


class Clock(Protocol):
    """The time of day, and a way to wait."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds."""


def load_watch(path: Path) -> tuple[WatchPlan, RunSpec]:
    """Read a watch file: a sweep file with a table ``[watch]``.

    Raises:
        InputError: with the file, the key, what was found and what is allowed.
    """
    values = sweep_values(path)
    try:
        plan = msgspec.convert(values.pop("watch", {}), WatchPlan)
    except msgspec.ValidationError as error:
        raise InputError("not usable", item=f"{path}: watch", got=str(error), action="See docs/watching.md") from None
    if plan.every_s <= 0:
        raise InputError("not a time", item=f"{path}: watch.every", got=plan.every, expected="such as 15min, 1h or 1d")
    return plan, spec_from_file(values, path)


def watch(
    plan: WatchPlan,
    play: Callable[[], str],
    listings: Callable[[], Sequence[RunListing]],
    clock: Clock,
    *,
    corpus: str,
    audio_s: float,
    times: int | None = None,
) -> Iterator[Watched]:
    """Play, judge and wait, until ``times`` rounds are over or the plan's end is reached.

    Args:
        plan: table ``[watch]``.
        play: plays one run and returns its id; a :class:`WorkbenchError` of it is told, and the watch goes on.
        listings: stored runs, with the new ones.
        clock: time of day and sleep.
        corpus: name of the data set.
        audio_s: seconds of audio that one run sends.
        times: rounds to play; None is without end.

    Raises:
        InputError: one run sends more than a day's minutes.
    """
    budget_s = None if plan.minutes_a_day is None else plan.minutes_a_day * 60
    if budget_s is not None and audio_s > budget_s:
        raise InputError(
            "one run sends more audio than a day allows", item="minutes_a_day", got=f"{audio_s / 60:.1f} minutes a run",
            expected=f"at most {plan.minutes_a_day:g}", action="Play fewer recordings (limit), or raise it",
        )  # fmt: skip

    def affordable() -> bool:
        return budget_s is None or _spent_s(listings(), corpus, clock.now(), audio_s) + audio_s <= budget_s

    due, rounds = clock.now(), 0
    while times is None or rounds < times:
        if not affordable():
            midnight = (clock.now() // _DAY_S + 1) * _DAY_S
            yield Watched(clock.now(), wait_s=midnight - clock.now())
            clock.sleep(midnight - clock.now())
            due = clock.now()
            continue
        rounds += 1
        found = _round(plan, play, listings, clock, corpus, affordable)
        yield found
        if (found.outside and plan.until_outside) or rounds == times:
            return
        # A round that took longer than its time does not make the next ones follow each other.
        due = max(due + plan.every_s, clock.now())
        clock.sleep(due - clock.now())


def _round(
    plan: WatchPlan,
    play: Callable[[], str],
    listings: Callable[[], Sequence[RunListing]],
    clock: Clock,
    corpus: str,
    affordable: Callable[[], bool],
) -> Watched:
    began_s, played = clock.now(), []
    try:
        played.append(play())
        first = _outside(listings(), played[-1], corpus, plan.metrics)
        if not first:
            return Watched(began_s, tuple(played))
        if not affordable():
            return Watched(began_s, tuple(played), once=first)
        played.append(play())
        again = _outside(listings(), played[-1], corpus, plan.metrics)
    except WorkbenchError as error:
        return Watched(began_s, tuple(played), problem=str(error))
    both = tuple(a for a in again if any((a.configuration, a.metric) == (f.configuration, f.metric) for f in first))
    return Watched(began_s, tuple(played), outside=both, once=() if both else first)


def _outside(
    listings: Sequence[RunListing], run_id: str, corpus: str, metrics: Sequence[TrendMetric]
) -> tuple[Outside, ...]:
    """What of a run lies outside: its values, and configurations of which nothing came through."""
    cells = next((run.cells for run in listings if run.summary.run_id == run_id), ())
    found: list[Outside] = []
    for cell in cells:
        if cell.n and cell.n == cell.failed:
            found += [Outside(cell.name, metric, None) for metric in metrics]
            continue
        for metric in metrics:
            course = trend(listings, corpus, cell.name, metric, _DEVIATIONS, _FEW)
            point = next((point for point in course.points if point.run_id == run_id), None)
            if point is not None and point.outside and len(course.points) >= _LEAST_RUNS:
                found.append(Outside(cell.name, metric, point.value, course.low, course.high))
    return tuple(found)


def _spent_s(listings: Sequence[RunListing], corpus: str, now_s: float, audio_s: float) -> float:
    """Seconds of audio that today's runs have sent; read from the store, so that a new start does not forget them."""
    today = time.strftime("%Y-%m-%d", time.gmtime(now_s))
    return audio_s * sum(r.summary.corpus == corpus and (r.summary.created or "")[:10] == today for r in listings)
