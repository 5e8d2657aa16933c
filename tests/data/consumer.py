"""What code outside of the package may rely on: every public name, used as its type says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypedDict, Unpack

import workbench as wb

play: Callable[[], wb.Run] = wb.run
grid: Callable[[], wb.Run] = wb.sweep
stored: Callable[[str], wb.Run] = wb.load
paired: Callable[[wb.Run, wb.Run], wb.Compared] = wb.compare
rest: Callable[[str], wb.Run] = wb.resume
play_soon: Callable[[], Awaitable[wb.Run]] = wb.run_async
grid_soon: Callable[[], Awaitable[wb.Run]] = wb.sweep_async
rest_soon: Callable[[str], Awaitable[wb.Run]] = wb.resume_async
stored_soon: Callable[[str], Awaitable[wb.Run]] = wb.load_async
paired_soon: Callable[[wb.Run, wb.Run], Awaitable[wb.Compared]] = wb.compare_async
known: Callable[[str], wb.Corpus] = wb.load_corpus


class Played(TypedDict):
    """What a caller may keep of its own."""

    wer: float | None
    seconds: float


def noisy(corpus: str, **keywords: Unpack[wb.RunKeywords]) -> wb.Run:
    """A caller's own function keeps the keywords of a run and their types."""
    keywords.setdefault("audio", wb.AudioConfig(noise="pink", snr_db=20))
    return wb.run(corpus, on_session=watched, **keywords)


def ladder(corpus: str, **keywords: Unpack[wb.SweepKeywords]) -> wb.Run:
    """Likewise of a sweep."""
    keywords["vary"] = {"snr_db": [30, 20]}
    return wb.sweep(corpus, settings=away(), **keywords)


def watched(record: wb.SessionRecord, finished: int) -> None:
    """Called after each session."""
    assert finished > 0 or record.samples > 0


def away() -> wb.Settings:
    """Another service and its credentials."""
    return wb.Settings(endpoint="staging", credentials=wb.Credentials("partner", wb.Secret("token")))


def judged(run: wb.Run, baseline: wb.Run) -> tuple[str, int]:
    """A verdict, and what a build ends with."""
    gated: wb.Gated = run.gate(limits={"wer": 0.2}, margins={"wer": 0.01}, against=baseline)
    again: wb.GateResult = wb.gate(run, limits={"wer": 0.2}).found
    compared: wb.RunComparison = baseline.compare(run).found
    assert len(compared.pairs) == len(baseline.compare(run).verdicts)
    return gated.verdict, gated.exit_code + again.exit_code


def told(run: wb.Run) -> list[str]:
    """Cells, sessions and one of them looked at closely."""
    cells: list[wb.CellScore] = run.cells
    scores: list[wb.SessionScore] = run.scores
    one: wb.Session = run.session(scores[0].utterance)
    rate: float | None = cells[0].words.rate
    diff: wb.Diff = one.diff
    steps: tuple[wb.DiffWord, ...] = diff.words
    clip: wb.Clip = one.listen()
    result: wb.RunResult = run.result
    on_disk: wb.StoredRun = result.run
    kept: Played = {"wer": rate, "seconds": clip.seconds}
    assert len(run.recordings) + len(run.words) + len(wb.list_runs()) + len(steps) > 0, (on_disk, kept)
    return [cells[0].cell, str(rate), str(one.diff.errors), run.report(Path("run.html")).name]


def prepared(folder: str) -> int:
    """A corpus of one's own."""
    report: wb.ImportReport = wb.import_corpus("nemo", "test.jsonl", folder, copy=True)
    problems: list[wb.Problem] = wb.check_corpus(folder)
    aligned: wb.AlignmentReport = wb.align_corpus(folder)
    first: wb.Utterance = wb.load_corpus(folder).utterances[0]
    return report.utterances - len(problems) + aligned.aligned + first.samples


def resolution() -> float | None:
    """The instrument's own error."""
    calibrated: wb.Calibrated = wb.calibrate(5)
    found: wb.Calibration = calibrated.found
    return calibrated.resolution_ms if found.failed == 0 else None


def of_words(reference: str, hypothesis: str) -> int:
    """Two texts without any audio."""
    score: wb.TextScore = wb.score_text(reference, hypothesis, terms=[wb.Term("aspirin", "drug")])
    return score.errors["clinical"].errors


def kinds() -> dict[str, int]:
    """Every error says what a caller can do about it."""
    found: list[type[wb.WorkbenchError]] = [
        wb.AudioError,
        wb.ConfigurationError,
        wb.CorpusError,
        wb.InputError,
        wb.LocalProtocolError,
        wb.MeasurementError,
        wb.RemoteProtocolError,
        wb.ServiceError,
        wb.StoreError,
    ]
    return {kind.__name__: kind.exit_code for kind in found}


version: str = wb.__version__
audio: wb.AudioConfig = wb.AudioConfig(sample_rate_hz=8_000)
cell: wb.Cell = wb.Cell("8 kHz", audio)
reference: wb.Reference = wb.Reference("BP 120/80.", "bp one twenty over eighty")
rules: wb.Normaliser = wb.normaliser("clinical")
text: str = rules(reference.written)
assert kinds()["InputError"] == 2
