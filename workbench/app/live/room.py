"""Which lanes this machine has room to decode: models of different weight share it, other machines cost it nothing."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from workbench.app.live.request import Lane
from workbench.app.live.session import LiveSession
from workbench.simulator.local import decodable_streams

__all__ = ["Room", "being_played"]


class Room:
    """Room of this machine.

    Args:
        model: model of lanes that name none.
        ours: whether the service that is set is a simulator of this machine.
    """

    def __init__(self, model: str, *, ours: bool) -> None:
        self._model = model
        self._ours = ours

    def fitting(self, lanes: tuple[Lane, ...], sessions: Iterable[LiveSession]) -> tuple[int, ...]:
        """Places of the lanes that fit beside what ``sessions`` still play, in their order."""
        taken = (session.ask.lanes[place] for session in sessions for place in being_played(session))
        load = sum(map(self._share, taken), Fraction())
        places = []
        for place, lane in enumerate(lanes):
            share = self._share(lane)
            if load + share <= 1 or not share:
                load += share
                places.append(place)
        return tuple(places)

    def refusal(self, lane: Lane) -> str:
        """Why a lane is not played."""
        most = decodable_streams(lane.model or self._model)
        return f"the simulator decodes {most} streams of this model at a time on this machine, and they are taken"

    def _share(self, lane: Lane) -> Fraction:
        """Share of this machine that decoding a lane takes."""
        ours = self._ours if lane.elsewhere is None else lane.elsewhere[0] == "simulator"
        return Fraction(1, decodable_streams(lane.model or self._model)) if ours else Fraction()


def being_played(session: LiveSession) -> list[int]:
    """Places of the lanes that are still decoded."""
    return [] if session.over else [place for place, view in enumerate(session.lanes) if not view.done]
