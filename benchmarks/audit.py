"""Runs pip-audit over the packages of a folder, and fails unless every one of them was looked at.

Run: make audit
Exit code 0 where every package was looked at and nothing is known; 1 where a vulnerability is known, a package was
skipped, or the sources of advisories cannot be reached.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import distributions

OURS = "suki-workbench"


def main() -> int:
    """Audit, and print one line a finding."""
    tool, packages = sys.argv[1:3]
    done = subprocess.run(
        [tool, "--path", packages, "--skip-editable", "--format", "json", "--progress-spinner", "off"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        print(f"audit failed, nothing was looked at: {lines[-1] if lines else f'exit code {done.returncode}'}")
        return 1
    installed = {normal(one.metadata["Name"]) for one in distributions(path=[packages])} - {OURS}
    return judge(found, installed)


def judge(found: list[dict], installed: set[str]) -> int:
    """Print what was found; 0 only if every installed package was looked at and none is vulnerable."""
    seen = {normal(one["name"]) for one in found if "skip_reason" not in one}
    reasons = {normal(one["name"]): one["skip_reason"] for one in found if "skip_reason" in one}
    skipped = sorted((installed | set(reasons)) - seen - {OURS})
    for name in skipped:
        print(f"{name}: not looked at ({reasons.get(name, 'pip-audit does not name it')})")
    broken = [(one["name"], one["version"], v["id"], v["fix_versions"]) for one in found for v in one.get("vulns", ())]
    for name, version, advisory, fixed in broken:
        print(f"{name} {version}: {advisory}, fixed in {', '.join(fixed) or 'no version yet'}")
    print(f"{len(seen)} packages looked at, {len(skipped)} not, {len(broken)} known vulnerabilities")
    return int(bool(broken or skipped or not seen))


def normal(name: str) -> str:
    """A name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
