"""The package as a user has it: a wheel, built here and installed into an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]


def install(folder: Path) -> Path:
    """Build the wheel and install it; gives the environment's Python.

    Dependencies are those of the environment that runs the tests, seen through a path file: that file is not searched
    for path files in its turn, so the source tree stays out of sight.
    """
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "env", with_pip=False)
    python = folder / "env" / "bin" / "python"
    target = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "env")}))
    (target / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True, env=clean_environment())
    return python


def clean_environment(**more: str) -> dict[str, str]:
    """This environment without anything that would point at the source tree, a service or a store."""
    dropped = ("PYTHON", "SUKI_", "WORKBENCH_", "PYTEST_", "COV_", "COVERAGE_")
    return {key: value for key, value in os.environ.items() if not key.startswith(dropped)} | more
