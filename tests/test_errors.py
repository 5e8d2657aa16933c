"""Errors: a tree that is what its docstring says, one line each, whole across process borders."""

from __future__ import annotations

import ast
import copy
import pickle
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench import errors
from workbench.errors import RemoteProtocolError, ServiceError, WorkbenchError

CLASSES = [getattr(errors, name) for name in errors.__all__]


def drawn_tree():
    """Parents and exit codes as the docstring draws them."""
    parents, exits, stack = {}, {}, []
    for line in errors.__doc__.splitlines():
        drawn = re.match(r"    ([│├└─ ]*)(\w+Error)\s+.*?(?:\(exit (\d+)\))?$", line)
        if not drawn:
            continue
        depth = len(drawn[1]) // 4
        stack[depth:] = [drawn[2]]
        parents[drawn[2]] = stack[depth - 1] if depth else "Exception"
        if drawn[3]:
            exits[drawn[2]] = int(drawn[3])
    return parents, exits


def test_the_drawn_tree_is_the_tree():
    """Every class stands in the docstring under its parent, and nothing else does."""
    parents, _ = drawn_tree()
    assert parents == {kind.__name__: kind.__base__.__name__ for kind in CLASSES}


def test_exit_codes_are_as_drawn():
    """What a build sees follows from the class."""
    _, exits = drawn_tree()
    assert len(exits) >= 7
    for name, code in exits.items():
        assert all(kind.exit_code == code for kind in CLASSES if issubclass(kind, getattr(errors, name)))


def test_ten_leaves_at_most():
    """A tree that nobody can remember sorts nothing."""
    assert sum(not kind.__subclasses__() for kind in CLASSES) <= 10


def test_a_line_holds_item_got_expected_and_action():
    """The sentence is built from data."""
    error = WorkbenchError("no audio", item="u1", got="0 samples", expected="one", action="Record it again")
    assert str(error) == "u1: no audio (got 0 samples; expected one). Record it again"
    assert str(WorkbenchError("no audio")) == "no audio"
    assert str(WorkbenchError("no audio", expected="one")) == "no audio (expected one)"
    assert str(WorkbenchError("no audio", got=0)) == "no audio (got 0)"


texts = st.text()


@given(texts, st.none() | texts, st.none() | texts | st.integers(), st.none() | texts, st.none() | texts)
def test_a_message_is_one_line_whatever_it_is_given(problem, item, got, expected, action):
    """A library's line feeds do not reach a log."""
    error = WorkbenchError(problem, item=item, got=got, expected=expected, action=action)
    assert str(error).splitlines() in ([], [str(error)])


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_crosses_a_process_border_whole(kind):
    """Pickled and copied errors keep their data and their sentence."""
    extra = {ServiceError: {"status": 503, "error_id": "try_later"}, RemoteProtocolError: {"close_code": 1007}}
    error = kind("broken", item="a", got=[1], expected="b", action="c", **extra.get(kind, {}))
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  our own bytes
        assert type(twin) is kind
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


ON_THE_WIRE = {"recognisers.py", "refusals.py", "scripted.py", "states.py"}
"""What these say goes to a peer, in the words of its contract."""


def raised():
    """Every place that makes one of these errors: file, line and the arguments it gives."""
    for path in sorted((Path(errors.__file__).parent).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in errors.__all__:
                yield path, node.lineno, {keyword.arg for keyword in node.keywords}, node.args


def test_every_message_says_what_would_have_been_right_or_what_to_do():
    """Beside what is wrong and what was got: a reader is never left alone with a fault."""
    silent = [
        f"{path.name}:{line}"
        for path, line, given, arguments in raised()
        if path.name not in {*ON_THE_WIRE, "errors.py"}
        and arguments
        and isinstance(arguments[0], ast.Constant)
        and not given & {"expected", "action", None}
    ]
    assert silent == []
