"""Pictures as PNG: drawn by a real browser where there is one, refused in one line where there is none or it fails."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from workbench.errors import ConfigurationError
from workbench.reporting.figures.png import png_of

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 900" width="700" height="900">'
    '<rect width="700" height="900" fill="#FFFFFF"/><rect y="800" width="350" height="100" fill="#0072B2"/></svg>'
)


@pytest.mark.browser
def test_a_browser_draws_all_of_it_twice_as_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last line: a window that is lower than the picture would cut the bar at its bottom off."""
    from PIL import Image

    from tests.app.browser.harness import CHROMIUM

    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    monkeypatch.setenv("SUKI_PARTNER_TOKEN", "a-token")
    with Image.open(io.BytesIO(png_of(SVG, 700, 900))) as drawn:
        assert drawn.size == (1400, 1800)
        pixels = drawn.convert("RGB")
        assert [pixels.getpixel(at) for at in ((10, 10), (10, 1790), (690, 1790), (710, 1790))] == [
            (255, 255, 255), (0, 114, 178), (0, 114, 178), (255, 255, 255),
        ]  # fmt: skip


def program(folder: Path, lines: str) -> None:
    path = folder / "chromium"
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)


def test_without_a_browser_the_line_says_what_to_write_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.reporting.figures.png.BROWSERS", ("chromium",))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"no browser .*expected Chromium or Chrome.*Write \.svg"):
        png_of(SVG, 700, 900)


@pytest.mark.parametrize("lines", ["exit 1", "exit 0", "exec /bin/nothing-there"])
def test_a_browser_that_draws_nothing_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    program(tmp_path, lines)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(ConfigurationError, match=r"drew no PNG file.*Write \.svg"):
        png_of(SVG, 700, 900)


def test_the_browser_gets_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a token nor the home of whoever calls."""
    program(tmp_path, f"env > {tmp_path}/seen; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SUKI_PARTNER_TOKEN", "a-token")
    with pytest.raises(ConfigurationError):
        png_of(SVG, 700, 900)
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
    assert set(seen) <= {"PATH", "HOME", "PWD", "SHLVL", "_", "OLDPWD"}
    assert seen["HOME"] != os.environ.get("HOME")
