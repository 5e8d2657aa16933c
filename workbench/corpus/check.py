"""Check a corpus against its files: every file decoded once, every problem with its file and line."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from workbench.audio.align import spoken_tokens
from workbench.audio.files import file_sha256
from workbench.audio.measure import FileFacts, SoundFacts, Stretch, measure_file
from workbench.audio.quality import Finding, sound_findings, words_finding
from workbench.corpus.fact_cache import FactCache
from workbench.corpus.load import Corpus, Utterance, parse_corpus
from workbench.corpus.rows import WORDS, Problem, manifest_of
from workbench.errors import AudioError

__all__ = ["active_levels", "check_corpus", "playable_corpus"]


def check_corpus(
    path: Path, *, on_progress: Callable[[int, int], object] | None = None, cache: Path | None = None
) -> list[Problem]:
    """Everything wrong with a corpus; an empty list is a good one.

    Beyond what loading finds, every file is hashed and decoded to its end, in constant memory, and what can be heard
    in it is judged. Files whose content was decoded before are not decoded again.

    Args:
        path: folder or manifest.
        on_progress: called with the number of utterances that were checked, and of how many.
        cache: folder of what is known about decoded files; None is the user's.

    Returns:
        Problems and, with ``remark`` set, what a user should know about recordings that can be played; in the order
        of the manifest.

    Raises:
        CorpusError: there is no manifest at all.
    """
    corpus, problems = parse_corpus(path)
    return problems + _sound_problems(corpus, manifest_of(path), on_progress, cache)


def playable_corpus(
    path: Path, *, on_progress: Callable[[int, int], object] | None = None, cache: Path | None = None
) -> Corpus:
    """The recordings of a corpus that ``check_corpus`` has nothing against; what it has is in ``left_out``.

    Arguments are those of ``check_corpus``.

    Raises:
        CorpusError: there is no manifest, or no good recording in it.
    """
    corpus, problems = parse_corpus(path)
    found = _sound_problems(corpus, manifest_of(path), on_progress, cache)
    problems += [problem for problem in found if not problem.remark]
    bad = {problem.item for problem in problems}
    good = tuple(utterance for utterance in corpus.utterances if utterance.id not in bad)
    if not good:
        raise problems[0].error()
    return replace(corpus, utterances=good, left_out=tuple(problems))


def active_levels(corpus: Corpus, *, cache: Path | None = None) -> dict[str, float | None]:
    """Level of the speech in each recording, dBFS; None for silence and for what cannot be read.

    Args:
        corpus: loaded.
        cache: folder of what is known about decoded files; None is the user's.
    """
    levels: dict[str, float | None] = {}
    for utterances, measured in _facts(corpus.utterances, cache):
        for place, utterance in enumerate(utterances):
            sound = measured.facts.stretches[place] if measured.facts is not None else None
            levels[utterance.id] = None if sound is None else sound.active_dbfs
    return levels


def _sound_problems(
    corpus: Corpus, manifest: Path, on_progress: Callable[[int, int], object] | None, cache: Path | None
) -> list[Problem]:
    """Problems and remarks of what can be heard."""
    problems: list[Problem] = []
    by_utterance: dict[str, list[Finding]] = {}
    done = 0
    for utterances, measured in _facts(corpus.utterances, cache):
        findings = [_findings(utterance, measured, place) for place, utterance in enumerate(utterances)]
        by_utterance |= zip((u.id for u in utterances), findings, strict=True)
        done += len(utterances)
        if on_progress:
            on_progress(done, len(corpus.utterances))
    for utterance in corpus.utterances:
        problems += [
            Problem(str(manifest), utterance.line, utterance.id, finding.what, finding.cause, not finding.fault)
            for finding in by_utterance[utterance.id]
        ]
        if utterance.draft:
            what = "its reference is a draft, which no run plays (`workbench datasets transcribe` confirms it)"
            problems.append(Problem(str(manifest), utterance.line, utterance.id, what, "draft", remark=True))
        words = utterance.reference.words
        if words and words[-1].end_sample > utterance.samples:
            what = f"word times run past the audio (got {words[-1].end_sample}; expected up to {utterance.samples})"
            problems.append(Problem(str(manifest.parent / WORDS), None, utterance.id, what))
        problems += _late_turns(manifest, utterance)
    return problems


def _late_turns(manifest: Path, utterance: Utterance) -> Iterator[Problem]:
    """The first turn that runs past the audio, if there is one."""
    end = max((turn.end_sample for turn in utterance.turns), default=0)
    if end > utterance.samples:
        what = f"a turn runs past the audio (got {end}; expected up to {utterance.samples})"
        yield Problem(str(manifest), utterance.line, utterance.id, what, "turns")


@dataclass(frozen=True, slots=True)
class _Measured:
    """What is known about a file: ``facts``, or the ``error`` that decoding ended with."""

    sha256: str | None
    facts: FileFacts | None
    error: str | None = None


def _facts(utterances: Iterable[Utterance], cache_folder: Path | None) -> Iterator[tuple[list[Utterance], _Measured]]:
    """The utterances of each file and what is known about it, in the order in which files are ready."""
    files: dict[Path, list[Utterance]] = defaultdict(list)
    for utterance in utterances:
        files[utterance.audio].append(utterance)
    # Threads, not processes: libsndfile, hashes and transforms all run without the interpreter's lock. A thread takes
    # several files at a time: to hand over each costs a quarter of a check of files that are known.
    threads, whole = os.cpu_count() or 1, list(files.items())
    step = max(1, min(_TOGETHER, len(whole) // (4 * threads)))
    with FactCache(cache_folder) as cache, ThreadPoolExecutor(threads) as pool:
        pending = [pool.submit(_measure_some, whole[i : i + step], cache) for i in range(0, len(whole), step)]
        try:
            for future in as_completed(pending):
                yield from future.result()
        finally:
            for future in pending:
                future.cancel()


_TOGETHER = 32


def _measure_some(
    files: Sequence[tuple[Path, list[Utterance]]], cache: FactCache
) -> list[tuple[list[Utterance], _Measured]]:
    return [(group, _measure(audio, group, cache)) for audio, group in files]


def _measure(audio: Path, utterances: list[Utterance], cache: FactCache) -> _Measured:
    stretches = [Stretch(u.start_sample, u.samples, u.channel) for u in utterances]
    sha256 = None
    try:
        sha256 = file_sha256(audio)
        facts = cache.find(sha256, stretches)
        if facts is None:
            facts = measure_file(audio, stretches)
            cache.add(sha256, stretches, facts)
    except AudioError as error:
        return _Measured(sha256, None, str(error))
    except OSError as error:
        return _Measured(sha256, None, f"{audio}: audio file cannot be read (got {error.strerror})")
    return _Measured(sha256, facts)


def _findings(utterance: Utterance, measured: _Measured, place: int) -> list[Finding]:
    facts = measured.facts
    if facts is None:
        return [Finding("unreadable", measured.error or "", fault=True)]
    if facts.sample_rate_hz != utterance.sample_rate_hz:
        what = f"sample rate differs (got {facts.sample_rate_hz} Hz; expected {utterance.sample_rate_hz} Hz)"
        return [Finding("rate", what, fault=True)]
    sound = facts.stretches[place]
    if sound is None:
        left = facts.samples - utterance.start_sample
        return [Finding("length", f"truncated audio (got {left} samples; expected {utterance.samples})", fault=True)]
    heard = sound_findings(sound, utterance.channel)
    if not utterance.reference.written.strip() and not utterance.draft:
        heard = [finding for finding in heard if finding.cause not in _OF_SPEECH]
    findings = [*_sha256_findings(utterance, measured.sha256), *heard]
    words = _words_finding(utterance, sound)
    if words and not any(finding.fault for finding in findings):
        findings.append(words)
    return findings + [Finding("container", remark) for remark in facts.remarks]


_OF_SPEECH = ("silence", "level", "speech")
"""Findings that say no one can be heard: no fault of a recording in which nothing is said."""


def _sha256_findings(utterance: Utterance, sha256: str | None) -> Iterator[Finding]:
    if utterance.sha256 is not None and sha256 is not None and sha256 != utterance.sha256:
        what = f"sha256 differs (got {sha256[:12]}…; expected {utterance.sha256[:12]}…)"
        yield Finding("sha256", what, fault=True)


def _words_finding(utterance: Utterance, sound: SoundFacts) -> Finding | None:
    words = len(spoken_tokens(utterance.reference.spoken))
    return words_finding(words, sound.samples, sound.sample_rate_hz)
