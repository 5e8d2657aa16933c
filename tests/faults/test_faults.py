"""Every fault scenario has its expected answer: outcome, counts, text and metrics, in any transport and dialect."""

import asyncio
import importlib.util
from collections import Counter

import pytest

from tests.faults.playing import keep, play_row
from tests.faults.rows import ROWS, Row
from workbench.protocol.messages import Dialect, Final, Partial, Product
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome

_AT_A_TIME = 12

MAX_MESSAGE = 300_000
"""Instead of 16 MiB, which take a second to make and to send."""

Kind = tuple[str, Dialect]


def kinds_of(place: int, row: Row) -> list[Kind]:
    """Two ways to play a row: each has both transports and, where both have it, both dialects.

    The pairs of all four alternate from row to row, and so does the one that the quick suite plays.
    """
    first, second = ("websockets", "picows") if place % 2 else ("picows", "websockets")
    kinds = [(first, Dialect.LIVE), (second, Dialect.ASYNCAPI if row.both else Dialect.LIVE)]
    return kinds if place // 2 % 2 else kinds[::-1]


PLAYS = [
    pytest.param(
        kind, row, id=f"{kind[0]}-{kind[1].value}: {row.group}: {row.name}", marks=[pytest.mark.slow] if again else []
    )
    for again in (0, 1)
    for place, row in enumerate(ROWS)
    for kind in [kinds_of(place, row)[again]]
]


@pytest.fixture(scope="module")
def small():
    """What hundreds of simulators need not do."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("transport_websockets", "transport_picows"):
            patch.setattr(f"workbench.client.{name}.MAX_MESSAGE", MAX_MESSAGE)
        # The API's description, which nobody reads here.
        patch.setattr("workbench.simulator.server.page_routes", lambda *_: [])
        yield


@pytest.fixture(scope="module")
def played(request, small, tmp_path_factory):
    """From a kind to its plays that this test run wants, played side by side, and the run that keeps them."""
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    wanted = [item.callspec.params for item in items]
    found = {}

    def of(kind):
        if kind[0] == "picows" and importlib.util.find_spec("picows") is None:
            pytest.skip("the extra 'load' is not installed")
        if kind not in found:
            rows = [params["row"] for params in wanted if params["kind"] == kind]
            found[kind] = play_all(kind, rows, tmp_path_factory.mktemp("runs"))
        return found[kind]

    return of


def play_all(kind, rows, root):
    """Answers by the name of the row, and the run that keeps all of them."""
    room = asyncio.Semaphore(_AT_A_TIME)

    async def one(number, row):
        async with room:
            return await play_row(row, number, *kind)

    async def every():
        return await asyncio.gather(*(one(number, row) for number, row in enumerate(rows)), return_exceptions=True)

    answers = dict(zip([row.name for row in rows], asyncio.run(every()), strict=True))
    sound = [answer for answer in answers.values() if not isinstance(answer, BaseException)]
    return answers, keep(sound, root)


def within(value, bounds):
    """Whether a count is as expected."""
    return bounds[0] <= value <= bounds[1]


@pytest.mark.parametrize(("kind", "row"), PLAYS)
def test_the_answer_is_what_the_table_says(kind, row, played):
    """What comes out, that nothing is lost or doubled, and that the session can be played again."""
    answers, kept = played(kind)
    found = answers[row.name]
    if isinstance(found, BaseException):  # a fault of the player itself
        raise found
    check_what_comes_out(row, found, kept)
    check_nothing_is_lost_and_nothing_is_doubled(row, found, kept)
    check_it_can_be_played_again(row, found)


def test_each_row_is_played_over_both_transports_and_in_both_dialects():
    """Of the four ways together, each has a quarter of the rows in the quick suite."""
    for row in ROWS:
        kinds = {param.values[0] for param in PLAYS if param.values[1] is row}
        assert {transport for transport, _ in kinds} == {"websockets", "picows"}
        assert {dialect for _, dialect in kinds} == ({Dialect.LIVE, Dialect.ASYNCAPI} if row.both else {Dialect.LIVE})
    quick = Counter(param.values[0] for param in PLAYS if not param.marks)
    assert len(quick) == 4
    assert min(quick.values()) > len(ROWS) / 6


def check_what_comes_out(row, found, kept):
    """Outcome, line, counts, text, word errors, facts and calls."""
    record = found.records[-1]
    outcome, error = row.there if row.there and record.dialect is Dialect.ASYNCAPI else (row.outcome, row.error)
    assert record.outcome is outcome, record.error
    assert (record.error is None) == (outcome is Outcome.COMPLETED)
    assert error in (record.error or "")
    messages = [item.message for item in record.messages()]
    assert within(record.frames.chunks_sent, row.sent)
    assert within(sum(isinstance(m, Partial) for m in messages), row.partials)
    assert within(sum(isinstance(m, Final) for m in messages), row.finals)
    bounds = row.violations if isinstance(row.violations, tuple) else (row.violations, row.violations)
    assert within(len(record.violations), bounds), record.violations
    if row.text is not None:
        assert record.hypothesis() == row.text
    facts = record.facts | found.receiver
    assert {name: facts.get(name) for name in row.facts} == row.facts
    made = [frame.text for frame in record.frames.frames() if frame.kind is FrameKind.REST]
    for name, bounds in row.calls.items():
        assert within(sum(f'"call":"{name}"' in text for text in made), bounds)
    score = kept.scores[record.key]
    assert score.failed is row.outcome.failed
    assert (score.unscorable is None) == (row.wrong is not None)
    if row.wrong is not None:
        assert score.words.substitutions + score.words.deletions + score.words.insertions == row.wrong
    assert not (score.failed and score.timed)
    assert record.wall_end_ns > record.wall_start_ns
    if row.product is Product.DICTATION and not within(1, row.finals):
        assert score.latency.finalisation_ns is None
        assert score.latency.reasons


def check_nothing_is_lost_and_nothing_is_doubled(row, found, kept):
    """One record a session, each chunk once, all of it in the stored run, and no session left open at the service."""
    every = found.records + found.again
    count = row.talk or row.sessions
    assert len({record.key for record in every}) == len(every) == 2 * count
    for record in every:
        frames = list(record.frames.frames())
        chunks = [frame.chunk for frame in frames if frame.kind is FrameKind.AUDIO]
        assert chunks == list(range(len(chunks)))
        arrivals = [frame.received_ns for frame in frames if frame.received_ns is not None and not frame.sent]
        assert arrivals == sorted(arrivals)
    assert found.sessions <= (2 if row.talk else 2 * count)
    if row.outcome not in (Outcome.END_FAILED, Outcome.CREATE_FAILED):
        assert found.left_open == 0
    assert [finding for finding in kept.findings if finding.damage] == []
    assert [kept.stored.get(record.key) for record in found.again] == found.again
    assert all(fault["hits"] for fault in found.faults)


def check_it_can_be_played_again(row, found):
    """As a new attempt with a key of its own, once the fault is over."""
    for record in found.again:
        assert record.key.attempt == 1
        assert record.outcome is row.replay, record.error
        if row.replay is Outcome.COMPLETED and row.product is not Product.FORM_FILLING:
            assert record.hypothesis() == "blood pressure"
