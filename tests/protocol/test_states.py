"""States of the sessions of all products: every pair of state and event, and the pictures of the tables."""

from __future__ import annotations

import pytest

from workbench.errors import RemoteProtocolError
from workbench.protocol.diagram import DIAGRAMS, state_diagram
from workbench.protocol.messages import Product
from workbench.protocol.states import (
    AMBIENT_TRANSITIONS,
    DICTATION_TRANSITIONS,
    FORM_TRANSITIONS,
    DictationEvent,
    DictationState,
    NoteEvent,
    NoteState,
    next_dictation_state,
    next_note_state,
)

NOTE_TABLES = [(Product.AMBIENT, AMBIENT_TRANSITIONS), (Product.FORM_FILLING, FORM_TRANSITIONS)]


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


@pytest.mark.parametrize("event", NoteEvent)
@pytest.mark.parametrize("state", NoteState)
@pytest.mark.parametrize(("product", "table"), NOTE_TABLES)
def test_only_the_pairs_of_its_own_table_are_possible_for_a_note(product, table, state, event):
    """Ambient and form filling have a table each."""
    expected = table.get((state, event))
    if expected is None:
        with pytest.raises(RemoteProtocolError, match=f"got a session that is {state.value}"):
            next_note_state(product, state, event)
    else:
        assert next_note_state(product, state, event) is expected


@pytest.mark.parametrize(("product", "table"), NOTE_TABLES)
def test_a_note_comes_to_an_end_and_stays_there(product, table):
    """What is over has no way out; only ambient knows skipped, only form filling staged."""
    reached = {NoteState.CREATED}
    while more := {to for (at, _), to in table.items() if at in reached} - reached:
        reached |= more
    over = {NoteState.COMPLETED, NoteState.SKIPPED, NoteState.FAILED, NoteState.ABORTED}
    assert not any(at in over for at, _ in table)
    missing = {NoteState.STAGED} if product is Product.AMBIENT else {NoteState.SKIPPED}
    assert reached == set(NoteState) - missing


@pytest.mark.rule("S-132")
@pytest.mark.parametrize("state", NoteState)
def test_the_status_of_a_note_is_one_of_the_documents(state):
    """Streaming and processing are both ``running``; there is no ``paused`` (S-133)."""
    listed = ["created", "ready", "running", "staged", "completed", "skipped", "failed", "aborted"]
    assert state.status in listed


@pytest.mark.parametrize(
    ("name", "table"),
    [("Dictation", DICTATION_TRANSITIONS), ("Ambient", AMBIENT_TRANSITIONS), ("Form filling", FORM_TRANSITIONS)],
)
def test_a_diagram_has_an_arrow_for_every_change_of_its_table(name, table):
    """And none for what changes nothing."""
    arrows = {(at.value, to.value) for (at, _), to in table.items() if at is not to}
    drawn = DIAGRAMS[name].splitlines()[2:]
    assert {tuple(line.split(": ")[0].strip().split(" --> ")) for line in drawn} == arrows
    assert len(drawn) == len(arrows)


def test_events_between_the_same_two_states_share_an_arrow():
    """In the order of the table."""
    table = {
        (DictationState.READY, DictationEvent.CONNECT): DictationState.RUNNING,
        (DictationState.READY, DictationEvent.DRAINED): DictationState.RUNNING,
    }
    assert state_diagram(table, "READY").splitlines() == [
        "stateDiagram-v2",
        "    [*] --> READY: create",
        "    READY --> RUNNING: socket opened, results of the stream delivered",
    ]
