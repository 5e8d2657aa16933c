"""Messages: what they are for, and nothing of their content in a repr."""

from __future__ import annotations

import msgspec
import pytest

from workbench.protocol import bodies, endpoints, live, messages, states, stream
from workbench.protocol.messages import Audio, Final, Partial, Product, TranscriptWord, UnknownMessage


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (Audio(b"metformin"), "Audio(9 bytes)"),
        (Partial("metformin", "p"), "Partial(9 chars)"),
        (TranscriptWord("metformin", "S1"), "TranscriptWord(9 chars, speaker='S1')"),
        (Final("metformin", (TranscriptWord("metformin"),)), "Final(9 chars, 1 words)"),
        (UnknownMessage("why", "metformin"), "UnknownMessage(reason='why')"),
    ],
)
def test_a_repr_tells_lengths_only(message, shown):
    """Speech and transcripts are patient data."""
    assert repr(message) == shown


def test_nothing_changes_a_message():
    """They are values: they go through threads and are compared."""
    every = [one for one in vars(messages).values() if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    assert Audio in every
    assert [one.__name__ for one in every if not one.__struct_config__.frozen] == []


def test_only_dictation_streams_transcripts():
    """The other products give their results by REST."""
    assert [product for product in Product if product.streams_transcripts] == [Product.DICTATION]


@pytest.mark.parametrize("module", [bodies, endpoints, live, messages, states, stream])
def test_every_module_says_what_it_offers(module):
    """``__all__`` names what is there."""
    assert all(hasattr(module, name) for name in module.__all__)
