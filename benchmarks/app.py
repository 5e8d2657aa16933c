"""The app over a thousand stored runs: one script run of every page, and pages in a fresh tab.

Usage: python benchmarks/app.py [--runs 1000] [--sessions 36] [--no-browser] [--json]

A script run is what the server computes when something on a page is touched; it is measured without a browser.
Pages are measured in the system's Chromium, from the request to the first number on the screen and to the end of
drawing; each tab is a fresh profile, so nothing is cached.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from figures import Figure, repeated, show

from tests.app.stores import PAGES, copies
from tests.stored import batch, store_run

REPEATS, BROWSER_REPEATS = 7, 3
BUDGET_SCRIPT_S, BUDGET_FIRST_S = 0.150, 2.0
BUDGET_WHOLE_S = {"/compare": 2.5}
LIST, TILE = "[data-testid=stDataFrame] canvas", "[data-testid=stMetric]"
NUMBERS = {"/": LIST, "/runs": LIST, "/run": TILE, "/accuracy": TILE, "/latency": TILE, "/compare": TILE}
"""Pages with what holds their first number; a list of runs is drawn on a canvas."""


def build(root: Path, runs: int, sessions: int) -> None:
    """One run of three configurations, and copies of it."""
    records = [
        record for cell in ("clean", "noise", "telephone") for record in batch(sessions // 3, wrong=4, cell=cell)
    ]
    copies(root, store_run(root, records), runs - 1)


def script_runs() -> list[Figure]:
    """Of each page the first and the median of the others."""
    from streamlit.testing.v1 import AppTest

    from workbench.app import data

    logging.disable(logging.WARNING)
    began = time.perf_counter()
    data.lines()
    figures = [Figure("headlines of every run, never read before", time.perf_counter() - began, "s")]
    for page in PAGES:
        test = AppTest.from_string(f"from workbench.app.pages.{page} import page\npage()", default_timeout=60)
        taken = []
        for _ in range(REPEATS + 1):
            began = time.perf_counter()
            test.run()
            taken.append(1000 * (time.perf_counter() - began))
            assert not test.exception, test.exception
        cold, *warm = taken
        figures.append(Figure(f"{page}, first time", cold, "ms"))
        figures.append(repeated(f"{page}, again", warm, "ms", 1000 * BUDGET_SCRIPT_S))
    return figures


def pages_in_a_browser(store: Path) -> list[Figure]:
    """Seconds from the request to the first number and to all of a page; none without a Chromium."""
    from tests.app.browser.harness import CHROMIUM, SWITCHES, app, enter, first_seen, settled

    if CHROMIUM is None:
        return []
    from playwright.sync_api import sync_playwright

    with app(store) as address, sync_playwright() as running:
        figures = []
        browser = running.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        for path, number in NUMBERS.items():
            first, whole = [], []
            for _ in range(1 + BROWSER_REPEATS):
                context = browser.new_context(viewport={"width": 1440, "height": 1000})
                enter(context, address)
                page = context.new_page()
                page.add_init_script(first_seen(number))
                began = time.perf_counter()
                page.goto(address + path, wait_until="commit")
                page.wait_for_selector(number)
                settled(page)
                whole.append(time.perf_counter() - began)
                first.append(page.evaluate("window.seen") / 1000)
                context.close()
            # The first of each fills the caches of the server, as its first visitor does.
            figures.append(repeated(f"first number at {path}", first[1:], "s", BUDGET_FIRST_S))
            figures.append(repeated(f"all of {path}", whole[1:], "s", BUDGET_WHOLE_S.get(path)))
        browser.close()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--sessions", type=int, default=36)
    parser.add_argument("--no-browser", action="store_true", help="script runs alone")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["WORKBENCH_STORE"] = folder
        build(Path(folder), asked.runs, asked.sessions)
        figures = script_runs() + ([] if asked.no_browser else pages_in_a_browser(Path(folder)))
    show(f"App over {asked.runs:,} runs", figures)


if __name__ == "__main__":
    main()
