"""Calibration: sessions whose every message is known in advance, measured like any other."""

from workbench.calibration.measuring import Calibration, ErrorFacts, calibrate, load_calibration, save_calibration
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
