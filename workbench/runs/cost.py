"""What a run costs at a price a minute of audio: before it is played, and once it has been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.units import NS_PER_S

if TYPE_CHECKING:
    from workbench.runs.resolved_run import ResolvedRun
    from workbench.runs.result import RunResult
    from workbench.scoring.session import SessionScore

__all__ = ["Cost", "paid", "planned_cost", "played_cost"]


@dataclass(frozen=True, slots=True)
class Cost:
    """Minutes of audio at a price.

    Attributes:
        minutes: audio that is sent, its lead and trail among it.
        price_per_minute: of the settings.
    """

    minutes: float
    price_per_minute: float

    @property
    def amount(self) -> float:
        """In the currency of the price.

        >>> str(Cost(90.0, 0.02))
        '1.80 for 90.0 min of audio at 0.02 a minute'
        """
        return self.minutes * self.price_per_minute

    def __str__(self) -> str:
        """For people."""
        return f"{self.amount:.2f} for {self.minutes:.1f} min of audio at {self.price_per_minute:g} a minute"

    def to_json(self) -> dict[str, Any]:
        """As ``--json`` gives it."""
        return {"amount": self.amount, "minutes": self.minutes, "price_per_minute": self.price_per_minute}


def planned_cost(resolved: ResolvedRun, price_per_minute: float | None) -> Cost | None:
    """What the run will cost if no session is played twice; None without a price."""
    if price_per_minute is None:
        return None
    # What plans a run brings the client along, which a stored run is shown without.
    from workbench.runs.estimate import sent_seconds

    return Cost(sent_seconds(resolved) / 60, price_per_minute)


def played_cost(scores: Sequence[SessionScore], price_per_minute: float | None) -> Cost | None:
    """What was sent, failed sessions and earlier attempts among it; None without a price, or if lengths are unknown."""
    known = [score.instrument.audio_ns for score in scores if score.instrument.audio_ns is not None]
    if price_per_minute is None or not known:
        return None
    return Cost(sum(known) / NS_PER_S / 60, price_per_minute)


def paid(result: RunResult, price_per_minute: float | None) -> Cost | None:
    """What a run cost; None without a price, and for the simulator, which costs nothing."""
    return None if result.run.manifest.recogniser else played_cost(result.scores, price_per_minute)
