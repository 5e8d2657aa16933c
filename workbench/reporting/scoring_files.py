"""Files of other scoring tools: CTM, STM, SegLST, RTTM.

One name a session in all of them (:mod:`workbench.reporting.session_names`). The wire carries no word times, so words
of the service are placed by estimate, within the audio, and the file says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from workbench.recording.captions import audio_s, pieces, word_times
from workbench.recording.record import Place, SessionRecord
from workbench.units import NS_PER_S, samples_to_ns

__all__ = ["AudioPlace", "ctm", "reference_rttm", "rttm", "seglst", "stm"]

Names = Mapping[Place, str]

_SPREAD = "words of a final are spread evenly over the audio since the final before it: the service sends no word times"

_SAME_S = 0.01


@dataclass(frozen=True, slots=True)
class AudioPlace:
    """Where an utterance can be heard: file, first second and length in it, and channel if one is played (from 0)."""

    path: str
    start_s: float = 0.0
    duration_s: float | None = None
    channel: int | None = None


def _token(text: str) -> str:
    """A field of a format whose fields end at white space."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", "_", text) or "-"


def _by_name(records: Iterable[SessionRecord], names: Names) -> list[tuple[str, SessionRecord]]:
    """Sessions in the order of their names, as NIST's tools want their files."""
    return sorted(((names[record.key.place], record) for record in records), key=lambda pair: pair[0])


def ctm(records: Iterable[SessionRecord], names: Names) -> Iterator[str]:
    """Words of the finals: ``name 1 start duration word``, in order and without overlaps, in whole milliseconds."""
    yield f";; {_SPREAD}\n"
    for name, record in _by_name(records, names):
        before_ms = 0
        for word in word_times(record):
            start_ms = max(before_ms, round(word.start_s * 1000))
            before_ms = max(start_ms, round(word.end_s * 1000))
            yield f"{name} 1 {_seconds(start_ms)} {_seconds(before_ms - start_ms)} {_token(word.text)}\n"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


def stm(records: Iterable[SessionRecord], names: Names) -> Iterator[str]:
    """References as they were spoken: ``name 1 speaker start end words``; turn by turn where turns are known.

    There is no label: it may be left out, and tools that know none would count it as a word. The configuration is
    in the name.
    """
    yield ";; references as they were spoken\n"
    for name, record in _by_name(records, names):
        turns = _turns(record)
        if " ".join(text for *_, text in turns).split() != record.reference.spoken.split():
            turns = [(record.speaker or "unknown", 0.0, audio_s(record), record.reference.spoken)]
        for speaker, start_s, end_s, text in turns:
            yield f"{name} 1 {_token(speaker)} {start_s:.3f} {end_s:.3f} {' '.join(text.split())}\n"


def _turns(record: SessionRecord) -> list[tuple[str, float, float, str]]:
    """Speaker, start and end in seconds, and words, from the word times of the reference; empty if nobody is named."""
    turns = []
    for speaker, group in groupby(record.reference.words, key=lambda word: word.speaker):
        words = list(group)
        if speaker is None:
            return []
        start_s, end_s = (
            samples_to_ns(sample, record.sample_rate_hz) / NS_PER_S
            for sample in (words[0].start_sample, max(word.end_sample for word in words))
        )
        turns.append((speaker, start_s, end_s, " ".join(word.text for word in words)))
    return turns


def reference_rttm(records: Iterable[SessionRecord], names: Names) -> Iterator[str]:
    """Who speaks when, from the word times of the reference; of sessions that have none, nothing."""
    for name, record in _by_name(records, names):
        for speaker, start_s, end_s, _ in _turns(record):
            yield _rttm_line(name, speaker, start_s, end_s)


def rttm(records: Iterable[SessionRecord], names: Names) -> Iterator[str]:
    """Who speaks when, as the service labels the words of its finals; the times are those of ``ctm``."""
    yield f";; {_SPREAD}\n"
    for name, record in _by_name(records, names):
        for speaker, group in groupby(word_times(record), key=lambda word: word.speaker):
            words = list(group)
            if speaker is not None:
                yield _rttm_line(name, speaker, words[0].start_s, words[-1].end_s)


def _rttm_line(name: str, speaker: str, start_s: float, end_s: float) -> str:
    return f"SPEAKER {name} 1 {start_s:.3f} {max(0.0, end_s - start_s):.3f} <NA> <NA> {_token(speaker)} <NA> <NA>\n"


def seglst(records: Iterable[SessionRecord], names: Names, audio: Mapping[str, AudioPlace]) -> Iterator[str]:
    """Finals as segments, from first shown to final, within the audio; ``audio`` says where to import them from."""
    segments = []
    for record in records:
        end_s, place = audio_s(record), audio.get(record.key.utterance)
        heard = _audio(place, end_s)
        for piece in pieces(record):
            start = min(piece.shown_s, end_s)
            segment: dict[str, object] = {
                "session_id": names[record.key.place],
                "speaker": piece.speaker or "unknown",
                "start_time": round(max(0.0, start), 6),
                "end_time": round(max(0.0, start, min(piece.final_s, end_s)), 6),
                "words": piece.text,
            }
            segments.append(segment | heard)
    yield json.dumps(segments, ensure_ascii=False, indent=1) + "\n"


def _audio(place: AudioPlace | None, played_s: float) -> dict[str, object]:
    """Keys that ``datasets import seglst`` reads; none where another length was played, such as at another speed."""
    if place is None or place.duration_s is None or abs(place.duration_s - played_s) > _SAME_S:
        return {}
    channel = {} if place.channel is None else {"audio_channel": place.channel}
    return {"audio": place.path, "audio_start": place.start_s, "audio_duration": place.duration_s, **channel}
