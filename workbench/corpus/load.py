"""Load a corpus whole, or refuse it at its first problem."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from workbench.audio.files import Audio, audio_info, read_audio
from workbench.corpus.locate import Inside
from workbench.corpus.rows import (
    TERM_KINDS,
    WORDS,
    ManifestRow,
    Problem,
    WordsRow,
    manifest_of,
    parse_header,
    parse_rows,
    resolve_audio,
)
from workbench.errors import AudioError, CorpusError
from workbench.reference import FACT_KINDS, Fact, Reference, Term, Word

__all__ = ["Corpus", "Turn", "Utterance", "load_corpus", "parse_corpus", "read_utterance"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's turn, in samples from the start of the utterance; ``text`` written, ``spoken`` as it was said."""

    speaker: str
    start_sample: int
    end_sample: int
    text: str = field(repr=False)
    spoken: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Utterance:
    """One item of a corpus.

    Attributes:
        id: unique in the corpus.
        audio: the file; ``read_utterance`` reads the right stretch of it.
        sha256: hash of the file's bytes; None is unverified.
        reference: words spoken, with positions at ``sample_rate_hz`` from the start of the utterance.
        sample_rate_hz: sample rate of the file.
        samples: length of the utterance.
        start_sample: where it begins in the file.
        channel: channel of the file that is played, from 0; None mixes all of them.
        speaker, tags: groups.
        licence, source: licence and source of the audio.
        turns: who spoke when; empty where there is one speaker.
        form: expected values of a form; None if there are none.
        draft: whether a recogniser wrote the reference and nobody has confirmed it yet.
        line: in the manifest.

    >>> wb.load_corpus("my-corpus").utterances[0].reference.written
    'no chest pain'
    """

    id: str
    audio: Path
    sha256: str | None
    reference: Reference = field(repr=False)
    sample_rate_hz: int
    samples: int
    start_sample: int = 0
    channel: int | None = None
    speaker: str | None = None
    tags: tuple[str, ...] = ()
    licence: str | None = None
    source: str | None = None
    turns: tuple[Turn, ...] = ()
    form: dict[str, str | int | float | bool | None] | None = field(default=None, repr=False)
    draft: bool = False
    line: int | None = None

    @property
    def duration_s(self) -> float:
        """Seconds of audio.

        >>> wb.load_corpus("my-corpus").utterances[0].duration_s
        0.5
        """
        return self.samples / self.sample_rate_hz


@dataclass(frozen=True, slots=True)
class Corpus:
    """A loaded corpus.

    Attributes:
        name: from its header, or its folder's name.
        root: folder of the manifest.
        utterances: in the order of the manifest.
        sha256: hash of the manifest's bytes.
        words_sha256: hash of the word times' bytes; None if there are none.
        description, licence, note: from its header.
        manifest: the file it was loaded from; None for one that was joined from others.
        parts: the corpora it was joined from; empty for one that was loaded.
        left_out: what is wrong with recordings that were left out, where bad ones were to be skipped.

    >>> wb.load_corpus("my-corpus").name
    'short'
    """

    name: str
    root: Path
    utterances: tuple[Utterance, ...] = field(repr=False)
    sha256: str
    words_sha256: str | None = None
    description: str | None = None
    licence: str | None = None
    note: str | None = None
    manifest: Path | None = None
    parts: tuple[Corpus, ...] = field(default=(), repr=False)
    left_out: tuple[Problem, ...] = field(default=(), repr=False)

    def utterance(self, utterance_id: str) -> Utterance:
        """The utterance of an id.

        Raises:
            CorpusError: no such utterance, with the ids that come nearest.

        >>> wb.load_corpus("my-corpus").utterance("short-001").speaker
        'bob'
        """
        for utterance in self.utterances:
            if utterance.id == utterance_id:
                return utterance
        if bad := next((problem for problem in self.left_out if problem.item == utterance_id), None):
            raise bad.error()
        near = get_close_matches(utterance_id, [u.id for u in self.utterances], n=3)
        expected = " or ".join(near) if near else f"one of {len(self.utterances)} ids"
        raise CorpusError("no such utterance", item=self.name, got=utterance_id, expected=expected)


