"""What a planned run could find, judged by the spread of one that was played."""

from __future__ import annotations

from pathlib import Path

from workbench.metrics.inference import smallest_detectable
from workbench.question import Question
from workbench.scored import RunResult, load_result
from workbench.store import list_runs, open_run

__all__ = ["detectable_difference"]


def detectable_difference(store: Path, question: Question, pilot: str | None = None) -> tuple[float | None, str]:
    """Smallest difference of WER between two cells that ``question`` would find with a power of 80 %.

    Args:
        store: folder of the runs.
        question: the planned run.
        pilot: run whose paired differences tell the spread; None takes the newest with two cells on this corpus.

    Returns:
        The difference, or None; and where it comes from, or why it is unknown.
    """
    if pilot is not None:
        candidates = [open_run(store, pilot)]
    else:
        candidates = [
            run
            for run in reversed(list_runs(store))
            if run.committed and len(run.manifest.cells) > 1 and run.manifest.corpus.name == question.corpus.name
        ]
    if not candidates:
        return None, f"no pilot: no stored run of {question.corpus.name} with two cells"
    result = load_result(candidates[0])
    differences = _paired_differences(result)
    found = smallest_detectable(differences, len(question.utterances))
    if found is None:
        return None, f"pilot {result.run.run_id} has fewer than two paired utterances"
    return found, f"at 80 % power, from {len(differences)} pairs of {result.run.run_id}"


def _paired_differences(result: RunResult) -> list[float]:
    """Per utterance, errors of the second cell minus the first over the mean words of an utterance."""
    first, second = (
        {s.utterance: s.words for s in result.scores if s.cell == cell.cell and not s.failed}
        for cell in result.cells[:2]
    )
    both = [u for u in first if u in second]
    words = sum(first[u].reference for u in both) / len(both) if both else 0
    return [(second[u].errors - first[u].errors) / words for u in both] if words else []
