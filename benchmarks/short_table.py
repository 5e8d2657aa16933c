"""The lines that people wait for, in one table: before, wanted, now."""

from __future__ import annotations

import re
import statistics
from typing import Any

Part = dict[str, Any]
LIVE = 4
"""Live streams of Whisper."""

WAITED = "Where people wait: "
IN_SHORT = (
    ("scoring a session of 20 words and 40 partials", f"{WAITED}scoring", "scoring a session", "18.9 ms"),
    ("frames of a session built", f"{WAITED}scoring", "frames of a session", "6 times"),
    ("messages of a session decoded", f"{WAITED}scoring", "messages of a session", "5 times"),
    ("`datasets check`, 5,000 recordings, first", f"{WAITED}check", ", first$", "169 s"),
    ("the same again", f"{WAITED}check", ", again$", "-"),
    ("`show`, 300 runs", f"{WAITED}stored", "^show", "1.5 to 2.5 s"),
    ("`compare`, 300 runs", f"{WAITED}stored", "^compare", "2.4 s"),
    ("`runs list`, 300 runs", f"{WAITED}stored", "^runs list", "1.8 s"),
    ("report", f"{WAITED}stored", "^report.*sessions$", "3.9 s"),
    ("its size", f"{WAITED}stored", "^report.*size$", "4.8 MB"),
    ("Compare in a fresh browser, 1,000 runs, first number", "App over", "^first number at /compare$", "-"),
    ("all of it", "App over", "^all of /compare$", "4 to 6 s"),
    ("a minute of a visit, decoded for replay with whisper", f"{WAITED}visit", "^decoding.*whisper", "-"),
    ("with the model general", f"{WAITED}visit", "^decoding.*general", "33 s"),
    ("the same minute, played at pace 10 as whisper decoded", f"{WAITED}visit", "^replaying.*whisper", "-"),
    ("as the model general decoded", f"{WAITED}visit", "^replaying.*general", "-"),
    (f"Whisper, {LIVE} live streams, backlog p99", "Whisper", "^backlog p99$", "0.41 s with three"),
    *(
        (f"lateness p99, {sessions:,} sessions", f"workbench, picows, {sessions} sessions", "^lateness p99$", before)
        for sessions, before in (
            (200, "1.4 ms"), (500, "0.29 ms"), (1_000, "0.54 ms"), (2_000, "0.50 ms"), (3_000, "1.35 ms"),
            (4_000, "3.6 ms"),
        )
    ),
    ("of 4,000 sessions, valid", "workbench, picows, 4000 sessions", "^sessions with valid", "0"),
    ("simulator at 2,000 streams, of a core", "workbench, picows, 2000 sessions", "^CPU of the simulator", "1"),
    ("`workbench --help`", "Start-up", "^workbench --help$", "0.11 s"),
)  # fmt: skip
"""What, how the title of its part begins, a pattern of its figure, and what it was at first."""


def in_short(found: list[Part]) -> list[str]:
    """The table; of a part that was measured several times its median."""
    lines = ["## In short", "", "| what | before | wanted | now | |", "|---|---|---|---|---|"]
    for what, title, name, before in IN_SHORT:
        figures = [
            figure
            for part in found
            if part["title"].startswith(title)
            for figure in part["figures"]
            if re.search(name, figure["what"]) and figure["value"] is not None
        ]
        if not figures:
            lines.append(f"| {what} | {before} | | not measured | |")
            continue
        value, one = statistics.median(figure["value"] for figure in figures), figures[0]
        lines.append(f"| {what} | {before} | {bound(one)} | {number(value)} {one['unit']} | {verdict(one, value)} |")
    return [*lines, ""]


def bound(figure: dict[str, Any]) -> str:
    """What a figure is to keep."""
    low, high = figure.get("at_least"), figure.get("target")
    return f"≤ {high:g}" if high is not None else f"≥ {low:g}" if low is not None else ""


def verdict(figure: dict[str, Any], value: float | None) -> str:
    """Whether a value keeps the bound of its figure; what is to be at least something and was not measured does not."""
    low, high = figure.get("at_least"), figure.get("target")
    if low is None and (high is None or value is None):
        return ""
    met = value is not None and (low is None or value >= low) and (high is None or value <= high)
    return "reached" if met else "missed"


def number(value: float | None) -> str:
    """Without digits that say nothing."""
    return "-" if value is None else f"{value:,.3f}".rstrip("0").rstrip(".")