def load_corpus(path: Path, *, skip_bad: bool = False) -> Corpus:
    """Load a corpus: its folder, or its manifest.

    Audio files must exist; their bytes are not read (``check_corpus`` does that).

    Args:
        path: folder or manifest.
        skip_bad: leave out bad rows, which are in ``left_out`` of the corpus, instead of refusing all.

    Raises:
        CorpusError: naming the file, the line and the first problem.
        AudioError: the manifest does not say how long the audio is, and the audio cannot be asked.
    """
    corpus, problems = parse_corpus(path)
    if problems and not (skip_bad and corpus.utterances):
        raise problems[0].error()
    return replace(corpus, left_out=tuple(problems))


def read_utterance(utterance: Utterance, rate_hz: int | None = None) -> Audio:
    """The audio of an utterance as mono int16.

    Raises:
        AudioError: the file is missing, truncated or no audio.
    """
    return read_audio(
        utterance.audio,
        rate_hz,
        start_sample=utterance.start_sample,
        samples=utterance.samples,
        channel=utterance.channel,
    )


def parse_corpus(path: Path, *, drafting: bool = False) -> tuple[Corpus, list[Problem]]:
    """Everything that can be loaded, and everything that cannot.

    Args:
        path: folder or manifest.
        drafting: take recordings without a reference, too.

    Raises:
        CorpusError: there is no manifest at all.
    """
    manifest = manifest_of(path)
    problems: list[Problem] = []
    header = parse_header(manifest, problems)
    times, words_sha256 = _read_words(manifest, problems)
    utterances: list[Utterance] = []
    seen: dict[str, int] = {}
    folder = Inside(manifest.parent / (header.audio_root or "."))
    for line, row in parse_rows(manifest, ManifestRow, problems):
        wrong = _row_problems(row, seen, drafting=drafting)
        audio = resolve_audio(folder, row.audio)
        if isinstance(audio, str):
            wrong.append(audio)
        problems += [Problem(str(manifest), line, row.id or None, what) for what in wrong]
        if isinstance(audio, Path) and not wrong:
            try:
                utterances.append(_utterance(row, audio, line, times.get(row.id)))
            except AudioError as error:
                problems.append(Problem(str(manifest), line, row.id, str(error)))
        seen.setdefault(row.id, line)
    problems += [
        Problem(str(manifest.parent / WORDS), None, utterance, "word times of an utterance that is not in the manifest")
        for utterance in times.keys() - seen.keys()
    ]
    if not seen and not problems:
        problems.append(Problem(str(manifest), None, None, "the manifest is empty (expected at least one utterance)"))
    sha256 = hashlib.sha256(manifest.read_bytes()).hexdigest()
    name = header.name or manifest.parent.resolve().name
    corpus = Corpus(
        name, manifest.parent, tuple(utterances), sha256, words_sha256, header.description, header.licence, header.note,
        manifest,
    )  # fmt: skip
    return corpus, problems


def _row_problems(row: ManifestRow, seen: dict[str, int], *, drafting: bool) -> list[str]:
    wrong = []
    if not row.id.strip():
        wrong.append("empty id")
    if row.id in seen:
        wrong.append(f"duplicate id (first on line {seen[row.id]})")
    wrong += _reference_problems(row, drafting=drafting)
    if row.spoken is not None and not row.spoken.strip():
        wrong.append("empty spoken form (expected words, or no such key)")
    wrong += _term_problems(row)
    wrong += _fact_problems(row)
    for key in ("sample_rate_hz", "samples"):
        value = getattr(row, key)
        if value is not None and value <= 0:
            wrong.append(f"{key} must be positive (got {value})")
    if row.start_sample < 0:
        wrong.append(f"start_sample must not be negative (got {row.start_sample})")
    if row.channel is not None and row.channel < 0:
        wrong.append(f"channel must not be negative (got {row.channel}; the first one is 0)")
    return wrong


