"""``workbench`` without a process of its own, from the first line of ``main`` to its exit code: messages and codes."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.cli import main

__all__ = ["Done", "within"]


@dataclass(frozen=True)
class Done:
    """As of a process that has ended."""

    returncode: int
    stdout: str
    stderr: str


def within(*arguments: object, cwd: Path, env: dict[str, str] | None = None) -> Done:
    """Call it in ``cwd``, without settings of whoever runs the tests; it must never show a traceback."""
    unset = {key: None for key in os.environ if key.startswith(("SUKI_", "WORKBENCH_")) and key != "WORKBENCH_MODEL"}
    with (
        contextlib.chdir(cwd),
        _as_it_was(),
        pytest.MonkeyPatch.context() as patch,
        CliRunner().isolation(env=unset | (env or {})) as (out, err, _),
    ):
        patch.setattr(sys, "argv", ["workbench", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        done = Done(ended.value.code or 0, out.getvalue().decode(), err.getvalue().decode())
    assert "Traceback" not in done.stdout + done.stderr
    return done


@contextlib.contextmanager
def _as_it_was():
    """``main`` sets up a process: what it leaves to new files, and what a log may show."""
    umask = os.umask(0o022)
    filters = {handler: list(handler.filters) for handler in logging.getLogger().handlers}
    try:
        yield
    finally:
        os.umask(umask)
        for handler, before in filters.items():
            handler.filters[:] = before
