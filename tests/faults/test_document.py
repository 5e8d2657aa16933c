"""docs/faults.md, and that the table behind it is complete."""

from tests.faults.document import COMMAND, PAGE, build
from tests.faults.rows import ROWS
from workbench.simulator.faults.scenario import KINDS


def test_the_committed_page_is_the_one_that_the_table_makes():
    """Never written by hand."""
    assert PAGE.read_text(encoding="utf-8") == build(), f"{PAGE.name} is stale: run {COMMAND}"


def test_there_are_enough_scenarios_and_each_has_one_row():
    """Names are unique; at least 60."""
    names = [(row.group, row.name) for row in ROWS]
    assert len(set(names)) == len(names) >= 60


def test_every_kind_of_fault_is_in_the_table():
    """A kind that nobody plays is not known to work."""
    played = {fault.__struct_config__.tag for row in ROWS for fault in row.faults}
    assert played == set(KINDS)


def test_every_moment_and_every_odd_frame_is_in_the_table():
    """Likewise their values."""
    moments = {fault.at for row in ROWS for fault in row.faults if hasattr(fault, "at")}
    assert moments == {"open", "audio", "final", "end", "results", "terminal"}
    odd = {fault.what for row in ROWS for fault in row.faults if fault.__struct_config__.tag == "send"}
    assert {"same", "partial", "final", "terminal", "empty", "ping", "pong", "invalid-utf8", "nested"} <= odd
