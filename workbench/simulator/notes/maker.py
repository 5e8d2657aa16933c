"""From REST end to the result: waits, moves the session along its table, tells the partner."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from workbench.protocol import endpoints
from workbench.protocol.dialects import endpoints_of
from workbench.protocol.messages import Dialect, Product
from workbench.protocol.states import NoteEvent, NoteState
from workbench.protocol.webhooks import Link, Notification
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.notes.notifications import Notifier
from workbench.simulator.notes.store import NoteSession, NoteStore

__all__ = ["NoteMaker"]

_log = logging.getLogger(__name__)

_LINKS: dict[Product, dict[str, str]] = {
    Product.AMBIENT: {
        "contents": endpoints.AMBIENT_CONTENT.name,
        "encounter_content": endpoints.ENCOUNTER_CONTENT.name,
        "structured_data": endpoints.AMBIENT_STRUCTURED_DATA.name,
        "encounter_structured_data": endpoints.ENCOUNTER_STRUCTURED_DATA.name,
        "status": endpoints.AMBIENT_STATUS.name,
        "transcripts": endpoints.AMBIENT_TRANSCRIPT.name,
    },
    Product.FORM_FILLING: {
        "structured_data": endpoints.FORM_STRUCTURED_DATA.name,
        "status": endpoints.FORM_STATUS.name,
    },
}


class NoteMaker:
    """Makes results in the background.

    Args:
        notes: all sessions, for the ids of a visit.
        limits: processing time, and how little audio is too little.
        notifier: where results are announced; None announces nothing.
        dialect: whose addresses an announcement links to.
    """

    def __init__(
        self, notes: NoteStore, limits: SimulatorLimits, notifier: Notifier | None, dialect: Dialect = Dialect.LIVE
    ) -> None:
        self._endpoints = {endpoint.name: endpoint for endpoint in endpoints_of(dialect)}
        self._notes = notes
        self._limits = limits
        self._notifier = notifier
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self, session: NoteSession) -> None:
        """Begin with a session that has just ended."""
        self._spawn(self._make(session))

    def announce(self, session: NoteSession) -> None:
        """Send the notification of a session that is over, once (S-198)."""
        if self._notifier is not None:
            self._spawn(self._notifier.post(self._notification(session)))

    async def close(self) -> None:
        """Give up what is under way, recognition that nobody waits for any more among it."""
        tasks = [*self._under_way, *self._notes.draining()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _make(self, session: NoteSession) -> None:
        await asyncio.gather(*session.draining, return_exceptions=True)
        if session.product is Product.FORM_FILLING:
            await asyncio.sleep(self._limits.staged_s)
            session.apply(NoteEvent.PROCESS)
        await asyncio.sleep(self._limits.processing_s)
        session.apply(self._outcome(session))
        _log.debug("session %s is %s", session.id, session.state.value)
        self.announce(session)

    def _outcome(self, session: NoteSession) -> NoteEvent:
        if session.failed:
            return NoteEvent.FAULT
        # Form filling knows no skipped: with nothing said, no form is filled.
        little = session.audio_s < self._limits.least_audio_s or not session.was_heard
        return NoteEvent.NOTHING if little and session.product is Product.AMBIENT else NoteEvent.MADE

    def _notification(self, session: NoteSession) -> Notification:
        """As the documents write it. Of a skipped or cancelled session they show no status, so there is none."""
        notification = Notification(session_id=session.id, encounter_id=session.encounter_id)
        if session.state is NoteState.COMPLETED:
            notification.status = "success"
            notification.sessions = [sibling.id for sibling in self._notes.siblings(session)]
            notification.links = self._links(session)
        elif session.state is NoteState.FAILED:
            notification.status, notification.error_code = "failure", "ERROR_CODE_TRANSCRIPTION"
            notification.error_detail = f"the recogniser lost a stream, {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        return notification

    def _links(self, session: NoteSession) -> dict[str, list[Link]]:
        ids = {"ambient_session_id": session.id, "encounter_id": session.encounter_id}
        rows = {kind: self._endpoints[name] for kind, name in _LINKS[session.product].items()}
        return {kind: [Link(row.path.format_map(ids), row.method, row.name)] for kind, row in rows.items()}
