"""Results as notebooks want them: typed frames, Arrow tables, and HTML that shows by itself.

House rules: nothing is computed here; frames hold what tables declare, Arrow holds scores as they are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.calibration import Calibration
from workbench.comparisons import RunComparison
from workbench.delta_tables import calibration_table, checks_table, pair_table
from workbench.gate import GateResult, Rules, judge
from workbench.inspection import Session, find_session, term_rows
from workbench.plots import latency_figure, pareto_figure, wer_figure
from workbench.report import table_html, write_report
from workbench.scored import RunResult
from workbench.scoring import ROW_TYPES, CellScore, SessionScore
from workbench.tables import (
    Column,
    Table,
    accuracy_table,
    cells_table,
    sessions_table,
    stability_table,
    summary_table,
)
from workbench.typed_frames import typed_frame
from workbench.word_tables import words_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from plotly.graph_objects import Figure

__all__ = ["Calibrated", "Compared", "Gated", "Run"]


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

    @property
    def accuracy(self) -> pd.DataFrame:
        """One row a configuration: error counts, medical terms, values, negations, sides, written form."""
        return typed_frame(accuracy_table(self.cells))

    @property
    def stability(self) -> pd.DataFrame:
        """One row a configuration: how steady the partials were."""
        return typed_frame(stability_table(self.cells))

    @property
    def words(self) -> pd.DataFrame:
        """One row a reference word and session: its latencies in ms, never its text."""
        return typed_frame(words_table(self.scores))

    @property
    def terms(self) -> pd.DataFrame:
        """One row a marked term and session: whether it was found, and what was heard in its place (patient data)."""
        import pandas as pd

        rows = [row for record in self.result.run.iter_records() for row in term_rows(record)]
        names = ("audio", "utterance", "repeat", "term", "kind", "found", "heard")
        kinds = dict.fromkeys(names, "string") | {"repeat": "Int64", "found": "boolean"}
        return pd.DataFrame(rows, columns=names).astype(kinds)

    def session(self, utterance: str, audio: str | None = None, repeat: int = 0) -> Session:
        """One session, looked at closely; by default under the first configuration.

        Raises:
            InputError: there is none.
        """
        return find_session(self.result.run, self.scores, utterance, audio, repeat)

    def wer_figure(self) -> Figure:
        """Word error rate of each configuration with its interval."""
        return wer_figure(self.cells)

    def latency_figure(self) -> Figure:
        """Share of words shown within a time, by configuration."""
        return latency_figure(self.cells, self.scores)

    def pareto_figure(self) -> Figure:
        """Errors against delay, by configuration."""
        return pareto_figure(self.cells)

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
    ) -> Gated:
        """Judge the run: see :func:`workbench.gate.judge`."""
        rules = Rules().merged(limits or {}, margins or {}, min_utterances)
        return Gated(judge(self.result, rules, against.result if against else None))

    def report(self, path: Path | str, *, redact: bool = False, light: bool = False, audio: bool = False) -> Path:
        """Write the run as one HTML file; it holds transcripts unless ``redact``."""
        write_report(Path(path), self.result, redact=redact, light=light, audio=audio)
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


@dataclass(frozen=True, slots=True, repr=False)
class Gated:
    """A run judged by limits and margins.

    Attributes:
        found: the judgement as the rest of the library has it.
    """

    found: GateResult

    @property
    def verdict(self) -> str:
        """``pass``, ``fail``, ``not enough data`` or ``measurement invalid``."""
        return self.found.judgement.value

    @property
    def exit_code(self) -> int:
        """What ``workbench gate`` would end with."""
        return self.found.exit_code

    @property
    def df(self) -> pd.DataFrame:
        """One row a check."""
        return typed_frame(checks_table(self.found))

    def __repr__(self) -> str:
        return self.found.sentence

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.found.sentence)}</p>{table_html(checks_table(self.found))}"


@dataclass(frozen=True, slots=True, repr=False)
class Calibrated:
    """The error of the measurement itself.

    Attributes:
        found: the calibration as it is stored.
    """

    found: Calibration

    @property
    def counts_exact(self) -> bool:
        """Whether every count came out as it was injected."""
        return self.found.counts_exact

    @property
    def resolution_ms(self) -> float | None:
        """Differences below this say nothing on this machine."""
        return self.found.resolution_ms

    @property
    def df(self) -> pd.DataFrame:
        """One row a latency: bias and percentiles of its error in ms."""
        return typed_frame(calibration_table(self.found))

    def __repr__(self) -> str:
        return f"Calibrated({self.found.sessions} sessions, resolution {self.resolution_ms} ms)"

    def _repr_html_(self) -> str:
        return table_html(calibration_table(self.found))


def _arrow_type(kind: str) -> pa.DataType:
    import pyarrow as pa

    if kind.startswith("list<"):
        return pa.list_(_arrow_type(kind[5:-1]))
    return {"string": pa.string(), "bool": pa.bool_(), "int64": pa.int64(), "double": pa.float64()}[kind]
