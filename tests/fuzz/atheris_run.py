"""One target under atheris: ``python -m tests.fuzz.atheris_run TARGET [libFuzzer options]``; needs the extra ``fuzz``.

The seed corpus is read and nothing is written to it; a finding is written beside where this was called, and becomes a
seed once it is mended.
"""

from __future__ import annotations

import sys
import tempfile

import atheris

with atheris.instrument_imports(include=["workbench"]):
    from tests.fuzz.targets import TARGETS

from tests.fuzz.make_seeds import CORPUS

__all__ = ["main"]


def main() -> None:
    """Fuzz until the options say stop."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"expected one of {', '.join(TARGETS)}")
    name = sys.argv.pop(1)
    with tempfile.TemporaryDirectory() as fresh:  # what is found new is written into the first folder
        atheris.Setup([*sys.argv, fresh, str(CORPUS / name)], TARGETS[name])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
