"""The stream session: order tables walked pair by pair, and two ends joined by a fake link."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.protocol.strategies import audio, finals, partials, texts
from workbench.errors import LocalProtocolError, RemoteProtocolError
from workbench.protocol import live, stream
from workbench.protocol.messages import (
    Audio,
    Dialect,
    EndOfAudio,
    EndOfResults,
    Event,
    EventName,
    Final,
    Partial,
    Product,
    StartTime,
    StreamStatus,
    UnknownMessage,
)
from workbench.protocol.stream import (
    DICTATION_ORDER,
    DICTATION_TOLERATED,
    STREAM_ORDER,
    STREAM_TOLERATED,
    Role,
    Step,
    StreamSession,
    StreamState,
    codec_for,
)

ORDERS = {Product.DICTATION: DICTATION_ORDER, Product.AMBIENT: STREAM_ORDER, Product.FORM_FILLING: STREAM_ORDER}
TOLERATED = {
    Product.DICTATION: DICTATION_TOLERATED,
    Product.AMBIENT: STREAM_TOLERATED,
    Product.FORM_FILLING: STREAM_TOLERATED,
}
MESSAGES = {
    Step.START_TIME: StartTime("2025-01-01T00:00:00Z"),
    Step.AUDIO: Audio(b"\x01\x02"),
    Step.PAUSE: Event(EventName.PAUSE),
    Step.RESUME: Event(EventName.RESUME),
    Step.KEEP_ALIVE: Event(EventName.KEEP_ALIVE),
    Step.CANCEL: Event(EventName.CANCEL),
    Step.ABORT: Event(EventName.ABORT),
    Step.END_OF_AUDIO: EndOfAudio(),
    Step.TRANSCRIPT: Final("no"),
    Step.END_OF_RESULTS: EndOfResults(),
}
FROM_SERVER = {Step.TRANSCRIPT, Step.END_OF_RESULTS}
DICTATED = {Step.AUDIO, Step.END_OF_AUDIO}


def speaks(product, step):
    """Whether a client of ``product`` has a message for ``step``."""
    return step in DICTATED if product is Product.DICTATION else step not in FROM_SERVER


PAIRS = [(product, state, step) for product in Product for state in StreamState for step in Step]


def session_in(role, product, state):
    session = StreamSession(role, product)
    session.state = state
    return session


@pytest.mark.parametrize(("product", "state", "step"), [p for p in PAIRS if speaks(p[0], p[2])])
def test_a_client_sends_only_what_is_in_the_table(product, state, step):
    """Every pair of state and step: the table's next state, or our fault and no change."""
    session = session_in(Role.CLIENT, product, state)
    expected = ORDERS[product].get((state, step))
    if expected is None:
        with pytest.raises(LocalProtocolError, match=f"may not be sent now .*{state.value}"):
            session.send(MESSAGES[step])
        assert session.state is state
    else:
        assert session.send(MESSAGES[step]) == live.encode_client(MESSAGES[step], product)
        assert session.state is expected


@pytest.mark.parametrize(("product", "state", "step"), [p for p in PAIRS if speaks(p[0], p[2])])
def test_a_server_accepts_only_what_is_in_the_table(product, state, step):
    """Every pair of state and step: the table's next state, nothing, or a refusal with code 1002 and no change."""
    session = session_in(Role.SERVER, product, state)
    frame = live.encode_client(MESSAGES[step], product).decode()
    expected = ORDERS[product].get((state, step))
    tolerated = TOLERATED[product].get((state, step))
    if tolerated is not None:
        ignored = session.receive_client(frame)
        assert (ignored.reason, ignored.remedy, session.state) == (*tolerated, state)
    elif expected is None:
        with pytest.raises(RemoteProtocolError, match=f"is not allowed here .*{state.value}") as caught:
            session.receive_client(frame)
        assert caught.value.close_code == 1002
        assert session.state is state
    else:
        assert session.receive_client(frame) == MESSAGES[step]
        assert session.state is expected


@pytest.mark.parametrize(
    ("state", "step"), [(state, step) for state in StreamState for step in sorted(FROM_SERVER, key=str)]
)
def test_a_dictation_server_sends_only_what_is_in_the_table(state, step):
    """Transcripts stop at the terminal frame (S-95)."""
    session = session_in(Role.SERVER, Product.DICTATION, state)
    expected = DICTATION_ORDER.get((state, step))
    if expected is None:
        with pytest.raises(LocalProtocolError):
            session.send(MESSAGES[step])
        assert session.state is state
    else:
        assert session.send(MESSAGES[step]) == live.encode_server(MESSAGES[step], "")
        assert session.state is expected


