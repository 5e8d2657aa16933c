"""The table: every fault scenario with the answer that must come out. Read it as one line a scenario.

Each row is played twice on the same simulator: as it is, and as a new attempt (``replay``) once the fault is over. The
utterance is three chunks of 50 ms, the script says ``blood`` after the first and ``blood pressure`` at the end; what a
row does not mention is as it is without any fault.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from workbench.protocol.messages import Product
from workbench.recording.record import Outcome
from workbench.simulator.faults.scenario import Fault

__all__ = ["ROWS", "Row"]

D, A, F = Product.DICTATION, Product.AMBIENT, Product.FORM_FILLING
Range = tuple[int, int]
SAID = "blood pressure"


def fault(kind: str, **fields: Any) -> Fault:
    """A fault as TOML would write it."""
    return msgspec.convert({"kind": kind, **fields}, Fault)


@dataclass(frozen=True)
class Row:
    """One scenario and its answer.

    Attributes:
        group, name: for people; the name is unique.
        faults: of the scenario.
        outcome, error: of the record; ``error`` is part of its line.
        product: what is played.
        sent: chunks that left, as (least, most).
        partials, finals: received.
        violations: breaches that the record counts.
        text: what is scored; None where there is nothing to score.
        wrong: word errors against the reference.
        facts: facts that the record must have.
        calls: REST tries by endpoint name, as (least, most).
        replay: outcome of the new attempt.
        both: whether the AsyncAPI dialect has this, too.
        sessions: played at the same time.
        talk: utterances of one session, in a row; the answer is that of the last.
        webhooks: whether notifications are received.
        flood: send all audio of so many ms at once.
        audio_ms: length of the audio.
        there: outcome and line in the AsyncAPI dialect, where they are others.
        limits: other than usual, until the fault is over.
        says: what the answer means, for the document.
    """

    group: str
    name: str
    faults: tuple[Fault, ...]
    outcome: Outcome = Outcome.COMPLETED
    error: str = ""
    product: Product = D
    sent: Range = (3, 3)
    partials: Range = (1, 1)
    finals: Range = (1, 1)
    violations: int | Range = 0
    text: str | None = SAID
    wrong: int | None = 0
    facts: dict[str, Any] = field(default_factory=dict)
    calls: dict[str, Range] = field(default_factory=dict)
    replay: Outcome = Outcome.COMPLETED
    both: bool = True
    sessions: int = 1
    talk: int = 0
    webhooks: bool = False
    flood: int = 0
    audio_ms: int = 150
    there: tuple[Outcome, str] | None = None
    limits: dict[str, float] = field(default_factory=dict)
    says: str = ""


NOTHING: dict[str, Any] = {"sent": (0, 0), "partials": (0, 0), "finals": (0, 0), "text": "", "wrong": 2}
"""Nothing was streamed, and every word of the reference is missing."""

UNHEARD: dict[str, Any] = {"finals": (0, 0), "text": "", "wrong": 2}
"""Streamed, and no final came."""

NO_NOTE: dict[str, Any] = {"partials": (0, 0), "finals": (0, 0), "text": None, "wrong": None}
NOTE: dict[str, Any] = {"product": A, "partials": (0, 0), "finals": (0, 0)}
"""Ambient says nothing on its socket; the transcript comes by REST."""


def refused(status: int, times: int = 1, **more: Any) -> Row:
    """A handshake that is refused for good."""
    after = more.pop("retry_after", None)
    count = more.pop("count", 1)
    with_header = f", Retry-After {after}" if after else ""
    return Row(
        "handshake",
        more.pop("name", f"refused with {status}{with_header}"),
        (fault("refuse", status=status, times=times, **({"retry_after": after} if after else {})),),
        Outcome.REFUSED, str(status), **NOTHING, facts={"handshakes_refused": count}, **more,
    )  # fmt: skip


def waited(name: str, status: int, after: str | None = None, **more: Any) -> Row:
    """A handshake that is refused once and then accepted."""
    header = {"retry_after": after} if after else {}
    return Row(
        "handshake", name, (fault("refuse", status=status, times=1, **header),), facts={"handshakes_refused": 1}, **more
    )


# Where the answer is that time runs out; all others have time enough on a machine that is busy.
OPEN_SOON: dict[str, Any] = {"limits": {"connect_s": 1.0}}
SOON: dict[str, Any] = {"limits": {"terminal_s": 1.0, "close_s": 0.5}}

HANDSHAKE = [
    waited("refused once with 401: one login, one more try", 401),
    refused(401, 2, name="refused twice with 401", count=2),
    refused(402),
    refused(403),
    refused(404),
    refused(412),
    refused(429),
    waited("refused once with 429, Retry-After 0.1", 429, "0.1"),
    refused(429, 3, name="refused with 429, Retry-After 0.1, for good", retry_after="0.1", count=3),
    refused(429, name="refused with 429, Retry-After longer than the limit", retry_after="60"),
    refused(429, name="refused with 429, an unusable Retry-After", retry_after="soon"),
    refused(500),
    refused(503),
    waited("refused once with 503, Retry-After 0.1", 503, "0.1"),
    waited("refused once with 503, Retry-After as a date", 503, "Thu, 01 Jan 1970 00:00:00 GMT"),
    Row("handshake", "answered late", (fault("slow-handshake", delay_s=0.3, times=1),)),
    Row("handshake", "answered too late", (fault("slow-handshake", delay_s=5.0, times=1),),
        Outcome.CONNECT_TIMEOUT, "not open after", **OPEN_SOON, **NOTHING),
    Row("handshake", "TCP accepted late", (fault("slow-accept", delay_s=0.3, times=1),)),
    Row("handshake", "TCP accepted too late", (fault("slow-accept", delay_s=5.0, times=1),),
        Outcome.CONNECT_TIMEOUT, "not open after", **OPEN_SOON, **NOTHING),
    Row("handshake", "second utterance refused once with 412: not yet", (fault("refuse", status=412, skip=1, times=1),),
        talk=2, facts={"handshakes_refused": 1}),
    Row("handshake", "second utterance refused for good", (fault("refuse", status=403, skip=1, times=1),),
        Outcome.REFUSED, "403", talk=2, facts={"handshakes_refused": 1}, **NOTHING),
    Row("handshake", "refused with 503 on an ambient session", (fault("refuse", status=503, times=1),),
        Outcome.REFUSED, "503", product=A, sent=(0, 0), **NO_NOTE),
]  # fmt: skip

_CODES: dict[str, dict[str, Any]] = {
    "1000": {"kind": "close", "code": 1000},
    "1001": {"kind": "close", "code": 1001},
    "1008": {"kind": "close", "code": 1008, "reason": "policy"},
    "1011": {"kind": "close", "code": 1011, "reason": "went wrong"},
    "no code": {"kind": "close", "code": None},
    "a reset": {"kind": "reset"},
}
_SHOWN = {"no code": "code 1005", "a reset": "code 1006"}
_WHEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "before audio": ({"at": "open"}, {"sent": (0, 3), "partials": (0, 0), **UNHEARD}),
    "during audio": ({"at": "audio", "at_ms": 50}, {"sent": (1, 3), "partials": (0, 1), **UNHEARD}),
    "after audio": ({"at": "end"}, {"partials": (0, 1), **UNHEARD}),
    "before the terminal frame": ({"at": "results"}, {}),
}

CLOSES = [
    Row("close", f"closed with {how} {when}" if how != "a reset" else f"reset {when}",
        (fault(**what, **at, times=1),), Outcome.CLOSED_EARLY, _SHOWN.get(how, f"code {how}"), **answer)
    for when, (at, answer) in _WHEN.items()
    for how, what in _CODES.items()
] + [
    Row("close", f"closed with {how} after the terminal frame", (fault(**what, at="terminal", times=1),))
    for how, what in _CODES.items()
    if how != "a reset"
] + [
    Row("close", "silent from the start: half-open", (fault("silence", at="open", times=1),), Outcome.NO_TERMINAL,
        "no terminal frame", partials=(0, 0), **SOON, **UNHEARD),
    Row("close", "silent in the middle: half-open", (fault("silence", at_ms=100, times=1),), Outcome.NO_TERMINAL,
        "no terminal frame", partials=(0, 1), **SOON, **UNHEARD),
    Row("close", "silent after audio: half-open", (fault("silence", at="end", times=1),), Outcome.NO_TERMINAL,
        "no terminal frame", partials=(0, 1), **SOON, **UNHEARD),
    Row("close", "silent after the terminal frame: half-open", (fault("silence", at="terminal", times=1),),
        limits={"close_s": 0.5}),
    Row("close", "first utterance of a session reset, the second goes on", (fault("reset", at_ms=50, times=1),),
        talk=2),
    Row("close", "ambient closed with 1011 during audio", (fault("close", code=1011, at_ms=50, times=1),),
        Outcome.CLOSED_EARLY, "code 1011", product=A, sent=(1, 59), audio_ms=3000, **NO_NOTE),
    Row("close", "ambient reset during audio", (fault("reset", at_ms=50, times=1),),
        Outcome.CLOSED_EARLY, "code 1006", product=A, sent=(1, 59), audio_ms=3000, **NO_NOTE),
    Row("close", "ambient silent from the start: half-open, and the service says that it heard too little",
        (fault("silence", at="open", times=1),), Outcome.HALF_OPEN, "never answered the close", product=A,
        sent=(20, 20), audio_ms=1000, **NO_NOTE, **SOON, violations=1, facts={"result_status": "skipped"}, both=False),
    Row("close", "ambient silent after audio: half-open", (fault("silence", at="end", times=1),), violations=1,
        **SOON, **NOTE),
    Row("close", "ambient closed with 1008 after audio: the end is not waited for",
        (fault("close", code=1008, at="end", times=1),), **NOTE),
]  # fmt: skip

FLOW = [
    Row("flow", "reading stalls for a moment", (fault("stall", direction="reading", for_s=0.3, at_ms=50, times=1),)),
    Row("flow", "reading stalls for good: back-pressure", (fault("stall", direction="reading", for_s=60, times=1),),
        Outcome.STALLED, "stopped reading", flood=20_000, sent=(1, 400), partials=(0, 1),
        limits={"stall_s": 2.0, "close_s": 0.5},
        **UNHEARD),
    Row("flow", "sending stalls for a moment",
        (fault("stall", direction="sending", for_s=0.3, at="end", times=1),)),
    Row("flow", "sending stalls for good", (fault("stall", direction="sending", for_s=60, at="end", times=1),),
        Outcome.NO_TERMINAL, "no terminal frame", partials=(0, 1), **SOON, **UNHEARD),
    Row("flow", "jitter of up to 40 ms", (fault("jitter", most_ms=40),)),
    Row("flow", "jitter on REST, too", (fault("jitter", least_ms=5, most_ms=40, on="all"),)),
    Row("flow", "three concurrent sessions, every second connection held back: later ones overtake",
        (fault("reorder", every=2, hold_ms=120, on="all"),), sessions=3),
    Row("flow", "three concurrent sessions, two are reset", (fault("reset", at_ms=50, skip=1, times=2),), sessions=3,
        outcome=Outcome.CLOSED_EARLY, sent=(1, 3), partials=(0, 1), **UNHEARD),
    Row("flow", "frames in fragments", (fault("fragment", piece_bytes=7),)),
    Row("flow", "frames in fragments with pings between", (fault("fragment", piece_bytes=11, pings=True),)),
    Row("flow", "frames in fragments of one byte", (fault("fragment", piece_bytes=1),)),
    Row("flow", "200 pings", (fault("send", what="ping", count=200, at_ms=50, times=1),)),
    Row("flow", "200 unsolicited pongs", (fault("send", what="pong", count=200, at_ms=50, times=1),)),
    Row("flow", "pings get no pong", (fault("deaf"),), says="the client sends no pings of its own"),
]  # fmt: skip


def odd(name: str, what: str, violations: int = 1, at: str = "audio", **more: Any) -> Row:
    """A frame that does not belong there and costs nothing."""
    count = more.pop("count", 1)
    faults = (fault("send", what=what, at=at, count=count, times=1),)
    return Row("messages", name, faults, violations=violations, **more)


EMPTY_END = fault("answer", call="end_dictation", status=200, body="{}", takes_effect=True, times=1)

MESSAGES = [
    odd("a final twice: the transcript of the end counts", "same", 0, "final", finals=(2, 2)),
    Row("messages", "a final twice and an empty end: counted as insertions",
        (fault("send", what="same", at="final", times=1), EMPTY_END), finals=(2, 2), text=f"{SAID} {SAID}", wrong=2),
    odd("a final after the terminal frame is no result", "final", 1, "terminal", finals=(2, 2)),
    Row("messages", "a final after the terminal frame and an empty end",
        (fault("send", what="final", at="terminal", times=1), EMPTY_END), finals=(2, 2), violations=1),
    odd("a partial after the terminal frame", "partial", 1, "terminal", partials=(2, 2)),
    odd("a partial after the final", "partial", 0, "final", partials=(2, 2)),
    odd("the terminal frame twice", "terminal", 1, "terminal"),
    Row("messages", "no terminal frame, then a close", (fault("drop", what="terminal", times=1),), Outcome.CLOSED_EARLY,
        "code 1000"),
    Row("messages", "no terminal frame, then silence",
        (fault("drop", what="terminal", times=1), fault("silence", at="results", times=1)), Outcome.NO_TERMINAL,
        "no terminal frame", **SOON),
    Row("messages", "the terminal frame before the audio has ended",
        (fault("send", what="terminal", at_ms=50, times=1),), Outcome.PROTOCOL_ERROR, "before the audio had ended",
        sent=(1, 59), audio_ms=3000, partials=(0, 1), violations=(0, 1), **UNHEARD),
    Row("messages", "no partials", (fault("drop", what="partials", times=1),), partials=(0, 0)),
    Row("messages", "no finals and an empty end", (fault("drop", what="finals", times=1), EMPTY_END), **UNHEARD),
    Row("messages", "an empty final and an empty end",
        (fault("replace", what="finals", characters=0, times=1), EMPTY_END), text="", wrong=2),
    odd("another final, empty", "empty", 0, "final", finals=(2, 2)),
    Row("messages", "a partial of 200 kB", (fault("replace", what="partials", characters=200_000, times=1),)),
    Row("messages", "a final of 100 kB and an empty end: scored as it came",
        (fault("replace", what="finals", characters=100_000, times=1), EMPTY_END), text=None, wrong=20_000),
    Row("messages", "a final over the limit of a message",
        (fault("replace", what="finals", characters=400_000, times=1),),
        Outcome.CLOSED_EARLY, "code 1009", **UNHEARD),
    odd("a frame that is not UTF-8", "invalid-utf8"),
    odd("a non-JSON frame", "invalid-json"),
    odd("a JSON frame that is not an object", "not-an-object"),
    odd("a frame nested 50,000 deep", "nested"),
    odd("an unknown type", "unknown-type"),
    odd("1,000 frames of an unknown type", "unknown-type", 1000, count=1000),
    odd("values of the wrong types", "wrong-types"),
    odd("a binary frame", "binary"),
    Row("messages", "transcripts on an ambient socket", (fault("send", what="final", at_ms=50, times=1),),
        product=A, partials=(0, 0), finals=(1, 1), both=False),
    Row("messages", "a non-JSON frame on an ambient socket", (fault("send", what="invalid-json", times=1),),
        violations=1, **NOTE),
]  # fmt: skip

TIME = [
    Row("tokens and clocks", "every token expires in mid-stream, the socket lives on",
        (fault("expire", at_ms=50, times=1),), calls={"end_dictation": (2, 2)}),
    Row("tokens and clocks", "every token expires in mid-stream and the socket is closed with 1008",
        (fault("expire", at_ms=50, times=1), fault("close", code=1008, reason="token expired", at_ms=50, times=1)),
        Outcome.CLOSED_EARLY, "code 1008", sent=(1, 3), partials=(0, 1), calls={"end_dictation": (2, 2)}, **UNHEARD),
    Row("tokens and clocks", "every token expires between two utterances: one login at the handshake",
        (fault("expire", at="terminal", times=1),), talk=2, facts={"handshakes_refused": 1}),
    Row("tokens and clocks", "every token expires on an ambient socket", (fault("expire", at_ms=50, times=1),),
        calls={"end_ambient": (2, 2)}, **NOTE),
    Row("tokens and clocks", "the service's clock steps two hours forward",
        (fault("clock", step_s=7200, at_ms=50, times=1),), calls={"end_dictation": (2, 2)}),
    Row("tokens and clocks", "the service's clock steps two hours back",
        (fault("clock", step_s=-7200, at_ms=50, times=1),)),
    Row("tokens and clocks", "the service's clock steps an hour: its notifications look stale",
        (fault("clock", step_s=-3600, at_ms=50, times=1),), webhooks=True, facts={"refused": 2}, **NOTE),
]  # fmt: skip


def answered(name: str, call: str, *, times: int = 1, **more: Any) -> Row:
    """A REST call with another answer, ``times`` times."""
    fields = {
        k: more.pop(k) for k in ("status", "body", "retry_after", "delay_s", "takes_effect", "reset") if k in more
    }
    faults = (fault("answer", call=call, times=times, **fields),)
    return Row("REST", name, faults, more.pop("outcome", Outcome.COMPLETED), more.pop("error", ""), **more)


C, E = "create_dictation", "end_dictation"
FAILED = {"outcome": Outcome.CREATE_FAILED, **NOTHING}
KEPT = {"outcome": Outcome.END_FAILED}
"""The end failed, what was heard on the socket stands."""

REST = [
    answered("login answered 503 twice", "login", status=503, times=2),
    answered("create answered 503 twice", C, status=503, times=2, calls={C: (3, 3)}),
    answered("create answered 503 three times", C, status=503, times=3, error="503", calls={C: (3, 3)}, **FAILED),
    answered("create answered 429, Retry-After 0.1", C, status=429, retry_after="0.1", calls={C: (2, 2)}),
    answered("create takes effect, its answer is a 500: no second session", C, status=500, takes_effect=True,
             calls={C: (2, 2)}, facts={"create_answers_lost": 1}, both=False),
    answered("create takes effect, its answer is lost with the connection", C, reset=True, takes_effect=True,
             calls={C: (2, 2)}, facts={"create_answers_lost": 1}, both=False),
    answered("create lost with the connection", C, reset=True, calls={C: (2, 2)}),
    answered("create answered too late", C, delay_s=15.0, status=503, calls={C: (2, 3)},
             limits={"rest_s": 3.0}),
    answered("create refused with 400", C, status=400, body='{"code":400,"message":"invalid_request"}',
             error="invalid_request", calls={C: (1, 1)}, **FAILED),
    answered("create refused with 402", C, status=402, error="quota", calls={C: (1, 1)}, **FAILED),
    answered("create refused with 409 at once: somebody else's id", C, status=409, error="409", calls={C: (1, 1)},
             **FAILED),
    answered("create answered {}", C, status=201, body="{}", error="cannot be understood", **FAILED),
    answered("create answered with HTML", C, status=201, body="<html>busy</html>", error="cannot be understood",
             **FAILED),
    answered("create answered with a non-string id", C, status=201,
             body='{"transcription_session_id":5,"sessionId":5,"audioWebsocketUrl":7}', error="cannot be understood",
             **FAILED),
    answered("create answered 401 once: one login, one replay", C, status=401, calls={C: (2, 2)}),
    answered("create answered 401 for good", C, status=401, times=2, error="401", calls={C: (2, 2)}, **FAILED),
    answered("create points at another host's socket", C, status=201,
             body='{"sessionId":"x","audioWebsocketUrl":"ws://example.invalid/take"}', error="cannot be understood",
             there=(Outcome.PROTOCOL_ERROR, "socket at another host"), **FAILED),
    answered("end answered 503 twice", E, status=503, times=2, calls={E: (3, 3)}),
    answered("end answered 503 three times: the finals count", E, status=503, times=3, error="503", **KEPT),
    answered("end answered {}: the finals count", E, status=200, body="{}", takes_effect=True),
    answered("end answered with nothing", E, status=200, body="", takes_effect=True),
    answered("end answered with unknown fields only", E, status=200, body='{"weather":"fine"}', takes_effect=True),
    answered("end answered with cut JSON", E, status=200, body='{"final_tr', error="cannot be understood", **KEPT),
    answered("end refused with 404", E, status=404, error="404", **KEPT),
    answered("end takes effect, its answer is lost: asked again, the same result", E, reset=True, takes_effect=True,
             calls={E: (2, 2)}),
    answered("end answered 401 once", E, status=401, calls={E: (2, 2)}),
    answered("ambient: context refused with 400", "seed_ambient_context", status=400, outcome=Outcome.CONTEXT_FAILED,
             error="400", product=A, sent=(0, 0), **NO_NOTE),
    answered("ambient: context answered 503 twice", "seed_ambient_context", status=503, times=2, **NOTE),
    answered("ambient: end answered 503 twice", "end_ambient", status=503, times=2, **NOTE),
    answered("ambient: end answered 503 for good", "end_ambient", status=503, times=3, outcome=Outcome.END_FAILED,
             error="503", product=A, **NO_NOTE),
    answered("ambient: status answered 500 twice", "ambient_status", status=500, times=2, **NOTE),
    answered("ambient: status stuck in running for a while", "ambient_status", status=200, body='{"status":"running"}',
             times=5, **NOTE),
    answered("ambient: status stuck in running for good", "ambient_status", status=200, body='{"status":"running"}',
             times=100_000, outcome=Outcome.RESULT_TIMEOUT, error="not completed", product=A,
             replay=Outcome.RESULT_TIMEOUT, **NO_NOTE, limits={"result_s": 0.8}),
    answered("ambient: unknown status, then completed", "ambient_status", status=200,
             body='{"status":"PONDERING"}', times=2, **NOTE),
    answered("ambient: status failed", "ambient_status", status=200, body='{"status":"failed"}',
             outcome=Outcome.RESULT_FAILED, error="failed", product=A, **NO_NOTE),
    answered("ambient: status aborted", "ambient_status", status=200, body='{"status":"aborted"}',
             outcome=Outcome.RESULT_FAILED, error="aborted", product=A, **NO_NOTE),
    answered("ambient: status skipped is no failure", "ambient_status", status=200, body='{"status":"skipped"}',
             product=A, **NO_NOTE, facts={"result_status": "skipped"}, both=False),
    answered("ambient: status answered with cut JSON", "ambient_status", status=200, body='{"sta',
             outcome=Outcome.RESULT_FAILED, error="cannot be understood", product=A, **NO_NOTE),
    answered("ambient: transcript answered 500 for good", "ambient_transcript", status=500, times=3,
             outcome=Outcome.RESULT_FAILED, error="500", product=A, **NO_NOTE),
    answered("form filling: end refused with 400", "end_form", status=400, outcome=Outcome.END_FAILED, error="400",
             product=F, **NO_NOTE),
    answered("form filling: status stuck in running for a while", "form_status", status=200,
             body='{"status":"running"}', times=5, product=F, **NO_NOTE),
    answered("form filling: result answered 503 twice", "form_structured_data", status=503, times=2, product=F,
             **NO_NOTE),
]  # fmt: skip


def notified(name: str, do: str | None, facts: dict[str, Any], **fields: Any) -> Row:
    """A notification of an ambient session, and what the receiver made of it."""
    faults = (fault("webhook", do=do, times=1, **fields),) if do else ()
    return Row("webhooks", name, faults, webhooks=True, facts=facts, **NOTE)


WEBHOOKS = [
    notified("on time", None, {"refused": 0, "repeated": 0}),
    notified("lost: polling finds the result", "lose", {"refused": 0, "repeated": 0}),
    notified("late: polling finds the result", "delay", {"refused": 0}, delay_s=0.8),
    notified("forged: refused, polling finds the result", "forge", {"refused": 1}),
    notified("repeated: taken once", "repeat", {"repeated": 1}),
]

ROWS: tuple[Row, ...] = (*HANDSHAKE, *CLOSES, *FLOW, *MESSAGES, *TIME, *REST, *WEBHOOKS)
