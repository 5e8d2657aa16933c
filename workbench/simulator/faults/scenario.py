"""Fault scenarios: what goes wrong, when, how often; declared in TOML, drawn by seed.

Each fault counts its opportunities (handshakes, requests, connections, notifications) and hits those that its
``skip``, ``times`` and ``share`` select. The draw depends on the seed, the place of the fault in the list and the
number of the opportunity, so that a scenario does the same to the same sessions every time.

::

    name = "busy, then well"
    seed = 7

    [[fault]]
    kind = "refuse"
    status = 503
    times = 1
"""

from __future__ import annotations

import random
from typing import Annotated, Literal

import msgspec

from workbench.errors import InputError

__all__ = [
    "KINDS",
    "Answer",
    "Carried",
    "Clock",
    "Close",
    "Deaf",
    "Drop",
    "Expire",
    "Fault",
    "Fragment",
    "Jitter",
    "Moment",
    "Opportunities",
    "Refuse",
    "Reorder",
    "Replace",
    "Reset",
    "Scenario",
    "Send",
    "Silence",
    "SlowAccept",
    "SlowHandshake",
    "Stall",
    "StreamFault",
    "Webhook",
    "parse_scenario",
]

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]
_Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=86_400_000)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
_Characters = Annotated[int, msgspec.Meta(ge=0, le=67_108_864)]

Moment = Literal["open", "audio", "final", "end", "results", "terminal"]
"""When on a connection: after the 101; when so much audio has come; after each final; when the end of audio has come;
before the terminal frame; after it. ``/ws/stream`` has ``open``, ``audio`` and ``end``."""

Carried = Literal["sockets", "rest", "all"]
"""What a TCP connection carries: a WebSocket, or REST requests."""


class _Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    """What all faults have.

    Attributes:
        skip: opportunities that pass unharmed at first.
        times: hits before it is over; None is without end.
        share: share that is hit of the opportunities that are neither skipped nor past the last hit.
    """

    skip: _Count = 0
    times: _Count | None = None
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0


class Refuse(_Fault, frozen=True, kw_only=True, tag="refuse"):
    """Answer a handshake with a status instead of 101.

    Attributes:
        status: HTTP status of the answer.
        message: message of its envelope.
        retry_after: value of that header, seconds or an HTTP date; None sends none.
    """

    status: Annotated[int, msgspec.Meta(ge=400, le=599)]
    message: str = "refused: by scenario"
    retry_after: str | None = None


class SlowHandshake(_Fault, frozen=True, kw_only=True, tag="slow-handshake"):
    """Answer a handshake late."""

    delay_s: _Seconds


class Answer(_Fault, frozen=True, kw_only=True, tag="answer"):
    """Answer a REST request with something else; each request is an opportunity.

    Attributes:
        call: name of the endpoint in the route table.
        status, body, retry_after: status, body and header of the answer; ``status`` None keeps the true answer.
        delay_s: wait before it.
        takes_effect: the request is served all the same, and only its answer is lost; with ``status`` or ``reset``.
        reset: no answer at all, the connection is reset.
    """

    call: str
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] | None = None
    body: str = ""
    retry_after: str | None = None
    delay_s: _Seconds = 0
    takes_effect: bool = False
    reset: bool = False


class _OnStream(_Fault, frozen=True, kw_only=True):
    """A fault of one connection; every accepted socket is an opportunity.

    Attributes:
        at: when.
        at_ms: with ``audio``: after so much of it, counted at 16 kHz.
    """

    at: Moment = "audio"
    at_ms: _Count = 0


class Close(_OnStream, frozen=True, kw_only=True, tag="close"):
    """Close the socket; ``code`` None sends a close frame without one."""

    code: Annotated[int, msgspec.Meta(ge=1000, le=4999)] | None = 1000
    reason: Annotated[str, msgspec.Meta(max_length=120)] = ""


class Reset(_OnStream, frozen=True, kw_only=True, tag="reset"):
    """Reset the TCP connection."""


class Silence(_OnStream, frozen=True, kw_only=True, tag="silence"):
    """The peer stops responding without closing: from now on it reads and sends nothing."""


class Stall(_OnStream, frozen=True, kw_only=True, tag="stall"):
    """Stop reading or sending for a while; then continue in order."""

    direction: Literal["reading", "sending"]
    for_s: _Seconds


class Send(_OnStream, frozen=True, kw_only=True, tag="send"):
    """Send a message out of turn.

    Attributes:
        what: ``same`` repeats the frame that was sent last.
        count: how often.
    """

    what: Literal[
        "same", "partial", "final", "terminal", "empty", "invalid-utf8", "invalid-json", "not-an-object", "nested",
        "unknown-type", "wrong-types", "binary", "ping", "pong",
    ]  # fmt: skip
    count: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1


class Drop(_Fault, frozen=True, kw_only=True, tag="drop"):
    """Do not send frames of one kind, on the whole connection."""

    what: Literal["partials", "finals", "terminal"]


class Replace(_Fault, frozen=True, kw_only=True, tag="replace"):
    """Send a text of this length instead of frames of one kind, on the whole connection."""

    what: Literal["partials", "finals"]
    characters: _Characters


