"""Parts of a run: one configuration cut by tag, speaker or length, each part with its value, interval and n.

House rules: a part is named by what its sessions have in common; parts overlap where a session has several tags. The
interval is of the part alone, utterances are its blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.gate.measures import Measured, measure
from workbench.scoring import SessionScore, latest_attempts

__all__ = ["SLICINGS", "Slice", "members", "names_of", "slices"]

Slicing = Literal["tag", "speaker", "length"]
SLICINGS: tuple[Slicing, ...] = ("tag", "speaker", "length")
"""Ways to cut a run."""

_LENGTHS = ((10, "up to 10 words"), (25, "11 to 25 words"), (10**9, "more than 25 words"))


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of one configuration.

    Attributes:
        cell: configuration.
        name: of the part.
        measured: value, interval and n.
    """

    cell: str
    name: str
    measured: Measured


def names_of(score: SessionScore, slicing: Slicing) -> tuple[str, ...]:
    """The parts that a session belongs to; none where it has no tag or speaker."""
    if slicing == "tag":
        return score.tags
    if slicing == "speaker":
        return (score.speaker,) if score.speaker else ()
    return (next(name for most, name in _LENGTHS if score.words.reference <= most),)


def members(scores: Sequence[SessionScore], slicing: Slicing, name: str) -> list[SessionScore]:
    """The sessions of one part."""
    return [score for score in scores if name in names_of(score, slicing)]


def slices(scores: Sequence[SessionScore], slicing: Slicing, metric: str, seed: int) -> list[Slice]:
    """Every part of every configuration, by configuration and name.

    Args:
        scores: of a run; failed sessions are in no part.
        slicing: how to cut.
        metric: a rate of :data:`workbench.gate.measures.COUNTS` or a compared latency with ``_ms``.
        seed: of the bootstrap.
    """
    parts: dict[tuple[str, str], list[SessionScore]] = {}
    for score in latest_attempts(scores):
        if not score.failed:
            for name in names_of(score, slicing):
                parts.setdefault((score.cell, name), []).append(score)
    cells = list(dict.fromkeys(score.cell for score in scores))
    ordered = sorted(parts, key=lambda part: (cells.index(part[0]), part[1]))
    return [Slice(cell, name, measure(parts[cell, name], metric, seed)) for cell, name in ordered]
