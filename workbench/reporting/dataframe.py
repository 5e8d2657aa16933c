"""Tables as pandas frames whose columns have nullable types, also where every value is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.reporting.tables.table import Column, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["typed_frame"]

# What columns hold that are no metrics; a metric's column says so itself, and what has a unit is a number.
_TEXTS = frozenset({
    "audio", "utterance", "outcome", "pacing_reason", "metric", "unit", "reason", "baseline_of", "candidate_of",
    "normaliser", "slice", "kind", "verdict", "term", "heard", "level", "trust", "speaker", "reference",
    "transcript", "word", "run_id", "created", "state", "corpus", "target", "best",
})  # fmt: skip
_FLAGS = frozenset({"pacing_valid", "counted", "found", "simulated"})
_COUNTS = frozenset({
    "n", "failed", "left_out", "repeat", "attempt", "errors", "position", "speakers", "cells",
})  # fmt: skip


def typed_frame(table: Table) -> pd.DataFrame:
    """A table as a frame whose columns have nullable types, also where every value is unknown."""
    import pandas as pd

    kinds = {c.key: _dtype(c) for c in table.columns}
    columns = {key: pd.array([row[key] for row in table.rows], dtype=kind) for key, kind in kinds.items()}
    return pd.DataFrame(columns)


def _dtype(column: Column[Any]) -> Any:  # noqa: ANN401  pandas' own names of its types
    if column.key in _TEXTS:
        return "string"
    if column.key in _FLAGS:
        return "boolean"
    return "Int64" if column.whole or column.key in _COUNTS else "Float64"
