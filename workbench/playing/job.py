"""What one session has to play."""

from __future__ import annotations

from dataclasses import dataclass, field

from workbench.client.calls import Context
from workbench.errors import InputError
from workbench.playing.microphone import Capture
from workbench.playing.plan import SessionPlan
from workbench.protocol.messages import Dialect, EventName, Product
from workbench.recording.record import SessionKey
from workbench.units import NS_PER_MS

__all__ = ["Job"]

_CUTS = (EventName.CANCEL, EventName.ABORT)


@dataclass(frozen=True, slots=True)
class Job:
    """One session to play, or one utterance of a session.

    Attributes:
        key: which session of the run.
        plan: what it sends.
        session_id: id to ask the service for; None lets the service choose.
        talk: neighbouring jobs of the same name are utterances of one dictation session, each on a connection of its
            own (push-to-talk); None is a session of its own.
        context: what an ambient or form-filling session is told before it streams; None is the least there is.
        encounter_id: UUID that ambient sessions of one visit share (S-118).
        pauses: (place in the audio in ms, length in ms) each, of ambient and form filling.
        cut_off: (place in the audio in ms, event) that ends the stream early, of ambient and form filling: after
            ABORT a result is made of what was sent (S-167), after CANCEL there is none (S-166).
        capture: where the audio comes from while it is streamed; ``plan`` is then its growing plan.

    Raises:
        InputError: something that the product does not have, or a pause behind the audio.
    """

    key: SessionKey
    plan: SessionPlan
    session_id: str | None = None
    talk: str | None = None
    context: Context | None = field(default=None, repr=False)
    encounter_id: str | None = None
    pauses: tuple[tuple[int, int], ...] = ()
    cut_off: tuple[int, EventName] | None = None
    capture: Capture | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        dictation = self.plan.product is Product.DICTATION
        for given, what in ((self.pauses, "pauses"), (self.context, "a context"), (self.encounter_id, "an encounter"),
                            (self.cut_off, "a cut-off")):  # fmt: skip
            if given and dictation:
                raise InputError(
                    f"dictation has no {what.split()[-1]}",
                    item=str(self.key),
                    got=what,
                    expected="an ambient or form-filling session",
                )
        if (self.pauses or self.cut_off) and self.plan.dialect is not Dialect.LIVE:
            raise InputError(
                "the dialect has no control events",
                item=str(self.key),
                got=self.plan.dialect.value,
                expected=Dialect.LIVE.value,
            )
        if self.talk is not None and not dictation:
            raise InputError(
                "push-to-talk is for dictation",
                item=str(self.key),
                got=self.plan.product.value,
                expected=Product.DICTATION.value,
            )
        last_ns = self.plan.due_offsets_ns[-2] if len(self.plan.due_offsets_ns) > 1 else 0
        for at_ms, for_ms in self.pauses:
            if not 0 < at_ms * NS_PER_MS <= last_ns or for_ms <= 0:
                raise InputError(
                    "a pause must start inside the audio and be longer than 0 ms",
                    item=str(self.key),
                    got=f"{for_ms} ms at {at_ms} ms",
                    expected=f"a place up to {last_ns // NS_PER_MS} ms",
                )
        if self.cut_off is not None and not (0 < self.cut_off[0] * NS_PER_MS <= last_ns and self.cut_off[1] in _CUTS):
            raise InputError(
                "a cut-off must be inside the audio",
                item=str(self.key),
                got=f"{self.cut_off[1].value} at {self.cut_off[0]} ms",
                expected=f"CANCEL or ABORT at a place up to {last_ns // NS_PER_MS} ms",
            )
