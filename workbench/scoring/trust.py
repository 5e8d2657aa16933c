"""May a session, or a run, be believed? One answer with its reasons, the same in tables, JSON, gate and report.

A session whose timing is not certified keeps its words. The certificate is two-sided pacing, how long arrivals may
have waited for this process, and how far a recogniser of ours was behind (:mod:`workbench.scoring.metrics.instrument`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from workbench.scoring.session import RULES, SessionScore

__all__ = ["Trust", "TrustLevel", "trust_of_session", "trust_of_sessions"]

_LEFT_OUT = 0.05
"""Leaving out a share of the sessions can move a 95th percentile by as many percentiles: from here on it is no longer
the 95th."""


class TrustLevel(StrEnum):
    """What may be believed."""

    SOUND = "sound"
    WORDS_ONLY = "words only"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Trust:
    """What may be believed of a session or of several.

    Attributes:
        level: words and latencies, words alone, or nothing.
        reasons: why it is not more; also what is left out of something sound.
    """

    level: TrustLevel
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The level, and the first reason."""
        return self.level.value + (f" ({self.reasons[0]})" if self.reasons else "")


def trust_of_session(score: SessionScore) -> Trust:
    """What may be believed of one session."""
    if score.failed:
        return Trust(TrustLevel.NOTHING, (f"failed: {score.outcome}",))
    reasons = []
    if score.unscorable is not None:
        reasons.append(f"no text to compare: {score.unscorable}")
    if not score.timed:
        reasons.append(score.instrument.pacing_reason or "no certificate of its timing")
    if score.rules < RULES:
        reasons.append("scored by older rules")
    level = TrustLevel.SOUND if score.timed else TrustLevel.WORDS_ONLY
    if score.unscorable is not None:
        level = TrustLevel.NOTHING
    return Trust(level, tuple(reasons))


def trust_of_sessions(scores: Sequence[SessionScore]) -> Trust:
    """What may be believed of sessions together: latencies only if nearly all of those that completed are certified."""
    done = [s for s in scores if not s.failed]
    if not done:
        return Trust(TrustLevel.NOTHING, ("no session completed",) if scores else ("no session",))
    reasons = []
    if failed := len(scores) - len(done):
        reasons.append(f"{failed} of {len(scores)} sessions failed")
    untimed = [s for s in done if not s.timed]
    if untimed:
        why = next((s.instrument.pacing_reason for s in untimed if s.instrument.pacing_reason), "no certificate")
        reasons.insert(0, f"timing not certified in {len(untimed)} of {len(done)} sessions ({why})")
    if unscored := sum(s.unscorable is not None for s in done):
        reasons.append(f"{unscored} of {len(done)} sessions without a text to compare")
    level = TrustLevel.WORDS_ONLY if len(untimed) > _LEFT_OUT * len(done) else TrustLevel.SOUND
    return Trust(TrustLevel.NOTHING if unscored == len(done) else level, tuple(reasons))
