"""The app over a thousand stored runs: one script run of every page, and the first page in a fresh tab.

Usage: python benchmarks/app.py [--runs 1000] [--sessions 36] [--no-browser] [--json]

A script run is what the server computes when something on a page is touched; it is measured without a browser. The
first page is measured in the system's Chromium, from the request to the title on the screen; each tab is a fresh
profile, so nothing is cached.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from figures import Figure, repeated, show

from tests.app.stores import PAGES, copies
from tests.stored import batch, store_run

REPEATS = 7
BUDGET_SCRIPT_S, BUDGET_FIRST_S = 0.150, 3.0


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


@contextlib.contextmanager
def served() -> Iterator[str]:
    """``workbench app`` on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "workbench.app", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/workbench/health", timeout=5).close()
                break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def first_page() -> list[Figure]:
    """Seconds from the request to the title, each in a fresh profile; none without a Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        return []
    from playwright.sync_api import sync_playwright

    with served() as address, sync_playwright() as running:
        figures = []
        browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for path in ("/", "/runs", "/compare"):
            taken = []
            for _ in range(5):
                page = browser.new_context().new_page()
                began = time.perf_counter()
                page.goto(address + path, wait_until="commit")
                page.wait_for_selector("h1")
                taken.append(time.perf_counter() - began)
                page.context.close()
            figures.append(repeated(f"first visible at {path}", taken, "s", BUDGET_FIRST_S))
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
        figures = script_runs() + ([] if asked.no_browser else first_page())
    show(f"App over {asked.runs:,} runs", figures)


if __name__ == "__main__":
    main()
