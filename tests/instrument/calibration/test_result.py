"""A calibration of a busy moment is marked and not applied."""

import msgspec
import pytest

from workbench.instrument.calibration import Calibration, load_calibration, save_calibration
from workbench.reporting.tables.calibration import calibration_table

FOUND = Calibration(
    sessions=20, failed=0, transport="websockets", pacer="timerfd", metrics={}, wire={}, counts_exact=True,
    count_errors=(), resolution_ms=2.0, created="2026-11-21T05:00:00+00:00", host="cpu, 2 cores",
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, None),
        ({"load": 0.2, "certified": 20}, None),
        ({"load": 3.0, "certified": 20}, "load 3.0 a core when it began"),
        ({"load": 0.2, "certified": 12}, "timing of 8 of 20 sessions not certified"),
    ],
)
def test_one_of_a_busy_machine_is_marked_and_rounds_nothing(tmp_path, changes, why):
    """Its time and load are kept, the table says why; one from before the load was kept is applied as it was."""
    calibration = msgspec.structs.replace(FOUND, **changes)
    save_calibration(tmp_path, calibration)
    kept = load_calibration(tmp_path)
    assert kept == calibration
    assert (kept.busy, kept.applied_ms) == (why, None if why else 2.0)
    assert any("tables do not use it" in note for note in calibration_table(kept).notes) == bool(why)
