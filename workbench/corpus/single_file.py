"""One sound file as a corpus of its own: an upload, a recording, a file named on the command line."""

from __future__ import annotations

import hashlib
from pathlib import Path

from workbench.audio.files import audio_info, file_sha256
from workbench.corpus.load import Corpus, Utterance
from workbench.reference import Reference

__all__ = ["corpus_of_file"]


def corpus_of_file(audio: Path, name: str | None = None, reference: str | None = None) -> Corpus:
    """A corpus of one utterance.

    Args:
        audio: any format that libsndfile reads, or ffmpeg if it is installed.
        name: id of the utterance; None takes the file's.
        reference: what is said in it; None has no words, so that nothing is scored.

    Raises:
        AudioError: the file cannot be used.
    """
    info, sha256, text = audio_info(audio), file_sha256(audio), reference or ""
    utterance = Utterance(name or audio.stem, audio, sha256, Reference(text, text), info.sample_rate_hz, info.samples)
    digest = hashlib.sha256(f"{sha256}\n{text}".encode()).hexdigest()
    return Corpus(audio.stem, audio.resolve().parent, (utterance,), digest)
