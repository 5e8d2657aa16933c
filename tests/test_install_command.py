"""The hint for a missing extra is true for how this copy was installed."""

import importlib.metadata
import json

import pytest

from workbench.child_process import install_command


class Noted:
    def __init__(self, facts):
        self.facts = facts

    def read_text(self, name):
        assert name == "direct_url.json"
        return None if self.facts is None else json.dumps(self.facts)


@pytest.mark.parametrize(
    ("facts", "command"),
    [
        (None, "pip install 'suki-workbench[app]'"),
        ({"url": "file:///a%20b", "dir_info": {"editable": True}}, "pip install -e '.[app]' in /a b"),
        (
            {"url": "file:///w/x-1-py3-none-any.whl", "archive_info": {}},
            "pip install 'suki-workbench[app] @ file:///w/x-1-py3-none-any.whl'",
        ),
        ({"url": "https://h/x.git", "vcs_info": {"vcs": "git"}}, "pip install 'suki-workbench[app] @ https://h/x.git'"),
    ],
)
def test_the_command_is_that_of_this_copy(monkeypatch, facts, command):
    """An index, a clone, a file, an address."""
    monkeypatch.setattr(importlib.metadata, "distribution", lambda name: Noted(facts))
    assert install_command("app") == command


def test_a_folder_that_was_installed_from_is_named(monkeypatch, tmp_path):
    """Not in place: the copy comes from there again."""
    monkeypatch.setattr(
        importlib.metadata, "distribution", lambda name: Noted({"url": tmp_path.as_uri(), "dir_info": {}})
    )
    assert install_command("app") == f"pip install '{tmp_path}[app]'"


def test_a_clone_that_was_never_installed_is_a_clone(monkeypatch):
    """As with PYTHONPATH."""

    def nothing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", nothing)
    assert install_command("app").startswith("pip install -e '.[app]' in ")
