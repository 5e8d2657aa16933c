"""Word errors of a conversation by speaker, and how long the wrong speaker stood: cpWER, tcpWER, ORC-WER and DER.

The word errors are counted by meeteval (extra ``meetings``), over words as the ``clinical`` normaliser reads them. The
diarisation error is our own, because meeteval hands it to a Perl script that it downloads.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from workbench.recording.captions import word_times
from workbench.scoring.metrics.timeline import read_words
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_S, samples_to_ns

__all__ = ["COLLAR_S", "Meeting", "PlacedToken", "Turn", "diarisation_error", "meeting"]

COLLAR_S = 5
"""How far the place of a word may be off for tcpWER: the value of the CHiME challenges."""

_SPEAKERS = 10
_CELLS = 300_000_000
"""Of the table that ORC-WER fills: a second or two, and a gigabyte."""

_MISSING = "meeteval is not installed; pip install 'suki-workbench[meetings]'"


@dataclass(frozen=True, slots=True)
class Meeting:
    """Errors of a conversation whose reference names speakers; empty for any other.

    Attributes:
        words: words of the reference.
        cp_errors: errors of cpWER: the words of each speaker, under the best pairing of speakers; None if unknown.
        tcp_errors: errors of tcpWER: the same, where words more than 5 s apart are not the same word.
        orc_errors: errors of ORC-WER: each turn of the reference on the best of the service's speakers.
        speech_ns: speech of the reference, of each speaker alone.
        der_ns: of it missed, invented, or under the wrong speaker.
        reasons: name of a metric to why it is unknown.
    """

    words: int = 0
    cp_errors: int | None = None
    tcp_errors: int | None = None
    orc_errors: int | None = None
    speech_ns: int = 0
    der_ns: int = 0
    reasons: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlacedToken:
    """A word as it is read, with its speaker and its place in the audio."""

    text: str
    speaker: str
    start_ns: int
    end_ns: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker without a break."""

    speaker: str
    start_ns: int
    end_ns: int


def meeting(view: SessionView) -> Meeting:
    """Errors of a conversation by speaker.

    The service sends no word times: its words are spread over the audio between the final before theirs and their own,
    so that tcpWER and DER are estimates. Words that name no speaker are those of one unknown speaker.

    Empty input: empty if the reference names no speakers, or no word of the finals names one.

    Source: Watanabe et al., "CHiME-6", 2020 (cpWER); von Neumann et al., "MeetEval", CHiME 2023 (tcpWER); Sklyar et
    al., "Multi-turn RNN-T", ICASSP 2022 (ORC-WER); NIST RT-09 evaluation plan, without a collar (DER).
    """
    ours = _said(view)
    theirs = _heard(view) if ours else []
    if not any(token.speaker != _UNKNOWN for token in theirs):
        return Meeting()
    speech_ns, der_ns = diarisation_error(_turns(ours), _turns(theirs))
    reasons: dict[str, str] = {}
    if not _meeteval():
        reasons = dict.fromkeys(("cpwer", "tcpwer", "orcwer"), _MISSING)
        return Meeting(words=len(ours), speech_ns=speech_ns, der_ns=der_ns, reasons=reasons)
    if len({token.speaker for token in theirs}) > _SPEAKERS:
        reasons = dict.fromkeys(("cpwer", "tcpwer", "orcwer"), f"the service names more than {_SPEAKERS} speakers")
        return Meeting(words=len(ours), speech_ns=speech_ns, der_ns=der_ns, reasons=reasons)
    cells = len(ours) * math.prod(n + 1 for n in Counter(token.speaker for token in theirs).values())
    if cells > _CELLS:
        reasons["orcwer"] = f"{cells:.0e} cells of a table, too many speakers and words"
    cp, tcp, orc = _word_errors(ours, theirs, orc=cells <= _CELLS)
    return Meeting(len(ours), cp, tcp, orc, speech_ns, der_ns, reasons)


@cache
def _meeteval() -> bool:
    return find_spec("meeteval") is not None


_UNKNOWN = "unknown"


