"""The sound of a stored session: made again from the corpus and the settings of its run, exactly as it was streamed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.audio.degrade import prepare
from workbench.corpus import Corpus, read_utterance
from workbench.errors import StoreError
from workbench.recording import SessionRecord
from workbench.store import Manifest
from workbench.sweep import cell_from

__all__ = ["flac_of", "streamed_audio"]


def streamed_audio(manifest: Manifest, record: SessionRecord, corpus: Corpus) -> tuple[NDArray[np.int16], int]:
    """What the service heard: mono samples, and their rate in Hz.

    Args:
        manifest: of the run.
        record: of the session.
        corpus: that the run was played from.

    Raises:
        CorpusError: the corpus has no such utterance.
        AudioError: its audio cannot be read.
        StoreError: the corpus does not hold this audio any more.
    """
    utterance = corpus.utterance(record.key.utterance)
    settings = next(dict(cell.config) for cell in manifest.cells if cell.name == record.key.cell)
    audio = read_utterance(utterance)
    prepared = prepare(
        audio.pcm,
        audio.sample_rate_hz,
        utterance.reference,
        cell_from(settings, item=record.key.cell).audio,
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
    return prepared.pcm, prepared.sample_rate_hz


def flac_of(pcm: NDArray[np.int16], rate_hz: int) -> bytes:
    """A FLAC file: every sample as it was, in half of the bytes; browsers play it."""
    import io

    import soundfile

    file = io.BytesIO()
    soundfile.write(file, pcm, rate_hz, format="FLAC", subtype="PCM_16")
    return file.getvalue()