class Fragment(_Fault, frozen=True, kw_only=True, tag="fragment"):
    """Send each text frame in pieces of this many bytes, with a ping between every two if ``pings`` is true."""

    piece_bytes: Annotated[int, msgspec.Meta(ge=1)]
    pings: bool = False


class Deaf(_Fault, frozen=True, kw_only=True, tag="deaf"):
    """Pings of the client get no pong."""


class SlowAccept(_Fault, frozen=True, kw_only=True, tag="slow-accept"):
    """Read the first bytes of a new TCP connection late; ``on`` selects the connection."""

    on: Carried = "sockets"
    delay_s: _Seconds


class Jitter(_Fault, frozen=True, kw_only=True, tag="jitter"):
    """Delay every packet of a connection by a random time; packets of a connection stay in order."""

    on: Carried = "sockets"
    least_ms: _Milliseconds = 0
    most_ms: _Milliseconds


class Reorder(_Fault, frozen=True, kw_only=True, tag="reorder"):
    """Delay all packets of every n-th connection, so that later ones of other connections overtake them."""

    on: Carried = "sockets"
    every: Annotated[int, msgspec.Meta(ge=2)] = 2
    hold_ms: _Milliseconds


class Expire(_OnStream, frozen=True, kw_only=True, tag="expire"):
    """Every token issued so far is expired from this moment on."""


class Clock(_OnStream, frozen=True, kw_only=True, tag="clock"):
    """The simulator's wall clock steps; negative is backwards."""

    step_s: Annotated[float, msgspec.Meta(ge=-1e9, le=1e9)]


class Webhook(_Fault, frozen=True, kw_only=True, tag="webhook"):
    """Do something to a notification; each one is an opportunity.

    Attributes:
        do: ``forge`` signs with a wrong secret, ``repeat`` sends it twice.
        delay_s: how long ``delay`` waits.
    """

    do: Literal["lose", "delay", "forge", "repeat"]
    delay_s: _Seconds = 0


StreamFault = Close | Reset | Silence | Stall | Send | Expire | Clock
Fault = (
    StreamFault
    | Refuse
    | SlowHandshake
    | Answer
    | Drop
    | Replace
    | Fragment
    | Deaf
    | SlowAccept
    | Jitter
    | Reorder
    | Webhook
)

KINDS: dict[str, type[_Fault]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        Refuse, SlowHandshake, Answer, Close, Reset, Silence, Stall, Send, Drop, Replace, Fragment, Deaf, SlowAccept,
        Jitter, Reorder, Expire, Clock, Webhook,
    )
}  # fmt: skip
"""Every fault by the name that TOML gives it; the closed list."""

_NETWORK = (Reset, Silence, Stall, SlowAccept, Jitter, Reorder)


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong.

    Attributes:
        name: for people.
        seed: seed of every draw.
        fault: in any order; several may hit the same connection.
    """

    name: str
    seed: int = 0
    fault: tuple[Fault, ...] = ()

    @property
    def needs_network(self) -> bool:
        """Whether it has a fault below WebSocket, which takes a proxy."""
        return any(isinstance(fault, _NETWORK) or (isinstance(fault, Answer) and fault.reset) for fault in self.fault)


def parse_scenario(data: bytes, item: str = "scenario") -> Scenario:
    r"""A scenario from TOML.

    Raises:
        InputError: no TOML, an unknown kind or key, or a value out of its range, with its path.

    >>> parse_scenario(b'name = "x"\n[[fault]]\nkind = "refuse"\nstatus = 503\ntimes = 1').fault[0].status
    503
    """
    try:
        return msgspec.toml.decode(data, type=Scenario)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            "scenario cannot be understood", item=item, got=str(error),
            expected=f"name, seed and [[fault]] tables whose kind is one of {', '.join(KINDS)}",
        ) from None  # fmt: skip


class Opportunities:
    """Counts what could be hit, and says what is.

    Args:
        scenario: whose faults are drawn.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._seen = [0] * len(scenario.fault)
        self._hits = [0] * len(scenario.fault)

    def hit(self, place: int) -> bool:
        """Take one opportunity of the fault at ``place`` of the list; True when it strikes."""
        fault = self._scenario.fault[place]
        number = self._seen[place]
        self._seen[place] += 1
        if number < fault.skip or (fault.times is not None and self._hits[place] >= fault.times):
            return False
        if fault.share < 1 and self.draw(place, number).random() >= fault.share:
            return False
        self._hits[place] += 1
        return True

    def draw(self, place: int, number: int) -> random.Random:
        """The random numbers of one opportunity of one fault."""
        return random.Random(f"{self._scenario.seed}/{place}/{number}")

    def counts(self) -> list[dict[str, object]]:
        """Opportunities and hits of every fault, for people and tests."""
        return [
            {"kind": str(fault.__struct_config__.tag), "seen": seen, "hits": hits}
            for fault, seen, hits in zip(self._scenario.fault, self._seen, self._hits, strict=True)
        ]
