"""A finished session as its metrics read it: frames, messages and texts, each decoded once for all of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from workbench.recording.frame import UNSET, Frame, FrameKind
from workbench.recording.record import Received, SessionRecord, decoded, joined_finals
from workbench.scoring.metrics.timeline import Segment, Sighting, SpokenTokens, segments, sightings, spoken_tokens
from workbench.units import NS_PER_S

__all__ = ["AudioSent", "SessionView"]

_AUDIO = tuple(FrameKind).index(FrameKind.AUDIO)


@dataclass(frozen=True, slots=True)
class AudioSent:
    """Audio frames of a record as columns, shape (chunks,) each, in the order of sending.

    Attributes:
        end_ns: audio time at the end of the chunk.
        end_sample: the same in samples.
        due_ns, sent_ns, flushed_ns: monotonic stamps.
        hold_ns: how long a network profile held the chunk back on purpose.
    """

    end_ns: NDArray[np.int64]
    end_sample: NDArray[np.int64]
    due_ns: NDArray[np.int64]
    sent_ns: NDArray[np.int64]
    flushed_ns: NDArray[np.int64]
    hold_ns: NDArray[np.int64]

    def due_within(self, begin_ns: int, end_ns: int) -> AudioSent:
        """The frames that were due in a stretch of time, its end excluded."""
        rows = (self.due_ns >= begin_ns) & (self.due_ns < end_ns)
        return AudioSent(*(getattr(self, field.name)[rows] for field in fields(self)))


class SessionView:
    """What a record says, decoded where it is asked for first and then kept.

    The record must be complete: what is recorded later is not seen.

    Attributes:
        record: the session.
    """

    def __init__(self, record: SessionRecord) -> None:
        self.record = record

    def __repr__(self) -> str:
        return f"SessionView({self.record.key})"

    @cached_property
    def columns(self) -> dict[str, NDArray[np.int64]]:
        """Every frame as columns, shape (frames,) each; see :meth:`workbench.recording.frame_log.FrameLog.columns`."""
        return self.record.frames.columns()

    @cached_property
    def audio(self) -> AudioSent:
        """The audio frames that carry both a due and a sent stamp."""
        names = ("kind", "end_sample", "due_ns", "sent_ns", "flushed_ns", "hold_ns")
        kind, end_sample, due, sent, flushed, hold = (self.columns[name] for name in names)
        rows = (kind == _AUDIO) & (due != UNSET) & (sent != UNSET) & (end_sample != UNSET)
        end, held = end_sample[rows], hold[rows]
        held[held == UNSET] = 0
        end_ns = -(-end * NS_PER_S // self.record.sample_rate_hz)
        return AudioSent(end_ns, end, due[rows], sent[rows], flushed[rows], held)

    @cached_property
    def audio_wire_bytes(self) -> int:
        """What all audio weighed on the wire."""
        return int(self.columns["wire_bytes"][self.columns["kind"] == _AUDIO].sum())

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """Every frame but the audio, in the order in which they were recorded."""
        return tuple(self.record.frames.frames(audio=False, columns=self.columns))

    @cached_property
    def messages(self) -> list[Received]:
        """Received text frames, decoded, in order of arrival."""
        return decoded(self.frames, self.record.dialect)

    @cached_property
    def segments(self) -> list[Segment]:
        """The transcript messages cut at the finals, up to the terminal frame."""
        return segments(self.messages)

    @cached_property
    def spoken(self) -> SpokenTokens:
        """The spoken reference as it is read."""
        return spoken_tokens(self.record.reference)

    @cached_property
    def sightings(self) -> list[Sighting]:
        """When each token of the reference was seen."""
        return sightings(self.spoken.tokens, self.segments)

    @cached_property
    def finals_text(self) -> str:
        """The finals joined in order of arrival, up to the terminal frame."""
        return joined_finals(self.messages)

    @cached_property
    def hypothesis(self) -> str:
        """The text to score: the service's own transcript, else the joined finals."""
        own = self.record.final_transcript
        return self.finals_text if own is None else own
