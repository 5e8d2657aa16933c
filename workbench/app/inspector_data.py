"""What the inspector shows of one session beside its time axis: its sound as the service heard it, and its frames."""

from __future__ import annotations

import contextlib
import glob
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.app.live.request import Clip, Lane, run_of_clip
from workbench.corpus import Corpus, find_corpus, load_corpus
from workbench.corpus.rows import WORDS
from workbench.errors import CorpusError, WorkbenchError
from workbench.recording.frame import Frame, FrameKind
from workbench.reporting.session import Session
from workbench.reporting.session_timeline import session_timeline
from workbench.reporting.tables.table import Column, Table
from workbench.runs.prepare import prepare_jobs
from workbench.runs.sound import streamed_audio, timed_reference
from workbench.store import Manifest
from workbench.units import ms

__all__ = ["Inspected", "corpus_stamp", "frames_table", "heard", "inspected"]

Sound = tuple[NDArray[np.int16], int]
"""Samples, int16, mono, shape (n,), and their rate in Hz."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """A session as the page shows it.

    Attributes:
        session: with word times that its data set has got since it was played.
        sound: as the service heard it; None if that is gone.
        missing: why there is no sound; None if there is.

    What is drawn of it is computed once, see :meth:`drawn`.
    """

    session: Session
    sound: Sound | None = field(repr=False)
    missing: str | None
    _timeline: dict[str, Any] = field(repr=False)

    def drawn(self, url: str | None, name: str) -> dict[str, Any]:
        """The session as the inspector draws it; arguments as for :func:`session_timeline`."""
        return {**self._timeline, "audio": url, "name": name}


def inspected(session: Session) -> Inspected:
    """A session with its sound and its word times, as far as they are here."""
    session = _timed(session)
    sound = missing = None
    try:
        sound = heard(session)
    except WorkbenchError as error:
        missing = str(error)
    drawn = session_timeline(session, None if sound is None else sound[0], None, "")
    return Inspected(session, sound, missing, drawn)


def _corpora(manifest: Manifest) -> Iterator[Corpus]:
    """Data sets of a run: several name the place of the first; the others are found by their names."""
    for place in (manifest.corpus.location, *manifest.corpus.name.split("+")):
        with contextlib.suppress(CorpusError):
            yield load_corpus(find_corpus(place or ""))


def corpus_stamp(manifest: Manifest) -> str:
    """Changes when word times of the data set of a run are found."""
    with contextlib.suppress(OSError):
        return str((Path(manifest.corpus.location or "") / WORDS).stat().st_mtime_ns)
    return ""


def _timed(session: Session) -> Session:
    if session.record.reference.words or not session.record.reference.spoken:
        return session
    for corpus in _corpora(session.run.manifest):
        with contextlib.suppress(WorkbenchError):
            reference = timed_reference(session.run.manifest, session.record, corpus)
            return replace(session, record=replace(session.record, reference=reference))
    return session


def heard(session: Session) -> Sound:
    """The session's sound as the service heard it.

    Raises:
        WorkbenchError: the corpus or the recording is gone or has changed.
    """
    for corpus in _corpora(session.run.manifest):
        with contextlib.suppress(CorpusError):
            return streamed_audio(session.run.manifest, session.record, corpus)
    return _recorded(session)


def _recorded(session: Session) -> Sound:
    """A recording or an upload is no corpus: its folder holds the file alone."""
    manifest, key = session.run.manifest, session.record.key
    files = sorted(Path(manifest.corpus.location or "").glob(f"{glob.escape(key.utterance)}.*"))
    if not files:
        raise CorpusError(
            "the sound is not here any more",
            item=key.utterance,
            got=manifest.corpus.name,
            action="Put the corpus back where the run names it",
        )
    clip = Clip((Lane(key.cell, manifest.config_of(key.cell)),), key.utterance, audio=str(files[0]))
    plan = prepare_jobs(run_of_clip(clip, manifest.seed))[0].plan
    return plan.pcm, plan.sample_rate_hz


_FRAME_COLUMNS: tuple[Column[Any], ...] = (
    Column("at_ms", "at", float, "ms", 1, "from time zero"),
    Column("way", "way", str),
    Column("kind", "kind", str),
    Column("chunk", "chunk", int),
    Column("late_ms", "late", float, "ms", 2, "send minus due"),
    Column("bytes", "bytes", int),
    Column("text", "text", str, explain="length and hash; never the words"),
)


def frames_table(session: Session) -> Table:
    """The event log without a word of anybody: kinds, times, sizes, and a hash where there was text."""
    record = session.record
    zero_ns = record.start_ns if record.start_ns is not None else record.mono_start_ns
    return Table(_FRAME_COLUMNS, tuple(_frame_row(frame, zero_ns) for frame in record.frames.frames()))


def _frame_row(frame: Frame, zero_ns: int) -> dict[str, str | int | float | bool | None]:
    at_ns = frame.sent_ns if frame.sent else frame.received_ns
    late_ns = None
    if frame.kind is FrameKind.AUDIO and frame.sent_ns is not None and frame.due_ns is not None:
        late_ns = frame.sent_ns - frame.due_ns
    digest = None
    if frame.text is not None:
        content = hashlib.sha256(frame.text.encode("utf-8", "surrogatepass")).hexdigest()
        digest = f"{len(frame.text)} characters, sha256 {content[:12]}"
    return {
        "at_ms": None if at_ns is None else ms(at_ns - zero_ns),
        "way": "sent" if frame.sent else "received",
        "kind": frame.kind.value,
        "chunk": frame.chunk,
        "late_ms": ms(late_ns),
        "bytes": frame.wire_bytes,
        "text": digest,
    }
