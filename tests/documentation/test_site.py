"""The documentation as a site: every page in it, built without a warning, with nothing loaded from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


def test_the_navigation_has_every_page():
    """Each once."""
    listed = re.findall(r"([\w-]+\.md)$", CONFIG.partition("\nnav:")[2], re.MULTILINE)
    assert sorted(listed) == sorted(page.name for page in (ROOT / "docs").glob("*.md"))


@pytest.mark.slow
@pytest.mark.skipif(
    not (find_spec("material") and find_spec("mkdocstrings")), reason="mkdocs is not installed: pip install -e .[docs]"
)
def test_the_site_is_built_strictly_and_loads_nothing_from_elsewhere(tmp_path):
    """Links lead somewhere, the interface is in it with examples, the search knows it, and no address is fetched."""
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.html")}
    assert {"index.html", "api.html", "glossary.html", "pytest.html"} <= set(pages)
    for name, text in pages.items():
        fetched = re.findall(r"<(?:script|link|img|iframe|source)[^>]+(?:src|href)=[\"']?(?:https?:)?//[^\s>]+", text)
        assert fetched == [], name
    for css in tmp_path.rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//", css.read_text(encoding="utf-8")), css.name
    assert 'id="workbench.reporting.notebook.Run.recordings"' in pages["api.html"]
    assert pages["api.html"].count("&gt;&gt;&gt;") > 50, "examples as blocks of code"
    assert "slate" in pages["api.html"]
    assert "workbench.api.stored.gate" in (tmp_path / "search" / "search_index.json").read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("*.py"))
