"""A live session as a stored run: the same manifest, records and scores as of ``workbench run``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from workbench.app.live.asking import Clip, Lane, question_of
from workbench.app.live.session import LiveSession
from workbench.errors import InputError
from workbench.following import store_told
from workbench.recording import SessionRecord
from workbench.reference import Reference

__all__ = ["save_session"]


def save_session(session: LiveSession, store: Path, reference: str | None = None) -> str:
    """Write the lanes of a session that is over as one run; returns its id.

    Args:
        session: over; its records are those of the player.
        store: folder of the runs.
        reference: what was said, where the session did not know it; scored, and kept with the run.

    Raises:
        InputError: nothing was played.
        StoreError: the run cannot be written.
    """
    records = [view.record for view in session.lanes if view.done and view.record is not None]
    if not records:
        raise InputError("nothing was played that could be saved", item=session.title, action="Play it first")
    said = (reference or "").strip()
    if said:
        records = [_with_reference(record, said) for record in records]
    question = question_of(_clip(session, said or None))
    return store_told(question, records, store, session.endpoint, session.recogniser)


def _with_reference(record: SessionRecord, said: str) -> SessionRecord:
    return record if record.reference.spoken else replace(record, reference=Reference(said, said))


def _clip(session: LiveSession, said: str | None) -> Clip:
    if isinstance(session.ask, Clip):
        clip = session.ask
        known = clip.corpus or clip.reference
        return clip if known else Clip(clip.lanes, clip.utterance, None, clip.audio, said)
    if session.audio is None:
        raise InputError(
            "the microphone sent nothing that could be saved",
            item=session.title,
            action="Allow the browser to use the microphone and try again",
        )
    return Clip((Lane("microphone"),), session.ask.name, audio=session.audio, reference=said)
