"""Check a corpus against its files: every problem, each with its file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from workbench.audio.files import audio_info, file_sha256
from workbench.corpus.loading import Utterance, parse_corpus, read_utterance
from workbench.corpus.rows import WORDS, Problem, manifest_of
from workbench.errors import AudioError

__all__ = ["check_corpus"]


def check_corpus(path: Path, *, on_utterance: Callable[[str], object] | None = None) -> list[Problem]:
    """Everything wrong with a corpus; an empty list is a good one.

    Beyond what loading finds, every file is hashed and every utterance decoded, in constant memory.

    Args:
        path: folder or manifest.
        on_utterance: called with each id before its audio is read, for progress.

    Raises:
        CorpusError: there is no manifest at all.
    """
    corpus, problems = parse_corpus(path)
    manifest = manifest_of(path)
    hashes: dict[Path, str] = {}
    for utterance in corpus.utterances:
        if on_utterance:
            on_utterance(utterance.id)
        wrong = _audio_problems(utterance, hashes)
        problems += [Problem(str(manifest), utterance.line, utterance.id, what) for what in wrong]
        words = utterance.reference.words
        if words and words[-1].end_sample > utterance.samples:
            what = f"word times run past the audio (got {words[-1].end_sample}; expected up to {utterance.samples})"
            problems.append(Problem(str(manifest.parent / WORDS), None, utterance.id, what))
    return problems


def _audio_problems(utterance: Utterance, hashes: dict[Path, str]) -> list[str]:
    try:
        info = audio_info(utterance.audio)
        if info.sample_rate_hz != utterance.sample_rate_hz:
            return [f"sample rate differs (got {info.sample_rate_hz} Hz; expected {utterance.sample_rate_hz} Hz)"]
        if utterance.start_sample + utterance.samples > info.samples:
            left = info.samples - utterance.start_sample
            return [f"truncated audio (got {left} samples; expected {utterance.samples})"]
        read_utterance(utterance)
    except AudioError as error:
        return [str(error)]
    if utterance.sha256 is None:
        return []
    if utterance.audio not in hashes:
        hashes[utterance.audio] = file_sha256(utterance.audio)
    if hashes[utterance.audio] != utterance.sha256:
        return [f"sha256 differs (got {hashes[utterance.audio][:12]}…; expected {utterance.sha256[:12]}…)"]
    return []
