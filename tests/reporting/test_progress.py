"""How far a run is, read while it is written."""

from __future__ import annotations

from pathlib import Path

from tests.stored import batch, store_run
from workbench.reporting.tables.progress import progress_table
from workbench.runs.progress import cell_progress
from workbench.store import open_run
from workbench.store.files import lock_holder


def test_sessions_are_counted_by_configuration_also_before_the_commit(tmp_path: Path) -> None:
    """A configuration of which nothing was played yet is there with 0."""
    records = batch(4) + batch(2, cell="noise")
    run = open_run(tmp_path, store_run(tmp_path, records, commit=False, planned=8))
    found = cell_progress(run)
    assert [(cell.cell, cell.stored, cell.planned) for cell in found] == [("clean", 4, 4), ("noise", 2, 4)]
    assert [row["share"] for row in progress_table(found).rows] == [1.0, 0.5]


def test_a_run_tells_which_process_wrote_it_last(tmp_path: Path) -> None:
    """So that whoever started the process finds the run."""
    import os

    folder = tmp_path / store_run(tmp_path, batch(1))
    assert lock_holder(folder) == os.getpid()
    assert lock_holder(tmp_path) is None
