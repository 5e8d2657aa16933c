"""The command line answers at once: nothing heavy is imported before a verb needs it."""

import resource
import subprocess
import sys

import pytest

from tests.stored import batch, store_run

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


NOT_FOR_STORED_RUNS = {
    "duckdb", "httpx", "importlib.metadata", "numpy.f2py", "pandas", "plotly", "scipy.special", "workbench.client.rest",
    "workbench.scoring.reading.grammar",
}  # fmt: skip


@pytest.mark.parametrize("verb", ["show", "compare", "runs"])
def test_stored_runs_are_shown_without_what_plays_and_what_reads_text(verb, tmp_path):
    """The client, the grammar of clinical text and all of scipy.special cost more than the rest of a verb."""
    run_id = store_run(tmp_path, batch(12) + batch(12, wrong=3, cell="noise"))
    arguments = [verb, "list"] if verb == "runs" else [verb, run_id]
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(heavy=NOT_FOR_STORED_RUNS), *arguments, "--store", str(tmp_path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr.splitlines()[-1] == "[]"
    assert done.stdout


def processor_s(*arguments):
    """What a Python with these arguments takes of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.timing
def test_help_takes_a_quarter_of_a_second():
    """In processor time, the best of five: it waits for nothing, so an idle machine shows the same on the clock.

    A bare Python, started in turn with it, starts in 20 ms on the machine that the figure was promised for.
    """
    helped_s, bare_s = [], []
    for _ in range(5):
        helped_s.append(processor_s("-m", "workbench", "--help"))
        bare_s.append(processor_s("-c", "pass"))
    assert min(helped_s) <= 0.25 * max(1.0, min(bare_s) / 0.02)
