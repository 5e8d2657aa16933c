"""The public docstrings: each has an example, the examples are true, and what calls give back has a public name."""

from __future__ import annotations

import ast
import asyncio
import doctest
import inspect
import json
import re
import shutil
import types
import typing
from importlib import import_module
from pathlib import Path

import pytest

import workbench as wb
from tests.quick import short_corpus
from tests.stored import batch, store_run

RESULTS = (wb.Run, wb.Compared, wb.Gated, wb.Calibrated, wb.Session, wb.Diff, wb.Clip)
"""What notebooks hold; of these every method and property is public, of the other classes the class itself."""
SLOW = ("Calibrated", "calibrate", "Calibration")
"""Examples that take 15 s of real time."""


def documented() -> dict[str, object]:
    """Every public function, class, method and property by name."""
    found: dict[str, object] = {name: getattr(wb, name) for name in wb.__all__ if name != "__version__"}
    for kind in RESULTS:
        for name, member in vars(kind).items():
            if not name.startswith("_") and isinstance(member, property | types.FunctionType):
                found[f"{kind.__name__}.{name}"] = member
    return found


DOCUMENTED = documented()


def examples(name: str) -> list[doctest.Example]:
    """Of its docstring; a class defined elsewhere has its own module's names in them."""
    return doctest.DocTestParser().get_examples(inspect.getdoc(DOCUMENTED[name]) or "")


def test_every_public_docstring_has_an_example():
    """A first line says what it does, an example how it is used."""
    assert [name for name in DOCUMENTED if not examples(name)] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A working folder: two stored runs, a corpus to play, one to align and one to import."""
    made = tmp_path_factory.mktemp("folder")
    base = store_run(made / ".runs", batch(24))
    short_corpus(made / "my-corpus", 4)
    shipped = wb.load_corpus("librivox").utterances[0]
    row = {"audio_filepath": str(shipped.audio), "text": shipped.reference.spoken}
    (made / "nemo.jsonl").write_text(json.dumps(row) + "\n")
    wb.import_corpus("nemo", made / "nemo.jsonl", made / "spoken", copy=True)
    run = store_run(made / ".runs", batch(24, wrong=12))
    return made, *(wb.load(one, store=made / ".runs") for one in (base, run))


@pytest.fixture
def names(folder, monkeypatch):
    """What examples may use: ``wb``, two stored runs, and what stands in the module."""
    made, base, run = folder
    monkeypatch.chdir(made)
    return {"wb": wb, "base": base, "run": run, "asyncio": asyncio}


@pytest.fixture
def playing(names, folder, scripted_service, monkeypatch, tmp_path):
    """The same in a copy of the folder, with the shared service as the endpoint."""
    monkeypatch.chdir(shutil.copytree(folder[0], tmp_path / "folder"))
    monkeypatch.setenv("WORKBENCH_ENDPOINT", scripted_service.url)
    return names


def check(name, names):
    """Run the examples of one docstring."""
    thing = DOCUMENTED[name]
    of = thing.fget if isinstance(thing, property) else thing
    given = vars(import_module(of.__module__)) | names
    test = doctest.DocTest(examples(name), dict(given), name, None, 0, None)
    told: list[str] = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    result = doctest.DocTestRunner(verbose=False, optionflags=flags).run(test, out=told.append)
    assert result.failed == 0, "".join(told)


def plays(name):
    """Whether the examples of a docstring play something."""
    return any(re.search(r"wb\.(run|sweep)(_async)?\(", example.source) for example in examples(name))


QUICK = [name for name in DOCUMENTED if name.partition(".")[0] not in SLOW and not plays(name)]


@pytest.mark.parametrize("name", QUICK)
def test_the_examples_are_true(name, names):
    """Each run as it stands."""
    check(name, names)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in DOCUMENTED if plays(name)])
def test_the_examples_that_play_are_true(name, playing):
    """Against the shared service, which says one sentence to everybody."""
    check(name, playing)


@pytest.mark.slow
def test_the_examples_of_the_calibration_are_true(names, monkeypatch):
    """One calibration for all of them."""
    check("calibrate", names)
    found = wb.calibrate(sessions=1)
    monkeypatch.setitem(vars(wb), "calibrate", lambda **_: found)
    for name in DOCUMENTED:
        if name.partition(".")[0] in SLOW and name != "calibrate":
            check(name, names)


def classes(hint: object) -> set[type]:
    """Classes of the library that a type speaks of."""
    if isinstance(hint, type) and not typing.get_args(hint):
        return {hint} if hint.__module__.startswith("workbench.") else set()
    return {kind for part in typing.get_args(hint) for kind in classes(part)}


def hints(thing: object) -> dict[str, object]:
    """Types as the checker sees them; names for checkers alone are added."""
    more = {"pd": types.SimpleNamespace(DataFrame=object), "pa": types.SimpleNamespace(Table=object), "Figure": object}
    return typing.get_type_hints(thing, localns=more)


@pytest.mark.parametrize("name", DOCUMENTED)
def test_what_is_returned_and_raised_has_a_public_name(name):
    """A caller can annotate and catch all of it: returns, callbacks, attributes of results, documented errors."""
    thing = DOCUMENTED[name]
    public = {getattr(wb, one) for one in wb.__all__}
    if isinstance(thing, type):
        found = set().union(*map(classes, hints(thing).values())) if thing in RESULTS else set()
    else:
        found = classes(hints(thing.fget if isinstance(thing, property) else thing).get("return"))
        for hint in hints(thing).values() if isinstance(thing, types.FunctionType) else ():
            found |= classes(hint)
    assert {kind for kind in found if kind not in public} == set()
    section = (inspect.getdoc(thing) or "").partition("Raises:\n")[2]
    raised = [line.split(":")[0].strip() for line in section.splitlines() if line.startswith("    ") and line[4] != " "]
    assert [one for one in raised if one.endswith("Error") and one not in wb.__all__] == []


def test_no_error_of_the_library_speaks_the_command_line():
    """Errors name parameters; the command line says which option one is."""
    package = Path(wb.__file__).parent
    found, flag = [], re.compile(r"(^| )--\w")
    for path in sorted(package.rglob("*.py")):
        if path.relative_to(package).parts[0] in ("cli", "app"):
            continue
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if flag.search(text) else ():
            if isinstance(node, ast.Call) and str(getattr(node.func, "id", "")).endswith("Error"):
                texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
                found += [(path.name, text) for text in texts if isinstance(text, str) and flag.search(text)]
    assert found == []
