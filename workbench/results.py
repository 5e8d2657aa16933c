"""Results as notebooks want them: typed frames, Arrow tables, and HTML that shows by itself.

House rules: nothing is computed here; frames hold what tables declare, Arrow holds scores as they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.comparisons import RunComparison
from workbench.delta_tables import pair_table
from workbench.gate import GateResult, Rules, judge
from workbench.pipeline import RunResult
from workbench.report import table_html, write_report
from workbench.scoring import ROW_TYPES, CellScore, SessionScore
from workbench.tables import Column, Table, cells_table, sessions_table, summary_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Compared", "Run", "typed_frame"]

# Columns without a unit and what they hold; those with one are numbers.
_TEXTS = frozenset({
    "audio", "utterance", "outcome", "pacing_reason", "metric", "unit", "reason", "baseline_of", "candidate_of",
})  # fmt: skip
_FLAGS = frozenset({"pacing_valid"})
_COUNTS = frozenset({"n", "failed", "left_out", "repeat", "attempt", "reference_words", "errors"})


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """A stored run with its scores.

    Attributes:
        result: the run as the rest of the library has it.
    """

    result: RunResult

    @property
    def id(self) -> str:
        """Id of the run; :func:`workbench.load` finds it again."""
        return self.result.run.run_id

    @property
    def path(self) -> Path:
        """Its folder."""
        return self.result.run.path

    @property
    def complete(self) -> bool:
        """False where it was stopped before every session was played."""
        return self.result.complete

    @property
    def cells(self) -> list[CellScore]:
        """One score a configuration."""
        return self.result.cells

    @property
    def scores(self) -> list[SessionScore]:
        """One score a session."""
        return self.result.scores

    @property
    def df(self) -> pd.DataFrame:
        """One row a session: rates as ratios, times in ms, unknown as NA; columns have nullable types."""
        return typed_frame(sessions_table(self.scores))

    @property
    def summary(self) -> pd.DataFrame:
        """One row a configuration, as :attr:`df`."""
        return typed_frame(cells_table(self.cells))

    def to_arrow(self) -> pa.Table:
        """Every column of every score as it is kept: counts, and times in ns. No text of any transcript."""
        import pyarrow as pa

        fields = [(name, _arrow_type(kind)) for name, kind in ROW_TYPES.items()]
        return pa.Table.from_pylist([score.to_row() for score in self.scores], schema=pa.schema(fields))

    def gate(
        self,
        limits: Mapping[str, float] | None = None,
        margins: Mapping[str, float] | None = None,
        against: Run | None = None,
        min_utterances: int | None = None,
    ) -> GateResult:
        """Judge the run: see :func:`workbench.gate.judge`."""
        rules = Rules().merged(limits or {}, margins or {}, min_utterances)
        return judge(self.result, rules, against.result if against else None)

    def report(self, path: Path | str, *, redact: bool = False, light: bool = False) -> Path:
        """Write the run as one HTML file; it holds transcripts unless ``redact``."""
        write_report(Path(path), self.result, redact=redact, light=light)
        return Path(path)

    def __repr__(self) -> str:
        failed = sum(score.failed for score in self.scores)
        cells = f"{len(self.cells)} configuration{'s' * (len(self.cells) != 1)}"
        return f"Run({self.id}, {cells}, {len(self.scores)} sessions, {failed} failed)"

    def _repr_html_(self) -> str:
        return table_html(summary_table(self.cells))


@dataclass(frozen=True, slots=True, repr=False)
class Compared:
    """Runs, or configurations of one run, against a baseline.

    Attributes:
        found: the comparison as the rest of the library has it.
    """

    found: RunComparison

    @property
    def verdicts(self) -> list[str]:
        """One sentence a pair."""
        return [pair.verdict.sentence for pair in self.found.pairs]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why the comparison may not be fair."""
        return self.found.warnings

    @property
    def df(self) -> pd.DataFrame:
        """One row a pair and metric: baseline, candidate, difference, interval, p-values, noise floor."""
        tables = [pair_table(pair, self.found.floor) for pair in self.found.pairs]
        names: tuple[Column[Any], ...] = (
            Column("baseline_of", "baseline", str),
            Column("candidate_of", "candidate", str),
        )
        rows = tuple(
            {"baseline_of": pair.baseline, "candidate_of": pair.candidate, **row}
            for pair, table in zip(self.found.pairs, tables, strict=True)
            for row in table.rows
        )
        return typed_frame(Table((*names, *tables[0].columns), rows))

    def to_arrow(self) -> pa.Table:
        """The rows of :attr:`df`."""
        import pyarrow as pa

        return pa.Table.from_pandas(self.df, preserve_index=False)

    def __repr__(self) -> str:
        return "\n".join(
            f"{pair.candidate} against {pair.baseline}: {pair.verdict.sentence}" for pair in self.found.pairs
        )

    def _repr_html_(self) -> str:
        parts = [f"<p>warning: {escape(line)}</p>" for line in self.warnings]
        for pair in self.found.pairs:
            said = f"{pair.candidate} against {pair.baseline}: {pair.verdict.sentence}"
            parts += [f"<p>{escape(said)}</p>", table_html(pair_table(pair, self.found.floor))]
        return "\n".join(parts)


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


def _arrow_type(kind: str) -> pa.DataType:
    import pyarrow as pa

    if kind.startswith("list<"):
        return pa.list_(_arrow_type(kind[5:-1]))
    return {"string": pa.string(), "bool": pa.bool_(), "int64": pa.int64(), "double": pa.float64()}[kind]
