"""States of a dictation session: every pair of state and event."""

from __future__ import annotations

import pytest

from workbench.errors import RemoteProtocolError
from workbench.protocol.states import DICTATION_TRANSITIONS, DictationEvent, DictationState, next_dictation_state


@pytest.mark.parametrize("event", DictationEvent)
@pytest.mark.parametrize("state", DictationState)
def test_only_the_tables_pairs_are_possible(state, event):
    """The next state is the table's; a pair that is not in it is refused with the state it met."""
    expected = DICTATION_TRANSITIONS.get((state, event))
    if expected is None:
        with pytest.raises(RemoteProtocolError, match=f"got {state.value}"):
            next_dictation_state(state, event)
    else:
        assert next_dictation_state(state, event) is expected


def test_a_completed_session_stays_completed():
    """Nothing reopens it (S-110, S-113)."""
    reached = {DICTATION_TRANSITIONS.get((DictationState.COMPLETED, event)) for event in DictationEvent}
    assert reached == {DictationState.COMPLETED, None}
    with pytest.raises(RemoteProtocolError, match="not accepting new speech sessions"):
        next_dictation_state(DictationState.COMPLETED, DictationEvent.CONNECT)


def test_one_socket_at_a_time():
    """A running session refuses a second connection (S-62)."""
    with pytest.raises(RemoteProtocolError, match="not accepting new speech sessions"):
        next_dictation_state(DictationState.RUNNING, DictationEvent.CONNECT)


def test_every_state_can_be_reached_and_left_for_the_end():
    """No state is a trap before COMPLETED."""
    reached = {DictationState.READY}
    while more := {to for (at, _), to in DICTATION_TRANSITIONS.items() if at in reached} - reached:
        reached |= more
    assert reached == set(DictationState)
    assert all((state, DictationEvent.END) in DICTATION_TRANSITIONS for state in DictationState)
