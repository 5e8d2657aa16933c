"""Latency of a session: from speech to text, on the workbench's own clock.

House rules: zero is the speech, so latencies are taken from when a chunk was due; negative values are legal and
kept. A metric that cannot be computed is None and has its reason. Coverage stands beside every word latency.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.metrics.cadence import cadence
from workbench.metrics.instrument import AudioSent, audio_sent
from workbench.metrics.normalize import NORMALISERS
from workbench.metrics.timeline import Sighting, reference_tokens, segments, sightings
from workbench.protocol.messages import EndOfAudio, EndOfResults, Final, Partial
from workbench.protocol.stream import codec_for
from workbench.recording import FrameKind, Received, SessionRecord
from workbench.units import samples_to_ns

__all__ = ["Latency", "latency"]

NO_TIMES = "no reference word times"
_BASIC = NORMALISERS["basic"]

Words = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Latency:
    """Latencies of one session, ns; None where unknown, with the reason in ``reasons``.

    Word columns have one entry a reference word, in order, None where the word was never matched.

    Attributes:
        connect_ns, dns_ns, tcp_ns, tls_ns, upgrade_ns: socket open to 101, and its phases.
        create_ns, end_ns: REST round trips.
        first_partial_ns: first non-empty partial minus the onset of the first reference word.
        first_partial_audio_start_ns: first non-empty partial minus the due time of the first chunk.
        finalisation_ns: last final minus the due time of the chunk that holds the end of the last reference word.
        last_byte_to_final_ns: last final minus the send of the last chunk.
        end_of_results_ns: terminal message minus the send of end-of-audio.
        word_latency_ns: first message with the word minus the due time of the chunk that completes it.
        word_latency_low_ns, word_latency_high_ns: the same under other, equally good alignments.
        word_emission_ns: first message with the word minus the send of that chunk.
        word_finality_ns: the final with the word minus the end of the word.
        partial_gap_p50_ns, partial_gap_cv: cadence of the partials, see :mod:`workbench.metrics.cadence`.
        matched_words, reference_words: coverage is their quotient.
        reasons: metric name to why it is None.
    """

    connect_ns: int | None = None
    dns_ns: int | None = None
    tcp_ns: int | None = None
    tls_ns: int | None = None
    upgrade_ns: int | None = None
    create_ns: int | None = None
    end_ns: int | None = None
    first_partial_ns: int | None = None
    first_partial_audio_start_ns: int | None = None
    finalisation_ns: int | None = None
    last_byte_to_final_ns: int | None = None
    end_of_results_ns: int | None = None
    word_latency_ns: Words = ()
    word_latency_low_ns: Words = ()
    word_latency_high_ns: Words = ()
    word_emission_ns: Words = ()
    word_finality_ns: Words = ()
    partial_gap_p50_ns: int | None = None
    partial_gap_cv: float | None = None
    matched_words: int = 0
    reference_words: int = 0
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def coverage(self) -> float | None:
        """Matched reference words / reference words; None for an empty reference."""
        return self.matched_words / self.reference_words if self.reference_words else None


def latency(record: SessionRecord) -> Latency:
    """Every latency of a session that its record supports.

    Words are matched after the ``basic`` normaliser by minimum edit distance (see :mod:`workbench.metrics.timeline`).
    Empty input: every value is None with its reason.
    """
    messages = _until_terminal(record.messages())
    audio = audio_sent(record)
    tokens, owners = reference_tokens(record.reference, _BASIC)
    parts = segments(messages)
    seen = sightings(tokens, parts, _BASIC)
    pace = cadence(parts, samples_to_ns(record.chunk_samples, record.sample_rate_hz))
    reasons: dict[str, str] = {}
    values: dict[str, Any] = {
        **_first_partial(record, audio, messages, reasons),
        **_finals(record, audio, messages, reasons),
        **_word_columns(record, audio, seen, owners, reasons),
    }
    if pace.timer:
        for name in ("first_partial_ns", "first_partial_audio_start_ns"):
            values[name], reasons[name] = None, pace.timer
    phases = record.connect
    total = len(set(owners))
    return Latency(
        connect_ns=phases.total_ns,
        dns_ns=phases.dns_ns,
        tcp_ns=phases.tcp_ns,
        tls_ns=phases.tls_ns,
        upgrade_ns=phases.upgrade_ns,
        create_ns=record.create_ns,
        end_ns=record.end_ns,
        partial_gap_p50_ns=pace.gap_p50_ns,
        partial_gap_cv=pace.gap_cv,
        matched_words=total - len({owner for owner, s in zip(owners, seen, strict=True) if s.shown_ns is None}),
        reference_words=total,
        reasons=reasons,
        **values,
    )


def _until_terminal(messages: list[Received]) -> list[Received]:
    for i, item in enumerate(messages):
        if isinstance(item.message, EndOfResults):
            return messages[: i + 1]
    return messages


def _first_partial(
    record: SessionRecord, audio: AudioSent, messages: list[Received], reasons: dict[str, str]
) -> dict[str, int | None]:
    names = ("first_partial_ns", "first_partial_audio_start_ns")
    shown = next((m.received_ns for m in messages if isinstance(m.message, Partial) and m.message.text.strip()), None)
    if shown is None or record.start_ns is None:
        reasons.update(dict.fromkeys(names, "no partials" if record.start_ns is not None else "streaming never began"))
        return {}
    found: dict[str, int | None] = {}
    if record.reference.words:
        onset = record.start_ns + samples_to_ns(record.reference.words[0].start_sample, record.sample_rate_hz)
        found["first_partial_ns"] = shown - onset
    else:
        reasons["first_partial_ns"] = NO_TIMES
    if audio.due_ns.size:
        found["first_partial_audio_start_ns"] = shown - int(audio.due_ns[0])
    else:
        reasons["first_partial_audio_start_ns"] = "no audio was sent"
    return found


def _finals(
    record: SessionRecord, audio: AudioSent, messages: list[Received], reasons: dict[str, str]
) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    final = next((m.received_ns for m in reversed(messages) if isinstance(m.message, Final)), None)
    chunk = _chunk_of_last_word(record, audio)
    if final is None:
        reasons.update(dict.fromkeys(("finalisation_ns", "last_byte_to_final_ns"), "no final"))
    else:
        if isinstance(chunk, int):
            found["finalisation_ns"] = final - int(audio.due_ns[chunk])
        else:
            reasons["finalisation_ns"] = chunk
        if audio.sent_ns.size:
            found["last_byte_to_final_ns"] = final - int(audio.sent_ns[-1])
        else:
            reasons["last_byte_to_final_ns"] = "no audio was sent"
    ended, asked = (
        next((m.received_ns for m in messages if isinstance(m.message, EndOfResults)), None),
        _end_sent(record),
    )
    if ended is None or asked is None:
        reasons["end_of_results_ns"] = "no terminal frame" if ended is None else "end of audio was not sent"
    else:
        found["end_of_results_ns"] = ended - asked
    return found


def _chunk_of_last_word(record: SessionRecord, audio: AudioSent) -> int | str:
    if not record.reference.words:
        return NO_TIMES
    chunk = int(np.searchsorted(audio.end_sample, record.reference.words[-1].end_sample))
    return chunk if chunk < audio.end_sample.size else "the last word was not sent"


def _end_sent(record: SessionRecord) -> int | None:
    """When the end of audio was sent."""
    codec = codec_for(record.dialect)
    for frame in record.frames.frames():
        if frame.kind is not FrameKind.CONTROL or frame.text is None or frame.sent_ns is None:
            continue
        if isinstance(codec.decode_client(frame.text, record.product), EndOfAudio):
            return frame.sent_ns
    return None


def _word_columns(
    record: SessionRecord, audio: AudioSent, seen: list[Sighting], owners: list[int], reasons: dict[str, str]
) -> dict[str, Words]:
    names = ("word_latency_ns", "word_latency_low_ns", "word_latency_high_ns", "word_emission_ns", "word_finality_ns")
    why = None
    if not record.reference.words:
        why = NO_TIMES
    elif record.start_ns is None:
        why = "streaming never began"
    elif all(s.shown_ns is None for s in seen):
        why = "no reference word was recognised"
    if why is not None or record.start_ns is None:
        reasons.update(dict.fromkeys(names, why or ""))
        return {}
    columns: dict[str, list[int | None]] = {name: [] for name in names}
    by_word: dict[int, list[Sighting]] = {}
    for owner, sighting in zip(owners, seen, strict=True):
        by_word.setdefault(owner, []).append(sighting)
    for index, parts in by_word.items():
        end = record.reference.words[index].end_sample
        chunk = int(np.searchsorted(audio.end_sample, end))
        due = sent = None
        if chunk < audio.end_sample.size:
            due, sent = int(audio.due_ns[chunk]), int(audio.sent_ns[chunk])
        spoken = record.start_ns + samples_to_ns(end, record.sample_rate_hz)
        shown = _latest([p.shown_ns for p in parts])
        values = (
            _minus(shown, due),
            _minus(_latest([p.low_ns for p in parts]), due),
            _minus(_latest([p.high_ns for p in parts]), due),
            _minus(shown, sent),
            _minus(_latest([p.final_ns for p in parts]), spoken),
        )
        for name, value in zip(names, values, strict=True):
            columns[name].append(value)
    return {name: tuple(values) for name, values in columns.items()}


def _latest(stamps: list[int | None]) -> int | None:
    """A word of several tokens is there when its last token is; unknown if one never came."""
    known = [s for s in stamps if s is not None]
    return max(known) if len(known) == len(stamps) else None


def _minus(at: int | None, since: int | None) -> int | None:
    return None if at is None or since is None else at - since
