"""Two ends of one stream that say legal, illegal and broken things in any order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.protocol.strategies import client_messages, server_messages
from workbench.errors import LocalProtocolError, RemoteProtocolError
from workbench.protocol.messages import Dialect, Product, UnknownMessage
from workbench.protocol.stream import Role, StreamSession, StreamState


class Conversation(RuleBasedStateMachine):
    """A client and a service; a legal conversation keeps both in step, anything else is refused or counted."""

    @initialize(product=st.sampled_from(Product), dialect=st.sampled_from(Dialect))
    def open(self, product, dialect):
        self.product, self.dialect = product, dialect
        self.client = StreamSession(Role.CLIENT, product, dialect, "s")
        self.server = StreamSession(Role.SERVER, product, dialect, "s")
        self.garbled = False

    @rule(data=st.data())
    def client_says(self, data):
        """What the client may say, the service understands, unless somebody has confused it before."""
        before = self.client.state
        message = data.draw(client_messages(self.product))
        try:
            frame = self.client.send(message)
        except LocalProtocolError:
            assert self.client.state is before
            return
        try:
            heard = self.server.receive_client(frame.decode())
        except RemoteProtocolError:
            # START_TIME of any text is one that the AsyncAPI dialect refuses; then the ends are apart.
            self.garbled = True
        else:
            if not self.garbled:
                assert not isinstance(heard, UnknownMessage)
                assert self.server.state is self.client.state

    @rule(message=server_messages)
    def service_says(self, message):
        """What the service may say, the client understands."""
        if not self.product.streams_transcripts:
            return
        before = self.server.state
        try:
            frame = self.server.send(message)
        except LocalProtocolError:
            assert self.server.state is before
            return
        breaches = len(self.client.violations)
        heard = self.client.receive_server(frame.decode())
        assert type(heard) is type(message)
        if not self.garbled:
            assert len(self.client.violations) == breaches
            assert self.client.state is self.server.state

    @rule(raw=st.binary(max_size=60) | st.text(max_size=60))
    def client_hears_noise(self, raw):
        """Whatever it is, it is a message, and no exception."""
        before, breaches = self.client.state, len(self.client.violations)
        heard = self.client.receive_server(raw)
        if isinstance(heard, UnknownMessage):
            assert self.client.state is before
            assert len(self.client.violations) == breaches + 1
        else:
            self.garbled = True

    @rule(raw=st.binary(max_size=60) | st.text(max_size=60))
    def service_hears_noise(self, raw):
        """Refused with a close code, or passed over."""
        before = self.server.state
        try:
            heard = self.server.receive_client(raw)
        except RemoteProtocolError as error:
            self.refused = error
            assert self.server.state is before
        else:
            self.garbled = self.garbled or not isinstance(heard, UnknownMessage)

    @rule()
    def both_close(self):
        """A closed end hears and says nothing that moves it."""
        self.client.close()
        self.server.close()
        self.garbled = True

    @invariant()
    def states_are_states(self):
        if hasattr(self, "client"):
            assert self.client.state in StreamState
            assert self.server.state in StreamState
            assert len(self.client.violations) <= 1_000


TestConversation = Conversation.TestCase
TestConversation.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_peer_that_never_stops_breaking_the_contract_fills_no_list():
    """The first thousand breaches are enough to see."""
    session = StreamSession(Role.CLIENT, Product.DICTATION)
    for _ in range(5_000):
        session.receive_server("{}")
    assert len(session.violations) == 1_000
