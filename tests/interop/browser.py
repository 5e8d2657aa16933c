"""A headless Chromium with one page open."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import urllib.parse

from tests.interop.page_server import serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def report_of(pcm: bytes, profile, **query: str) -> dict:
    """What the page of this folder reports after it has streamed ``pcm``: to which socket, as whom, is in ``query``."""
    with serving(pcm) as (page, reports), browsing(f"{page}?{urllib.parse.urlencode(query)}", profile):
        return reports.get(timeout=300)


@contextlib.contextmanager
def browsing(address: str, profile):
    """A headless Chromium that has ``address`` open."""
    # A container has no user namespaces and a small /dev/shm; the page is ours, so that no sandbox is missed.
    switches = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"]
    command = [CHROMIUM, *switches, f"--user-data-dir={profile}", address]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        browser.terminate()
        browser.wait(300)
