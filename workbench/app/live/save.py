"""A live session as a stored run: the same manifest, records and scores as of ``workbench run``."""

from __future__ import annotations

from pathlib import Path

from workbench.app.live.request import Clip, Lane, run_of_clip
from workbench.app.live.session import LiveSession
from workbench.errors import InputError
from workbench.runs.observe import store_observed

__all__ = ["save_session"]


def save_session(session: LiveSession, store: Path) -> str:
    """Write the lanes of a session that is over as one run; returns its id.

    Args:
        session: over; its records are those of the player, with what somebody says was spoken.
        store: folder of the runs.

    Raises:
        InputError: nothing was played.
        StoreError: the run cannot be written.
    """
    played = [
        (lane, view, view.record)
        for lane, view in zip(session.ask.lanes, session.lanes, strict=True)
        if view.done and view.record is not None
    ]
    if not played:
        raise InputError("nothing was played that could be saved", item=session.title, action="Play it first")
    resolved = run_of_clip(_clip(session, tuple(lane for lane, _, _ in played)))
    for lane, view, record in played:
        if lane.elsewhere is not None:
            record.facts |= {"endpoint": view.endpoint, "recogniser": view.recogniser}
    endpoints = dict.fromkeys(view.endpoint for _, view, _ in played)
    recognisers = dict.fromkeys(view.recogniser for _, view, _ in played if view.recogniser is not None)
    records = [record for _, _, record in played]
    return store_observed(resolved, records, store, " and ".join(endpoints), " and ".join(recognisers) or None)


def _clip(session: LiveSession, lanes: tuple[Lane, ...]) -> Clip:
    ask = session.ask
    if isinstance(ask, Clip):
        return Clip(lanes, ask.utterance, ask.corpus, ask.audio, ask.reference or session.spoken)
    if session.audio is None:
        raise InputError(
            "the microphone sent nothing that could be saved",
            item=session.title,
            action="Allow the browser to use the microphone and try again",
        )
    return Clip(lanes, ask.name, audio=session.audio, reference=session.spoken)
