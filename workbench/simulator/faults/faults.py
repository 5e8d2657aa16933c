"""Scenarios at work: the one seam around the simulator's application where answers and frames may be spoilt.

The simulator itself stays faithful and knows nothing of this. An ASGI application around it watches requests,
handshakes and frames; what TCP has to do is handed to the proxy; notifications and tokens ask here what time it is and
what becomes of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from starlette.types import Scope

from workbench.simulator.faults.proxy import Delay, FaultProxy, Link
from workbench.simulator.faults.scenario import (
    Carried,
    Clock,
    Expire,
    Fault,
    Jitter,
    Opportunities,
    Reorder,
    Scenario,
    SlowAccept,
    StreamFault,
    Webhook,
)

__all__ = ["Delivery", "Faults"]

_T = TypeVar("_T", bound=Fault)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One sending of a notification.

    Attributes:
        delay_s: wait before it.
        forged: signed with a wrong secret.
    """

    delay_s: float = 0.0
    forged: bool = False


class Faults:
    """A scenario being played.

    Args:
        scenario: what goes wrong.

    Attributes:
        proxy: passes TCP on where the scenario needs it, else None.
        expire_tokens: called when every token is to expire.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.proxy = FaultProxy(self._connection) if scenario.needs_network else None
        self.expire_tokens: Callable[[], object] = lambda: None
        self._opportunities = Opportunities(scenario)
        self._clock_s = 0.0
        self._connections = 0

    def struck(self, kind: type[_T], concerns: Callable[[_T], bool] = lambda _: True) -> Iterator[_T]:
        """Take one opportunity of every fault of a kind that is concerned; gives those that strike."""
        for place, fault in enumerate(self.scenario.fault):
            if isinstance(fault, kind) and concerns(fault) and self._opportunities.hit(place):
                yield fault

    def stream_faults(self) -> list[StreamFault]:
        """What is to happen on one connection, in the order of the scenario."""
        return [
            fault
            for place, fault in enumerate(self.scenario.fault)
            if isinstance(fault, StreamFault) and self._opportunities.hit(place)
        ]

    def counts(self) -> list[dict[str, object]]:
        """Opportunities and hits of every fault."""
        return self._opportunities.counts()

    def wall_s(self) -> float:
        """Unix time as the simulator's clock shows it."""
        return time.time() + self._clock_s

    def state(self, fault: Expire | Clock) -> None:
        """Change what the simulator believes."""
        if isinstance(fault, Clock):
            self._clock_s += fault.step_s
        else:
            self.expire_tokens()

    def deliveries(self) -> list[Delivery]:
        """How often and how a notification is sent; the documented way is once."""
        sent = [Delivery()]
        for fault in self.struck(Webhook):
            if fault.do == "lose":
                sent = []
            elif fault.do == "repeat":
                sent = sent * 2
            elif fault.do == "forge":
                sent = [Delivery(one.delay_s, forged=True) for one in sent]
            else:
                sent = [Delivery(fault.delay_s, one.forged) for one in sent]
        return sent

    def link(self, scope: Scope) -> Link | None:
        """The TCP connection of a request; None without a proxy, or when it is gone."""
        return None if self.proxy is None or not scope.get("client") else self.proxy.link(scope["client"][1])

    def _connection(self, carried: Carried) -> tuple[float, list[Delay]]:
        """What becomes of a new TCP connection; called by the proxy."""

        def concerns(fault: SlowAccept | Jitter | Reorder) -> bool:
            return fault.on in (carried, "all")

        number, self._connections = self._connections, self._connections + 1
        held = [self._jitter(fault, number) for fault in self.struck(Jitter, concerns)]
        held += [_constant(fault.hold_ms) for fault in self.struck(Reorder, concerns) if number % fault.every == 0]
        return sum(fault.delay_s for fault in self.struck(SlowAccept, concerns)), held

    def _jitter(self, fault: Jitter, number: int) -> Delay:
        draw = self._opportunities.draw(self.scenario.fault.index(fault), number)
        return lambda: draw.uniform(fault.least_ms, fault.most_ms) / 1000


def _constant(hold_ms: float) -> Delay:
    return lambda: hold_ms / 1000
