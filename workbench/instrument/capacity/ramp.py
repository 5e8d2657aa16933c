"""From one level to the next until something gives way; the last level that held is the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from workbench.errors import InputError
from workbench.instrument.capacity.level import Level, Objective, judge, last_held
from workbench.instrument.capacity.site import LoadPlan, PlayParts, Site, open_site
from workbench.settings import Settings

__all__ = ["HISTORY", "MAX_LEVEL_S", "MAX_SESSIONS", "Capacity", "find_capacity"]

MAX_SESSIONS = 20_000
MAX_LEVEL_S = 3_600.0
"""No level is larger or longer, whatever is asked for: a typing error is not to bring a service down."""

_FIRST = 50
_CLOSE_ENOUGH = 1.1
"""A level that held and one that did not, so close together, are the answer."""


class Capacity(msgspec.Struct, frozen=True):
    """What was found.

    Attributes:
        endpoint: endpoint that was loaded.
        recogniser: recogniser of the simulator, None if none was started; ``replayed`` in front if answers were known.
        arrivals: whether sessions came at random moments; otherwise levels were held.
        seconds: length of the steady stretch of each level.
        objective: what had to hold.
        levels: levels in the order of playing.
        held_sessions: sessions of the largest level that held; None if none did.
        gave_way: ``client`` or ``service``, at the smallest level that did not hold; None if all held.
        reason: what broke there.
        created: when it was measured, UTC, RFC 3339; empty if it is not known.
    """

    endpoint: str
    recogniser: str | None
    arrivals: bool
    seconds: float
    objective: dict[str, float]
    levels: list[Level]
    held_sessions: int | None
    gave_way: str | None
    reason: str | None
    created: str = ""


@dataclass(slots=True)
class _Search:
    """Doubles until a level does not hold, then halves the gap."""

    most: int
    held: int = 0
    broke: int | None = None

    def following(self) -> int | None:
        """The next level; None when there is nothing more to find out."""
        if self.broke is None:
            following = min(self.most, 2 * self.held or _FIRST)
            return following if following > self.held else None
        middle = (self.held + self.broke) // 2
        return middle if self.held and self.broke / self.held > _CLOSE_ENOUGH and middle > self.held else None

    def note(self, level: Level) -> None:
        """Take in what came of a level."""
        if level.held:
            self.held = max(self.held, level.sessions)
        else:
            self.broke = min(self.broke or level.sessions, level.sessions)


async def find_capacity(
    settings: Settings,
    load: LoadPlan,
    objective: Objective,
    on_level: Callable[[Level], object] = lambda level: None,
    elsewhere: PlayParts | None = None,
) -> Capacity:
    """Hold ``load.sessions``, or ramp up to ``load.most`` until an objective breaks.

    Args:
        settings: endpoint, credentials and limits.
        load: what a level is.
        objective: what must hold.
        on_level: called with each level when it is over.
        elsewhere: plays the ``load.processes`` parts of a level on other machines; None plays them here.

    Raises:
        InputError: a load beyond the caps, or another machine that nobody said is theirs.
        ConfigurationError: no credentials.
        ServiceError: the service is not there.
    """
    _check(load)
    levels: list[Level] = []
    async with open_site(settings, load, elsewhere) as site:
        async for level in _levels(site, load, objective):
            levels.append(level)
            on_level(level)
    held, broke = last_held(levels), min((x for x in levels if not x.held), key=lambda x: x.sessions, default=None)
    return Capacity(
        endpoint=site.name,
        recogniser=site.recogniser,
        arrivals=load.arrivals,
        seconds=load.seconds,
        objective={"finalisation_p95_ms": objective.finalisation_p95_ms, "error_share": objective.error_share},
        levels=levels,
        held_sessions=None if held is None else held.sessions,
        gave_way=None if broke is None else broke.gave_way,
        reason=None if broke is None else broke.reason,
        created=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    )


HISTORY = "capacity.jsonl"
"""File beside the runs that keeps every result."""


async def _levels(site: Site, load: LoadPlan, objective: Objective) -> AsyncIterator[Level]:
    if load.sessions is not None:
        yield judge(await site.play(load.sessions), objective)
        return
    search = _Search(load.most)
    while (sessions := search.following()) is not None:
        level = judge(await site.play(sessions), objective)
        search.note(level)
        yield level


def _check(load: LoadPlan) -> None:
    most = load.most if load.sessions is None else load.sessions
    if not load.processes <= most <= MAX_SESSIONS:
        raise InputError("number of sessions not allowed", got=most, expected=f"{load.processes} to {MAX_SESSIONS}")
    if not 1 <= load.seconds <= MAX_LEVEL_S:
        raise InputError("seconds not allowed", got=load.seconds, expected=f"1 to {MAX_LEVEL_S:g}")
