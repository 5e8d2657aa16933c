"""What stood on the screen: marks and capitals, speakers, and the text at any time.

House rules: written forms, with no normalisation beyond what each metric says. Counts add, rates are derived.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from workbench.metrics.accuracy import ErrorCounts, word_errors
from workbench.metrics.alignment import align
from workbench.metrics.normalize import NORMALISERS, Normaliser
from workbench.metrics.timeline import reference_tokens
from workbench.protocol.messages import EndOfResults, Final
from workbench.recording import SessionRecord
from workbench.units import samples_to_ns

__all__ = ["Screen", "screen", "speaker_errors", "visible_errors"]

_BASIC = NORMALISERS["basic"]
_MARKS = ".,?!:;"
# A mark inside a number or a word ("2.5", "10:30") belongs to it.
_TOKEN = re.compile(rf"[{re.escape(_MARKS)}]+(?=\s|$)|\S+?(?=[{re.escape(_MARKS)}]*(?:\s|$))")


@dataclass(frozen=True, slots=True)
class Screen:
    """Written form of one session.

    Attributes:
        punctuation: counts over the marks ``. , ? ! : ;`` in an alignment of words and marks.
        case_words, case_errors: words that match without case; of these, the ones whose case differs.
        finals: word counts of the joined finals, normalised as the words of the score.
        has_transcript: whether the service gave a transcript of its own, in every session added up here.
        speaker_words, speaker_errors: aligned words with a speaker on both sides; of these, the wrong ones.
        reasons: metric name to why it is unknown.
    """

    punctuation: ErrorCounts = field(default_factory=ErrorCounts)
    case_words: int = 0
    case_errors: int = 0
    finals: ErrorCounts = field(default_factory=ErrorCounts)
    has_transcript: bool = False
    speaker_words: int = 0
    speaker_errors: int = 0
    reasons: dict[str, str] = field(default_factory=dict)

    def __add__(self, other: Screen) -> Screen:
        """Counts added; a reason stays only while nothing was counted on either side."""
        words = self.speaker_words + other.speaker_words
        reasons = {**other.reasons, **self.reasons}
        if words:
            reasons.pop("wder", None)
        return Screen(
            self.punctuation + other.punctuation,
            self.case_words + other.case_words,
            self.case_errors + other.case_errors,
            self.finals + other.finals,
            self.has_transcript and other.has_transcript,
            words,
            self.speaker_errors + other.speaker_errors,
            reasons,
        )

    @property
    def punctuation_error_rate(self) -> float | None:
        """(S + D + I) / (S + D + I + C) over marks; None where there are none on either side.

        Source: Meister et al., "LibriSpeech-PC", arXiv 2310.02943.
        """
        return self.punctuation.mer

    @property
    def case_error_rate(self) -> float | None:
        """Case errors / words that match without case; None where none match."""
        return self.case_errors / self.case_words if self.case_words else None

    @property
    def wder(self) -> float | None:
        """Word diarisation error rate: wrong speakers / aligned words; None where a side names none.

        Source: Shafey, Soltau, Shafran, "Joint speech recognition and speaker diarization", Interspeech 2019.
        """
        return self.speaker_errors / self.speaker_words if self.speaker_words else None


def screen(record: SessionRecord, normaliser: Normaliser) -> Screen:
    """Marks, capitals, speakers and the joined finals of a session.

    Args:
        record: any record.
        normaliser: for ``finals``, the one of the score.
    """
    punctuation, same, differing = _marks_and_case(record.reference.written, record.hypothesis())
    wanted = record.reference.spoken if normaliser.spoken else record.reference.written
    reasons: dict[str, str] = {}
    words, errors = speaker_errors(record)
    if not words:
        named = any(w.speaker for w in record.reference.words)
        reasons["wder"] = "no word of the finals names a speaker" if named else "the reference has no speakers"
    if record.final_transcript is None:
        reasons["streaming_penalty"] = "the service gave no transcript of its own"
    return Screen(
        punctuation=punctuation,
        case_words=same,
        case_errors=differing,
        finals=word_errors(normaliser.tokens(wanted), normaliser.tokens(record.finals_text())),
        has_transcript=record.final_transcript is not None,
        speaker_words=words,
        speaker_errors=errors,
        reasons=reasons,
    )


def _marks_and_case(reference: str, hypothesis: str) -> tuple[ErrorCounts, int, int]:
    """Counts over marks; words equal without case; of these, the ones of another case."""
    ours, theirs = _TOKEN.findall(reference), _TOKEN.findall(hypothesis)
    pairs = align([t.casefold() for t in ours], [t.casefold() for t in theirs])
    hits = substitutions = same = differing = 0
    marks = Counter(ours=sum(map(_is_mark, ours)), theirs=sum(map(_is_mark, theirs)))
    for i, j in pairs:
        if _is_mark(ours[i]) and _is_mark(theirs[j]):
            hits += ours[i] == theirs[j]
            substitutions += ours[i] != theirs[j]
        elif not _is_mark(ours[i]) and ours[i].casefold() == theirs[j].casefold():
            same += 1
            differing += ours[i] != theirs[j]
    paired = hits + substitutions
    # A mark opposite a word is a deletion on one side and an insertion on the other.
    return ErrorCounts(hits, substitutions, marks["ours"] - paired, marks["theirs"] - paired), same, differing


def _is_mark(token: str) -> bool:
    return token[0] in _MARKS


def speaker_errors(record: SessionRecord) -> tuple[int, int]:
    """Aligned words with a speaker on both sides, and how many of them have the wrong one.

    Labels are arbitrary: those of the service are first matched one to one with those of the reference so that as
    many words as possible agree. Substituted words count as aligned.
    """
    tokens, owners = reference_tokens(record.reference, _BASIC)
    if not any(w.speaker for w in record.reference.words):
        return 0, 0
    theirs: list[str] = []
    labels: list[str | None] = []
    for item in record.messages():
        if isinstance(item.message, EndOfResults):
            break
        for word in item.message.words if isinstance(item.message, Final) else ():
            for token in _BASIC.tokens(word.text):
                theirs.append(token)
                labels.append(word.speaker)
    agreed: Counter[tuple[str, str]] = Counter()
    for i, j in align(tokens, theirs):
        speaker, label = record.reference.words[owners[i]].speaker, labels[j]
        if speaker is not None and label is not None:
            agreed[speaker, label] += 1
    return agreed.total(), agreed.total() - _best_agreement(agreed)


def _best_agreement(agreed: Counter[tuple[str, str]]) -> int:
    """Words that agree under the best one-to-one matching of labels."""
    if not agreed:
        return 0
    from scipy.optimize import linear_sum_assignment

    speakers, labels = (sorted({pair[k] for pair in agreed}) for k in (0, 1))
    table = np.array([[agreed[s, v] for v in labels] for s in speakers])
    rows, columns = linear_sum_assignment(table, maximize=True)
    return int(table[rows, columns].sum())


def visible_errors(record: SessionRecord, at_ns: Sequence[int]) -> list[ErrorCounts] | None:
    """Errors of the text on screen at given times against the words spoken by then.

    A word is spoken when its last sample is; words not due yet do not count, so before the first word the counts
    are those of an empty reference. After the ``basic`` normaliser.

    Args:
        record: with word times.
        at_ns: monotonic times.

    Returns:
        One count a time; None where the words have no times or streaming never began.
    """
    if not record.reference.words or record.start_ns is None:
        return None
    tokens, owners = reference_tokens(record.reference, _BASIC)
    ends = [
        record.start_ns + samples_to_ns(record.reference.words[owner].end_sample, record.sample_rate_hz)
        for owner in owners
    ]
    shown = record.visible_text()
    stamps = [at for at, _ in shown]
    found = []
    for at in at_ns:
        place = bisect_right(stamps, at)
        text = shown[place - 1][1] if place else ""
        found.append(word_errors(tokens[: bisect_right(ends, at)], _BASIC.tokens(text)))
    return found
