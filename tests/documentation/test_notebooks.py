"""Notebooks are tested documents: paired, stripped, public names only, and each proves its claim."""

from __future__ import annotations

import ast
import json
import resource
import subprocess

import jupytext
import nbformat
import pytest
from click.testing import CliRunner

import workbench as wb
from tests.installed import ROOT, clean_environment, install
from workbench.cli import cli
from workbench.cli.notebooks import shipped_notebooks

NOTEBOOKS = shipped_notebooks()
NAMES = [path.stem for path in NOTEBOOKS]
LONGEST_S = 90

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)


def code_of(path):
    """The notebook's code as one tree."""
    cells = nbformat.read(path, 4).cells
    return ast.parse("\n\n".join(cell.source for cell in cells if cell.cell_type == "code"))


def test_there_are_five_in_the_order_of_reading():
    """The list of the documentation."""
    assert NAMES == [
        "01_first_run", "02_compare_audio_configs", "03_latency_deep_dive", "04_error_analysis", "05_your_own_data",
    ]  # fmt: skip


@each
def test_a_notebook_is_its_text_and_has_no_outputs(path):
    """The .py beside it is what is reviewed; `jupytext --sync notebooks/*.py` makes one from the other."""
    notebook, text = nbformat.read(path, 4), jupytext.read(path.with_suffix(".py"))
    nbformat.validate(notebook)
    assert [(c.cell_type, c.source) for c in notebook.cells] == [(c.cell_type, c.source) for c in text.cells]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@each
def test_a_notebook_uses_public_names_and_defines_next_to_nothing(path):
    """Nothing of the package but `import workbench as wb`, no function over five lines, no class."""
    tree = code_of(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not (node.module or "").startswith("workbench")
        if isinstance(node, ast.Import):
            assert all(not name.name.startswith("workbench.") for name in node.names)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert node.value.id != "wb" or node.attr in wb.__all__, node.attr
            assert not node.attr.startswith("_")
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 5, node.name
        assert not isinstance(node, ast.ClassDef)


@each
def test_the_last_cell_asserts_the_claim(path):
    """Under a heading that says so."""
    cells = nbformat.read(path, 4).cells
    assert cells[-2].source.startswith("## Checks")
    assert any(isinstance(node, ast.Assert) for node in ast.parse(cells[-1].source).body)


@each
def test_no_check_stands_where_one_reads(path):
    """The last cell is folded in a notebook and left out of an export; no other asserts."""
    cells = nbformat.read(path, 4).cells
    checks = [cell for cell in cells if cell.cell_type == "code" and "assert " in cell.source]
    assert checks == cells[-1:]
    assert cells[-1].metadata.tags == ["remove-cell"]
    assert cells[-1].metadata.jupyter.source_hidden


@each
def test_a_title_says_what_one_learns(path):
    """In a line, with what is asked of the numbers rather than a name for the page."""
    first = nbformat.read(path, 4).cells[0].source.splitlines()[0]
    assert first.startswith("# ")
    assert len(first.split()) > 8


def test_the_verb_copies_them_and_keeps_what_is_there(tmp_path):
    """A second call changes nothing; a folder that cannot be made is one line."""
    done = CliRunner().invoke(cli, ["notebooks", str(tmp_path / "mine")], standalone_mode=False)
    assert [line.rpartition("/")[2] for line in done.stdout.splitlines()] == [path.name for path in NOTEBOOKS]
    (tmp_path / "mine" / NOTEBOOKS[0].name).write_text("changed")
    again = CliRunner().invoke(cli, ["notebooks", str(tmp_path / "mine"), "--json"], standalone_mode=False)
    assert json.loads(again.stdout)["copied"] == []
    assert (tmp_path / "mine" / NOTEBOOKS[0].name).read_text() == "changed"
    (tmp_path / "file").touch()
    with pytest.raises(wb.InputError, match="cannot be written"):
        CliRunner().invoke(
            cli, ["notebooks", str(tmp_path / "file" / "x")], standalone_mode=False, catch_exceptions=False
        )


RUN = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=270, kernel_name="python3").execute()
outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
kinds = {kind for output in outputs for kind in output.get("data", {})}
print(sorted(kinds))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Python of an environment with the wheel."""
    return install(tmp_path_factory.mktemp("wheel"))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs_from_the_wheel_and_holds_its_claim(name, python, tmp_path):
    """From a folder that holds nothing else, without credentials; figures are drawn.

    In a minute and a half of work at most, which is counted in processor time: others may use the machine.
    """
    environment = clean_environment(
        HOME=str(tmp_path), IPYTHONDIR=str(tmp_path), PIP_NO_INDEX="1", WORKBENCH_MODEL="general"
    )
    subprocess.run([python, "-m", "workbench", "notebooks", "."], cwd=tmp_path, check=True, env=environment)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [python, "-c", RUN, f"{name}.ipynb"],
        cwd=tmp_path, capture_output=True, text=True, timeout=280, check=False, env=environment,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "text/html" in done.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < LONGEST_S
    assert (ROOT / "notebooks" / f"{name}.py").exists()
