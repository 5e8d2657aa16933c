"""Runs pip-audit over the packages of a folder; where its sources cannot be reached, says so instead of failing.

Run: make audit
Exit code 0 where nothing is known or nothing could be asked, 1 where a vulnerability is known.
"""

from __future__ import annotations

import json
import subprocess
import sys

UNREACHABLE = (
    "ConnectionError",
    "Could not connect",
    "Max retries",
    "503",
    "403",
    "ServiceError",
    "Failed to",
    "timed out",
)


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
        why = lines[-1] if lines else f"exit code {done.returncode}"
        reachable = not any(sign in done.stderr for sign in UNREACHABLE)
        print(
            f"audit {'failed' if reachable else 'not possible here, its source of advisories cannot be reached'}: {why}"
        )
        return int(reachable)
    broken = [(one["name"], one["version"], v["id"], v["fix_versions"]) for one in found for v in one.get("vulns", ())]
    for name, version, advisory, fixed in broken:
        print(f"{name} {version}: {advisory}, fixed in {', '.join(fixed) or 'no version yet'}")
    print(f"{len(found)} packages looked at, {len(broken)} known vulnerabilities")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
