"""Latency of a session: from speech to text, on the workbench's own clock.

Zero is the speech, so latencies are taken from when a chunk was due; negative values are legal and
kept. A metric that cannot be computed is None and has its reason. Coverage stands beside every word latency.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.protocol.messages import EndOfAudio, EndOfResults, Final, Partial
from workbench.protocol.stream import codec_for
from workbench.recording.frame import UNSET, FrameKind
from workbench.recording.record import Received, SessionRecord
from workbench.scoring.metrics.cadence import cadence
from workbench.scoring.metrics.timeline import Sighting, SpokenTokens, last_of
from workbench.scoring.view import AudioSent, SessionView
from workbench.units import samples_to_ns

__all__ = ["Latency", "latency"]

NO_TIMES = "no reference word times"
_APART_NS = 100_000_000

Words = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Latency:
    """Latencies of one session, ns; None if unknown, with the reason in ``reasons``.

    Word columns have one entry a reference word, in order, None if the word was never matched.

    Attributes:
        connect_ns, dns_ns, tcp_ns, tls_ns, upgrade_ns: socket open to 101, and its phases.
        create_ns, end_ns: REST round trips.
        first_audio_ns: from the beginning of the session until the socket had taken its first chunk.
        first_partial_ns: first non-empty partial minus the onset of the first reference word.
        first_partial_audio_start_ns: first non-empty partial minus the due time of the first chunk.
        finalisation_ns: last final minus the due time of the chunk that holds the end of the last reference word.
        last_byte_to_final_ns: last final minus the send of the last chunk.
        end_of_results_ns: terminal message minus the send of end-of-audio.
        word_latency_ns: first message with the word minus the due time of the chunk that completes it; words that are
            one number or one expression ("thirty seven point five") are complete, and shown, together.
        word_latency_low_ns, word_latency_high_ns: the same under other, equally good alignments.
        word_settled_ns: start of the word's last uninterrupted run on screen minus the same due time.
        word_emission_ns: first message with the word minus the send of that chunk.
        word_finality_ns: the final with the word minus the end of the word.
        word_waiting_ns: due time of the chunk that completes the word minus the end of the word: what chunks cost.
        partial_gap_p50_ns, partial_gap_cv: cadence of the partials, see :mod:`workbench.scoring.metrics.cadence`.
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
    first_audio_ns: int | None = None
    first_partial_ns: int | None = None
    first_partial_audio_start_ns: int | None = None
    finalisation_ns: int | None = None
    last_byte_to_final_ns: int | None = None
    end_of_results_ns: int | None = None
    word_latency_ns: Words = ()
    word_latency_low_ns: Words = ()
    word_latency_high_ns: Words = ()
    word_settled_ns: Words = ()
    word_emission_ns: Words = ()
    word_finality_ns: Words = ()
    word_waiting_ns: Words = ()
    partial_gap_p50_ns: int | None = None
    partial_gap_cv: float | None = None
    matched_words: int = 0
    reference_words: int = 0
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def send_gap_ns(self) -> Words:
        """How long after it was due each word's chunk was sent: latency from due minus latency from sent."""
        pairs = zip(self.word_latency_ns, self.word_emission_ns, strict=False)
        return tuple(None if due is None or sent is None else due - sent for due, sent in pairs)

    @property
    def negative_words(self) -> int | None:
        """Words shown before their last chunk was due; None if no word has a latency."""
        known = [v for v in self.word_latency_ns if v is not None]
        return sum(v < 0 for v in known) if known else None

    @property
    def word_latency_imputed_ns(self) -> Words:
        """Word latency, with every word that was never shown as late as the latest word of the session.

        Words that are missing do not make a service fast: with this bound in place of the percentile over shown words,
        leaving out the hard ones gains nothing. Empty where no word has a latency.

        >>> Latency(word_latency_ns=(100, None, 300)).word_latency_imputed_ns
        (100, 300, 300)
        """
        worst = max((v for v in self.word_latency_ns if v is not None), default=None)
        return () if worst is None else tuple(worst if v is None else v for v in self.word_latency_ns)

    @property
    def resettled(self) -> tuple[int, int]:
        """Words that settled more than 100 ms after they were first shown, and words that have both times."""
        pairs = zip(self.word_latency_ns, self.word_settled_ns, strict=False)
        apart = [settled - first for first, settled in pairs if first is not None and settled is not None]
        return sum(gap > _APART_NS for gap in apart), len(apart)

    @property
    def coverage(self) -> float | None:
        """Matched reference words / reference words; None for an empty reference."""
        return self.matched_words / self.reference_words if self.reference_words else None


def latency(view: SessionView) -> Latency:
    """Every latency of a session that its record supports.

    Words are matched as the ``clinical`` normaliser reads them, by minimum edit distance (see
    :mod:`workbench.scoring.metrics.timeline`).
    Empty input: every value is None with its reason.
    """
    record, audio, parts = view.record, view.audio, view.segments
    messages = _until_terminal(view.messages)
    spoken, seen = view.spoken, view.sightings
    by_word = spoken.by_word()
    pace = cadence(parts, samples_to_ns(record.chunk_samples, record.sample_rate_hz))
    reasons: dict[str, str] = {}
    values: dict[str, Any] = {
        **_first_partial(record, audio, messages, reasons),
        **_finals(view, messages, reasons),
        **_word_columns(record, audio, seen, spoken, reasons),
    }
    if pace.timer:
        for name in ("first_partial_ns", "first_partial_audio_start_ns"):
            values[name], reasons[name] = None, pace.timer
    phases = record.connect
    return Latency(
        connect_ns=phases.total_ns,
        dns_ns=phases.dns_ns,
        tcp_ns=phases.tcp_ns,
        tls_ns=phases.tls_ns,
        upgrade_ns=phases.upgrade_ns,
        create_ns=record.create_ns,
        end_ns=record.end_ns,
        first_audio_ns=_first_audio(record, audio),
        partial_gap_p50_ns=pace.gap_p50_ns,
        partial_gap_cv=pace.gap_cv,
        matched_words=sum(all(seen[k].shown_ns is not None for k in mine) for mine in by_word.values()),
        reference_words=len(by_word),
        reasons=reasons,
        **values,
    )


