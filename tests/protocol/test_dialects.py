"""Steps of a session in both dialects: addresses, bodies, and what their answers say."""

import doctest
import re

import msgspec
import pytest

from workbench.errors import InputError
from workbench.protocol import dialects
from workbench.protocol.bodies import CreatedDictation, CreateDictation, DictationResult
from workbench.protocol.context import CreateAmbient, CreateForm
from workbench.protocol.dialects import (
    DIALECT_STATUS,
    ROUTES,
    EndedDictation,
    OpenDictation,
    OpenedSession,
    OpenNote,
    created_of,
    creation,
    endpoints_of,
    socket_path,
    transcript_of,
)
from workbench.protocol.endpoints import ENDPOINTS
from workbench.protocol.messages import Dialect, Product
from workbench.protocol.results import CreatedSession
from workbench.protocol.states import NoteState

LIVE, ASYNCAPI = Dialect.LIVE, Dialect.ASYNCAPI
ID = "0c9f2b0e-3b1a-4a7e-9a63-2f4f8f2b8c11"
VISIT = "1d0f2b0e-3b1a-4a7e-9a63-2f4f8f2b8c11"


def made(dialect, product, **changes):
    """A creation with everything left out that may be."""
    asked = {"provider_id": "p", "sample_rate_hz": 16_000, "session_id": None, "encounter_id": None}
    return creation(dialect, product, **(asked | changes))


@pytest.mark.rule("S-200")
def test_no_session_address_is_in_both_dialects():
    """What is no part of a session is common to both."""
    other = {e.path for e in endpoints_of(ASYNCAPI)}
    common = {e.path for e in endpoints_of(LIVE) if e.path in other}
    assert not any("session" in path or "encounter/" in path for path in common)
    assert {path.split("/")[3] for path in common} <= {"auth", ".well-known", "info", "user"}
    sockets = {socket_path(d, p) for d in Dialect for p in Product}
    assert len(sockets) == 5  # two of the live dialect, three of the other


def test_the_live_service_has_the_route_table_and_no_other():
    """One table for both ends."""
    assert endpoints_of(LIVE) is ENDPOINTS
    routes = [e for routes in ROUTES[LIVE].values() for e in routes.all]
    assert all(e in ENDPOINTS for e in routes)


def test_every_address_of_the_other_dialect_is_as_its_document_has_it():
    """Section by section: sessions in the plural, encounters at the top, a socket for each product."""
    pattern = re.compile(
        r"/api/v1/(dictation|ambient|form-filling)/sessions"
        r"(/\{(transcription|ambient)_session_id\}/(end|context|status|content|transcript|recording|structured-data))?"
        r"|/api/v1/encounters/\{encounter_id\}/(content|structured-data)"
    )
    own = [e.path for e in endpoints_of(ASYNCAPI) if e not in ENDPOINTS]
    assert len(own) == len(set(own)) == 17
    assert all(pattern.fullmatch(path) for path in own)
    assert socket_path(ASYNCAPI, Product.FORM_FILLING) == "/api/v1/form-filling/sessions/{session_id}/audio"


def test_every_endpoint_keeps_its_name():
    """Handlers are found by it."""
    assert {e.name for e in endpoints_of(ASYNCAPI)} < {e.name for e in ENDPOINTS}


@pytest.mark.parametrize(
    ("dialect", "product", "changes", "expected"),
    [
        (LIVE, Product.AMBIENT, {"session_id": ID, "encounter_id": VISIT}, CreateAmbient(ID, VISIT)),
        (LIVE, Product.AMBIENT, {}, CreateAmbient()),
        (LIVE, Product.FORM_FILLING, {"session_id": ID}, CreateForm(ID)),
        (ASYNCAPI, Product.DICTATION, {}, OpenDictation("p", language_code="en-US")),
        (ASYNCAPI, Product.AMBIENT, {"encounter_id": VISIT}, OpenNote("p", VISIT, language_code="en-US")),
        (ASYNCAPI, Product.FORM_FILLING, {}, OpenNote("p", language_code="en-US")),
    ],
)
def test_a_creation_says_what_the_dialect_has_a_field_for(dialect, product, changes, expected):
    """And nothing else."""
    assert made(dialect, product, **changes) == expected


def test_a_live_dictation_always_declares_its_audio():
    """S-46, S-47."""
    body = made(LIVE, Product.DICTATION, sample_rate_hz=8_000)
    assert isinstance(body, CreateDictation)
    assert msgspec.to_builtins(body) == {
        "audio_config": {"audio_encoding": "LINEAR16", "audio_language": "en-US", "sample_rate_hertz": 8_000}
    }


@pytest.mark.parametrize("changes", [{"session_id": ID}, {"sample_rate_hz": 8_000}])
def test_what_the_other_dialect_cannot_say_is_refused_before_it_is_sent(changes):
    """An id of one's own, a rate."""
    with pytest.raises(InputError, match="this dialect"):
        made(ASYNCAPI, Product.DICTATION, **changes)


def test_a_created_session_is_found_whatever_its_dialect():
    """The address of the socket comes from one of them only (S-202)."""
    assert created_of(CreatedDictation(ID)).socket_url is None
    assert created_of(CreatedSession(ID)).session_id == ID
    opened = msgspec.json.decode(f'{{"sessionId":"{ID}","audioWebsocketUrl":"wss://x/a","more":1}}', type=OpenedSession)
    assert (created_of(opened).session_id, created_of(opened).socket_url) == (ID, "wss://x/a")
    with pytest.raises(TypeError, match="str"):
        created_of("nothing")


def test_the_transcript_of_an_ended_dictation_is_found_whatever_its_dialect():
    """None where the end says none (S-54)."""
    assert transcript_of(DictationResult(final_transcript="a")) == "a"
    assert transcript_of(EndedDictation(transcript="b")) == "b"
    assert transcript_of(msgspec.json.decode(b"{}", type=EndedDictation)) is None
    assert transcript_of(None) is None


def test_every_state_has_a_status_of_the_other_dialect():
    """All in the list of its document."""
    assert set(DIALECT_STATUS) == set(NoteState)
    listed = {"created", "recording", "ended", "processing", "complete", "failed"}
    assert set(DIALECT_STATUS.values()) == listed


def test_the_examples_hold():
    """Docstrings tell the truth."""
    assert doctest.testmod(dialects).failed == 0
