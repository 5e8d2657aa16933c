"""A picture as PNG, drawn by the browser of this machine: it knows fonts, and no library is added for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from workbench.errors import ConfigurationError

__all__ = ["BROWSERS", "png_of"]

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
"""Programs that draw without a window, in the order of asking."""

_SWITCHES = (
    "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-device-scale-factor=2",
)  # fmt: skip
"""Two dots for a unit of the picture, so that it is sharp on a slide; and no call to the makers of the browser."""

_DRAW_S = 60.0
_INSTEAD = "Write .svg: every browser and office program opens it and can save it as PNG"


def png_of(svg: str, width: int, height: int) -> bytes:
    """The picture, two dots for each of its units.

    Args:
        svg: a whole SVG document that fetches nothing.
        width: its width in units.
        height: its height in units.

    Raises:
        ConfigurationError: no browser is installed, or it drew nothing.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise ConfigurationError(
            "no browser to draw a PNG file with", got="none on PATH", expected="Chromium or Chrome", action=_INSTEAD
        )
    # A container has no namespaces for its sandbox, where everything runs as root. What it draws is our own.
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="workbench-") as name:
        folder = Path(name)
        (folder / "figure.svg").write_text(svg, encoding="utf-8")
        command = [
            browser, *_SWITCHES, *sandbox, f"--user-data-dir={folder / 'profile'}", f"--window-size={width},{height}",
            f"--screenshot={folder / 'figure.png'}", (folder / "figure.svg").as_uri(),
        ]  # fmt: skip
        # Without our environment: it may hold the partner token, and a home that others use.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": name}
        try:
            subprocess.run(
                command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                timeout=_DRAW_S, check=True,
            )  # fmt: skip
            return (folder / "figure.png").read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise ConfigurationError(
                "the browser drew no PNG file", item=browser, got=type(error).__name__, action=_INSTEAD
            ) from None
