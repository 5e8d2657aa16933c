"""How often partials come, and whether they follow the speech or a timer.

Gaps are taken between partials of the same segment. A timer makes the first partial a property of the
timer's phase, so that latency is then withheld with its reason.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.scoring.metrics.stats import percentile
from workbench.scoring.metrics.timeline import Segment
from workbench.units import NS_PER_MS

__all__ = ["Cadence", "cadence"]

_STEADY = 0.1
# Fewer gaps than this can be steady by chance.
_GAPS = 5
# One partial a chunk is the recogniser's pace, not a timer's: gaps must be clearly longer than the chunk.
_CHUNKS = 1.5
# A recogniser that follows speech sends a partial when the text changes; a timer repeats itself in every pause.
_REPEATS = 0.1


@dataclass(frozen=True, slots=True)
class Cadence:
    """Gaps between partials.

    Attributes:
        gap_p50_ns: median gap; None for fewer than two partials in every segment.
        gap_cv: coefficient of variation, standard deviation / mean; None for fewer than two gaps.
        gaps: how many.
        timer: why the partials are taken to come on a timer, or None.
    """

    gap_p50_ns: int | None = None
    gap_cv: float | None = None
    gaps: int = 0
    timer: str | None = None


def cadence(segments: Sequence[Segment], chunk_ns: int) -> Cadence:
    """Median and variation of the gaps, and the timer detector.

    A timer is called where the gaps are steady (CV < 0.1 over at least five), clearly longer than a chunk, and not
    related to speech: at least a tenth of the partials repeat the text before them or are empty.

    Args:
        segments: the segments of one session.
        chunk_ns: length of a chunk of audio.
    """
    gaps = [b - a for s in segments for (a, _), (b, _) in itertools.pairwise(s.partials)]
    median = percentile(gaps, 50)
    if median is None:
        return Cadence()
    mean = float(np.mean(gaps))
    variation = float(np.std(gaps)) / mean if len(gaps) > 1 and mean else None
    timer = None
    if variation is not None and variation < _STEADY and len(gaps) >= _GAPS and median > _CHUNKS * chunk_ns:
        partials = sum(len(s.partials) for s in segments)
        repeats = sum(
            after == before for s in segments for before, after in itertools.pairwise(["", *(t for _, t in s.partials)])
        )
        if repeats >= _REPEATS * partials:
            timer = f"partials come on a timer of {median / NS_PER_MS:.0f} ms (CV {variation:.2f})"
    return Cadence(median, variation, len(gaps), timer)
