"""The audit of dependencies is a check that can fail."""

import importlib.util
import stat
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "audit.py"


@pytest.fixture(scope="module")
def audit():
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("audit", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GOOD = {"name": "A_b", "version": "1", "vulns": []}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found on PyPI"}
BROKEN = {"name": "d", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}


@pytest.mark.parametrize(
    ("found", "installed", "code", "says"),
    [
        ([GOOD], {"a-b"}, 0, "1 packages looked at, 0 not"),
        ([GOOD, SKIPPED], {"a-b", "c"}, 1, "c: not looked at (Dependency not found on PyPI)"),
        ([SKIPPED], {"c"}, 1, "0 packages looked at, 1 not, 0 known"),
        ([GOOD], {"a-b", "e"}, 1, "e: not looked at"),
        ([GOOD, BROKEN], {"a-b", "d"}, 1, "d 1: CVE-1, fixed in 2"),
        ([], set(), 1, "0 packages looked at"),
    ],
)  # fmt: skip
def test_a_package_that_was_not_looked_at_fails_the_audit(audit, found, installed, code, says, capsys):
    """It said 0 vulnerabilities when every package was skipped."""
    assert audit.judge(found, installed) == code
    assert says in capsys.readouterr().out


def test_sources_that_cannot_be_reached_fail_it_too(audit, tmp_path, monkeypatch, capsys):
    """Nothing was looked at then."""
    tool = tmp_path / "pip-audit"
    tool.write_text("#!/bin/sh\necho 'ConnectionError: no route' >&2\nexit 1\n")
    tool.chmod(stat.S_IRWXU)
    monkeypatch.setattr(sys, "argv", ["audit.py", str(tool), str(tmp_path)])
    assert audit.main() == 1
    assert "nothing was looked at: ConnectionError: no route" in capsys.readouterr().out
