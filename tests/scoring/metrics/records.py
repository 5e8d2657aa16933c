"""Session records built by hand: 100 ms chunks at 16 kHz, times in ms, one line a message."""

from __future__ import annotations

from workbench.protocol import live
from workbench.protocol.messages import Dialect, EndOfAudio, EndOfResults, Final, Partial, Product
from workbench.recording.record import Outcome, SessionKey, SessionRecord
from workbench.reference import Reference, Word
from workbench.units import NS_PER_MS

START_NS = 5_000 * NS_PER_MS
RATE_HZ = 16_000
CHUNK = 1_600


def spoken(text: str, *, word_ms: int = 200, onset_ms: int = 0) -> Reference:
    """A reference whose words follow each other, ``word_ms`` each, from ``onset_ms`` on."""
    words = tuple(
        Word(w, (onset_ms + i * word_ms) * 16, (onset_ms + (i + 1) * word_ms) * 16) for i, w in enumerate(text.split())
    )
    return Reference(text, text, words)


def untimed(text: str) -> Reference:
    """A reference without word times."""
    return Reference(text, text)


def session(
    reference: Reference,
    messages: list[tuple[int, str, str]],
    *,
    cell: str = "clean",
    utterance: str = "u1",
    repeat: int = 0,
    attempt: int = 0,
    chunks: int = 10,
    late_ms: float = 0,
    outcome: Outcome = Outcome.COMPLETED,
    final_transcript: str | None = None,
    speaker: str | None = None,
    pace: float = 1.0,
) -> SessionRecord:
    """A record: ``chunks`` chunks, each sent ``late_ms`` after it was due, then messages (ms after start, kind, text).

    Kinds are ``partial``, ``final`` and ``end``.
    """
    record = SessionRecord(
        key=SessionKey(cell, utterance, repeat, attempt),
        product=Product.DICTATION,
        dialect=Dialect.LIVE,
        plan_hash="hash",
        sample_rate_hz=RATE_HZ,
        samples=chunks * CHUNK,
        chunk_samples=CHUNK,
        reference=reference,
        outcome=outcome,
        start_ns=START_NS,
        final_transcript=final_transcript,
        speaker=speaker,
    )
    for i in range(chunks):
        due = START_NS + round((i + 1) * 100 * NS_PER_MS / pace)
        sent = due + round(late_ms * NS_PER_MS)
        record.frames.audio_sent(i, (i + 1) * CHUNK, due, sent, sent + 1000, 4_300)
    if chunks:
        record.frames.control_sent(live.encode_client(EndOfAudio(), Product.DICTATION).decode(), sent, sent, sent)
    for at_ms, kind, text in messages:
        record.frames.received(_frame(kind, text), START_NS + round(at_ms * NS_PER_MS))
    return record


def _frame(kind: str, text: str) -> str:
    if kind == "raw":
        return text
    message = {"partial": Partial(text, "t"), "final": Final(text, (), "t"), "end": EndOfResults()}[kind]
    return live.encode_server(message, "s").decode()
