"""The worked example of CONTRIBUTING: one field, and every face has the setting."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.documentation.keywords import FILE, keywords_module
from tests.quick import short_corpus

ROOT = Path(__file__).parents[2]
PROBE = """
import inspect, json, sys
import msgspec
import workbench as wb
from click.testing import CliRunner
from pathlib import Path
from tests.documentation.keywords import keywords_module
from workbench.app.sweep_form import command, form_fields, form_spec
from workbench.cli import cli
from workbench.errors import InputError
from workbench.runs.manifest import resolved_of, run_manifest, spec_of
from workbench.runs.resolve import resolve
from workbench.runs.spec_fields import make_spec
from workbench.runs.sweep import load_sweep
from workbench.settings import Settings
from workbench.store import Manifest

corpus, folder = sys.argv[1], Path(sys.argv[2])
found = {"home": wb.__file__}
for verb in ("run", "sweep"):
    found[verb] = CliRunner().invoke(cli, [verb, "--help"], terminal_width=100).output
    found[f"wb.{verb}"] = inspect.signature(getattr(wb, verb)).parameters["settle_s"].default
(folder / "sweep.toml").write_text("settle_s = 7\\n")
found["toml"] = load_sweep(folder / "sweep.toml").settle_s
(folder / "bad.toml").write_text("settle_s = 61\\n")
try:
    load_sweep(folder / "bad.toml")
except InputError as error:
    found["bad"] = str(error)
(field,) = (field for field in form_fields() if field.name == "settle_s")
found["form"] = [field.default, field.low, field.high, field.help]
found["file"] = command(form_spec({"snr_db": "20"}, {"settle_s": 5}))[1]["sweep.toml"].decode()
resolved = resolve(make_spec({"corpus": corpus, "settle_s": 9}))
manifest = Manifest.from_json(run_manifest(resolved, "here", None, 1, Settings()).to_json(), "manifest")
found["request"] = manifest.request.spec["settle_s"]
found["resumed"] = resolved_of(manifest)[0].spec.settle_s
del manifest.request.spec["settle_s"]
found["stored before"] = spec_of(manifest).settle_s
found["keywords"] = keywords_module()
print(json.dumps(found))
"""


def test_the_keywords_are_those_of_the_fields() -> None:
    """Renew them with ``python -m tests.documentation.generated``."""
    assert FILE.read_text(encoding="utf-8") == keywords_module()


def test_a_setting_that_is_added_by_the_example_is_in_every_face(tmp_path: Path) -> None:
    """In a copy of the package, with the lines as they stand on the page."""
    page = (
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("### Add a setting")[2].partition("\n### ")[0]
    )
    field, use = re.findall(r"```python\n    # [^\n]+\n(.*?)```", page, re.DOTALL)
    shutil.copytree(ROOT / "workbench", tmp_path / "workbench", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__", "fixtures"))
    spec, play = (tmp_path / "workbench" / "runs" / name for name in ("spec.py", "evaluate.py"))
    spec.write_text(spec.read_text() + field)
    before, after = play.read_text().split("    with stop.listening() as stopped:\n")
    play.write_text(f"{before}{use}    with stop.listening() as stopped:\n{after}")
    corpus = short_corpus(tmp_path / "corpus", 1)
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(corpus), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["home"].startswith(str(tmp_path))
    for verb in ("run", "sweep"):
        assert "--settle-s N" in found[verb]
        assert "Seconds to wait before the first session. [default: 0]" in re.sub(r"\s+", " ", found[verb])
        assert found[f"wb.{verb}"] == 0
    assert found["toml"] == 7
    assert found["bad"].endswith("bad.toml: settle_s: value not allowed (got 61; expected a whole number from 0 to 60)")
    assert found["form"] == [0, 0, 60, "Seconds to wait before the first session."]
    assert "settle_s = 5" in found["file"]
    assert (found["request"], found["resumed"], found["stored before"]) == (9, 9, 0)
    assert "    settle_s: int\n" in found["keywords"]
