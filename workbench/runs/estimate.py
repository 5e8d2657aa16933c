"""How long playing takes: sessions in real time, several at a time, none of them split."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence

from workbench.recording.record import SessionKey
from workbench.runs.order import session_keys, talk_of
from workbench.runs.resolved_run import ResolvedRun

__all__ = ["estimated_seconds", "sent_seconds", "session_seconds", "streamed_seconds", "units_of"]


def streamed_seconds(resolved: ResolvedRun) -> dict[tuple[str, str], float]:
    """Seconds of audio of each (configuration, utterance): its length at its speed, with lead and trail."""
    return {
        (cell.name, utterance.id): utterance.duration_s / cell.audio.speed
        + (cell.audio.lead_ms + cell.audio.trail_ms) / 1000
        for cell in resolved.cells
        for utterance in resolved.utterances
    }


def sent_seconds(resolved: ResolvedRun) -> float:
    """Seconds of audio that a run sends if no session is played twice."""
    seconds = streamed_seconds(resolved)
    return sum(seconds[key.cell, key.utterance] for key in session_keys(resolved))


def session_seconds(resolved: ResolvedRun) -> dict[tuple[str, str], float]:
    """Seconds that playing each (configuration, utterance) takes: what is streamed, at its pace."""
    pace = {cell.name: cell.pace for cell in resolved.cells}
    return {
        (cell, utterance): 0.0 if math.isinf(pace[cell]) else seconds / pace[cell]
        for (cell, utterance), seconds in streamed_seconds(resolved).items()
    }


def units_of(resolved: ResolvedRun, keys: Sequence[SessionKey]) -> list[float]:
    """Seconds of each unit that is played in one go, in the order of playing.

    A unit is a session, or with push-to-talk all utterances of one.
    """
    seconds = session_seconds(resolved)
    speaker = {utterance.id: utterance.speaker or "" for utterance in resolved.utterances}
    units: dict[object, float] = {}
    for key in keys:
        unit = talk_of(key, speaker) if resolved.spec.push_to_talk else key
        units[unit] = units.get(unit, 0.0) + seconds[key.cell, key.utterance]
    return list(units.values())


def estimated_seconds(units: Iterable[float], concurrency: int, running: Iterable[float] = ()) -> float:
    """Seconds until all is played: each unit begins when the first place is free, and cannot be shared.

    Args:
        units: seconds of each, in the order of playing.
        concurrency: places.
        running: seconds that are left of those that are being played.
    """
    places = sorted(running)
    places = [0.0] * max(0, concurrency - len(places)) + places
    heapq.heapify(places)
    for seconds in units:
        heapq.heapreplace(places, places[0] + seconds)
    return max(places, default=0.0)
