"""What a session of a level sends, and what the scripted recogniser answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.corpus import Corpus, read_utterance
from workbench.playing.plan import SessionPlan, build_plan
from workbench.reference import Reference, Word
from workbench.units import ms_to_samples

__all__ = ["CHUNK_MS", "SENTENCE_MS", "final_dues_ns", "noise_plan", "script", "spoken_plans", "utterance_plans"]

RATE_HZ = 16_000
CHUNK_MS = 100

_REPLY_MS = 200
"""Five answers a second, as a service that shows partials gives."""

_FINAL_EVERY = 10
"""Every so many answers are a final."""

SENTENCE_MS = _REPLY_MS * _FINAL_EVERY

_PARTIAL_MS, _FINAL_MS = 30.0, 80.0
"""From the arrival of the audio to the answer."""

_PAUSE_MS = 400
_WORDS = "the patient denies chest pain shortness of breath and palpitations today".split()  # noqa: SIM905


def noise_plan(seconds: float) -> SessionPlan:
    """Quiet noise for the scripted recogniser, which listens to the length alone."""
    samples = ms_to_samples(round(seconds * 1000), RATE_HZ)
    pcm = np.random.default_rng(0).integers(-50, 50, samples, np.int16)
    return build_plan(
        pcm, RATE_HZ, utterance_id="noise", cell="capacity", reference=Reference("", ""), chunk_ms=CHUNK_MS
    )


def script(seconds: float) -> dict[str, Any]:
    """Partials that grow and finals that end them, for ``seconds`` of audio."""
    messages = []
    for place in range(int(seconds * 1000) // _REPLY_MS):
        turn = place % _FINAL_EVERY + 1
        kind, delay_ms = ("final", _FINAL_MS) if turn == _FINAL_EVERY else ("partial", _PARTIAL_MS)
        text = " ".join(_WORDS[:turn])
        messages.append({"kind": kind, "text": text, "at_ms": _REPLY_MS * (place + 1), "delay_ms": delay_ms})
    return {"messages": messages}


def final_dues_ns(plan: SessionPlan) -> list[int]:
    """When the chunk was due that each final of :func:`script` is the answer to, from the start of the stream."""
    step = ms_to_samples(SENTENCE_MS, plan.sample_rate_hz)
    ends = range(step, plan.ends[-1] + 1, step)
    return [plan.due_offsets_ns[-(-end // plan.chunk_samples) - 1] for end in ends]


def utterance_plans(corpus: Corpus) -> list[SessionPlan]:
    """One session an utterance."""
    return [_plan([(audio.pcm, u.reference)], audio.sample_rate_hz, u.id) for u, audio in _read(corpus)]


def spoken_plans(corpus: Corpus, seconds: float, count: int) -> list[SessionPlan]:
    """``count`` sessions of utterances one after the other, each beginning with another one, ``seconds`` long."""
    read = [(u.reference, audio.pcm, audio.sample_rate_hz) for u, audio in _read(corpus, RATE_HZ)]
    pause = np.zeros(ms_to_samples(_PAUSE_MS, RATE_HZ), np.int16)
    plans = []
    for first in range(min(count, len(read))):
        parts: list[tuple[Any, Reference]] = []
        left, place = ms_to_samples(round(seconds * 1000), RATE_HZ), first
        while left > 0:
            reference, pcm, _ = read[place % len(read)]
            parts.append((np.concatenate((pcm, pause))[:left], reference))
            left -= len(parts[-1][0])
            place += 1
        plans.append(_plan(parts, RATE_HZ, f"from utterance {first}"))
    return plans


def _read(corpus: Corpus, rate_hz: int | None = None) -> list[tuple[Any, Any]]:
    return [(utterance, read_utterance(utterance, rate_hz)) for utterance in corpus.utterances]


def _plan(parts: Sequence[tuple[Any, Reference]], rate_hz: int, name: str) -> SessionPlan:
    words: list[Word] = []
    spoken, at = [], 0
    for pcm, reference in parts:
        whole = [w for w in reference.words if w.end_sample <= len(pcm)]
        words += [Word(w.text, w.start_sample + at, w.end_sample + at, w.speaker) for w in whole]
        spoken.append(" ".join(w.text for w in whole))
        at += len(pcm)
    text = " ".join(spoken)
    return build_plan(
        np.concatenate([pcm for pcm, _ in parts]),
        rate_hz,
        utterance_id=name,
        cell="capacity",
        reference=Reference(text, text, tuple(words)),
        chunk_ms=CHUNK_MS,
    )
