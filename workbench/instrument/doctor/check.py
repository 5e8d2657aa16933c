"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Check", "State", "failed", "good", "skipped", "warning"]


class State(Enum):
    """What a check came to."""

    GOOD = "good"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the diagnosis.

    Attributes:
        name: what was looked at.
        state: result of the check.
        found: the facts, also if all is well.
        action: what to do; None if nothing needs doing.
        exit_code: exit code of the command if this failed.
    """

    name: str
    state: State
    found: str
    action: str | None = None
    exit_code: int = 0


def good(name: str, facts: str) -> Check:
    """All is well."""
    return Check(name, State.GOOD, facts)


def warning(name: str, facts: str, action: str) -> Check:
    """It works, but something should be known or may be missed."""
    return Check(name, State.WARNING, facts, action)


def failed(name: str, facts: str, action: str, exit_code: int) -> Check:
    """It does not work; ``exit_code`` is one of those of :mod:`workbench.errors`."""
    return Check(name, State.FAILED, facts, action, exit_code)


def skipped(name: str, why: str) -> Check:
    """It could not be looked at."""
    return Check(name, State.SKIPPED, why)
