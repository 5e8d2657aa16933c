"""What stood on the screen: marks and capitals, speakers, and the text at any time.

Written forms, with no normalisation beyond what each metric says. Counts add, rates are derived.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from workbench.protocol.messages import EndOfResults, Final
from workbench.recording.record import SessionRecord
from workbench.scoring.metrics.accuracy import ErrorCounts, word_errors
from workbench.scoring.metrics.alignment import align
from workbench.scoring.metrics.normalize import Normaliser
from workbench.scoring.metrics.timeline import read_words, spoken_tokens
from workbench.scoring.reading import read
from workbench.scoring.view import SessionView
from workbench.units import samples_to_ns

__all__ = ["Screen", "screen", "speaker_errors", "visible_errors", "written_form"]

_MARKS = ".,?!:;"
_EDGES = ".,;:!?()[]\"'"
# A mark inside a number or a word ("2.5", "10:30") belongs to it.
_TOKEN = re.compile(rf"[{re.escape(_MARKS)}]+(?=\s|$)|\S+?(?=[{re.escape(_MARKS)}]*(?:\s|$))")


@dataclass(frozen=True, slots=True)
class Screen:
    """Written form of one session.

    Attributes:
        punctuation: counts over the marks ``. , ? ! : ;`` in an alignment of words and marks.
        case_words, case_errors: words that match without case; of these, the ones whose case differs.
        finals: word counts of the joined finals, normalised as the words of the score.
        written_values, written_kept: tokens with digits in the written reference; of these, the ones that stand in the
            transcript letter by letter, in order.
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
    written_values: int = 0
    written_kept: int = 0

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
            self.written_values + other.written_values,
            self.written_kept + other.written_kept,
        )

    @property
    def punctuation_error_rate(self) -> float | None:
        """(S + D + I) / (S + D + I + C) over marks; None if there are none on either side.

        Source: Meister et al., "LibriSpeech-PC", arXiv 2310.02943.
        """
        return self.punctuation.mer

    @property
    def case_error_rate(self) -> float | None:
        """Case errors / words that match without case; None if none match."""
        return self.case_errors / self.case_words if self.case_words else None

    @property
    def wder(self) -> float | None:
        """Word diarisation error rate: wrong speakers / aligned words; None if a side names none.

        Source: Shafey, Soltau, Shafran, "Joint speech recognition and speaker diarization", Interspeech 2019.
        """
        return self.speaker_errors / self.speaker_words if self.speaker_words else None


def screen(view: SessionView, normaliser: Normaliser) -> Screen:
    """Marks, capitals, speakers and the joined finals of a session.

    Args:
        view: a session, of any outcome.
        normaliser: normaliser of the score, applied to ``finals``.
    """
    record = view.record
    wanted = record.reference.spoken if normaliser.spoken else record.reference.written
    reasons: dict[str, str] = {}
    words, errors = speaker_errors(view)
    if not words:
        named = any(w.speaker for w in record.reference.words)
        reasons["wder"] = "no word of the finals names a speaker" if named else "the reference has no speakers"
    if record.final_transcript is None:
        reasons["streaming_penalty"] = "the service gave no transcript of its own"
    return replace(
        written_form(record.reference.written, view.hypothesis),
        finals=word_errors(normaliser.tokens(wanted), normaliser.tokens(view.finals_text)),
        has_transcript=record.final_transcript is not None,
        speaker_words=words,
        speaker_errors=errors,
        reasons=reasons,
    )


def written_form(reference: str, hypothesis: str) -> Screen:
    """Marks, capitals and digits of a text against the written reference; nothing about speakers or finals."""
    punctuation, same, differing = _marks_and_case(reference, hypothesis)
    digits, written_kept = _digits(reference, hypothesis)
    return Screen(
        punctuation=punctuation,
        case_words=same,
        case_errors=differing,
        written_values=digits,
        written_kept=written_kept,
    )


def _digits(reference: str, hypothesis: str) -> tuple[int, int]:
    """Tokens with digits, and how many stand in the transcript as they are written, in order."""
    from rapidfuzz.distance import LCSseq

    ours, theirs = (
        [token.strip(_EDGES) for token in text.split() if not token.isalpha() and any(map(str.isdigit, token))]
        for text in (reference, hypothesis)
    )
    return len(ours), int(LCSseq.similarity(ours, theirs))


def _marks_and_case(reference: str, hypothesis: str) -> tuple[ErrorCounts, int, int]:
    """Counts over marks; words equal without case; of these, the ones of another case."""
    ours, theirs = _TOKEN.findall(reference), _TOKEN.findall(hypothesis)
    folded, heard = [t.casefold() for t in ours], [t.casefold() for t in theirs]
    our_marks, their_marks = ({i for i, t in enumerate(side) if t[0] in _MARKS} for side in (ours, theirs))
    hits = substitutions = same = differing = 0
    for i, j in align(folded, heard):
        if i in our_marks:
            if j in their_marks:
                hits += ours[i] == theirs[j]
                substitutions += ours[i] != theirs[j]
        elif folded[i] == heard[j]:
            same += 1
            differing += ours[i] != theirs[j]
    paired = hits + substitutions
    # A mark opposite a word is a deletion on one side and an insertion on the other.
    return ErrorCounts(hits, substitutions, len(our_marks) - paired, len(their_marks) - paired), same, differing


def speaker_errors(view: SessionView) -> tuple[int, int]:
    """Aligned words with a speaker on both sides, and how many of them have the wrong one.

    Labels are arbitrary: those of the service are first matched one to one with those of the reference so that as
    many words as possible agree. Substituted words count as aligned.
    """
    reference = view.record.reference
    if not any(w.speaker for w in reference.words):
        return 0, 0
    ours = spoken_tokens(reference)
    heard: list[tuple[str, str | None]] = []
    for item in view.messages:
        if isinstance(item.message, EndOfResults):
            break
        if isinstance(item.message, Final):
            heard += [(word.text, word.speaker) for word in item.message.words]
    theirs = read_words([text for text, _ in heard])
    agreed: Counter[tuple[str, str]] = Counter()
    for i, j in align(ours.tokens, theirs.tokens):
        speaker, label = reference.words[ours.owners[i][0]].speaker, heard[theirs.owners[j][0]][1]
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
    are those of an empty reference. Both as the ``clinical`` normaliser reads them.

    Args:
        record: a session whose reference has word times.
        at_ns: monotonic times.

    Returns:
        One count a time; None if the words have no times or streaming never began.
    """
    if not record.reference.words or record.start_ns is None:
        return None
    words = record.reference.words
    ends = [record.start_ns + samples_to_ns(word.end_sample, record.sample_rate_hz) for word in words]
    shown = record.visible_text()
    stamps = [at for at, _ in shown]
    errors = []
    for at in at_ns:
        place = bisect_right(stamps, at)
        text = shown[place - 1][1] if place else ""
        spoken = " ".join(word.text for word in words[: bisect_right(ends, at)])
        errors.append(word_errors(read(spoken).words, read(text).words))
    return errors
