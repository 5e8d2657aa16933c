"""Play sessions while somebody looks on: every frame is told as it is recorded; storing comes afterwards.

House rules: the same functions play, record and score as for a run; being told must not disturb the pacing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from workbench.asked import run_manifest
from workbench.flows import Job, Service
from workbench.question import Question
from workbench.recording import FrameKind, FrameLog, SessionRecord, Teller
from workbench.runner import play_many
from workbench.scoring import score_session
from workbench.store import RunWriter

__all__ = ["TellText", "play_told", "store_told"]

_KINDS = tuple(FrameKind)

TellText = Callable[[SessionRecord, int, str], object]
"""Called with the record, the arrival in monotonic ns and the text of each message."""


def _texts_to(tell: TellText, record: SessionRecord) -> Teller:
    """Hands on the texts that arrive."""

    def told(row: bytes, wide: tuple[int, ...] | None, text: str | None) -> None:
        if text is not None:
            values = FrameLog.values_of(row, wide)
            if _KINDS[values[0]] is FrameKind.TEXT:
                tell(record, values[7], text)

    return told


async def play_told(jobs: Sequence[Job], service: Service, tell: TellText) -> list[SessionRecord]:
    """Play all jobs at the same time.

    Args:
        jobs: one a lane.
        service: where to.
        tell: must take microseconds, because chunks are due meanwhile.

    Returns:
        A record a job, failed ones too, in the order in which they ended.

    Raises:
        WorkbenchError: wrong credentials or no service.
    """
    records: list[SessionRecord] = []

    def begin(record: SessionRecord) -> None:
        record.frames.teller = _texts_to(tell, record)

    await play_many(jobs, service, concurrency=len(jobs), on_begin=begin, on_done=records.append)
    return records


def store_told(
    question: Question, records: Sequence[SessionRecord], store: Path, endpoint: str, recogniser: str | None
) -> str:
    """Write sessions that were played as one run; returns its id.

    Args:
        question: what was asked.
        records: of its sessions.
        store: folder of the runs.
        endpoint: who answered.
        recogniser: of a simulator that was started for it.

    Raises:
        StoreError: the run cannot be written.
    """
    manifest = run_manifest(question, endpoint, recogniser, len(records))
    manifest.settings["kind"] = "live"
    with RunWriter.create(store, manifest) as writer:
        for record in records:
            writer.begin(record)
            writer.add(record)
        writer.commit([score_session(record, question.normaliser).to_row() for record in writer.records()])
    return manifest.run_id
