"""What the two sides of a comparison are called where people read it: as short as tells them apart."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.comparing.runs import PairedCells
from workbench.store.labels import RunLabel

__all__ = ["run_name", "side_names"]


def run_name(run_id: str, labels: Mapping[str, RunLabel]) -> str:
    """The name that somebody gave a run, or the end of its id."""
    label = labels.get(run_id)
    return label.name if label is not None and label.name else run_id[-6:]


def side_names(pair: PairedCells, labels: Mapping[str, RunLabel]) -> tuple[str, str]:
    """Names of baseline and candidate: configurations of one run by their names, those of two with their runs.

    Args:
        pair: the two sides.
        labels: names of runs by id.
    """
    if pair.runs[0] == pair.runs[1]:
        return pair.cells
    runs = [run_name(run_id, labels) for run_id in pair.runs]
    if runs[0] == runs[1]:  # two runs of one name
        runs = [f"{name} {run_id[-6:]}" for name, run_id in zip(runs, pair.runs, strict=True)]
    return f"{pair.cells[0]} · {runs[0]}", f"{pair.cells[1]} · {runs[1]}"
