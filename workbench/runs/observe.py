"""Play sessions while somebody looks on: every frame is told as it is recorded; storing comes afterwards.

The same functions play, record and score as for a run; being told must not disturb the pacing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from workbench.playing.job import Job
from workbench.playing.runner import play_many
from workbench.playing.service import Service
from workbench.recording.frame import FrameKind, FrameListener
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import SessionRecord
from workbench.runs.manifest import run_manifest
from workbench.runs.resolved_run import ResolvedRun
from workbench.scoring.session import score_session
from workbench.store import RunWriter

__all__ = ["TextListener", "play_observed", "store_observed"]

_KINDS = tuple(FrameKind)

TextListener = Callable[[SessionRecord, int, str], object]
"""Called with the record, the arrival in monotonic ns and the text of each message."""


def _only_texts(tell: TextListener, record: SessionRecord) -> FrameListener:
    """Hands on the texts that arrive."""

    def pass_on(row: bytes, wide: tuple[int, ...] | None, text: str | None) -> None:
        if text is not None:
            values = FrameLog.values_of(row, wide)
            if _KINDS[values[0]] is FrameKind.TEXT:
                tell(record, values[7], text)

    return pass_on


async def play_observed(jobs: Sequence[Job], service: Service, tell: TextListener) -> list[SessionRecord]:
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
        record.frames.listener = _only_texts(tell, record)

    await play_many(jobs, service, concurrency=len(jobs), on_begin=begin, on_done=records.append)
    return records


def store_observed(
    resolved: ResolvedRun, records: Sequence[SessionRecord], store: Path, endpoint: str, recogniser: str | None
) -> str:
    """Write sessions that were played as one run; returns its id.

    Args:
        resolved: the run.
        records: records of its sessions.
        store: folder of the runs.
        endpoint: who answered.
        recogniser: recogniser of a simulator that was started for it.

    Raises:
        StoreError: the run cannot be written.
    """
    manifest = run_manifest(resolved, endpoint, recogniser, len(records))
    manifest.settings["kind"] = "live"
    with RunWriter.create(store, manifest) as writer:
        for record in records:
            writer.begin(record)
            writer.add(record)
        writer.commit([score_session(record, resolved.normaliser).to_row() for record in writer.records()])
    return manifest.run_id
