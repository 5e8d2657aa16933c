"""What is released: a wheel that works outside of the source tree, with its corpora, notebooks and types."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.installed import ROOT, clean_environment, install

pytestmark = pytest.mark.slow

CONSUMER = ROOT / "tests" / "data" / "consumer.py"


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Python of an environment with the wheel."""
    return install(tmp_path_factory.mktemp("wheel"))


def run(python, *words, cwd, timeout=120):
    """A command of the installed package."""
    return subprocess.run(
        [python, *words], cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False, env=clean_environment()
    )


def test_the_installed_package_is_the_wheel(python, tmp_path):
    """Not the source tree; typed, with corpora and notebooks inside."""
    probe = (
        "import workbench, pathlib; folder = pathlib.Path(workbench.__file__).parent; print(folder); "
        "print(*(path.name for path in folder.iterdir()))"
    )
    where, names = run(python, "-c", probe, cwd=tmp_path).stdout.splitlines()
    assert str(ROOT) not in where
    assert {"py.typed", "__init__.pyi", "_datasets", "_notebooks"} <= set(names.split())
    listed = run(python, "-m", "workbench", "datasets", "list", "--json", cwd=tmp_path)
    assert {"clinic", "visits", "librivox"} <= {row["name"] for row in json.loads(listed.stdout)["corpora"]}
    copied = run(python, "-m", "workbench", "notebooks", "mine", "--json", cwd=tmp_path)
    assert len(json.loads(copied.stdout)["copied"]) == 5


def test_the_wheel_runs_the_demo_with_its_corpora(python, tmp_path):
    """The console script, from a folder that holds nothing else."""
    script = python.parent / "workbench"
    done = subprocess.run(
        [script, "demo", "--json", "--no-app", "--corpus", "librivox", "--limit", "2"],
        cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False,
        env=clean_environment(WORKBENCH_MODEL="general"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [cell["failed"] for cell in json.loads(done.stdout)["cells"]] == [0, 0, 0]


def test_a_consumer_is_checked_in_strict_mode(python):
    """Every public name has a type that mypy finds in the wheel."""
    command = ["-m", "mypy", "--strict", "--no-incremental", "--python-executable", str(python), str(CONSUMER)]
    done = run(sys.executable, *command, cwd=CONSUMER.parent)
    assert done.returncode == 0, done.stdout
    assert run(python, str(CONSUMER), cwd=CONSUMER.parent).returncode == 0
