"""One stream: audio in, partials and finals out.

All that triggers a pass is a count of frames, so text does not depend on how the audio was cut into chunks, on the
clock, or on what else is decoded. Every sample of a segment is in exactly one final.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from workbench.simulator.recognition.decoding import Hypothesis
from workbench.simulator.recognition.whisper.cutting import cut_place
from workbench.simulator.recognition.whisper.features import RATE_HZ
from workbench.simulator.recognition.whisper.kept_passes import KeptPasses
from workbench.simulator.recognition.whisper.model import SpokenWord, WhisperModel
from workbench.simulator.recognition.whisper.passes import Recipe, final_pass, partial_pass
from workbench.simulator.recognition.whisper.speech import FRAME_SAMPLES, PRE_ROLL_SAMPLES, Activity, VoiceFrames

__all__ = ["PARTIALS", "Partials", "Settings", "WhisperStream"]

Partials = Literal["all", "settled", "agreed"]
PARTIALS: tuple[str, ...] = get_args(Partials)

_T = TypeVar("_T")

_PARTIAL_SHARE = 0.12
"""Of the segment: so much new audio is waited for at least, because a pass over a long segment costs more."""

_LONGEST_CONTEXT = 224
"""Tokens: half of what the decoder can hold."""

_FRAME_BYTES = 2 * FRAME_SAMPLES


@dataclass(frozen=True, slots=True)
class Settings:
    """How a stream is decoded and what of it is shown.

    Attributes:
        recipe: recipe of finals.
        partials: ``all`` words of the last pass; ``settled``: all but the last; ``agreed``: those that the last two
            passes agree on.
        partial_every_s: seconds of audio from one pass to the next, at least; infinite for no partials.
        pause_s: seconds of silence that end a segment.
        longest_s: seconds after which a segment without a pause is cut.
    """

    recipe: Recipe = field(default_factory=Recipe)
    partials: Partials = "settled"
    partial_every_s: float = 0.5
    pause_s: float = 0.6
    longest_s: float = 12.0


@dataclass(slots=True)
class _Segment:
    """The open segment.

    Attributes:
        start: sample of the stream at which it begins.
        voiced: ends of its voiced frames, samples of the stream.
        passed: where the last pass ended, or the segment was opened.
        hypotheses: tokens of the last two passes, the newest last.
        shown: text of the last partial.
    """

    start: int
    passed: int
    voiced: list[int] = field(default_factory=list)
    hypotheses: tuple[list[int], list[int]] = ([], [])
    shown: str = field(default="", repr=False)


class WhisperStream:
    """One stream on a model that it shares with others. Calls must come one after the other, from any thread.

    Args:
        model: loaded.
        settings: how it decodes.
        sample_rate_hz: sample rate of the audio that will come; other rates than 16 kHz are resampled here.
        kept: passes that need not be computed again; None computes all.

    Attributes:
        dropped: finals that were not believed, by reason.
        passes: how often something was decoded, partials and repetitions too.
        kept_ns: time that the passes took which were not computed again.
    """

    def __init__(
        self, model: WhisperModel, settings: Settings, sample_rate_hz: int, kept: KeptPasses | None = None
    ) -> None:
        self._model = model
        self._kept = kept
        self.kept_ns = 0
        self._settings = settings
        self._voice = VoiceFrames()
        self._activity = Activity(int(settings.pause_s * RATE_HZ))
        self._resampler = _Resampler(sample_rate_hz) if sample_rate_hz != RATE_HZ else None
        self._odd = b""
        # Samples from ``_base`` on; whole frames of them up to ``_activity.end`` were looked at.
        self._sound = bytearray()
        self._base = 0
        self._segment: _Segment | None = None
        self._said: list[int] = []
        self.dropped: Counter[str] = Counter()
        self.passes = 0

    def feed(self, pcm: bytes) -> list[Hypothesis]:
        """Decode a chunk; returns what was heard in it, in order.

        Args:
            pcm: int16, mono, little endian; of an odd count of bytes the last one waits for the next chunk.
        """
        pcm = self._odd + pcm
        whole = len(pcm) - len(pcm) % 2
        self._odd = pcm[whole:]
        self._sound += pcm[:whole] if self._resampler is None else self._resampler(pcm[:whole])
        return self._decode()

    def finish(self) -> list[Hypothesis]:
        """Decode what is left; returns the last finals."""
        heard: list[Hypothesis] = []
        if self._resampler is not None:
            self._sound += self._resampler(b"", last=True)
            heard = self._decode()
        if self._segment is not None:
            end = self._base + len(self._sound) // 2
            closed = self._activity.close()
            # What is less than a frame belongs to the segment, too.
            heard += self._final(end if closed == self._activity.end else closed)
        self.abandon()
        return heard

    def abandon(self) -> None:
        """Forget the stream."""
        self._segment = None
        self._sound.clear()

    def _decode(self) -> list[Hypothesis]:
        heard: list[Hypothesis] = []
        place = 2 * (self._activity.end - self._base)
        while len(self._sound) - place >= _FRAME_BYTES:
            heard += self._frame(self._voice.is_speech(bytes(self._sound[place : place + _FRAME_BYTES])))
            self._forget()
            place = 2 * (self._activity.end - self._base)
        return heard

    def _frame(self, voiced: bool) -> list[Hypothesis]:
        closed = self._activity.push(voiced)
        end = self._activity.end
        if closed is not None:
            return self._final(closed)
        if self._segment is None:
            if self._activity.opened is not None:
                self._segment = _Segment(self._activity.opened, end, [end])
            return []
        segment = self._segment
        if voiced:
            segment.voiced.append(end)
        if end - segment.start >= self._settings.longest_s * RATE_HZ:
            return self._cut()
        return self._partial() if self._is_partial_due(segment, end) else []

    def _is_partial_due(self, segment: _Segment, end: int) -> bool:
        every = max(self._settings.partial_every_s * RATE_HZ, _PARTIAL_SHARE * (end - segment.start))
        if end - segment.passed < every:
            return False
        # A pass over the same words and more silence would say the same.
        news = bool(segment.voiced) and segment.voiced[-1] > segment.passed
        if not news:
            segment.passed = end
        return news

    def _partial(self) -> list[Hypothesis]:
        segment = self._segment
        assert segment is not None  # noqa: S101  only called for one
        end = segment.passed = self._activity.end
        agreed = _agreed(*segment.hypotheses)
        self.passes += 1
        pcm, voiced = self._samples(segment.start, end), FRAME_SAMPLES * len(segment.voiced)
        decode = partial(partial_pass, self._model, pcm, agreed, voiced)
        ids, before_ns = (decode(), 0) if self._kept is None else self._kept.partial(pcm, agreed, voiced, decode)
        self.kept_ns += before_ns
        segment.hypotheses = (segment.hypotheses[1], ids)
        text = self._shown(segment)
        if not text or text == segment.shown:
            return []
        segment.shown = text
        return [Hypothesis(False, text)]

    def _shown(self, segment: _Segment) -> str:
        vocabulary, newest = self._model.vocabulary, segment.hypotheses[1]
        words = [word for word, _ in vocabulary.words(newest)]
        if self._settings.partials == "settled":
            words = words[:-1]
        elif self._settings.partials == "agreed":
            before = [word for word, _ in vocabulary.words(segment.hypotheses[0])]
            words = _agreed(before, words)
        return " ".join(word for word in words if word)

    def _final(self, end: int) -> list[Hypothesis]:
        """The segment is over, and ends at a sample of the stream."""
        segment, self._segment = self._segment, None
        assert segment is not None  # noqa: S101  only called for one
        return self._heard(segment, self._words(segment, end), end)

    def _cut(self) -> list[Hypothesis]:
        """The segment is as long as it may be: what was said up to a gap between words is final."""
        segment = self._segment
        assert segment is not None  # noqa: S101  only called for one
        end = self._activity.end
        words = self._words(segment, end)
        count, place = cut_place(self._samples(segment.start, end), words)
        place += segment.start
        self._activity.cut(place)
        self._segment = _Segment(place, end, [frame for frame in segment.voiced if frame > place])
        return self._heard(segment, words[:count], place)

    def _words(self, segment: _Segment, end: int) -> list[SpokenWord]:
        """The thorough pass."""
        voiced = sum(frame <= end for frame in segment.voiced)
        if not voiced:  # what a cut has left may be silence
            return []
        pcm = self._samples(segment.start, end)
        said, samples = list(self._said), voiced * FRAME_SAMPLES
        decode = partial(final_pass, self._model, self._settings.recipe, pcm, said, samples)
        final, before_ns = (decode(), 0) if self._kept is None else self._kept.final(pcm, said, samples, decode)
        self.kept_ns += before_ns
        self.passes += final.passes
        if final.dropped is not None:
            self.dropped[final.dropped] += 1
            self._said.clear()
        return final.words

    def _heard(self, segment: _Segment, words: Sequence[SpokenWord], end: int) -> list[Hypothesis]:
        """A final, if there are words."""
        if not words:
            return []
        self._said += [i for word in words for i in word.ids]
        del self._said[:-_LONGEST_CONTEXT]
        times = tuple(
            (_ms(segment.start + word.start_sample), _ms(min(segment.start + word.end_sample, end))) for word in words
        )
        texts = tuple(word.text for word in words)
        return [Hypothesis(True, " ".join(texts), texts, times[0][0], times[-1][1], times)]

    def _samples(self, start: int, end: int) -> NDArray[np.int16]:
        return np.frombuffer(bytes(self._sound[2 * (start - self._base) : 2 * (end - self._base)]), "<i2")

    def _forget(self) -> None:
        """Drop the sound that no segment can begin in any more."""
        keep = self._segment.start if self._segment is not None else self._activity.end - 2 * PRE_ROLL_SAMPLES
        if keep - self._base > RATE_HZ:  # in pieces of a second
            del self._sound[: 2 * (keep - self._base)]
            self._base = keep


def _agreed(before: Sequence[_T], newest: Sequence[_T]) -> list[_T]:
    """What two passes begin with alike."""
    pairs = zip(before, newest, strict=False)
    return [a for a, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)]


def _ms(sample: int) -> int:
    return 1000 * sample // RATE_HZ


class _Resampler:
    """Any rate to 16 kHz, the same samples however the audio was cut."""

    def __init__(self, from_hz: int) -> None:
        import soxr

        # In floats: the library dithers what it rounds itself.
        self._stream: Any = soxr.ResampleStream(from_hz, RATE_HZ, 1, dtype="float32")

    def __call__(self, pcm: bytes, *, last: bool = False) -> bytes:
        x = np.frombuffer(pcm, "<i2").astype(np.float32)
        done = np.rint(self._stream.resample_chunk(x, last=last)).clip(-32768, 32767)
        return bytes(done.astype("<i2").tobytes())
