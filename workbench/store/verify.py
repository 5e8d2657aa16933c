"""Is a stored run still what was measured? Everything that can be derived again is, and what differs is named."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from workbench.errors import StoreError
from workbench.recording.frame import FrameKind
from workbench.recording.record import SessionKey, SessionRecord, newest
from workbench.store.files import file_sha256
from workbench.store.manifest import CellFacts
from workbench.store.parquet import FRAMES, SCORES, SESSIONS, count_rows
from workbench.store.reader import StoredRun
from workbench.store.segments import journal_folder, scan_finished
from workbench.units import chunk_ends, counted

__all__ = ["Finding", "Rescore", "verify_run"]

Rescore = Callable[[SessionRecord], dict[str, Any]]
"""Scores one session with the normaliser of the stored scores, as a flat row."""

_KEY = ("cell", "utterance", "repeat", "attempt")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was written.

    Attributes:
        item: the file, the session or the score it concerns.
        problem: what is wrong.
        damage: True for damage; False for what is merely unfinished or cannot be told.
    """

    item: str
    problem: str
    damage: bool = True

    def __str__(self) -> str:
        return f"{self.item}: {self.problem}"


def verify_run(run: StoredRun, rescore: Rescore | None = None) -> list[Finding]:
    """Check a run against itself.

    Derived again: hashes of configurations and files, row counts, the numbering of chunks and the order of arrivals of
    every session, which sessions have scores; with ``rescore`` the scores and pacing certificates too.

    Args:
        run: opened for reading.
        rescore: makes the stored scores again.

    Returns:
        What differs; empty for a sound and complete run.
    """
    findings = [*_cells(run)]
    if run.committed:
        findings += _files(run)
    else:
        findings.append(Finding(run.run_id, f"not committed, {run.status}", damage=False))
        findings += [Finding("journal", problem) for problem in scan_finished(run.path)[1]]
    try:
        findings += _records_and_scores(run, rescore)
    except StoreError as error:
        findings.append(Finding(run.run_id, str(error)))
    return findings


def _cells(run: StoredRun) -> Iterator[Finding]:
    for cell in run.manifest.cells:
        if CellFacts.of(cell.name, cell.config).hash != cell.hash:
            yield Finding(f"manifest, cell {cell.name}", "the configuration is not the one its hash was made of")


def _files(run: StoredRun) -> Iterator[Finding]:
    if journal_folder(run.path).exists():
        yield Finding("journal", "left over from before the commit", damage=False)
    if not run.manifest.files:
        yield Finding("manifest", "no hashes of files; the run was written before they were kept", damage=False)
    for name, facts in run.manifest.files.items():
        path = run.path / name
        if not path.exists():
            yield Finding(name, "the file is missing")
            continue
        if file_sha256(path) != facts.sha256:
            yield Finding(name, "the file is not the one that was written: its hash differs")
            continue
        rows = count_rows(path)
        if rows != facts.rows:
            yield Finding(name, f"{rows} rows, the manifest says {facts.rows}")


def _records_and_scores(run: StoredRun, rescore: Rescore | None) -> Iterator[Finding]:
    keys: list[SessionKey] = []
    scores = {(*(row.get(name) for name in _KEY),): row for row in run.scores()} if run.committed else {}
    current = set(newest(run.keys()).values())
    breaches: Counter[str] = Counter()
    for record in run.iter_records(superseded=True):
        keys.append(record.key)
        yield from _frames(record)
        breaches.update(record.violations)
        if record.key in current and scores:
            row = scores.pop((*record.key.place, record.key.attempt), None)
            yield from _score(record, row, rescore)
    # Scores that lie beside a run that is being resumed are those of its last commit: not looked at.
    for key in scores:
        yield Finding(SCORES, f"scores of a session that is not stored: {key}")
    yield from _counts(run, keys)
    for what, times in breaches.most_common():
        yield Finding(run.run_id, f"the service broke its contract {counted(times, 'time')}: {what}", damage=False)
    if run.committed and not (run.path / SCORES).exists():
        yield Finding(SCORES, "the run has no scores; score it", damage=False)


def _counts(run: StoredRun, keys: list[SessionKey]) -> Iterator[Finding]:
    counts = run.manifest.counts
    sessions = len(newest(keys))
    if len(set(keys)) != len(keys):
        yield Finding(SESSIONS, "a session is stored twice")
    if run.committed and (counts.sessions, counts.superseded) != (sessions, len(keys) - sessions):
        stored = f"{sessions} sessions and {len(keys) - sessions} earlier attempts"
        yield Finding("manifest", f"{stored} are stored, it counts {counts.sessions} and {counts.superseded}")
    if sessions < counts.planned:
        yield Finding(run.run_id, f"{counts.planned - sessions} of {counts.planned} sessions missing", damage=False)


def _frames(record: SessionRecord) -> Iterator[Finding]:
    """What must hold of any recording, whatever the service did."""
    ends = chunk_ends(record.samples, record.chunk_samples)
    item, chunk, arrived_ns = f"{FRAMES}, {record.key}", 0, 0
    for frame in record.frames.frames():
        if frame.kind is FrameKind.AUDIO:
            if frame.chunk != chunk or chunk >= len(ends) or frame.end_sample != ends[chunk]:
                yield Finding(item, f"chunk {chunk} is not where it belongs")
                return
            chunk += 1
        if None not in (frame.sent_ns, frame.flushed_ns) and (frame.flushed_ns or 0) < (frame.sent_ns or 0):
            yield Finding(item, "a frame was flushed before it was sent")
            return
        if frame.received_ns is not None:
            if frame.received_ns < arrived_ns:
                yield Finding(item, "a frame arrived before the one ahead of it")
                return
            arrived_ns = frame.received_ns
    if not record.outcome.failed and chunk != len(ends):
        yield Finding(item, f"completed with {chunk} of {len(ends)} chunks")


def _score(record: SessionRecord, row: dict[str, Any] | None, rescore: Rescore | None) -> Iterator[Finding]:
    item = f"{SCORES}, {record.key}"
    if row is None:
        yield Finding(item, "the session has no scores")
    elif rescore is not None:
        again = rescore(record)
        # A column that an older score lacks altogether is no damage.
        odd = [name for name in row if not _same(row[name], again.get(name))]
        if odd:
            yield Finding(item, f"scored again, these differ: {', '.join(odd)}")


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float | int):
        # Sums may be rounded differently by another version of a library; that is no damage.
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(_same(a, b) for a, b in zip(one, other, strict=True))
    return one == other
