"""What the verbs that play say before they do."""

import os

import pytest

from tests.quick import ask, short_corpus
from workbench.cli import playing
from workbench.settings import Settings
from workbench.simulator import local


@pytest.mark.parametrize(
    ("load", "settings", "says"),
    [
        (0.9, {}, False),
        (1.1, {}, True),
        (9.0, {"recogniser": "replay"}, False),
        (9.0, {"endpoint": "staging"}, False),
    ],
)
def test_a_busy_machine_is_named_where_it_decodes(load, settings, says, monkeypatch, capsys, tmp_path):
    """Over half of the cores taken by other work; what is replayed or elsewhere does not care."""
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(local, "usable_cores", lambda: 2)
    run = ask(short_corpus(tmp_path / "c", 1), cells=1, concurrency=1)
    playing._cap_concurrency(run, Settings(**settings))
    line = "This machine is busy (load 1.1 on 2 cores): the recogniser may fall behind"
    assert (line in capsys.readouterr().err) is says
