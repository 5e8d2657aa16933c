"""Results that judge: a comparison, a gate and a calibration, as notebooks show them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.comparing.gate import GateResult
from workbench.comparing.runs import RunComparison
from workbench.instrument.calibration import Calibration
from workbench.reporting.comparison_report import write_comparison
from workbench.reporting.dataframe import typed_frame
from workbench.reporting.html_page import table_html
from workbench.reporting.markup import escape
from workbench.reporting.tables.calibration import calibration_table
from workbench.reporting.tables.comparison import pair_table
from workbench.reporting.tables.gate import checks_table
from workbench.reporting.tables.table import Column, Table
from workbench.runs.result import RunResult

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Calibrated", "Compared", "Gated"]


@dataclass(frozen=True, slots=True, repr=False)
class Compared:
    """Runs, or configurations of one run, against a baseline.

    Attributes:
        found: the comparison as the rest of the library has it.
        results: the runs that were compared, the baseline first.

    >>> len(wb.compare(base, run).found.pairs)
    1
    """

    found: RunComparison
    results: tuple[RunResult, ...]

    @property
    def verdicts(self) -> list[str]:
        """One sentence for each pair of configurations.

        >>> wb.compare(base, run).verdicts[0].startswith("WER is worse")
        True
        """
        return [pair.verdict.sentence for pair in self.found.pairs]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Reasons why the comparison may not be fair.

        >>> wb.compare(base, run).warnings
        ()
        """
        return self.found.warnings

    @property
    def df(self) -> pd.DataFrame:
        """One row for each pair and metric: baseline, candidate, difference, interval, p-values, noise floor.

        >>> frame = wb.compare(base, run).df
        >>> frame.loc[frame["metric"] == "wer", "difference"].round(3).tolist()
        [0.167]
        """
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

    def report(self, path: Path | str, *, redact: bool = False, light: bool = False) -> Path:
        """Write the comparison as one HTML file; it holds transcripts unless ``redact``.

        >>> wb.compare(base, run).report("comparison.html", light=True).name
        'comparison.html'
        """
        write_comparison(Path(path), self.found, self.results, redact=redact, light=light)
        return Path(path)

    def to_arrow(self) -> pa.Table:
        """The rows of :attr:`df`.

        >>> compared = wb.compare(base, run)
        >>> compared.to_arrow().num_rows == len(compared.df)
        True
        """
        import pyarrow as pa

        return pa.Table.from_pandas(self.df, preserve_index=False)

    def __repr__(self) -> str:
        return "\n".join(
            f"{pair.candidate} against {pair.baseline}: {pair.verdict.sentence}" for pair in self.found.pairs
        )

    def _repr_html_(self) -> str:
        parts = [f"<p>warning: {escape(line)}</p>" for line in self.warnings]
        for pair in self.found.pairs:
            sentence = f"{pair.candidate} against {pair.baseline}: {pair.verdict.sentence}"
            parts += [f"<p>{escape(sentence)}</p>", table_html(pair_table(pair, self.found.floor))]
        return "\n".join(parts)


@dataclass(frozen=True, slots=True, repr=False)
class Gated:
    """A run judged by limits and margins.

    Attributes:
        found: the judgement as the rest of the library has it.

    >>> wb.gate(run, limits={"wer": 0.5}).found.checks[0].metric
    'wer'
    """

    found: GateResult

    @property
    def verdict(self) -> str:
        """``pass``, ``fail``, ``not enough data`` or ``measurement invalid``.

        >>> wb.gate(run, limits={"wer": 0.5}, min_utterances=100).verdict
        'not enough data'
        """
        return self.found.judgement.value

    @property
    def exit_code(self) -> int:
        """Exit code of ``workbench gate``: 0 pass, 1 fail, 6 not enough data or measurement invalid.

        >>> wb.gate(run, limits={"wer": 0.5}).exit_code
        0
        """
        return self.found.exit_code

    @property
    def df(self) -> pd.DataFrame:
        """One row for each check.

        >>> wb.gate(run, limits={"wer": 0.5}).df["verdict"][0]
        'pass'
        """
        return typed_frame(checks_table(self.found))

    def __repr__(self) -> str:
        return self.found.sentence

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.found.sentence)}</p>{table_html(checks_table(self.found))}"


@dataclass(frozen=True, slots=True, repr=False)
class Calibrated:
    """The timing error of this machine.

    Attributes:
        found: the calibration as stored.

    >>> wb.calibrate(sessions=1).counts_exact
    True
    """

    found: Calibration

    @property
    def counts_exact(self) -> bool:
        """Whether every count matched the injected one.

        >>> wb.calibrate(sessions=1).counts_exact
        True
        """
        return self.found.counts_exact

    @property
    def resolution_ms(self) -> float | None:
        """Smallest difference that means anything on this machine, in ms; None if unknown.

        >>> wb.calibrate(sessions=1).resolution_ms > 0
        True
        """
        return self.found.resolution_ms

    @property
    def df(self) -> pd.DataFrame:
        """One row for each latency: bias and percentiles of its error in ms.

        >>> "word latency" in wb.calibrate(sessions=1).df["metric"].tolist()
        True
        """
        return typed_frame(calibration_table(self.found))

    def __repr__(self) -> str:
        return f"Calibrated({self.found.sessions} sessions, resolution {self.resolution_ms} ms)"

    def _repr_html_(self) -> str:
        return table_html(calibration_table(self.found))
