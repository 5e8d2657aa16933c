"""What every benchmark prints: figures with their unit and, where there is one, their target; a table, or JSON."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; ``target`` is an upper bound, ``at_least`` a lower one, ``noise`` the span of its repeats."""

    what: str
    value: float | None
    unit: str
    target: float | None = None
    at_least: float | None = None
    noise: float | None = None

    @property
    def verdict(self) -> str:
        if self.value is None:
            return "not measured"
        if self.target is None and self.at_least is None:
            return ""
        good = (self.target is None or self.value <= self.target) and (
            self.at_least is None or self.value >= self.at_least
        )
        return "reached" if good else "missed"

    @property
    def bound(self) -> str:
        if self.target is not None:
            return f"<= {self.target:g}"
        return f">= {self.at_least:g}" if self.at_least is not None else ""


def repeated(what: str, values: Sequence[float], unit: str, target: float | None = None) -> Figure:
    """The median of some repeats, and how far apart they lie."""
    return Figure(what, statistics.median(values), unit, target, noise=max(values) - min(values))


def command_s(*arguments: object, times: int = 3, environment: Mapping[str, str] | None = None) -> list[float]:
    """Seconds of some calls of this Python with ``arguments``, from start to exit."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run([sys.executable, *map(str, arguments)], check=True, capture_output=True, env=environment)
        taken.append(time.perf_counter() - begun)
    return taken


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print them; as one JSON object where ``--json`` was given."""
    if "--json" in sys.argv:
        print(json.dumps({"title": title, "figures": [asdict(f) | {"verdict": f.verdict} for f in figures]}))
        return
    print(title)
    for f in figures:
        value = "-" if f.value is None else f"{f.value:,.3f}"
        print(f"  {f.what:<64} {value:>14} {f.unit:<8} {f.bound:<10} {f.verdict}")


def per_call_us(call: Callable[[], object], seconds: float = 0.2) -> float:
    """Best of five rounds: other work on the machine only ever adds."""
    rounds, best = 1, float("inf")
    while True:
        begun = time.perf_counter()
        for _ in range(rounds):
            call()
        taken = time.perf_counter() - begun
        if taken > seconds / 5:
            break
        rounds *= 4
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(rounds):
            call()
        best = min(best, (time.perf_counter() - begun) / rounds)
    return best * 1e6


def percentile_ms(values_ns: Sequence[int], p: float) -> float:
    return float(np.percentile(np.asarray(values_ns), p)) / 1e6
