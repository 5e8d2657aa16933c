"""Documents read leniently: laws and examples."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.protocol.dialects import ROUTES
from workbench.protocol.lenient import read_leniently
from workbench.protocol.messages import Dialect
from workbench.protocol.results import AmbientTranscript, StructuredDataAnswer

KINDS = sorted({e.response for d in Dialect for r in ROUTES[d].values() for e in r.results}, key=lambda k: k.__name__)
NUMBER = st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False)
LEAF = st.none() | st.booleans() | NUMBER | st.text(max_size=5)
NAMES = ["structured_data", "diagnoses", "values", "codes", "code", "type", "orders", "medication_orders", "summary",
         "final_transcript", "transcript", "start_offset", "seconds", "generated_values", "data", "x"]  # fmt: skip
JSON = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("kind", KINDS)
@given(document=JSON)
def test_any_document_is_read(kind, document):
    """No JSON of any shape raises, and what was left out is counted exactly where something was."""
    raw = msgspec.json.encode(document)
    value, unread = read_leniently(raw, kind)
    assert isinstance(value, kind)
    try:
        strict = msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        assert unread > 0
    else:
        assert (value, unread) == (strict, 0)


def test_only_what_cannot_be_read_is_left_out():
    """The entries around it stay, in their order."""
    segments = [{"transcript": "a"}, {"transcript": None}, 7, {"transcript": "b", "start_offset": {"seconds": "late"}}]
    value, unread = read_leniently(msgspec.json.encode({"final_transcript": segments}), AmbientTranscript)
    assert [segment.transcript for segment in value.final_transcript] == ["a", "", "b"]
    assert unread == 3


def test_a_missing_member_costs_the_object_that_needs_it():
    """A code without its type is no code; the diagnosis stays."""
    diagnosis = {"codes": [{"code": "I10"}, {"code": "30422", "type": "IMO"}], "laterality_indicator": None}
    raw = msgspec.json.encode({"structured_data": {"diagnoses": {"values": [diagnosis]}}})
    value, unread = read_leniently(raw, StructuredDataAnswer)
    (read,) = value.structured_data.diagnoses.values
    assert ([code.code for code in read.codes], read.laterality_indicator, unread) == (["30422"], None, 1)


def test_a_document_of_nothing_readable_is_given_up():
    """After a thousand members: a document is not worth a second of work."""
    raw = msgspec.json.encode({"final_transcript": [None] * 5_000})
    assert read_leniently(raw, AmbientTranscript) == (AmbientTranscript(), 1_000)


@pytest.mark.parametrize("raw", [b"", b"<html>", b"{"])
def test_what_is_not_json_is_no_document(raw):
    """That is for the caller to report."""
    with pytest.raises(msgspec.DecodeError):
        read_leniently(raw, AmbientTranscript)
