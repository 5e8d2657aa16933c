"""Calibration: sessions whose every message is known in advance, measured like any other.

What plays is imported when it is first used, so that reading a calibration costs no client and no simulator.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from workbench.calibration.kept import Calibration, ErrorFacts, load_calibration, save_calibration

if TYPE_CHECKING:
    from workbench.calibration.measuring import calibrate
    from workbench.calibration.truth import KnownSession, known_session

__all__ = [
    "Calibration",
    "ErrorFacts",
    "KnownSession",
    "calibrate",
    "known_session",
    "load_calibration",
    "save_calibration",
]

_HOMES = {
    "KnownSession": "workbench.calibration.truth",
    "calibrate": "workbench.calibration.measuring",
    "known_session": "workbench.calibration.truth",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
