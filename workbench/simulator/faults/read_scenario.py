"""A scenario from a file; what it means is :mod:`workbench.simulator.faults.scenario`'s to say."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import InputError
from workbench.simulator.faults.scenario import Scenario, parse_scenario

__all__ = ["read_scenario"]

_MAX_BYTES = 1_048_576


def read_scenario(path: Path) -> Scenario:
    """Read a scenario.

    Raises:
        InputError: the file cannot be read, is too large, or is no scenario.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            "scenario cannot be read", item=str(path), got=error.strerror, expected="a TOML file, see docs/faults.md"
        ) from None
    if len(data) > _MAX_BYTES:
        raise InputError("scenario is too large", item=str(path), expected=f"at most {_MAX_BYTES} bytes")
    return parse_scenario(data, str(path))
