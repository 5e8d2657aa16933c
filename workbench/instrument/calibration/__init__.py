"""Calibration: sessions whose every message is known in advance, measured like any other.

What plays is in modules of its own, so that reading a calibration costs no client and no simulator.
"""

from workbench.instrument.calibration.result import Calibration, ErrorFacts, load_calibration, save_calibration

__all__ = ["Calibration", "ErrorFacts", "load_calibration", "save_calibration"]
