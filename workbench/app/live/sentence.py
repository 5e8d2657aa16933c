"""What a session showed, in one sentence, and which lanes it leaves out.

Only lanes that were timed and scored are spoken of: a lane whose sound went out late, or whose recogniser fell behind
on this machine, shows this machine and not its setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.scoring.measures import METRICS
from workbench.units import counted

__all__ = ["closing"]

_SAME_MS = 10
"""Lags that lie closer are the same."""

LaneResult = tuple[str, dict[str, Any], str | None]
"""Name, numbers, and why it was not played."""


def closing(lanes: Sequence[LaneResult]) -> tuple[str | None, list[str]]:
    """The sentence, None if no lane was timed and scored; and one line for each reason to leave lanes out of it.

    Args:
        lanes: lanes that have ended, in their order; the first that counts is what the others are compared with.
    """
    counts = [(name, numbers) for name, numbers, _ in lanes if numbers.get("wer") is not None and _timed(numbers)]
    why: dict[str, list[str]] = {}
    for name, numbers, refused in lanes:
        if refused is not None:
            why.setdefault(f"Not played ({refused})", []).append(name)
        elif numbers.get("wer") is not None and not _timed(numbers):
            reason = f"Not timed, so left out ({numbers.get('pacing_reason') or 'no measurement'})"
            why.setdefault(reason, []).append(f"{name}, {_wrong(numbers)}")
    left_out = [f"{reason}: {'; '.join(names)}." for reason, names in why.items()]
    if not counts:
        return None, left_out
    (base_name, base), *others = counts
    if not others:
        behind = base.get("final_lag_ms")
        late = "" if behind is None else f"; the last final came {behind / 1e3:.2f} s after the last word"
        return f"{base_name}: {_wrong(base)} ({_rate(base)}, {base['normaliser']}){late}.", left_out
    return "; ".join(_cost(name, numbers, base) for name, numbers in others) + ".", left_out


def _timed(numbers: dict[str, Any]) -> bool:
    return numbers.get("pacing_valid") is True


def _wrong(numbers: dict[str, Any]) -> str:
    return f"{numbers['errors']} of {counted(numbers['words'], 'word')} wrong"


def _rate(numbers: dict[str, Any]) -> str:
    return f"{METRICS['wer'].title} {METRICS['wer'].text(numbers['wer'])}"


def _cost(name: str, numbers: dict[str, Any], base: dict[str, Any]) -> str:
    """What a lane costs against the first."""
    more, words = numbers["errors"] - base["errors"], base["words"]
    rates = f"({_rate(base)} → {100 * numbers['wer']:.1f} %, {base['normaliser']})"
    cost = f"{more:+d} wrong {'word' if abs(more) == 1 else 'words'}" if more else "no word"
    base_ms, other_ms = base.get("final_lag_ms"), numbers.get("final_lag_ms")
    later = ""
    if base_ms is not None and other_ms is not None and abs(other_ms - base_ms) >= _SAME_MS:
        later = f" and finals {abs(other_ms - base_ms):.0f} ms {'later' if other_ms > base_ms else 'earlier'}"
    return f"{name} costs {cost} of {words} {rates}{later}"
