"""What a run came to in one sentence, for somebody who reads nothing else."""

from __future__ import annotations

from workbench.scoring.cells import CellScore
from workbench.scoring.measures import METRICS

__all__ = ["seconds_text", "sentence"]


def sentence(cell: CellScore) -> str:
    """What one configuration came to: words wrong, and how late the words were."""
    wer = cell.shown("wer").value
    if wer is None:
        return "No recording has words that could be scored."
    heard = f"{METRICS['wer'].text(wer)} of {cell.words.reference:,} words were wrong"
    if cell.word_latency_p50_ns is None:
        return f"{heard}; no word has a latency."
    half, most = seconds_text(cell.word_latency_p50_ns), seconds_text(cell.word_latency_p95_ns)
    return f"{heard}; half the words showed within {half}, 95 % within {most}."


def seconds_text(ns: int | None) -> str:
    """A latency as people say it.

    >>> seconds_text(320_000_000), seconds_text(None)
    ('0.32 s', 'unknown')
    """
    return "unknown" if ns is None else f"{ns / 1e9:.2f} s"