def _said(view: SessionView) -> list[PlacedToken]:
    """The reference by speaker; empty if a word names none."""
    words, rate_hz = view.record.reference.words, view.record.sample_rate_hz
    tokens = []
    for text, (first, last) in zip(view.spoken.tokens, view.spoken.owners, strict=True) if words else ():
        speaker = words[first].speaker
        if speaker is None:
            return []
        start, end = (samples_to_ns(s, rate_hz) for s in (words[first].start_sample, words[last].end_sample))
        tokens.append(PlacedToken(text, speaker, start, end))
    return tokens


def _heard(view: SessionView) -> list[PlacedToken]:
    """The words of the finals by speaker, where they are estimated to lie."""
    words = word_times(view.record, view.messages)
    read = read_words([word.text for word in words])
    return [
        PlacedToken(
            text,
            words[first].speaker or _UNKNOWN,
            round(words[first].start_s * NS_PER_S),
            round(words[last].end_s * NS_PER_S),
        )
        for text, (first, last) in zip(read.tokens, read.owners, strict=True)
    ]


def _turns(tokens: Sequence[PlacedToken]) -> list[Turn]:
    turns = []
    for speaker, group in groupby(tokens, key=lambda token: token.speaker):
        members = list(group)
        if speaker != _UNKNOWN:
            turns.append(Turn(speaker, members[0].start_ns, max(token.end_ns for token in members)))
    return turns


def _word_errors(
    ours: Sequence[PlacedToken], theirs: Sequence[PlacedToken], *, orc: bool
) -> tuple[int, int, int | None]:
    """Errors of cpWER, tcpWER and, if it can be afforded, ORC-WER, as meeteval counts them."""
    from meeteval.wer.wer.cp import cp_word_error_rate
    from meeteval.wer.wer.orc import orc_word_error_rate
    from meeteval.wer.wer.time_constrained import time_constrained_minimum_permutation_word_error_rate

    placed = [[_segment([token]) for token in side] for side in (ours, theirs)]
    turns = [
        [_segment(list(group)) for _, group in groupby(side, key=lambda token: token.speaker)]
        for side in (ours, theirs)
    ]
    cp = cp_word_error_rate(*turns, reference_sort=False, hypothesis_sort=False)
    tcp = time_constrained_minimum_permutation_word_error_rate(
        *placed,
        collar=COLLAR_S,
        reference_pseudo_word_level_timing="none",
        hypothesis_pseudo_word_level_timing="none",
        reference_sort=False,
        hypothesis_sort=False,
    )
    best = orc_word_error_rate(*turns, reference_sort=False, hypothesis_sort=False) if orc else None
    return int(cp.errors), int(tcp.errors), None if best is None else int(best.errors)


def _segment(tokens: Sequence[PlacedToken]) -> dict[str, Any]:
    return {
        "session_id": "s",
        "speaker": tokens[0].speaker,
        "start_time": tokens[0].start_ns / NS_PER_S,
        "end_time": max(token.end_ns for token in tokens) / NS_PER_S,
        "words": " ".join(token.text for token in tokens),
    }


def diarisation_error(ours: Sequence[Turn], theirs: Sequence[Turn]) -> tuple[int, int]:
    """Speech of the reference and how much of it is missed, invented or under the wrong speaker, ns.

    The speakers of both sides are paired one to one so that they agree as long as possible. Where several speak at once
    each counts. No collar: every nanosecond is judged.

    >>> diarisation_error([Turn("A", 0, 6), Turn("B", 6, 10)], [Turn("x", 0, 7), Turn("y", 7, 10)])
    (10, 1)
    """
    stamps = sorted({at for turn in (*ours, *theirs) for at in (turn.start_ns, turn.end_ns)})
    names, labels = (sorted({turn.speaker for turn in side}) for side in (ours, theirs))
    together = np.zeros((len(names), len(labels)), np.int64)
    speech = longest = 0
    for start, stop in pairwise(stamps):
        now, then = ({turn.speaker for turn in side if turn.start_ns <= start < turn.end_ns} for side in (ours, theirs))
        speech += len(now) * (stop - start)
        longest += max(len(now), len(then)) * (stop - start)
        for name in now:
            for label in then:
                together[names.index(name), labels.index(label)] += stop - start
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(together, maximize=True)
    return speech, longest - int(together[rows, columns].sum())
