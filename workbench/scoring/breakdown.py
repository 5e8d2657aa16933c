"""Parts of a run: one configuration cut by tag, speaker, words or length, each part with its value, interval and n.

A part is named by what its sessions have in common; parts overlap where a session has several tags. The
interval is of the part alone, utterances are its blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.scoring.cells import latest_attempts
from workbench.scoring.measured import Measured, measure
from workbench.scoring.measures import named
from workbench.scoring.session import SessionScore
from workbench.units import NS_PER_S

__all__ = ["GROUPINGS", "Group", "Grouping", "breakdown", "groupings", "members", "names_of", "parts_of"]

Grouping = Literal["tag", "speaker", "length", "duration"]
GROUPINGS: tuple[Grouping, ...] = ("tag", "speaker", "length", "duration")
"""Groupings that every run may have; ``length`` counts words of the reference, ``duration`` seconds of the recording. A
tag ``key:value`` also gives the grouping ``key``.
"""

_LENGTHS = ((10, "up to 10 words"), (25, "11 to 25 words"), (10**9, "more than 25 words"))
_DURATIONS = ((10, "up to 10 s"), (30, "10 to 30 s"), (120, "30 s to 2 min"), (10**9, "over 2 min"))
_CLASSES = [name for _, name in (*_LENGTHS, *_DURATIONS)]


@dataclass(frozen=True, slots=True)
class Group:
    """One part of one configuration.

    Attributes:
        cell: configuration.
        name: what its sessions have in common.
        measured: value, interval and n, in the unit of tables.
    """

    cell: str
    name: str
    measured: Measured


def groupings(scores: Sequence[SessionScore]) -> list[str]:
    """The groupings in which these sessions have a group: those of :data:`GROUPINGS`, then the keys of their tags."""
    keys = sorted({tag.partition(":")[0] for score in scores for tag in score.tags if ":" in tag} - {*GROUPINGS})
    return [grouping for grouping in (*GROUPINGS, *keys) if any(names_of(score, grouping) for score in scores)]


def names_of(score: SessionScore, grouping: str) -> tuple[str, ...]:
    """The groups that a session belongs to; none if it has no such tag or speaker, or was scored before lengths were.

    Args:
        score: one session.
        grouping: ``tag`` for whole tags, ``speaker``, ``length`` for classes of the length of the recording, or the key
            of tags such as ``ward:north``.
    """
    if grouping == "tag":
        return score.tags
    if grouping == "speaker":
        return (score.speaker,) if score.speaker else ()
    if grouping == "length":
        return (next(name for most, name in _LENGTHS if score.words.reference <= most),)
    if grouping == "duration":
        length_ns = score.instrument.audio_ns
        return () if length_ns is None else (next(name for most, name in _DURATIONS if length_ns <= most * NS_PER_S),)
    return tuple(tag.removeprefix(f"{grouping}:") for tag in score.tags if tag.startswith(f"{grouping}:"))


def members(scores: Sequence[SessionScore], grouping: str, name: str) -> list[SessionScore]:
    """The sessions of one part."""
    return [score for score in scores if name in names_of(score, grouping)]


def breakdown(
    scores: Sequence[SessionScore], grouping: str, metric: str, seed: int, cells: Sequence[str]
) -> list[Group]:
    """Every group of every configuration, in the order of :func:`parts_of`.

    Args:
        scores: every session of a run; failed sessions are in no part.
        grouping: see :func:`names_of`.
        metric: name or key of a row of :data:`workbench.scoring.measures.METRICS`.
        seed: random seed of the bootstrap.
        cells: configurations in the order of the run.
    """
    row = named(metric)
    parts = parts_of(scores, grouping, cells)
    return [Group(cell, name, measure(sessions, row, seed).shown(row)) for (cell, name), sessions in parts.items()]


def parts_of(
    scores: Sequence[SessionScore], grouping: str, cells: Sequence[str]
) -> dict[tuple[str, str], list[SessionScore]]:
    """Sessions by configuration and group, in the order of both; classes of length from short to long.

    Args:
        scores: every session of a run; failed sessions are in no part.
        grouping: see :func:`names_of`.
        cells: configurations in the order of the run.
    """
    parts: dict[tuple[str, str], list[SessionScore]] = {}
    for score in latest_attempts(scores):
        if not score.failed:
            for name in names_of(score, grouping):
                parts.setdefault((score.cell, name), []).append(score)
    place = {cell: number for number, cell in enumerate(cells)}
    rank = {name: number for number, name in enumerate(_CLASSES)}

    def order(part: tuple[str, str]) -> tuple[int, int, str]:
        cell, name = part
        return place[cell], rank.get(name, -1), name

    return {part: parts[part] for part in sorted(parts, key=order)}
