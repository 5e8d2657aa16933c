"""Hypothesis strategies for messages of both directions."""

from __future__ import annotations

from hypothesis import strategies as st

from workbench.protocol.messages import (
    Audio,
    EndOfAudio,
    EndOfResults,
    Event,
    EventName,
    Final,
    Partial,
    Product,
    StartTime,
    TranscriptWord,
)

texts = st.text(max_size=40)
ids = st.none() | st.text(min_size=1, max_size=12)
words = st.builds(TranscriptWord, texts, st.none() | st.text(max_size=4))

audio = st.binary(min_size=1, max_size=64).map(lambda half: Audio(half + half))
"""An even count of bytes that is never the end marker, whose three bytes are odd."""

dictation_messages = audio | st.just(EndOfAudio())
stream_messages = (
    audio | st.just(EndOfAudio()) | st.builds(StartTime, texts) | st.builds(Event, st.sampled_from(EventName))
)


def client_messages(product: Product) -> st.SearchStrategy:
    """Whatever a client of ``product`` may write."""
    return dictation_messages if product is Product.DICTATION else stream_messages


def _not_terminal(message: Partial | Final) -> bool:
    """A transcript that says EOF, without id and words, *is* the terminal frame (S-98)."""
    return not (message.text == "EOF" and message.transcript_id is None and not getattr(message, "words", ()))


partials = st.builds(Partial, texts, ids).filter(_not_terminal)
finals = st.builds(Final, texts, st.lists(words, max_size=4).map(tuple), ids).filter(_not_terminal)
server_messages = partials | finals | st.just(EndOfResults())
