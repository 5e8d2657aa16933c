"""Tables as pandas frames whose columns have nullable types, also where every value is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.tables import Column, Table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["typed_frame"]

# Columns without a unit and what they hold; those with one are numbers.
_TEXTS = frozenset({
    "audio", "utterance", "outcome", "pacing_reason", "metric", "unit", "reason", "baseline_of", "candidate_of",
    "normaliser", "slice", "kind", "verdict", "term", "heard",
})  # fmt: skip
_FLAGS = frozenset({"pacing_valid", "counted", "found"})
_COUNTS = frozenset({
    "n", "failed", "left_out", "repeat", "attempt", "reference_words", "errors", "substitutions", "deletions",
    "insertions", "position",
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
    return "Int64" if column.key in _COUNTS else "Float64"
