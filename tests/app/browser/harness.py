"""The app in a process of its own and a page of the system's Chromium that tolerates nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.ports import free_port

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# A container has no user namespaces and a small /dev/shm; the rest keeps Chromium from calling its makers.
SWITCHES = [
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip

START_S = 180


@contextlib.contextmanager
def app(store: Path, **environment: str):
    """``workbench app`` on a free port; gives its address, with what opening the printed one gives a browser."""
    port = free_port()
    ours = ("SUKI_", "WORKBENCH_", "STREAMLIT_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours) or key == "WORKBENCH_MODEL"}
    log, out = store.parent / f"app-{port}.log", store.parent / f"app-{port}.out"
    with log.open("wb") as errors, out.open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "workbench.app", "--port", str(port)],
            env=kept | {"WORKBENCH_STORE": str(store)} | environment, stdout=printed, stderr=errors,
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _await(f"{address}/workbench/health", process, log)
        yield Address(address, out.read_text().removeprefix("Suki Workbench: ").strip())
    finally:
        process.terminate()
        process.wait(120)


class Address(str):
    """Address of an app, without its start token.

    Attributes:
        printed: as the app printed it.
        cookie: name and value that opening that gives.
    """

    __slots__ = ("cookie", "printed")

    def __new__(cls, address: str, printed: str) -> Address:
        made = super().__new__(cls, address)
        made.printed = printed
        answer = httpx.get(printed)
        assert answer.status_code == 303, answer.text
        (made.cookie,) = answer.cookies.items()
        return made


def enter(context, address: str) -> None:
    """Let a browser in, as one that opened the printed address; what has no login lets in everybody."""
    if isinstance(address, Address):
        name, value = address.cookie
        context.add_cookies(
            [{"name": name, "value": value, "url": str(address), "sameSite": "Strict", "httpOnly": True}]
        )


def _await(url: str, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):  # noqa: S310
            return
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(f"no answer within {START_S} s: {log.read_text()}")


class Watched:
    """A page, and everything about it that a test must not overlook.

    Attributes:
        page: of Playwright.
        problems: errors of the console and of scripts, breaches of the policy, requests that left the machine.
    """

    def __init__(self, page, address: str) -> None:
        self.page = page
        self.problems: list[str] = []
        self._host = urlsplit(address).netloc
        enter(page.context, address)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.on("request", self._request)
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " (e) => console.error('policy', e.violatedDirective, e.blockedURI));"
        )

    def _console(self, message) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} {message.location.get('url', '')}")

    def _request(self, request) -> None:
        where = urlsplit(request.url)
        if where.scheme in ("http", "https", "ws", "wss") and where.netloc != self._host:
            self.problems.append(f"left the machine: {request.url}")


def settled(page) -> None:
    """Wait until Streamlit has drawn the page: no script is running and no element is stale."""
    from playwright.sync_api import expect

    page.wait_for_selector('[data-testid="stMain"]', timeout=120_000)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=120_000)
    # Waiting for a function would evaluate text, which the policy of the page forbids.
    expect(page.locator("[data-testid=stSkeleton], [data-stale=true]")).to_have_count(0, timeout=120_000)


def first_seen(selector: str) -> str:
    """A script for a page to begin with: ``window.seen`` is when something first stood there, ms.

    By the page's own clock: who asks it from outside waits until it is through with its figures.
    """
    return (
        "new MutationObserver(() => {"
        f" if (document.querySelector('{selector}')) window.seen ??= performance.now(); }})"
        ".observe(document, { childList: true, subtree: true });"
    )


def violations(page, *, impacts=("serious", "critical")) -> list[str]:
    """What axe finds on a page, one line a fault."""
    import axe_playwright_python

    source = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
    page.evaluate(source)
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((r) => r.violations)")
    return [
        f"{fault['impact']} {fault['id']}: {node['target']} {node.get('failureSummary', '')}"
        for fault in found
        if fault["impact"] in impacts
        for node in fault["nodes"]
    ]
