"""Word times for a whole corpus, stored beside its manifest, and a check of their quality."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from workbench.audio.align import Aligner, Alignment, spoken_tokens
from workbench.audio.pronunciations import read_dictionary
from workbench.corpus.load import Corpus, Utterance, read_utterance
from workbench.corpus.rows import WordRow, WordsRow
from workbench.corpus.write import write_words
from workbench.errors import AudioError
from workbench.reference import Word

__all__ = ["VOCABULARY", "AlignmentReport", "align_corpus", "corpus_pronunciations"]

VOCABULARY = "vocabulary.dict"


@dataclass(frozen=True, slots=True)
class AlignmentReport:
    """Result of an alignment of a corpus, as counts.

    Attributes:
        origin: name and version of the aligner.
        utterances: utterances that were aligned.
        kept: utterances that kept their word times, because these are of a synthesiser or given.
        tokens: words of the texts that were aligned.
        aligned: words that got a time.
        guessed: words with a pronunciation guessed from their letters.
        out_of_order: words that begin before the word before them ends, by more than a frame.
        outside: words that end after their audio.
        failed: utterances without any time, and the reason.
        partial: utterances in which some words have no time, and the reason.
        start_errors_ms, end_errors_ms: aligner minus known times, for each word whose true times are known; the
            words of ``kept`` utterances, when they were measured.

    >>> AlignmentReport("aligner 1", tokens=12, aligned=11).failed
    {}
    """

    origin: str
    utterances: int = 0
    kept: int = 0
    tokens: int = 0
    aligned: int = 0
    guessed: int = 0
    out_of_order: int = 0
    outside: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    partial: dict[str, str] = field(default_factory=dict)
    start_errors_ms: tuple[float, ...] = field(default=(), repr=False)
    end_errors_ms: tuple[float, ...] = field(default=(), repr=False)


def corpus_pronunciations(corpus: Corpus) -> dict[str, str]:
    """Pronunciations that come with a corpus; empty where there are none."""
    path = corpus.root / VOCABULARY
    return read_dictionary(path) if path.is_file() else {}


def align_corpus(
    corpus: Corpus,
    *,
    pronunciations: Mapping[str, str] | None = None,
    replace: bool = False,
    on_utterance: Callable[[str], object] | None = None,
) -> AlignmentReport:
    """Align a corpus, write ``words.jsonl`` beside its manifest and report on it.

    Known times (of a synthesiser, or given) are kept and serve to measure the aligner's error. An utterance that cannot
    be aligned or read is reported with the reason and stops no other; when the work is interrupted, everything that was
    aligned until then is written.

    Args:
        corpus: loaded.
        pronunciations: those beyond the shipped dictionary; None takes those that come with the corpus.
        replace: align also where times are known, and store the aligner's.
        on_utterance: called with each id, for progress.

    Raises:
        CorpusError: the folder cannot be written.
    """
    aligner = Aligner(corpus_pronunciations(corpus) if pronunciations is None else pronunciations)
    tally = _Tally(aligner.origin)
    # What is not reached, because somebody stops this, keeps the times that it had.
    rows = {u.id: _row(u, u.reference.words_origin, u.reference.words) for u in corpus.utterances if u.reference.words}
    try:
        for utterance in corpus.utterances:
            if on_utterance:
                on_utterance(utterance.id)
            row = tally.add(utterance, _aligned_words(aligner, utterance, tally), replace=replace)
            if row is None:
                rows.pop(utterance.id, None)  # times of another text or another sound would be worse than none
            else:
                rows[utterance.id] = row
    finally:
        write_words(corpus.root, [rows[u.id] for u in corpus.utterances if u.id in rows])
    return tally.report()


def _aligned_words(aligner: Aligner, utterance: Utterance, tally: _Tally) -> tuple[Word, ...]:
    try:
        audio = read_utterance(utterance)
    except AudioError as error:
        tally.reasons.append(str(error))
        return ()
    if not utterance.turns:
        alignment = aligner.align(audio.pcm, audio.sample_rate_hz, utterance.reference.spoken)
        tally.count(alignment)
        return alignment.words
    words: list[Word] = []
    for turn in utterance.turns:
        # Turn by turn: each word gets its speaker, and an error cannot wander into the next turn.
        part = audio.pcm[turn.start_sample : turn.end_sample]
        if not part.size:
            tally.reasons.append("a turn without audio")
            continue
        alignment = aligner.align(part, audio.sample_rate_hz, turn.spoken or turn.text, speaker=turn.speaker)
        tally.count(alignment)
        words += [
            Word(w.text, w.start_sample + turn.start_sample, w.end_sample + turn.start_sample, w.speaker)
            for w in alignment.words
        ]
    return tuple(words)


class _Tally:
    """Counts while the corpus passes by."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.utterances = self.kept = self.tokens = self.aligned = self.guessed = 0
        self.out_of_order = self.outside = 0
        self.failed: dict[str, str] = {}
        self.partial: dict[str, str] = {}
        self.reasons: list[str] = []
        self.start_errors_ms: list[float] = []
        self.end_errors_ms: list[float] = []

    def count(self, alignment: Alignment) -> None:
        self.tokens += alignment.tokens
        self.guessed += alignment.guessed
        if alignment.reason:
            self.reasons.append(alignment.reason)

    def add(self, utterance: Utterance, words: tuple[Word, ...], *, replace: bool) -> WordsRow | None:
        self.aligned += len(words)
        frame = utterance.sample_rate_hz // 100
        ordered = pairwise(words)
        self.out_of_order += sum(after.start_sample < before.end_sample - frame for before, after in ordered)
        self.outside += sum(word.end_sample > utterance.samples for word in words)
        if not words or self.reasons:
            reasons = "; ".join(dict.fromkeys(self.reasons)) or "no words in the text"
            (self.partial if words else self.failed)[utterance.id] = reasons
            self.reasons.clear()
        known = utterance.reference.words
        origin = utterance.reference.words_origin
        if known and origin and not origin.startswith("aligner"):
            self._measure(utterance, words)
            if not replace:
                self.kept += 1
                return _row(utterance, origin, known)
        if not words:
            return None
        self.utterances += 1
        return _row(utterance, self.origin, words)

    def _measure(self, utterance: Utterance, words: tuple[Word, ...]) -> None:
        known = utterance.reference.words
        if [t for w in words for _, t in spoken_tokens(w.text)] != [t for w in known for _, t in spoken_tokens(w.text)]:
            return  # other tokens: no word of one is surely a word of the other
        per_ms = utterance.sample_rate_hz / 1000
        for word, true in zip(words, known, strict=True):
            self.start_errors_ms.append((word.start_sample - true.start_sample) / per_ms)
            self.end_errors_ms.append((word.end_sample - true.end_sample) / per_ms)

    def report(self) -> AlignmentReport:
        return AlignmentReport(
            self.origin,
            self.utterances,
            self.kept,
            self.tokens,
            self.aligned,
            self.guessed,
            self.out_of_order,
            self.outside,
            self.failed,
            self.partial,
            tuple(self.start_errors_ms),
            tuple(self.end_errors_ms),
        )


def _row(utterance: Utterance, origin: str | None, words: tuple[Word, ...]) -> WordsRow:
    return WordsRow(
        utterance.id, origin or "", tuple(WordRow(w.text, w.start_sample, w.end_sample, w.speaker) for w in words)
    )