@pytest.mark.parametrize(
    ("state", "step"), [(state, step) for state in StreamState for step in sorted(FROM_SERVER, key=str)]
)
def test_a_client_counts_what_a_server_does_against_the_table(state, step):
    """A breach is a violation, never an exception: the measurement goes on."""
    session = session_in(Role.CLIENT, Product.DICTATION, state)
    expected = DICTATION_ORDER.get((state, step))
    assert session.receive_server(live.encode_server(MESSAGES[step], "").decode()) == MESSAGES[step]
    assert session.state is (expected or state)
    assert session.violations == ([] if expected else [f"{step.value} on a connection that is {state.value}"])


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("product", Product)
def test_neither_end_speaks_the_others_part(role, product):
    """A client sends no transcript and a server no audio; the connection stays where it was."""
    for step, message in MESSAGES.items():
        if (step in FROM_SERVER) != (role is Role.CLIENT):
            continue
        for state in StreamState:
            session = session_in(role, product, state)
            with pytest.raises(LocalProtocolError):
                session.send(message)
            assert session.state is state


@pytest.mark.parametrize("state", StreamState)
@pytest.mark.parametrize("product", Product)
def test_an_encoded_chunk_counts_like_one_that_is_encoded_now(product, state):
    """The plan's own frames obey the same table."""
    session = session_in(Role.CLIENT, product, state)
    expected = ORDERS[product].get((state, Step.AUDIO))
    if expected is None:
        with pytest.raises(LocalProtocolError, match="Audio may not be sent now"):
            session.audio_sent()
    else:
        session.audio_sent()
        assert session.state is expected


@pytest.mark.parametrize("product", Product)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", StreamState)
def test_a_close_is_clean_only_after_the_proper_end(role, product, state):
    """Dictation ends with the terminal frame, a stream without transcripts with the end of audio (S-100, S-170)."""
    session = session_in(role, product, state)
    clean = session.close()
    ends = {StreamState.DONE} | ({StreamState.DRAINING} if product is not Product.DICTATION else set())
    assert clean is (state in ends)
    assert session.state is StreamState.CLOSED


def test_transcripts_on_a_stream_without_transcripts_move_nothing():
    """The live documents name none on ``/ws/stream``; one that comes is handed on (S-172)."""
    session = session_in(Role.CLIENT, Product.AMBIENT, StreamState.STREAMING)
    assert session.receive_server(live.encode_server(Final("no"), "").decode()) == Final("no")
    assert (session.state, session.violations) == (StreamState.STREAMING, [])


@given(st.text(max_size=60) | st.binary(max_size=20), st.sampled_from(StreamState), st.sampled_from(Product))
def test_an_unknown_frame_never_raises_on_the_client(raw, state, product):
    """It is kept, counted without its content, and the connection stays where it was."""
    session = session_in(Role.CLIENT, product, state)
    message = session.receive_server(raw)
    assert isinstance(message, UnknownMessage)
    assert session.state is state
    assert len(session.violations) == 1
    assert session.violations[0].startswith("unknown message: ")


def test_an_unknown_frame_moves_nothing_on_the_server():
    """The server decides what to do with it; the order is untouched (S-76)."""
    session = StreamSession(Role.SERVER, Product.DICTATION)
    assert isinstance(session.receive_client('{"type":"AUDIO","data":"AAA="}'), UnknownMessage)
    assert session.state is StreamState.OPEN


class _StatusCodec:
    """A dialect with status events."""

    def encode_server(self, message, session_id):
        return message.kind.encode()

    def decode_server(self, raw):
        return StreamStatus(raw)


@pytest.mark.parametrize("state", StreamState)
def test_a_status_event_moves_nothing_and_is_no_breach(state):
    """Order does not concern it; only a closed connection does."""
    client, server = session_in(Role.CLIENT, Product.AMBIENT, state), session_in(Role.SERVER, Product.AMBIENT, state)
    client._codec = server._codec = _StatusCodec()
    assert client.receive_server("READY") == StreamStatus("READY")
    assert (client.state, client.violations) == (state, [])
    if state is StreamState.CLOSED:
        with pytest.raises(LocalProtocolError, match="StreamStatus may not be sent now"):
            server.send(StreamStatus("READY"))
    else:
        assert server.send(StreamStatus("READY")) == b"READY"


def test_the_codec_of_a_dialect_is_the_one_it_names():
    """``live`` is the default."""
    assert codec_for(Dialect.LIVE) is live


class Link:
    """Two ends and what is on its way between them."""

    def __init__(self, product):
        self.client = StreamSession(Role.CLIENT, product, session_id="s")
        self.server = StreamSession(Role.SERVER, product, session_id="s")
        self.to_server = deque()
        self.to_client = deque()
        self.said, self.heard = [], []
        self.answered, self.understood = [], []

    def say(self, message):
        self.to_server.append(self.client.send(message))
        self.said.append(message)

    def answer(self, message):
        self.to_client.append(self.server.send(message))
        self.answered.append(message)

    def carry_up(self):
        self.heard.append(self.server.receive_client(self.to_server.popleft().decode()))

    def carry_down(self):
        self.understood.append(self.client.receive_server(self.to_client.popleft().decode()))


