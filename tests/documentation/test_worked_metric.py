"""The worked example "Add a metric" of CONTRIBUTING, followed to the letter in a copy of the package."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.documentation.commands import ROOT

_ANCHORS = {
    "workbench/scoring/metrics/accuracy.py": "    @property\n    def wil(self)",
    "workbench/scoring/measures.py": '    Metric(\n        "punctuation_error"',
}
"""File to what the block of the page is written in front of."""


def _blocks() -> dict[str, str]:
    section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = re.split(r"^##+ ", section.partition("### Add a metric")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return dict(re.findall(r"^```python (\S+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the faces of the changed copy show of ``missing_words``."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "workbench", root / "workbench", ignore=shutil.ignore_patterns("__pycache__"))
    for file, block in _blocks().items():
        text = (root / file).read_text(encoding="utf-8")
        anchor = _ANCHORS[file]
        assert text.count(anchor) == 1, file
        gap = "\n" if file.endswith("accuracy.py") else ""
        (root / file).write_text(text.replace(anchor, block + gap + anchor), encoding="utf-8")
    command = [sys.executable, "-m", "tests.documentation.metric_faces", "missing_words", str(root / "runs")]
    path = os.pathsep.join([str(root), str(ROOT)])
    done = subprocess.run(
        command, cwd=root, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(done.stdout)
    assert answer["package"] == str(root / "workbench")
    return answer


def test_the_example_touches_two_files() -> None:
    """Where the values come from, and the list."""
    assert list(_blocks()) == list(_ANCHORS)


@pytest.mark.slow
def test_tables_json_and_frames_have_it(shown: dict) -> None:
    """One word of three is missing: 33.3 per 100; the column is a number."""
    assert "missing [per 100 words]" in shown["summary"]
    payload = json.loads(shown["show"])
    assert payload["cells"][0]["missing_words"] == pytest.approx(100 / 3)
    assert [row["missing_words"] for row in payload["session_scores"]] == [pytest.approx(100 / 3)] * 24
    assert shown["frame"]["base"] == ["Float64", 0.0]
    assert shown["frame"]["worse"] == shown["frame"]["accuracy"] == ["Float64", pytest.approx(100 / 3)]
    assert shown["report"]


@pytest.mark.slow
def test_it_is_compared_and_said(shown: dict) -> None:
    """Paired difference in its unit, and its name in the verdict."""
    assert shown["compare"] == pytest.approx(100 / 3)
    assert "missing words" in shown["verdict"]


@pytest.mark.slow
def test_a_gate_judges_it(shown: dict) -> None:
    """33.3 is under the limit of 40 and over the margin of 5."""
    assert [(check["kind"], check["metric"], check["verdict"]) for check in shown["gate"][:2]] == [
        ("limit", "missing_words", "pass"),
        ("margin", "missing_words", "fail"),
    ]


@pytest.mark.slow
def test_the_accuracy_page_and_the_reference_offer_it(shown: dict) -> None:
    """As a column, as a choice that draws, and as a line of docs/metrics.md."""
    assert "missing words" in shown["page"]["choice"]
    assert any("missing" in column for column in shown["page"]["columns"])
    assert shown["page"]["errors"] == 0
    (line,) = shown["docs"]
    assert "| missing words | `missing_words` | per 100 words | lower | – | yes |" in line
