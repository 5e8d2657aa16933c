"""The process that ``workbench app`` becomes."""

from __future__ import annotations

import os
import signal

import pytest

from workbench.app import __main__ as app


def test_an_interrupt_is_heard_before_the_server_listens_for_it(ground: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by an app that a shell started in the background: it is on its way to serve and ends."""
    monkeypatch.setattr(app, "serve", lambda launch: os.kill(os.getpid(), signal.SIGINT))
    monkeypatch.setattr("sys.argv", ["workbench"])
    assert app.main([]) == 130