def test_a_whole_dictation_goes_through():
    """Audio up, partials and finals down, end of audio, terminal frame, clean close on both ends."""
    link = Link(Product.DICTATION)
    for i in range(3):
        link.say(Audio(bytes([i, 0])))
        link.carry_up()
        link.answer(Partial("no " * i, f"p{i}"))
        link.carry_down()
    link.say(EndOfAudio())
    link.carry_up()
    for message in (Final("no pain", (), "f"), EndOfResults()):
        link.answer(message)
        link.carry_down()
    assert link.heard == link.said
    assert link.understood == link.answered
    assert link.client.violations == []
    assert link.client.close()
    assert link.server.close()


ENDED = {StreamState.DONE, StreamState.DRAINING}


class PairedEnds(RuleBasedStateMachine):
    """Any order that a legal client and a legal server produce is legal at the other end, however late it arrives."""

    product = Product.DICTATION

    def __init__(self):
        super().__init__()
        self.link = Link(self.product)

    def client_may(self, step):
        return (self.link.client.state, step) in ORDERS[self.product]

    def server_may(self, step):
        return (self.link.server.state, step) in ORDERS[self.product]

    @precondition(lambda self: self.client_may(Step.AUDIO))
    @rule(message=audio)
    def send_audio(self, message):
        self.link.say(message)

    @precondition(lambda self: self.client_may(Step.END_OF_AUDIO))
    @rule()
    def end_audio(self):
        self.link.say(EndOfAudio())

    @precondition(lambda self: self.link.to_server)
    @rule()
    def deliver_up(self):
        self.link.carry_up()

    @precondition(lambda self: self.link.to_client)
    @rule()
    def deliver_down(self):
        self.link.carry_down()

    @precondition(lambda self: self.product.streams_transcripts and self.server_may(Step.TRANSCRIPT))
    @rule(message=partials | finals)
    def transcribe(self, message):
        self.link.answer(message)

    @precondition(lambda self: self.product.streams_transcripts and self.link.server.state is StreamState.DRAINING)
    @rule()
    def finish(self):
        self.link.answer(EndOfResults())

    @precondition(lambda self: self.link.server.state in ENDED and not self.link.to_client and not self.link.to_server)
    @rule()
    def close_and_open_another(self):
        assert self.link.heard == self.link.said
        clean = self.link.server.state is StreamState.DONE or not self.product.streams_transcripts
        assert self.link.client.close() is clean
        assert self.link.server.close() is clean
        self.link = Link(self.product)

    @invariant()
    def nothing_is_changed_on_the_way(self):
        assert self.link.heard == self.link.said[: len(self.link.heard)]
        assert self.link.understood == self.link.answered[: len(self.link.understood)]
        assert self.link.client.violations == []


class PairedStreams(PairedEnds):
    """The same for a stream with control events."""

    product = Product.AMBIENT

    @precondition(lambda self: self.client_may(Step.START_TIME))
    @rule(at=texts)
    def start(self, at):
        self.link.say(StartTime(at))

    @precondition(lambda self: self.client_may(Step.PAUSE))
    @rule(name=st.sampled_from(EventName))
    def control(self, name):
        if self.client_may(Step[name.name]):
            self.link.say(Event(name))


TestPairedEnds = PairedEnds.TestCase
TestPairedStreams = PairedStreams.TestCase
TestPairedEnds.settings = TestPairedStreams.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)


def test_a_service_that_breaks_the_contract_without_end_is_told_about_so_often_only():
    """Memory is bounded; the first breaches tell what there is to tell."""
    session = StreamSession(Role.CLIENT, Product.DICTATION)
    for _ in range(2 * stream._MAX_VIOLATIONS):
        assert isinstance(session.receive_server("nonsense"), UnknownMessage)
    assert len(session.violations) == stream._MAX_VIOLATIONS


def test_a_terminal_frame_in_disguise_ends_a_dictation_only_after_the_end_of_audio():
    """Before it, the same frame is what a speaker said (S-220)."""
    raw = '{"transcript":{"transcript":"EOF","words":[]},"is_final":true,"transcript_id":"t"}'
    session = session_in(Role.CLIENT, Product.DICTATION, StreamState.STREAMING)
    assert session.receive_server(raw) == Final("EOF", (), "t")
    session.send(EndOfAudio())
    assert session.receive_server(raw) == EndOfResults()
    assert (session.state, session.violations) == (StreamState.DONE, [])
