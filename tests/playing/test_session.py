"""How a session is played: the transport that a number of sessions gets."""

from __future__ import annotations

import importlib.util

import pytest

from workbench.playing import connect
from workbench.playing.connect import transport_for


@pytest.mark.parametrize(("sessions", "transport"), [(1, "websockets"), (200, "websockets"), (201, "picows")])
def test_many_sessions_get_the_dense_transport(sessions, transport):
    """Above 200 at a time, where it is installed."""
    pytest.importorskip("picows", reason="the extra 'load' is not installed")
    assert transport_for(sessions) == transport


def test_without_the_extra_every_session_gets_the_default(monkeypatch):
    """Nothing has to be chosen by hand where picows is not installed."""
    monkeypatch.setattr(connect.importlib.util, "find_spec", lambda name: None)
    assert transport_for(5_000) == "websockets"
    monkeypatch.undo()
    assert importlib.util.find_spec("workbench")
