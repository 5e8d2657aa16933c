"""A run as notebooks want it: typed frames, Arrow tables, and HTML that shows by itself.

Nothing is computed here; frames hold what tables declare, Arrow holds scores as they are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.comparing.gate import Rules, judge
from workbench.comparing.runs import compare_runs
from workbench.recording.record import SessionRecord
from workbench.reporting.case import write_case
from workbench.reporting.dataframe import typed_frame
from workbench.reporting.figures.pareto import pareto_figure
from workbench.reporting.figures.run import latency_figure, wer_figure
from workbench.reporting.figures.shown import shown
from workbench.reporting.html_page import table_html
from workbench.reporting.html_report import write_report
from workbench.reporting.judged import Compared, Gated
from workbench.reporting.run_figures import figure_over
from workbench.reporting.session import Session, find_session, term_rows
from workbench.reporting.session_page import write_session_page
from workbench.reporting.tables.cells import accuracy_table, cells_table, details_table, stability_table, summary_table
from workbench.reporting.tables.comparison import streaming_table
from workbench.reporting.tables.sessions import sessions_table
from workbench.reporting.tables.texts import recordings_table, words_table
from workbench.runs.result import RunResult
from workbench.scoring.breakdown import Grouping
from workbench.scoring.cells import CellScore
from workbench.scoring.session import ROW_TYPES, SessionScore

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from plotly.graph_objects import Figure

__all__ = ["Run"]


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """A stored run with its scores.

    Attributes:
        result: the run as the rest of the library has it.

    >>> run = wb.load("last")
    >>> len(run.scores), [cell.cell for cell in run.cells]
    (24, ['clean'])
    """

    result: RunResult

    @property
    def id(self) -> str:
        """Id of the run; :func:`workbench.load` finds it again.

        >>> wb.load(run.id).scores == run.scores
        True
        """
        return self.result.run.run_id

    @property
    def path(self) -> Path:
        """Folder of the run.

        >>> run.path.name == run.id
        True
        """
        return self.result.run.path

    @property
    def complete(self) -> bool:
        """Whether every session was played; False for a run that was stopped.

        >>> run.complete
        True
        """
        return self.result.complete

    @property
    def cells(self) -> list[CellScore]:
        """One score for each configuration.

        >>> run.cells[0].words.errors, run.cells[0].words.reference
        (12, 72)
        """
        return self.result.cells

    @property
    def scores(self) -> list[SessionScore]:
        """One score for each session.

        >>> run.scores[0].utterance, run.scores[0].words.errors
        ('u00', 1)
        """
        return self.result.scores

    @property
    def df(self) -> pd.DataFrame:
        """One row for each session: rates as ratios, times in ms, unknown as NA; columns have nullable types.

        >>> int(run.df["errors"].sum())
        12
        """
        return typed_frame(sessions_table(self.scores))

    @property
    def recordings(self) -> pd.DataFrame:
        """One row for each recording and configuration: reference, transcript, errors and delay (patient data).

        >>> worst = run.recordings.sort_values("wer", ascending=False).iloc[0]
        >>> worst["reference"], worst["transcript"]
        ('no chest pain', 'no test pain')
        """
        return typed_frame(recordings_table(self._sessions()))

    @property
    def summary(self) -> pd.DataFrame:
        """One row for each configuration, as :attr:`df`.

        >>> run.summary["wer"].round(3).tolist()
        [0.167]
        """
        return typed_frame(cells_table(self.cells))

    @property
    def accuracy(self) -> pd.DataFrame:
        """One row for each configuration: error counts, medical terms, values, negations, sides, written form.

        >>> run.accuracy["substitutions"].tolist()
        [12]
        """
        return typed_frame(accuracy_table(self.cells))

    @property
    def details(self) -> pd.DataFrame:
        """One row for each configuration: metrics on request, such as handshake, cursor latency and bounds.

        >>> run.details["audio"].tolist()
        ['clean']
        """
        return typed_frame(details_table(self.cells))

    @property
    def stability(self) -> pd.DataFrame:
        """One row for each configuration: how steady the partials were.

        >>> run.stability["audio"].tolist()
        ['clean']
        """
        return typed_frame(stability_table(self.cells))

    @property
    def words(self) -> pd.DataFrame:
        """One row for each reference word of each session, with its times and latencies in ms (patient data).

        ``word`` is the word as spoken, ``reference`` the whole text it belongs to. ``start_ms``, ``end_ms``,
        ``shown_ms`` and ``final_ms`` count from the first sample. Latencies are valid where ``counted`` is true.

        >>> run.words["word"].tolist()[:3], run.words["start_ms"].tolist()[:3]
        (['no', 'chest', 'pain'], [0.0, 200.0, 400.0])
        """
        return typed_frame(words_table(self._sessions()))

    @property
    def terms(self) -> pd.DataFrame:
        """One row for each marked term of each session: found or not, and what was recognised instead (patient data).

        >>> run.terms.columns.tolist()
        ['audio', 'utterance', 'repeat', 'term', 'kind', 'found', 'heard']
        """
        import pandas as pd

        rows = [row for record in self.result.iter_records() for row in term_rows(record)]
        names = ("audio", "utterance", "repeat", "term", "kind", "found", "heard")
        kinds = dict.fromkeys(names, "string") | {"repeat": "Int64", "found": "boolean"}
        return pd.DataFrame(rows, columns=names).astype(kinds)

    @property
    def streaming_cost(self) -> pd.DataFrame:
        """One row for each configuration: WER of the streamed finals against that of the recordings decoded whole.

        Decodes the recordings where the run did not.

        Raises:
            InputError: the run was not played on the simulator's whisper.
            CorpusError: recordings must be decoded again, and their corpus is not found or changed.

        >>> run.streaming_cost
        Traceback (most recent call last):
        workbench.errors.InputError: ...
        """
        # Reading results needs no recogniser; this does.
        from workbench.comparing.streaming import streaming_costs

        return typed_frame(streaming_table(streaming_costs(self.result)))

    def session(self, utterance: str, audio: str | None = None, repeat: int = 0) -> Session:
        """One session in detail; by default under the first configuration.

        Args:
            utterance: id in the corpus.
            audio: name of the configuration.
            repeat: which repeat, from 0.

        Raises:
            InputError: there is none.

        >>> run.session("u00").diff
        Diff(1 error, 0 critical)
        """
        return find_session(self.result.run, self.scores, utterance, audio, repeat)

    def save_session(
        self, path: Path | str, utterance: str, audio: str | None = None, *, other: Session | None = None
    ) -> Path:
        """Write one session as one HTML file: its sound, and its words as they were shown; it holds what was said.

        Args:
            path: file to write.
            utterance: id of the recording.
            audio: configuration; None for the first.
            other: a second session of the same recording, of this run or another, in step with the first.

        Raises:
            InputError: there is no such session, ``other`` is of another recording, or the file cannot be written.
            CorpusError: the corpus, which the sound is made from, was removed or changed.

        >>> run.save_session("session.html", "missing")
        Traceback (most recent call last):
        ...
        workbench.errors.InputError: ...: no such session ...
        """
        session = self.session(utterance, audio)
        write_session_page(Path(path), [session, *([] if other is None else [other])], session.sound())
        return Path(path)

    def save_case(
        self, path: Path | str, utterances: Sequence[str], audio: str | None = None, *, redact: bool = False
    ) -> Path:
        """Write recordings as a case for a vendor, one ZIP file; it holds what was said unless ``redact``.

        Args:
            path: file to write.
            utterances: ids of the recordings.
            audio: configuration; None for the first.
            redact: no sound and nothing that was said; times and ids stay.

        Raises:
            InputError: there is no such session, none is named, or the file cannot be written.

        >>> run.save_case("case.zip", ["u00"], redact=True).name
        'case.zip'
        """
        write_case(Path(path), [self.session(one, audio) for one in dict.fromkeys(utterances)], redact=redact)
        return Path(path)

    def wer_figure(self) -> Figure:
        """Word error rate of each configuration with its confidence interval.

        >>> len(run.wer_figure().data) > 0
        True
        """
        return shown(wer_figure(self.cells), "Word error rate by configuration")

    def latency_figure(self) -> Figure:
        """Share of words shown within a time, by configuration.

        >>> len(run.latency_figure().data) > 0
        True
        """
        return shown(latency_figure(self.cells, self.scores), "Word latency by configuration")

    def pareto_figure(self) -> Figure:
        """Errors against delay, by configuration.

        >>> len(run.pareto_figure().data) > 0
        True
        """
        return shown(pareto_figure(self.cells), "Errors against delay by configuration")

    def setting_figure(self, setting: str | None = None, metric: str = "wer", *, rows: str | None = None) -> Figure:
        """A metric over a setting of a sweep, one line for each other setting; with ``rows`` a grid of the two.

        Args:
            setting: key of the setting; None for the first that differs.
            metric: key of the metric.
            rows: key of a second setting, from top to bottom of a grid.

        Raises:
            InputError: no such setting differs, there is no such metric, or a grid would hide that more differs.

        >>> run.setting_figure("gain_db")
        Traceback (most recent call last):
        ...
        workbench.errors.InputError: ...
        """
        return shown(figure_over(self.result, setting, metric, rows), f"{metric} over {setting or 'the first setting'}")

    def to_arrow(self) -> pa.Table:
        """Every column of every score as stored: counts, and times in ns; no transcript.

        >>> run.to_arrow().num_rows
        24
        """
        import pyarrow as pa

        fields = [(name, _arrow_type(kind)) for name, kind in ROW_TYPES.items()]
        return pa.Table.from_pylist([score.to_row() for score in self.scores], schema=pa.schema(fields))

    def compare(self, *candidates: Run, store: Path | str | None = None) -> Compared:
        """Compare other runs with this one, the baseline; without any, the configurations of this run with its first.

        Args:
            candidates: runs to compare with this one.
            store: folder that is searched for an A/A run; by default that of this run.

        Raises:
            InputError: there is nothing to compare.

        >>> base.compare(run).verdicts[0].startswith("WER is worse")
        True
        """
        root = self.path.parent if store is None else Path(store)
        results = (self.result, *(other.result for other in candidates))
        return Compared(compare_runs(results, root), results)

    def gate(
        self,
        limits: Mapping[str, float] | None = None,
        margins: Mapping[str, float] | None = None,
        against: Run | None = None,
        min_utterances: int | None = None,
        *,
        against_first: bool = False,
        groups: Sequence[Grouping] = (),
        by_speaker: bool = False,
        uncertified: bool = False,
    ) -> Gated:
        """Judge the run: see :func:`workbench.gate`.

        >>> run.gate(limits={"wer": 0.1}).verdict
        'fail'
        """
        rules = Rules().merged(limits or {}, margins or {}, min_utterances, groups, by_speaker, uncertified)
        return Gated(judge(self.result, rules, against.result if against else None, against_first=against_first))

    def report(self, path: Path | str, *, redact: bool = False, light: bool = False, audio: bool = False) -> Path:
        """Write the run as one HTML file.

        Args:
            path: file to write.
            redact: replace transcripts with word counts.
            light: keep the file small enough for mail.
            audio: include the sound; not with ``redact`` or ``light``.

        Raises:
            InputError: ``audio`` with ``redact`` or ``light``.

        >>> run.report("run.html", redact=True).name
        'run.html'
        """
        write_report(Path(path), self.result, redact=redact, light=light, audio=audio)
        return Path(path)

    def _sessions(self) -> Iterator[tuple[SessionRecord, SessionScore]]:
        """The newest attempt of each session with its score, read one at a time."""
        scores = {score.key: score for score in self.scores}
        return ((record, scores[record.key]) for record in self.result.iter_records() if record.key in scores)

    def __repr__(self) -> str:
        failed = sum(score.failed for score in self.scores)
        cells = f"{len(self.cells)} configuration{'s' * (len(self.cells) != 1)}"
        return f"Run({self.id}, {cells}, {len(self.scores)} sessions, {failed} failed)"

    def _repr_html_(self) -> str:
        return table_html(summary_table(self.cells))


def _arrow_type(kind: str) -> pa.DataType:
    import pyarrow as pa

    if kind.startswith("list<"):
        return pa.list_(_arrow_type(kind[5:-1]))
    return {"string": pa.string(), "bool": pa.bool_(), "int64": pa.int64(), "double": pa.float64()}[kind]
