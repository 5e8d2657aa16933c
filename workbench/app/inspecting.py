"""What the utterance inspector shows of one session: words, messages, errors and sound on one time axis.

House rules: times are ms from time zero, the instant the first sample would have been spoken; matching is that of the
latencies and errors are those of the score, so that drawing and number cannot differ. Text goes to the browser because
somebody asked for this session.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import io
from pathlib import Path
from typing import Any

from workbench.app.live.asking import Clip, Lane, question_of
from workbench.audio.peaks import peaks
from workbench.corpus import find_corpus
from workbench.errors import CorpusError
from workbench.inspection import Session
from workbench.metrics.normalize import normaliser
from workbench.metrics.timeline import reference_tokens
from workbench.metrics.words import screen_texts, spoken_words
from workbench.question import prepare_jobs
from workbench.recording import Frame, FrameKind
from workbench.tables import Column, Table
from workbench.units import NS_PER_MS, ms, samples_to_ns

__all__ = ["frames_table", "heard", "inspector_session", "step_words"]

_PEAKS = 900


def inspector_session(session: Session, wav: bytes | None, url: str | None, name: str) -> dict[str, Any]:
    """One session as the component takes it.

    Args:
        session: record and score.
        wav: its sound as the service heard it; None where it is gone.
        url: where the browser finds the sound.
        name: above its time axis.

    Returns:
        ``lengthMs``; ``peaks``, lowest and highest sample in turn; ``words``: text, start, end, first shown, final;
        ``texts``: at, text, whether final; ``steps``: kind, word heard, word said, index of the word said or None.
    """
    record = session.record
    outline = peaks(read_audio_bytes(wav), _PEAKS).ravel().tolist() if wav is not None else []
    return {
        "name": name,
        "lengthMs": _ms(samples_to_ns(record.samples, record.sample_rate_hz)),
        "peaks": outline,
        "audio": url,
        "words": [
            [w.text, _ms(w.start_ns), _ms(w.end_ns), _ms(w.shown_ns), _ms(w.final_ns)] for w in spoken_words(record)
        ],
        "texts": [[_ms(text.at_ns), text.text, text.final] for text in screen_texts(record)],
        "steps": step_words(session),
    }


def step_words(session: Session) -> list[list[Any]]:
    """Every step of the word diff with the index of the reference word it belongs to; None where that is unknown.

    An insertion has the index of the word before it, so that it can be heard where it was heard.
    """
    record = session.record
    if record.unscorable() is not None or not record.reference.spoken:
        return []
    which = normaliser(session.score.normaliser)
    tokens, owners = reference_tokens(record.reference, which)
    steps = session.diff.words
    # A normaliser of the written form, or one that works across words, has other tokens than the words with times.
    known = record.reference.words and [s.wanted for s in steps if s.wanted is not None] == tokens
    found: list[list[Any]] = []
    at = -1
    for step in steps:
        at += step.wanted is not None
        word = owners[max(at, 0)] if known and owners else None
        found.append([step.kind, step.heard, step.wanted, word])
    return found


def read_audio_bytes(wav: bytes) -> Any:  # noqa: ANN401  int16, mono, shape (n,)
    """Samples of a WAV file in memory."""
    import soundfile

    data, _ = soundfile.read(io.BytesIO(wav), dtype="int16")
    return data


def heard(session: Session) -> bytes:
    """The session's sound as the service heard it, as a WAV file.

    Raises:
        WorkbenchError: the corpus or the recording is gone or has changed.
    """
    corpus = session.run.manifest.corpus
    # A run of several corpora names the place of the first; the others are found by their names.
    for place in (corpus.location, *corpus.name.split("+")):
        with contextlib.suppress(CorpusError):
            return session.listen(find_corpus(place or "")).wav
    return _recorded(session)


def _recorded(session: Session) -> bytes:
    """A recording or an upload is no corpus: its folder holds the file alone."""
    manifest, key = session.run.manifest, session.record.key
    files = sorted(Path(manifest.corpus.location or "").glob(f"{glob.escape(key.utterance)}.*"))
    if not files:
        raise CorpusError(
            "the sound is not here any more",
            item=key.utterance,
            got=manifest.corpus.name,
            action="Put the corpus back where the run names it",
        )
    settings = next((dict(cell.config) for cell in manifest.cells if cell.name == key.cell), {})
    clip = Clip((Lane(key.cell, settings),), key.utterance, audio=str(files[0]))
    return _wav(prepare_jobs(question_of(clip, manifest.seed))[0].plan)


def _wav(plan: Any) -> bytes:  # noqa: ANN401  a SessionPlan
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, plan.pcm, plan.sample_rate_hz, format="WAV", subtype="PCM_16")
    return file.getvalue()


_FRAME_COLUMNS: tuple[Column[Any], ...] = (
    Column("at_ms", "at", float, "ms", 1, "from time zero"),
    Column("way", "way", str),
    Column("kind", "kind", str),
    Column("chunk", "chunk", int),
    Column("late_ms", "late", float, "ms", 2, "send minus due"),
    Column("bytes", "bytes", int),
    Column("text", "text", str, explain="length and hash; never the words"),
)


def frames_table(session: Session) -> Table:
    """The event log without a word of anybody: kinds, times, sizes, and a hash where there was text."""
    record = session.record
    zero_ns = record.start_ns if record.start_ns is not None else record.mono_start_ns
    return Table(_FRAME_COLUMNS, tuple(_frame_row(frame, zero_ns) for frame in record.frames.frames()))


def _frame_row(frame: Frame, zero_ns: int) -> dict[str, str | int | float | bool | None]:
    at_ns = frame.sent_ns if frame.sent else frame.received_ns
    late_ns = None
    if frame.kind is FrameKind.AUDIO and frame.sent_ns is not None and frame.due_ns is not None:
        late_ns = frame.sent_ns - frame.due_ns
    digest = None
    if frame.text is not None:
        content = hashlib.sha256(frame.text.encode("utf-8", "surrogatepass")).hexdigest()
        digest = f"{len(frame.text)} characters, sha256 {content[:12]}"
    return {
        "at_ms": None if at_ns is None else ms(at_ns - zero_ns),
        "way": "sent" if frame.sent else "received",
        "kind": frame.kind.value,
        "chunk": frame.chunk,
        "late_ms": ms(late_ns),
        "bytes": frame.wire_bytes,
        "text": digest,
    }


def _ms(ns: int | None) -> float | None:
    return None if ns is None else round(ns / NS_PER_MS, 1)
