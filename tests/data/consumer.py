"""What code outside of the package may rely on: every public name, used as its type says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import workbench as wb

play: Callable[[], wb.Run] = wb.run
grid: Callable[[], wb.Run] = wb.sweep
stored: Callable[[str], wb.Run] = wb.load
paired: Callable[[wb.Run, wb.Run], wb.Compared] = wb.compare
play_soon: Callable[[], Awaitable[wb.Run]] = wb.run_async
grid_soon: Callable[[], Awaitable[wb.Run]] = wb.sweep_async
stored_soon: Callable[[str], Awaitable[wb.Run]] = wb.load_async
paired_soon: Callable[[wb.Run, wb.Run], Awaitable[wb.Compared]] = wb.compare_async
known: Callable[[str], wb.Corpus] = wb.load_corpus


def judged(run: wb.Run, baseline: wb.Run) -> tuple[str, int]:
    """A verdict, and what a build ends with."""
    gated = run.gate(limits={"wer": 0.2}, margins={"wer": 0.01}, against=baseline)
    return gated.verdict, gated.exit_code


def told(run: wb.Run) -> list[str]:
    """Cells, sessions and one of them looked at closely."""
    cells: list[wb.CellScore] = run.cells
    scores: list[wb.SessionScore] = run.scores
    one: wb.Session = run.session(scores[0].utterance)
    rate: float | None = cells[0].words.rate
    return [cells[0].cell, str(rate), str(one.diff.errors), run.report(Path("run.html")).name]


def prepared(folder: str) -> int:
    """A corpus of one's own."""
    report = wb.import_corpus("nemo", "test.jsonl", folder, copy=True)
    problems = wb.check_corpus(folder)
    return report.utterances - len(problems) + wb.align_corpus(folder).aligned


def resolution() -> float | None:
    """The instrument's own error."""
    return wb.calibrate(5).resolution_ms


def kinds() -> dict[str, int]:
    """Every error says what a caller can do about it."""
    found: list[type[wb.WorkbenchError]] = [
        wb.ConfigurationError,
        wb.InputError,
        wb.MeasurementError,
        wb.ServiceError,
        wb.StoreError,
    ]
    return {kind.__name__: kind.exit_code for kind in found}


version: str = wb.__version__
audio: wb.AudioConfig = wb.AudioConfig(sample_rate_hz=8_000)
cell: wb.Cell = wb.Cell("8 kHz", audio)
reference: wb.Reference = wb.Reference("BP 120/80.", "bp one twenty over eighty")
text: str = wb.normaliser("clinical")(reference.written)
assert kinds()["InputError"] == 2
