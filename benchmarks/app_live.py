"""From publishing a partial to its frame on the screen, for four viewers of one live session.

``python benchmarks/app_live.py``: starts the app on a store of its own, plays the demo clip under two configurations in
four tabs of the system's Chromium, and reads from each tab when every message was on screen. Stamps are wall clock of
one machine: the publisher's ``time.time`` and the browser's ``performance.timeOrigin + performance.now()``.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.sync_api import sync_playwright

from tests.app.browser.harness import CHROMIUM, SWITCHES, app

VIEWERS = 4
BUDGET_MS = 60.0
READ = "() => performance.getEntriesByName('live-shown').map((m) => m.detail)"
QUERY = "live_utterance=vitals-02-rms&live_second=Telephone%2C+8+kHz"
ENDED = "[data-testid=live][data-state=ended]"


def percentile(values, p):
    """Smallest value with at least ``p`` percent at or below it."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * p // 100) - 1)]


def measure(address, browser):
    """Latency of every partial and final in every tab, ms."""
    pages = [browser.new_context(viewport={"width": 1440, "height": 1000}).new_page() for _ in range(VIEWERS)]
    first, *others = pages
    first.goto(f"{address}/live?{QUERY}")
    first.get_by_role("button", name="Play", exact=True).click()
    first.wait_for_selector("[data-testid=live]", timeout=60_000)
    link = first.url
    for page in others:
        page.goto(link)
        page.wait_for_selector("[data-testid=live]", timeout=60_000)
    # What a tab is told late, because it came late, is no measurement: the clip is played again for all of them.
    first.wait_for_selector(ENDED, timeout=60_000)
    first.get_by_role("button", name="Play again").click()
    first.wait_for_selector("[data-testid=live][data-state=playing]", timeout=60_000)
    again = first.url
    for page in others:
        page.goto(again)
        page.wait_for_selector("[data-testid=live][data-state=playing]", timeout=60_000)
    here = time.time() * 1e3
    for page in pages:
        page.evaluate("() => performance.clearMarks('live-shown')")
    for page in pages:
        page.wait_for_selector(ENDED, timeout=60_000)
    assert time.time() * 1e3 > here
    return [[mark["lateMs"] for mark in page.evaluate(READ)] for page in pages]


def main():
    """Print one table and one JSON line; exit code 1 over budget."""
    with (
        tempfile.TemporaryDirectory() as folder,
        app(Path(folder) / "runs") as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        tabs = measure(address, browser)
        browser.close()
    print(f"{'tab':>5} {'messages':>9} {'p50 ms':>8} {'p95 ms':>8} {'max ms':>8}")
    for number, tab in enumerate(tabs, 1):
        row = (statistics.median(tab), percentile(tab, 95), max(tab))
        print(f"{number:>5} {len(tab):>9} {row[0]:>8.1f} {row[1]:>8.1f} {row[2]:>8.1f}")
    every = [late for tab in tabs for late in tab]
    p95 = percentile(every, 95)
    found = {
        "n": len(every),
        "p50_ms": round(statistics.median(every), 1),
        "p95_ms": round(p95, 1),
        "budget_ms": BUDGET_MS,
    }
    print(json.dumps(found))
    return int(p95 > BUDGET_MS)


if __name__ == "__main__":
    sys.exit(main())
