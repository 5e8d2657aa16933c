"""The sound of a stored session: made again from the corpus and the settings of its run, exactly as it was streamed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.audio.degrade import Prepared, prepare
from workbench.corpus import Corpus, read_utterance
from workbench.errors import CorpusError, StoreError
from workbench.recording.record import SessionRecord
from workbench.reference import Reference
from workbench.runs.sweep import cell_from
from workbench.store import Manifest

__all__ = ["streamed_audio", "timed_reference"]


def streamed_audio(manifest: Manifest, record: SessionRecord, corpus: Corpus) -> tuple[NDArray[np.int16], int]:
    """What the service heard: mono samples, and their rate in Hz.

    Args:
        manifest: manifest of the run.
        record: record of the session.
        corpus: corpus that the run was played from.

    Raises:
        CorpusError: the corpus has no such utterance.
        AudioError: its audio cannot be read.
        StoreError: the corpus does not hold this audio any more.
    """
    prepared = _prepared(manifest, record, corpus)
    return prepared.pcm, prepared.sample_rate_hz


def timed_reference(manifest: Manifest, record: SessionRecord, corpus: Corpus) -> Reference:
    """The reference of a session that was played without word times, with those that its corpus has now.

    Args:
        manifest: manifest of the run.
        record: record of the session.
        corpus: corpus that the run was played from, aligned since.

    Raises:
        CorpusError: the corpus has no such utterance, another text of it, or no word times.
        AudioError, StoreError: as for :func:`streamed_audio`.
    """
    now = corpus.utterance(record.key.utterance).reference
    if not now.words or (now.written, now.spoken) != (record.reference.written, record.reference.spoken):
        raise CorpusError(
            "no word times for what was played", item=record.key.utterance, action="Align the data set",
        )  # fmt: skip
    return _prepared(manifest, record, corpus).reference


def _prepared(manifest: Manifest, record: SessionRecord, corpus: Corpus) -> Prepared:
    utterance = corpus.utterance(record.key.utterance)
    audio = read_utterance(utterance)
    prepared = prepare(
        audio.pcm,
        audio.sample_rate_hz,
        utterance.reference,
        cell_from(manifest.config_of(record.key.cell), item=record.key.cell).audio,
        seed=manifest.seed,
        key=utterance.id,
        speaker=utterance.speaker,
    )
    if prepared.pcm.size != record.samples:
        raise StoreError(
            "the corpus has changed since the run",
            item=record.key.utterance,
            got=f"{prepared.pcm.size} samples",
            expected=str(record.samples),
        )
    return prepared
