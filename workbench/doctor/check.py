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
        state: what it came to.
        found: the facts, also where all is well.
        action: what to do; None where there is nothing to do.
        exit_code: of the command, where this failed.
    """

    name: str
    state: State
    found: str
    action: str | None = None
    exit_code: int = 0


def good(name: str, found: str) -> Check:
    """All is well."""
    return Check(name, State.GOOD, found)


def warning(name: str, found: str, action: str) -> Check:
    """It works, but something should be known or may be missed."""
    return Check(name, State.WARNING, found, action)


def failed(name: str, found: str, action: str, exit_code: int) -> Check:
    """It does not work; ``exit_code`` is one of those of :mod:`workbench.errors`."""
    return Check(name, State.FAILED, found, action, exit_code)


def skipped(name: str, why: str) -> Check:
    """It could not be looked at."""
    return Check(name, State.SKIPPED, why)
