"""Is this machine fit to measure, and is the service within reach? One check a line, with what to do where it fails.

Nothing is left behind, no session is created and no provider registered. A check that cannot be made
because an earlier one failed is skipped and says why; what is merely optional is a warning and fails nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.instrument.doctor.check import Check, State
from workbench.instrument.doctor.machine import chromium, clock, codecs, libraries, python, storage
from workbench.instrument.doctor.pace import pacing
from workbench.instrument.doctor.reach import reach
from workbench.playing.pacer import run
from workbench.settings import Settings

__all__ = ["Check", "State", "diagnose", "exit_code"]


def diagnose(settings: Settings) -> list[Check]:
    """Every check, in the order in which they are worth mending; about five seconds."""
    checks = [python(), libraries(), codecs(), clock(), run(pacing())]
    checks += run(reach(settings))
    return [*checks, storage(settings.store), chromium()]


def exit_code(checks: Sequence[Check]) -> int:
    """That of the first check that failed, 0 where none did."""
    return next((check.exit_code for check in checks if check.state is State.FAILED), 0)
