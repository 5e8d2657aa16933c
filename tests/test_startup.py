"""The command line answers at once: nothing heavy is imported before a verb needs it."""

import resource
import subprocess
import sys

import pytest

HEAVY = {"duckdb", "pandas", "plotly", "pocketsphinx", "pyarrow", "scipy", "soundfile", "streamlit"}

PROBE = """
import sys
from workbench.cli import main
sys.argv = ["workbench", *sys.argv[1:]]
try:
    main()
finally:
    print(sorted(set(sys.modules) & {heavy}), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["capacity", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    """No pandas, plotly, scipy, duckdb or streamlit, among others."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(heavy=HEAVY), *arguments], capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"
    assert done.stdout


def test_help_takes_a_quarter_of_a_second():
    """The best of five, in processor time: it waits for nothing, so an idle machine shows the same on the clock."""
    taken_s = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "workbench", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken_s) <= 0.25
