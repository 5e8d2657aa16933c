"""All benchmarks one after the other; writes benchmarks/results.json and the table in benchmarks/README.md.

Usage: python benchmarks/run_all.py [--locust PYTHON] [--quick]

Today's figures stand beside the committed ones, and what got worse by more than its noise is marked, see beside.py.
``--page`` writes the page again from the committed results and measures nothing. Each part runs in a process of its own
and can be run by itself. Where the system lets it, the processors are kept from sleeping meanwhile, for every peer
alike: on a virtual machine they take 0.1 to 0.3 ms to wake. ``--locust`` names an interpreter that has locust, whose
gevent must not share a process with asyncio; without it the peer is left out and the table says so.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import beside
from short_table import LIVE, bound, in_short, number, verdict

from workbench.playing.priority import sleepless
from workbench.scoring.metrics.instrument import BUDGET
from workbench.store.host import host_facts

HERE = Path(__file__).parent
Part = dict[str, Any]
LEVELS = (1, 100, 4_000)
"""Besides 1,000, which is measured in pairs."""

TARGETS = {1: 0.1, 100: 0.1, 200: 0.3, 500: 0.3, 1_000: 0.3, 2_000: 0.3, 3_000: 1.0, 4_000: 1.0}
"""p99 of send lateness in ms that picows is to keep, by sessions."""

WEBSOCKETS = {500: 0.6, 1_000: 3.0}
PEER_SECONDS, LEVEL_SECONDS, PAIRS = 6, 12, 3
OTHER_WAYS = 4_000
"""Sessions at which other ways to pace are looked at: with few of them each is nearly as good as the timer."""

RUNS = 1_000
"""Stored runs under the pages of the app."""

PEER_LEVELS = (25, 50, 100, 500)
GAP = "error of the gap between chunks, p99"
HELD = "sessions held with valid pacing, one process each"


def script(name: str, *arguments: str, python: str = sys.executable) -> Part:
    """One script's figures; what went wrong, where it did."""
    begun = time.perf_counter()
    title = " ".join([name.removesuffix(".py"), *arguments])
    try:
        done = subprocess.run(
            [python, str(HERE / name), *arguments, "--json"], capture_output=True, text=True, check=False, timeout=300
        )
    except subprocess.TimeoutExpired:
        return {"title": title, "figures": [], "failed": "took more than 300 s"}
    if done.returncode:
        return {"title": title, "figures": [], "failed": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    part: Part = json.loads(done.stdout.splitlines()[-1])
    return part | {"seconds": round(time.perf_counter() - begun, 1)}


def way(name: str, sessions: int, *more: str) -> Part:
    """The same stream in another way, see loops.py."""
    timer = bare_timer()
    part = script("loops.py", "--way", name, "--sessions", str(sessions), "--seconds", str(PEER_SECONDS), *more)
    return part | {"figures": [timer, *part["figures"]]} if part["figures"] else part


def bare_timer() -> dict[str, Any]:
    """What is late on this machine at this moment where nothing but a timer runs."""
    value = _value(script("timer.py", "--seconds", "1"), "lateness p99")
    return _figure(beside.TIMER, value, "ms", None)


def level(sessions: int, transport: str, target_ms: float | None) -> Part:
    """A level of ``workbench capacity``: the whole client, everything recorded, five answers a second a session."""
    timer, begun = bare_timer(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "capacity", "--sessions", str(sessions), "--seconds", str(LEVEL_SECONDS),
         "--transport", transport, "--json"],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    title = f"workbench, {transport}, {sessions} sessions"
    try:
        found = json.loads(done.stdout)["levels"][0]
    except (ValueError, LookupError):
        return {"title": title, "figures": [], "failed": (done.stderr.strip().splitlines() or ["no word"])[-1]}
    rows = [
        ("lateness p50", found["lateness_p50_ms"], "ms", None),
        ("lateness p99", found["lateness_p99_ms"], "ms", target_ms),
        ("lateness max", found["lateness_max_ms"], "ms", None),
        ("drift", abs(found["drift_ppm"] or 0.0), "ppm", 1.0),
        ("CPU per frame", found["cpu_us_per_frame"], "us", None),
        ("sessions that failed", found["errors"], "", 0),
        ("final behind its speech, p95 (80 ms by script)", found["finalisation_p95_ms"], "ms", None),
        ("CPU of the simulator, share of a core", found["service_cpu_share"], "", 0.5 if sessions == 2_000 else None),
        ("peak memory of the client", found["peak_memory_mb"], "MB", None),
    ]
    seconds = round(time.perf_counter() - begun, 1)
    valid = _figure("sessions with valid pacing", found["valid_sessions"], "", at_least=sessions)
    figures = [timer, *(_figure(*row) for row in rows), valid]
    return {"title": title, "figures": figures, "level": found, "seconds": seconds}


def _figure(
    what: str, value: float | None, unit: str, target: float | None = None, *, at_least: float | None = None
) -> dict[str, Any]:
    row = {"what": what, "value": value, "unit": unit, "target": target, "at_least": at_least}
    return row | {"verdict": verdict(row, value)}


def parts(locust: str | None, quick: bool) -> list[Part]:
    """Every part; what is compared runs close together in time."""
    found = [script(name) for name in ("startup.py", "messages.py", "recorder.py", "send_cpu.py")]
    for sessions in (100, 1_000):
        found += [
            script("stamps.py", "--transport", transport, "--sessions", str(sessions), "--seconds", "6")
            for transport in ("picows", "websockets")
        ]
    found.append(script("stamps.py", "--kernel-stamps", "--sessions", "1000", "--seconds", "6"))
    for sessions in LEVELS[: 2 if quick else None]:
        found.append(level(sessions, "picows", TARGETS[sessions]))
        found.append(way("ring", sessions))
    if not quick:
        found += [way(name, OTHER_WAYS) for name in ("sleep", "call_at")]
        found += _beside_the_ring()
        found += [level(n, "picows", TARGETS[n]) for n in (200, 500, 2_000, 3_000)]
        found += [level(n, "websockets", WEBSOCKETS[n]) for n in WEBSOCKETS]
    if locust is not None:
        peers = [
            script("locust_peer.py", "--sessions", str(n), "--seconds", str(PEER_SECONDS), python=locust)
            for n in PEER_LEVELS[: 1 if quick else None]
        ]
        if not quick:
            ours = way("ring", 500)
            ratio = _quotient(peers[-1], ours, GAP)
            peers += [ours, _at_least("Locust / our ring at 500 sessions", GAP, ratio, 50)]
            peers.append(_at_least("workbench / Locust", HELD, _held(found, peers), 10))
        found += peers
    found += [script("scoring_speed.py"), script("store.py", "--runs", "300", "--sessions", "100")]
    live = [] if quick else [script("recogniser.py", "--live", str(LIVE), "--seconds", "40")]
    return [*found, *live, script("app.py", "--runs", str(RUNS)), *_waits()]


def _waits() -> list[Part]:
    """Where people wait, row by row."""
    return [script("waiting.py", "--only", row) for row in ("scoring", "check", "stored", "page", "visit")]


def _beside_the_ring() -> list[Part]:
    """The whole client and the bare ring by turns, both against the simulator: the median of the pairs' ratios."""
    found, ratios = [], []
    for _ in range(PAIRS):
        whole = level(1_000, "picows", TARGETS[1_000])
        ring = way("ring", 1_000, "--simulator")
        found += [whole, ring]
        ratios.append(_quotient(whole, ring, "CPU per frame"))
    middle = None if None in ratios else statistics.median(ratios)
    title = f"whole client / bare ring at 1,000 sessions, median of {PAIRS} pairs"
    return [*found, {"title": title, "figures": [_figure("CPU per frame", middle, "x", 1.5)]}]


def _quotient(over: Part, under: Part, what: str) -> float | None:
    """A figure of one part by that of another; None where either was not measured."""
    above, below = _value(over, what), _value(under, what)
    return above / below if above is not None and below else None


def _held(ours: list[Part], locust: list[Part]) -> float | None:
    """The largest level of ours with valid pacing throughout, by Locust's largest that strays no more than that allows.

    Lateness is bounded by the certificate's p99, and the error of a gap is taken to be: who strays more is later still.
    """
    valid = [part["level"]["sessions"] for part in ours if part.get("level", {}).get("valid")]
    bound_ms = BUDGET.p99_ns / 1e6
    theirs = [n for n, part in zip(PEER_LEVELS, locust, strict=False) if (_value(part, GAP) or math.inf) <= bound_ms]
    return max(valid) / max(theirs) if valid and theirs else None


def _value(part: Part, what: str) -> float | None:
    """A figure of a part; None where it was not measured."""
    return next((f["value"] for f in part["figures"] if f["what"] == what), None)


def _at_least(title: str, what: str, ratio: float | None, least: float) -> Part:
    return {"title": title, "figures": [_figure(what, ratio, "x", at_least=least)]}


def page(found: dict[str, Any]) -> str:
    """The results as Markdown."""
    facts = found["machine"]
    lines = [
        "# Benchmarks", "",
        "`make bench` runs each script in a process of its own and writes this page and `results.json`.",
        "Ratios count: absolute values move with the machine, by a factor of two and more where others use it.", "",
        f"{found['created']}, {facts['cpu']}, {facts['cores']} cores, {facts['kernel']}, Python {facts['python']}, "
        f"load before the run {facts['load']:.1f}, {facts['processors']}, {found['seconds']:.0f} s in all.", "",
    ]  # fmt: skip
    if facts["load"] > 0.5:
        lines += ["**The machine was not idle:** figures of lateness show the neighbours, too.", ""]
    lines += [beside.RULE, "", *in_short(found["parts"])]
    for part in found["parts"]:
        lines += [f"## {part['title']}", ""]
        if "failed" in part:
            lines += [f"Not measured: {part['failed']}", ""]
        elif "text" in part:
            lines += ["```", part["text"], "```", ""]
        else:
            lines += ["| figure | value | committed | unit | target | |", "|---|---|---|---|---|---|"]
            lines += [_row(figure) for figure in part["figures"]] + [""]
    return "\n".join(lines) + "\n" + (HERE / "tried.md").read_text()


def _row(figure: dict[str, Any]) -> str:
    value, committed = (number(figure.get(key)) for key in ("value", "committed"))
    said = ", ".join(filter(None, (figure.get("verdict"), "**worse**" if figure.get("worse") else "")))
    return f"| {figure['what']} | {value} | {committed} | {figure['unit']} | {bound(figure)} | {said} |"


def committed() -> list[Part]:
    """The parts of the last committed run; none in a folder without a history."""
    shown = subprocess.run(
        ["git", "-C", str(HERE), "show", "HEAD:./results.json"],  # noqa: S607
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    parts: list[Part] = json.loads(shown.stdout)["parts"] if shown.returncode == 0 else []
    return parts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--locust", help="an interpreter that has locust")
    parser.add_argument("--quick", action="store_true", help="small levels only")
    parser.add_argument("--page", action="store_true", help="only write the page again")
    asked = parser.parse_args()
    if asked.page:
        (HERE / "README.md").write_text(page(json.loads((HERE / "results.json").read_text())))
        return
    begun, host = time.perf_counter(), host_facts()
    with sleepless() as processors:
        machine = {
            "cpu": host.cpu, "cores": host.cores, "kernel": host.kernel, "load": os.getloadavg()[0],
            "python": sys.version.split()[0], "processors": processors,
        }  # fmt: skip
        found = {
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine,
            "parts": parts(asked.locust, asked.quick),
            "seconds": 0.0,
        }
    found["seconds"] = round(time.perf_counter() - begun, 1)
    worse = beside.mark(found["parts"], committed())
    (HERE / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    (HERE / "README.md").write_text(page(found))
    missed = [
        f"{p['title']}: {f['what']}" for p in found["parts"] for f in p["figures"] if f.get("verdict") == "missed"
    ]
    for part in found["parts"]:
        print(part["title"])
        for figure in part["figures"]:
            now, before = number(figure["value"]), number(figure.get("committed"))
            word = "  WORSE" if figure.get("worse") else ""
            print(
                f"  {figure['what']:<64} {now:>12} {before:>12} {figure['unit']:<6} {figure.get('verdict') or ''}{word}"
            )
    print(f"{len(found['parts'])} parts in {found['seconds']:.0f} s; missed: {'; '.join(missed) or 'nothing'}")
    print(f"worse than committed by more than the noise: {'; '.join(worse) or 'nothing'}")


if __name__ == "__main__":
    main()