def _reference_problems(row: ManifestRow, *, drafting: bool) -> Iterator[str]:
    said = bool(row.reference.strip())
    if row.silence and said:
        yield "silence with a reference (expected an empty one)"
    if row.silence and row.draft:
        yield "a draft of silence (expected draft or silence, not both)"
    if not (said or row.silence or row.draft or drafting):
        yield (
            "empty reference (expected what is said in the audio, or silence: true; "
            "`workbench datasets transcribe` drafts what is missing)"
        )
    if said and not any(character.isalnum() for character in row.reference):
        yield "a reference without a word (got punctuation alone)"


def _term_problems(row: ManifestRow) -> Iterator[str]:
    for term in row.terms:
        if term.kind not in TERM_KINDS:
            yield f"unknown kind of term (got {term.kind}; expected one of {', '.join(TERM_KINDS)})"
        if not term.text.strip():
            yield "empty term (expected words of the reference)"
        elif not _stands_in(term.text, row.reference):
            inside = " as separate words" if term.text in row.reference else ""
            yield f"a marked term is not in the reference{inside}"
    for turn in row.turns:
        if not 0 <= turn.start_sample <= turn.end_sample:
            yield f"a turn ends before it starts (got {turn.start_sample} to {turn.end_sample})"


def _stands_in(term: str, reference: str) -> bool:
    """Whether a term stands in a text as whole words: ``stent`` is no term of ``consistent``."""
    return re.search(rf"(?<!\w){re.escape(term)}(?!\w)", reference) is not None


def _fact_problems(row: ManifestRow) -> Iterator[str]:
    for fact in row.facts:
        if fact.kind not in FACT_KINDS:
            yield f"unknown kind of fact (got {fact.kind}; expected one of {', '.join(FACT_KINDS)})"
        elif not fact.name.strip() or (fact.kind != "diagnosis" and not fact.value.strip()):
            yield f"a fact of kind {fact.kind} has no {'value' if fact.name.strip() else 'name'} (expected both)"


def _utterance(row: ManifestRow, audio: Path, line: int, times: WordsRow | None) -> Utterance:
    rate, samples = row.sample_rate_hz, row.samples
    if rate is None or samples is None:
        info = audio_info(audio)
        rate = rate or info.sample_rate_hz
        samples = samples or info.samples - row.start_sample
    reference = Reference(
        written=row.reference,
        spoken=row.spoken or row.reference,
        words=tuple(Word(w.text, w.start_sample, w.end_sample, w.speaker) for w in times.words) if times else (),
        terms=tuple(Term(term.text, term.kind) for term in row.terms),
        words_origin=times.origin if times else None,
        facts=tuple(Fact(fact.kind, fact.name, fact.value, fact.required) for fact in row.facts),
    )
    return Utterance(
        id=row.id,
        audio=audio,
        sha256=row.sha256,
        reference=reference,
        sample_rate_hz=rate,
        samples=samples,
        start_sample=row.start_sample,
        channel=row.channel,
        speaker=row.speaker,
        tags=row.tags,
        licence=row.licence,
        source=row.source,
        turns=tuple(Turn(t.speaker, t.start_sample, t.end_sample, t.text, t.spoken) for t in row.turns),
        form=row.form,
        draft=row.draft,
        line=line,
    )


def _read_words(manifest: Path, problems: list[Problem]) -> tuple[dict[str, WordsRow], str | None]:
    path = manifest.parent / WORDS
    if not path.is_file():
        return {}, None
    times: dict[str, WordsRow] = {}
    for line, row in parse_rows(path, WordsRow, problems):
        if row.id in times:
            problems.append(Problem(str(path), line, row.id, "word times twice for one utterance"))
        ends = [0, *(word.end_sample for word in row.words)]
        for before, word in zip(ends, row.words, strict=False):
            # Words of different speakers may overlap; a word never ends before it starts.
            if word.start_sample < 0 or word.end_sample < word.start_sample or word.end_sample < before:
                what = f"word times do not grow (got {word.start_sample} to {word.end_sample} after {before})"
                problems.append(Problem(str(path), line, row.id, what))
                break
        times[row.id] = row
    return times, hashlib.sha256(path.read_bytes()).hexdigest()