def _first_audio(record: SessionRecord, audio: AudioSent) -> int | None:
    if not audio.flushed_ns.size or not record.mono_start_ns or audio.flushed_ns[0] == UNSET:
        return None
    return int(audio.flushed_ns[0]) - record.mono_start_ns


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
    latencies: dict[str, int | None] = {}
    if record.reference.words:
        onset = record.start_ns + samples_to_ns(record.reference.words[0].start_sample, record.sample_rate_hz)
        latencies["first_partial_ns"] = shown - onset
    else:
        reasons["first_partial_ns"] = NO_TIMES
    if audio.due_ns.size:
        latencies["first_partial_audio_start_ns"] = shown - int(audio.due_ns[0])
    else:
        reasons["first_partial_audio_start_ns"] = "no audio was sent"
    return latencies


def _finals(view: SessionView, messages: list[Received], reasons: dict[str, str]) -> dict[str, int | None]:
    audio = view.audio
    latencies: dict[str, int | None] = {}
    final = next((m.received_ns for m in reversed(messages) if isinstance(m.message, Final)), None)
    chunk = _chunk_of_last_word(view.record, audio)
    if final is None:
        reasons.update(dict.fromkeys(("finalisation_ns", "last_byte_to_final_ns"), "no final"))
    else:
        if isinstance(chunk, int):
            latencies["finalisation_ns"] = final - int(audio.due_ns[chunk])
        else:
            reasons["finalisation_ns"] = chunk
        if audio.sent_ns.size:
            latencies["last_byte_to_final_ns"] = final - int(audio.sent_ns[-1])
        else:
            reasons["last_byte_to_final_ns"] = "no audio was sent"
    ended, end_sent = (
        next((m.received_ns for m in messages if isinstance(m.message, EndOfResults)), None),
        _end_sent(view),
    )
    if ended is None or end_sent is None:
        reasons["end_of_results_ns"] = "no terminal frame" if ended is None else "end of audio was not sent"
    else:
        latencies["end_of_results_ns"] = ended - end_sent
    return latencies


def _chunk_of_last_word(record: SessionRecord, audio: AudioSent) -> int | str:
    if not record.reference.words:
        return NO_TIMES
    chunk = int(np.searchsorted(audio.end_sample, record.reference.words[-1].end_sample))
    return chunk if chunk < audio.end_sample.size else "the last word was not sent"


def _end_sent(view: SessionView) -> int | None:
    """When the end of audio was sent."""
    codec = codec_for(view.record.dialect)
    for frame in view.frames:
        if frame.kind is not FrameKind.CONTROL or frame.text is None or frame.sent_ns is None:
            continue
        if isinstance(codec.decode_client(frame.text, view.record.product), EndOfAudio):
            return frame.sent_ns
    return None


_COLUMNS = (
    "word_latency_ns", "word_latency_low_ns", "word_latency_high_ns", "word_settled_ns", "word_emission_ns",
    "word_finality_ns", "word_waiting_ns",
)  # fmt: skip


def _word_columns(
    record: SessionRecord, audio: AudioSent, seen: list[Sighting], spoken: SpokenTokens, reasons: dict[str, str]
) -> dict[str, Words]:
    why = None
    if not record.reference.words:
        why = NO_TIMES
    elif record.start_ns is None:
        why = "streaming never began"
    elif all(s.shown_ns is None for s in seen):
        why = "no reference word was recognised"
    if why is not None or record.start_ns is None:
        reasons.update(dict.fromkeys(_COLUMNS, why or ""))
        return {}
    words, rate_hz = record.reference.words, record.sample_rate_hz
    by_word = spoken.by_word()
    complete = [words[max(spoken.owners[k][1] for k in mine)].end_sample for mine in by_word.values()]
    chunks = np.searchsorted(audio.end_sample, complete).tolist()
    # A word that no chunk completes was never due and never sent.
    dues, sents = [*audio.due_ns.tolist(), None], [*audio.sent_ns.tolist(), None]
    rows = []
    for (index, mine), chunk in zip(by_word.items(), chunks, strict=True):
        parts = [seen[k] for k in mine]
        due, sent = dues[chunk], sents[chunk]
        ended = record.start_ns + samples_to_ns(words[index].end_sample, rate_hz)
        shown = last_of([p.shown_ns for p in parts])
        rows.append(
            (
                _minus(shown, due),
                _minus(last_of([p.low_ns for p in parts]), due),
                _minus(last_of([p.high_ns for p in parts]), due),
                _minus(last_of([p.settled_ns for p in parts]), due),
                _minus(shown, sent),
                _minus(last_of([p.final_ns for p in parts]), ended),
                _minus(due, ended),
            )
        )
    return dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True)) if rows else {}


def _minus(at: int | None, since: int | None) -> int | None:
    return None if at is None or since is None else at - since
