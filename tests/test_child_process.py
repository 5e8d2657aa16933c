"""What crosses the pipes between our processes: bodies behind their length."""

from __future__ import annotations

import asyncio
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.child_process import framed, next_body, read_body

BODIES = st.lists(st.binary(max_size=300), max_size=5)


@given(BODIES)
def test_bodies_come_back_as_they_were_framed_and_none_tells_the_end(bodies):
    """By a pipe that is read in a thread."""
    source = io.BytesIO(b"".join(map(framed, bodies)))
    assert [read_body(source) for _ in range(len(bodies) + 1)] == [*bodies, None]


@given(BODIES)
def test_bodies_come_back_from_a_stream_too(bodies):
    """By a loop; the end is an error there, as for any stream."""

    async def read():
        reader = asyncio.StreamReader()
        reader.feed_data(b"".join(map(framed, bodies)))
        reader.feed_eof()
        found = [await next_body(reader) for _ in bodies]
        with pytest.raises(asyncio.IncompleteReadError):
            await next_body(reader)
        return found

    assert asyncio.run(read()) == bodies


@pytest.mark.parametrize("length", range(8))
def test_a_body_that_breaks_off_is_the_end(length):
    """A child that is killed in the middle of a write leaves half a body."""
    assert framed(b"four") == b"\x00\x00\x00\x04four"
    assert read_body(io.BytesIO(framed(b"four")[:length])) is None
