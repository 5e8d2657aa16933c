"""A project that uses the library: two type checkers accept what is right and find what is wrong, line by line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import workbench as wb

DATA = Path(__file__).parent / "data"
RIGHT, WRONG = DATA / "consumer.py", DATA / "consumer_wrong.py"
LINES = WRONG.read_text(encoding="utf-8").splitlines()


def mypy(*files: Path) -> set[tuple[str, int]]:
    """Errors of mypy in strict mode as file and line."""
    # With the library as `make check` names it, and its settings, which are strict: its cache is used, not thrown away.
    words = ["-m", "mypy", "--strict", "--no-error-summary", "workbench", *map(str, files)]
    done = subprocess.run([sys.executable, *words], cwd=DATA.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return {(Path(m[1]).name, int(m[2])) for m in re.finditer(r"^(.+?):(\d+): error", done.stdout, re.MULTILINE)}


def pyright(*files: Path) -> set[tuple[str, int]]:
    """Errors of pyright in strict mode as file and line; skips where it cannot run."""
    program = shutil.which("pyright", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("pyright is not installed: pip install pyright, which needs node and its registry once")
    words = [program, "--outputjson", "--pythonpath", sys.executable, *map(str, files)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=240)
        found = json.loads(done.stdout)["generalDiagnostics"]
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError) as error:
        pytest.skip(f"pyright cannot run here ({type(error).__name__}): it fetches its own program from npm at first")
    return {(Path(f["file"]).name, f["range"]["start"]["line"] + 1) for f in found if f["severity"] == "error"}


def marked() -> set[tuple[str, int]]:
    """Lines that a checker must find."""
    return {(WRONG.name, number) for number, line in enumerate(LINES, 1) if "# wrong: " in line}


@pytest.mark.slow
@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_checker_accepts_what_is_right_and_finds_each_wrong_line(checker):
    """Wrong keywords, wrong types and wrong names, and nothing else."""
    assert checker(RIGHT, WRONG) == marked()


def test_what_only_the_call_can_find_it_refuses():
    """A wrong value of a right type: named with what is allowed. A wrong keyword too, for who checks no types."""
    with pytest.raises(wb.InputError, match=r"^noise: setting not allowed \(got pnk; expected one of none, white"):
        wb.run("clinic", noise="pnk")
    with pytest.raises(wb.InputError, match=r"^limt: unknown setting \(expected one of .*\blimit\b"):
        wb.run("clinic", limt=3)
    with pytest.raises(wb.InputError, match=r"^limit: value not allowed \(got '3'; expected a whole number"):
        wb.run("clinic", limit="3")


def test_the_consumer_uses_every_public_name():
    """A name that nobody checks would lose its type unseen."""
    text = RIGHT.read_text(encoding="utf-8")
    assert [name for name in wb.__all__ if f"wb.{name}" not in text] == []
    assert (Path(wb.__file__).parent / "py.typed").exists()
