"""Fakes that tests share: a clock that jumps, records and manifests with sensible values."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.protocol.messages import Dialect, EndOfResults, Final, Partial, Product, ServerMessage, TranscriptWord
from workbench.protocol.stream import codec_for
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Connect, Outcome, SessionKey, SessionRecord
from workbench.reference import Reference, Term, Word
from workbench.store import CellFacts, CorpusFacts, Manifest, NormaliserFacts
from workbench.units import NS_PER_MS, samples_to_ns

RAW = NormaliserFacts(name="raw", version="1", hash="0" * 64)
PLAIN = NormaliserFacts(name="plain", version="3", hash="1" * 64)


def make_reference(text: str = "no chest pain", rate_hz: int = 16_000) -> Reference:
    """A reference whose words take 300 ms each, the first one starting at 100 ms."""
    step = 3 * rate_hz // 10
    words = tuple(
        Word(word, rate_hz // 10 + i * step, rate_hz // 10 + (i + 1) * step) for i, word in enumerate(text.split())
    )
    return Reference(text, text, words, (Term("chest pain", "medical"), Term("no", "negation")), "synthesiser")


def transcript(text: str) -> list[ServerMessage]:
    """Growing partials of ``text``, its final and the terminal frame."""
    words = text.split()
    partials: list[ServerMessage] = [Partial(" ".join(words[: i + 1]), f"p{i}") for i in range(len(words) - 1)]
    final = Final(text, tuple(TranscriptWord(word, "S1") for word in words), "f0")
    return [*partials, final, EndOfResults()]


def make_log(
    messages: Iterable[ServerMessage],
    *,
    samples: int = 16_000,
    rate_hz: int = 16_000,
    chunk_samples: int = 1_600,
    start_ns: int = 5_000_000_000,
    late_ns: int = 40_000,
    answer_ns: int = 120 * NS_PER_MS,
) -> FrameLog:
    """A stream paced with a constant lateness, and messages spread evenly over the chunks."""
    log = FrameLog()
    encode = codec_for(Dialect.LIVE).encode_server
    ends = [min(start + chunk_samples, samples) for start in range(0, samples, chunk_samples)]
    pending = list(messages)
    share = -(-len(pending) // len(ends)) if pending else 0
    for chunk, end in enumerate(ends):
        due_ns = start_ns + samples_to_ns(end, rate_hz)
        sent_ns = due_ns + late_ns
        log.audio_sent(chunk, end, due_ns, sent_ns, sent_ns + 9_000, 4_300)
        if chunk == len(ends) - 1:
            log.control_sent('{"type":"EVENT","event":"AUDIO_END"}', due_ns, sent_ns, sent_ns + 9_000)
        for message in pending[:share]:
            log.received(encode(message, "session").decode(), sent_ns + answer_ns)
        del pending[:share]
    log.closed(1000, "", start_ns + samples_to_ns(samples, rate_hz) + 2 * answer_ns)
    return log


def make_record(
    utterance: str = "u1",
    cell: str = "clean",
    *,
    said: str = "no chest pain",
    heard: str | None = None,
    outcome: Outcome = Outcome.COMPLETED,
    repeat: int = 0,
    attempt: int = 0,
    start_ns: int = 5_000_000_000,
    **changes: object,
) -> SessionRecord:
    """A finished session that heard ``heard`` (the reference itself where not given)."""
    heard = said if heard is None else heard
    record = SessionRecord(
        key=SessionKey(cell, utterance, repeat, attempt),
        product=Product.DICTATION,
        dialect=Dialect.LIVE,
        plan_hash="ab" * 32,
        sample_rate_hz=16_000,
        samples=16_000,
        chunk_samples=1_600,
        reference=make_reference(said),
        speaker="slt",
        tags=("vitals", "short"),
        outcome=outcome,
        error="the service went away" if outcome.failed else None,
        remote_id="3f1c",
        start_ns=start_ns,
        mono_start_ns=start_ns - 50 * NS_PER_MS,
        wall_start_ns=1_800_000_000_000_000_000,
        mono_end_ns=start_ns + 1_500 * NS_PER_MS,
        wall_end_ns=1_800_000_001_550_000_000,
        connect=Connect(dns_ns=1, tcp_ns=20_000, tls_ns=None, upgrade_ns=900_000, total_ns=920_001),
        create_ns=3_000_000,
        end_ns=4_000_000,
        final_transcript=None if outcome.failed else heard,
        violations=("terminal frame on a connection that is open",) if outcome.failed else (),
        frames=make_log(transcript(heard), start_ns=start_ns),
        facts={"snr_db": 20.5, "peak": 1, "noise": "pink", "clipped": None},
    )
    for name, value in changes.items():
        setattr(record, name, value)
    return record


def make_manifest(**changes: object) -> Manifest:
    """A manifest of a run of one cell on the simulator."""
    asked: dict[str, object] = {
        "corpus": CorpusFacts(name="clinic", hash="c" * 64, utterances=2),
        "cells": [CellFacts.of("clean", {"sample_rate_hz": 16_000, "chunk_ms": 100})],
        "seed": 7,
        "concurrency": 2,
        "repeats": 1,
        "endpoint": "simulator",
        "dialect": "live",
        "product": "dictation",
        "recogniser": "scripted",
        "normaliser": RAW,
        "planned": 2,
    }
    return Manifest.begin(**(asked | changes))  # type: ignore[arg-type]
