"""Every fault scenario has its expected answer: outcome, counts, text and metrics, over both transports."""

import asyncio
import importlib.util

import pytest

from tests.faults.playing import keep, play_row
from tests.faults.rows import ROWS, Row
from workbench.protocol.messages import Dialect, Final, Partial, Product
from workbench.recording import FrameKind, Outcome

pytestmark = pytest.mark.slow

_AT_A_TIME = 12

MAX_MESSAGE = 300_000
"""Instead of 16 MiB, which take a second to make and to send."""

KINDS = [
    pytest.param((transport, dialect), id=f"{transport}{suffix}")
    for dialect, suffix in ((Dialect.LIVE, ""), (Dialect.ASYNCAPI, "-asyncapi"))
    for transport in ("websockets", "picows")
]


@pytest.fixture(scope="module")
def small():
    """What hundreds of simulators need not do."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("websockets_socket", "picows_socket"):
            patch.setattr(f"workbench.client.{name}.MAX_MESSAGE", MAX_MESSAGE)
        # The API's description, which nobody reads here.
        patch.setattr("workbench.simulator.server.page_routes", lambda *_: [])
        yield


@pytest.fixture(scope="module", params=KINDS)
def played(request, small, tmp_path_factory):
    """Every row of the table that this test run wants, played side by side."""
    transport, dialect = request.param
    if transport == "picows" and importlib.util.find_spec("picows") is None:
        pytest.skip("the extra 'load' is not installed")
    items = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    wanted = {params["row"].name for params in items if isinstance(params.get("row"), Row)}
    rows = [row for row in ROWS if row.name in wanted and (dialect is Dialect.LIVE or row.both)]
    root = tmp_path_factory.mktemp("runs")
    room = asyncio.Semaphore(_AT_A_TIME)

    async def one(number, row):
        async with room:
            return await play_row(row, number, transport, dialect)

    async def every():
        return await asyncio.gather(*(one(number, row) for number, row in enumerate(rows)), return_exceptions=True)

    answers = dict(zip([row.name for row in rows], asyncio.run(every()), strict=True))
    sound = [answer for answer in answers.values() if not isinstance(answer, BaseException)]
    return answers, keep(sound, root)


def within(value, bounds):
    """Whether a count is as expected."""
    return bounds[0] <= value <= bounds[1]


def answer_of(row, played):
    """The answer, which stands in the last record; a fault of the player itself is raised."""
    answers, kept = played
    found = answers.get(row.name)
    if found is None:
        pytest.skip("this dialect does not have it")
    if isinstance(found, BaseException):
        raise found
    return found, kept


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.group}: {row.name}" for row in ROWS])
def test_what_comes_out_is_what_the_table_says(row, played):
    """Outcome, line, counts, text, word errors, facts and calls."""
    found, kept = answer_of(row, played)
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


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.group}: {row.name}" for row in ROWS])
def test_nothing_is_lost_and_nothing_is_doubled(row, played):
    """One record a session, each chunk once, all of it in the stored run, and no session left open at the service."""
    found, kept = answer_of(row, played)
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


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.group}: {row.name}" for row in ROWS])
def test_the_session_can_be_played_again_as_a_new_attempt(row, played):
    """With a key of its own, once the fault is over."""
    found, _ = answer_of(row, played)
    for record in found.again:
        assert record.key.attempt == 1
        assert record.outcome is row.replay, record.error
        if row.replay is Outcome.COMPLETED and row.product is not Product.FORM_FILLING:
            assert record.hypothesis() == "blood pressure"
