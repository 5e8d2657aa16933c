"""Streaming recognition of one dictation with pocketsphinx: audio in, partials and finals out.

This runs in worker processes only, because pocketsphinx never releases the interpreter lock (another thread that sleeps
5 ms overshoots by up to 419 ms). Text is what the recogniser says: lower-case words without punctuation; where the
vendor's service formats, this one does not. The settings are measured ones, see each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pocketsphinx import Decoder

__all__ = ["Hypothesis", "StreamDecoder"]

RATE_HZ = 16_000
SPEAKER = "S1"

# Cepstral mean of ordinary speech. The model's own start value costs 6.5 points of word error rate on short
# utterances (18.7 against 12.2 %); set at the start of a stream, then carried through it.
_CEPSTRAL_MEAN = "53,5,3,18,-7,1,-1,-7,-1,-2,3,0,0"


class Hypothesis(msgspec.Struct, frozen=True, array_like=True):
    """One hypothesis.

    Attributes:
        is_final: whether the segment is over.
        text: words separated by blanks.
        words: the words of a final; empty on a partial.
        start_ms, end_ms: where the segment of a final lies in the audio of the stream.
        word_times_ms: start and end of each word of a final; empty where the recogniser does not tell.
    """

    is_final: bool
    text: str
    words: tuple[str, ...] = ()
    start_ms: int = 0
    end_ms: int = 0
    word_times_ms: tuple[tuple[int, int], ...] = ()

    def __repr__(self) -> str:
        """Length only: speech is patient data."""
        return f"Hypothesis({'final' if self.is_final else 'partial'}, {len(self.text)} chars)"


class StreamDecoder:
    """One stream on a loaded decoder, which may serve any number of streams one after the other.

    Speech is cut into segments by voice activity, in frames of 30 ms of the stream, so that the finals do not depend
    on how the audio was cut into chunks.

    Args:
        decoder: from :func:`workbench.simulator.recognition.models.load_decoder`, idle.
        sample_rate_hz: sample rate of the audio that will come; other rates than 16 kHz are resampled here.
    """

    def __init__(self, decoder: Decoder, sample_rate_hz: int) -> None:
        from pocketsphinx import Endpointer

        self._decoder = decoder
        # Without this the front end carries noise statistics over, and the words of a stream depend on the stream
        # before it (2 of 13 utterances changed). It takes 0.1 ms and also forgets the mean, which is set next.
        decoder.reinit_feat()
        decoder.set_cmn(_CEPSTRAL_MEAN)
        self._endpointer = Endpointer(sample_rate=RATE_HZ)
        self._resampler: Any = None
        if sample_rate_hz != RATE_HZ:
            import soxr

            self._resampler = soxr.ResampleStream(sample_rate_hz, RATE_HZ, 1, dtype="int16")
        self._pending = b""
        self._in_segment = False
        self._shown = ""

    def feed(self, pcm: bytes) -> list[Hypothesis]:
        """Decode a chunk; returns finals of segments that ended in it, then a partial if the text changed.

        Args:
            pcm: int16, mono, little endian, an even count of bytes.
        """
        hypotheses = self._decode(self._resampled(pcm, last=False))
        if self._in_segment and (text := self._text()) and text != self._shown:
            self._shown = text
            hypotheses.append(Hypothesis(False, text))
        return hypotheses

    def finish(self) -> list[Hypothesis]:
        """Decode what is left; returns the last finals. The decoder is idle afterwards."""
        hypotheses = self._decode(self._resampled(b"", last=True)) if self._resampler is not None else []
        if self._in_segment:
            rest = self._endpointer.end_stream(self._pending) if self._pending else None
            if rest:
                self._decoder.process_raw(rest)
            hypotheses += self._end_segment()
        return hypotheses

    def abandon(self) -> None:
        """Forget the stream. The decoder is idle afterwards."""
        if self._in_segment:
            self._decoder.end_utt()
            self._in_segment = False

    def _resampled(self, pcm: bytes, *, last: bool) -> bytes:
        if self._resampler is None:
            return pcm
        import numpy as np

        done: bytes = self._resampler.resample_chunk(np.frombuffer(pcm, "<i2"), last=last).astype("<i2").tobytes()
        return done

    def _decode(self, pcm: bytes) -> list[Hypothesis]:
        finals: list[Hypothesis] = []
        size = self._endpointer.frame_bytes
        data = self._pending + pcm
        whole = len(data) - len(data) % size
        self._pending = data[whole:]
        for start in range(0, whole, size):
            speech = self._endpointer.process(data[start : start + size])
            if not speech:  # an empty buffer makes process_raw raise
                continue
            if not self._in_segment:
                self._decoder.start_utt()
                self._in_segment = True
                self._shown = ""
            self._decoder.process_raw(speech)
            if not self._endpointer.in_speech:
                finals += self._end_segment()
        return finals

    def _text(self) -> str:
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr if hypothesis is not None else ""

    def _end_segment(self) -> list[Hypothesis]:
        self._decoder.end_utt()
        self._in_segment = False
        text = self._text()
        if not text:
            return []
        start_ms, end_ms = (
            round(1000 * t) for t in (self._endpointer.speech_start, max(self._endpointer.speech_end, 0))
        )
        return [Hypothesis(True, text, tuple(text.split()), start_ms, max(start_ms, end_ms))]
