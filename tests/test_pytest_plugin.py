"""The pytest plugin, in test suites of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import scipy.stats  # noqa: F401  pytester forgets what a test imports, and scipy cannot be imported twice

from tests.stored import batch, stored
from workbench.errors import InputError
from workbench.pytest_plugin import assert_no_regression
from workbench.reporting.notebook import Run

pytest_plugins = ["pytester"]
EXAMPLE = Path(__file__).parents[1] / "examples" / "pytest"


@pytest.mark.slow
def test_fixtures_play_to_a_simulator(pytester):
    """A suite with one test: a run of one utterance, stored in the test's own folder."""
    pytester.makepyfile(
        """
        def test_it(suki_run, simulator, tmp_path):
            run = suki_run("librivox", limit=1)
            assert run.complete
            assert run.path.parent == tmp_path / "runs"
            assert run.result.run.manifest.endpoint == simulator.url.removeprefix("http://")
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)


@pytest.mark.slow
def test_a_regression_fails_a_test_with_a_table(pytester, tmp_path):
    """The message holds every check and no traceback of ours."""
    wrongs = {"base": 0, "again": 0, "bad": 12}
    at = {name: stored(tmp_path / name, batch(24, wrong=wrong)).run.path for name, wrong in wrongs.items()}
    pytester.makepyfile(
        f"""
        import workbench as wb
        from workbench import pytest_plugin

        def test_same(assert_no_regression):
            assert_no_regression(wb.load(r"{at["again"]}"), wb.load(r"{at["base"]}"), wer=0.1)

        def test_worse():
            pytest_plugin.assert_no_regression(wb.load(r"{at["bad"]}"), wb.load(r"{at["base"]}"), wer=0.01)
        """
    )
    done = pytester.runpytest_subprocess("-q")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["*## Gate: fail*", "*| clean | wer worse by less than 1.00 points |*| fail |*"])
    done.stdout.no_fnmatch_line("*pytest_plugin.py*")


@pytest.mark.slow
def test_the_example_project_passes(pytester):
    """As a reader copies it: the fixtures alone, no import of the plugin."""
    for file in EXAMPLE.iterdir():
        (pytester.path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=2)


def test_too_few_data_show_nothing_and_fail(tmp_path):
    """Unless fewer are asked for; no margin is a mistake."""
    base, again = (Run(stored(tmp_path, batch(7))) for _ in range(2))
    with pytest.raises(AssertionError, match="not enough data"):
        assert_no_regression(again, base, wer=0.05)
    assert_no_regression(again, base, wer=0.3, min_utterances=5)
    with pytest.raises(InputError, match="nothing to check"):
        assert_no_regression(again, base)


@pytest.mark.slow
def test_a_suite_that_uses_none_of_it_pays_nothing(pytester):
    """The plugin is loaded by its entry point, and nothing heavy with it."""
    pytester.makepyfile(
        """
        import sys

        def test_it(request):
            assert request.config.pluginmanager.hasplugin("workbench")
            ours = {m for m in sys.modules if m.startswith("workbench")}
            assert ours == {"workbench", "workbench.pytest_plugin"}
            assert not {"numpy", "httpx", "pandas", "click"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-q", "-p", "no:hypothesispytest").assert_outcomes(passed=1)


def test_the_plugin_imports_pytest_alone():
    """Whatever other plugins a suite has."""
    probe = "import pytest, sys; a = set(sys.modules); import workbench.pytest_plugin; print(set(sys.modules) - a)"
    shown = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
    assert shown.count("'") // 2 <= 4, shown
