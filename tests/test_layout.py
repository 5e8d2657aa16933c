"""The house: few loose modules, few import rows, and no circle; see CONTRIBUTING."""

from __future__ import annotations

import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

import workbench

PACKAGE = Path(workbench.__file__).parent
ROOT = Path(__file__).resolve().parents[1]


def test_no_modules_import_each_other():
    """Not two of them and not in a circle; imports inside of functions and for types alone count too."""
    graph = grimp.build_graph("workbench", exclude_type_checking_imports=False, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert imports["workbench.client.rest_worker"] >= {"workbench.client.rest"}, "an import inside of a function"
    assert imports["workbench.store.queries"] >= {"workbench.errors"}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        raise AssertionError("imported in a circle: " + " <- ".join(error.args[1])) from None


def test_the_package_has_at_most_nine_loose_modules():
    """A newcomer sees the pipeline, not a heap."""
    assert len(list(PACKAGE.glob("*.py"))) <= 9


def test_the_import_contract_has_at_most_fourteen_rows():
    """One contract of layers; every package stands in one of its rows."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    assert len(layers) <= 14
    named = {name.strip().removeprefix("workbench.") for row in layers for name in row.split("|")}
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert named == there - {"__init__", "__main__"}


def test_the_packages_of_the_house_are_those_of_the_guide():
    """A package that is new is told of in CONTRIBUTING."""
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    packages = [path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()]
    assert [name for name in packages if f"{name}/" not in guide] == []
