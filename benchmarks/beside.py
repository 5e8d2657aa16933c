"""Today's figures beside the committed ones, and which of them got worse by more than their noise."""

from __future__ import annotations

import statistics
from typing import Any

Part = dict[str, Any]
ONCE, LEAST = 0.25, 0.1
LOWER_IS_BETTER = {"s", "ms", "us", "bytes", "MB", "x", "ppm"}
TIMER = "bare timer just before, p99"
RULE = (
    "`committed` is the figure of the last committed run. The noise of a figure is the span of its repeats, today or "
    f"then, the larger; {ONCE:.0%} of its committed value where it has none; {LEAST:.0%} of it at least; for a "
    "lateness at least the p99 of the bare timer beside it. **worse** is what moved in the bad direction by more than "
    "that. A maximum is one event, and a number without a direction cannot be worse: neither is judged."
)


def mark(parts: list[Part], committed: list[Part]) -> list[str]:
    """Put ``committed`` and ``worse`` into the figures of parts; a line for each that got worse."""
    before, now, lines = _figures(committed), _figures(parts), []
    for part in parts:
        for figure in part["figures"]:
            name = part["title"], figure["what"]
            if name not in before:
                continue
            figure["committed"] = statistics.median(before[name]["values"])
            noise = _noise(before[name], now[name], abs(figure["committed"]))
            value = statistics.median(now[name]["values"])
            figure["worse"] = _judged(figure) and _worsening(figure, value) > noise
            line = f"{name[0]}: {name[1]} {figure['committed']:.3g} -> {value:.3g} {figure['unit']}, noise {noise:.2g}"
            if figure["worse"] and line not in lines:
                lines.append(line)
    return lines


def _figures(parts: list[Part]) -> dict[tuple[str, str], dict[str, Any]]:
    """Values, noise and timer of each figure; parts of one title are repeats."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for part in parts:
        timer = next((f["value"] for f in part["figures"] if f["what"] == TIMER), None)
        for figure in part["figures"]:
            if figure["value"] is not None:
                one = found.setdefault((part["title"], figure["what"]), {"values": [], "noise": None, "timer": 0.0})
                one["values"].append(figure["value"])
                one["noise"] = figure.get("noise")
                one["timer"] = max(one["timer"], (timer or 0.0) if "lateness" in figure["what"] else 0.0)
    return found


def _noise(before: dict[str, Any], now: dict[str, Any], committed: float) -> float:
    spans = [span for span in map(_span, (before, now)) if span is not None]
    return max(max(spans, default=ONCE * committed), LEAST * committed, before["timer"], now["timer"])


def _span(figure: dict[str, Any]) -> float | None:
    """How far apart the repeats of a figure lie; None if there are none."""
    values = figure["values"]
    return max(values) - min(values) if len(values) > 1 else figure["noise"]


def _judged(figure: dict[str, Any]) -> bool:
    directed = figure["unit"] in LOWER_IS_BETTER or figure.get("at_least") is not None or figure["target"] is not None
    return directed and figure["value"] is not None and "max" not in figure["what"] and figure["what"] != TIMER


def _worsening(figure: dict[str, Any], value: float) -> float:
    if figure.get("at_least") is not None:
        return float(figure["committed"] - value)
    return float(abs(value) - abs(figure["committed"]) if figure["unit"] == "ppm" else value - figure["committed"])
