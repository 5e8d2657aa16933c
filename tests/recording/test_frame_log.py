"""The event log: every frame exactly as it was recorded, in 31 bytes."""

from __future__ import annotations

import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.recording.frame import UNSET, FrameKind
from workbench.recording.frame_log import FrameLog

KINDS = tuple(FrameKind)
numbers = st.one_of(
    st.just(UNSET),
    st.integers(0, 10),
    st.integers(2**16 - 3, 2**16 + 1),
    st.integers(2**24 - 3, 2**24 + 1),
    st.integers(2**29 - 2, 2**32 + 2),
    st.integers(0, 2**62),
)
rows = st.tuples(st.integers(0, len(KINDS) - 1), *[numbers] * 7, st.integers(0, 2**40))


class Shelf:
    """A keeper in memory, of so many texts and blocks."""

    def __init__(self, room=10**9):
        self.room = room
        self.texts = {}
        self.blocks = []
        self.wides = {}
        self.begun = 0

    def block(self):
        if len(self.blocks) >= self.room:
            return None
        data = bytearray(4 + FrameLog.BLOCK_BYTES)
        self.blocks.append(data)
        return data, 4

    def streaming(self):
        self.begun += 1

    def wide(self, at, columns):
        self.wides[sum(map(len, self.rows()[:-1])) // FrameLog.ROW_BYTES + at // FrameLog.ROW_BYTES] = columns

    def keep(self, text):
        if len(self.texts) >= self.room:
            return UNSET
        self.texts[7 * len(self.texts) << 30] = text
        return 7 * (len(self.texts) - 1) << 30

    def text(self, place):
        return self.texts[place]

    def rows(self):
        """What is whole of each block."""
        return [data[4 : 4 + int.from_bytes(data[:4], sys.byteorder)] for data in self.blocks]


def columns_of(drawn):
    table = np.array(drawn, np.int64).reshape(-1, len(FrameLog.COLUMNS))
    return dict(zip(FrameLog.COLUMNS, table.T, strict=True))


def texts_of(drawn):
    return [f"text {i}" for i, row in enumerate(drawn) if KINDS[row[0]] is not FrameKind.AUDIO]


@given(st.lists(rows, max_size=12))
def test_any_columns_come_back(drawn):
    """What a row of 31 bytes cannot hold is kept beside it; no stamp is rounded and none is lost."""
    columns = columns_of(drawn)
    log = FrameLog.of(columns, texts_of(drawn))
    found = log.columns()
    assert all(np.array_equal(found[name], columns[name]) for name in FrameLog.COLUMNS)
    assert log.texts() == texts_of(drawn)
    assert len(log) == len(drawn)
    again = FrameLog.unpacked(*log.packed())
    assert again == log
    assert again.chunks_sent == sum(KINDS[row[0]] is FrameKind.AUDIO for row in drawn)


events = st.one_of(
    st.tuples(st.just("audio_sent"), st.tuples(*[st.integers(0, 2**33)] * 7)),
    st.tuples(st.just("audio_sent"), st.tuples(st.integers(0, 9), *map(st.just, (1_600, 50, 60, UNSET, 4_300)))),
    st.tuples(st.just("control_sent"), st.tuples(st.text(), *[st.integers(0, 2**33)] * 3)),
    st.tuples(st.just("received"), st.tuples(st.text() | st.binary(), st.integers(0, 2**62))),
    st.tuples(st.just("rest"), st.tuples(st.text(), numbers, numbers)),
    st.tuples(st.just("closed"), st.tuples(st.integers(1_000, 4_999), st.text(), st.integers(0, 2**62))),
)  # fmt: skip


@given(st.lists(events, max_size=12), st.integers(0, 5))
def test_a_keeper_has_what_the_log_records(drawn, room):
    """Texts and blocks it does not take stay with the log, and all are there afterwards."""
    alone, kept, shelf = FrameLog(), FrameLog(), Shelf(room)
    kept.buffer_in(shelf)
    for name, arguments in drawn:
        getattr(alone, name)(*arguments)
        getattr(kept, name)(*arguments)
        assert len(kept) == len(alone)
    assert kept == alone
    assert shelf.begun == (alone.chunks_sent > 0)
    recovered = FrameLog.recovered(b"".join(shelf.rows()), shelf.wides, shelf.texts.get)
    if room == 5 and len(shelf.texts) < room:
        assert recovered == alone
    assert list(recovered.frames()) == list(alone.frames())[: len(recovered)]
    assert len(kept._texts) == max(0, len(alone.texts()) - room)
    assert kept.release() is shelf
    assert kept.release() is None
    assert kept == alone
    assert kept.packed() == alone.packed(), "where a text lay is not part of the log"
    kept.rest("after", 1, 2)
    assert len(kept) == len(alone) + 1


@given(st.lists(events, max_size=12))
def test_a_teller_is_told_what_the_log_records(drawn):
    """Frame for frame; another log can be made of it."""
    log, mirror, told = FrameLog(), FrameLog(), []
    log.listener = lambda row, wide, text: told.append((FrameLog.values_of(row, wide), text))
    for name, arguments in drawn:
        getattr(log, name)(*arguments)
    columns = log.columns()
    assert [values for values, _ in told] == [
        tuple(int(columns[name][i]) for name in FrameLog.COLUMNS) for i in range(len(log))
    ]
    for values, text in told:
        mirror.append_columns(values, text)
    assert mirror == log


def test_blocks_are_lent_one_by_one():
    """A keeper that comes later gets what comes later; a full block is the log's own."""
    log, shelf = FrameLog(), Shelf()
    for i in range(1_000):
        if i == 3:
            log.buffer_in(shelf)
        log.audio_sent(i, 1_600 * (i + 1), 100 * i, 100 * i + 1, 100 * i + 2, 4_300)
    assert [frame.chunk for frame in log.frames()] == list(range(1_000))
    recovered = FrameLog.recovered(b"".join(shelf.rows()), {}, shelf.texts.get)
    assert [frame.chunk for frame in recovered.frames()] == list(range(3, 1_000))
    assert [len(rows) for rows in shelf.rows()[:-1]] == [FrameLog.BLOCK_BYTES] * 7
    shelf.blocks[0][:] = bytes(len(shelf.blocks[0]))
    assert [frame.chunk for frame in log.frames()] == list(range(1_000))


def test_a_log_is_recovered_up_to_a_text_that_is_not_there():
    """What a full disk did not take ends it, as does a kind of frame that is none."""
    log, shelf = FrameLog(), Shelf()
    log.buffer_in(shelf)
    for i in range(4):
        log.received(f"text {i}", i)
        log.audio_sent(i, 1_600, 1, 2, 3, 4_300)
    rows = b"".join(shelf.rows())
    assert len(FrameLog.recovered(rows, {}, lambda place: "x")) == 8
    assert (
        len(FrameLog.recovered(rows, {}, {place: text for place, text in shelf.texts.items() if "2" not in text}.get))
        == 4
    )
    odd = bytearray(rows)
    odd[4 * FrameLog.ROW_BYTES] |= 7
    assert len(FrameLog.recovered(bytes(odd), {4: (0,) * 9}, lambda place: "x")) == 4


def test_a_frame_takes_less_than_32_bytes():
    """Ten minutes of chunks and of kept texts: nothing but rows stays in memory, and nothing for the collector."""
    log, shelf = FrameLog(), Shelf()
    lent = bytearray(4 + FrameLog.BLOCK_BYTES)
    shelf.block = lambda: (lent, 4)
    shelf.keep = lambda text: 1
    log.buffer_in(shelf)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for i in range(6_000):
        log.audio_sent(i, 1_600 * i, 10**15 + i, 10**15 + i + 90_000, 10**15 + i + 130_000, 4_300)
        log.received('{"transcript":{"transcript":"no chest pain"},"is_final":false}', 10**15 + i)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken / len(log) < 32
    assert not log._wide


@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        (columns_of([(9, *[0] * 8)]), [""]),
        (columns_of([(-1, *[0] * 8)]), [""]),
        (columns_of([(0, *[0] * 8)]), ["one too many"]),
        (columns_of([(2, *[0] * 8)]), []),
        (columns_of([(0, *[0] * 8)]) | {"chunk": np.zeros(2, np.int64)}, []),
    ],
)
def test_columns_that_cannot_be_a_log_are_refused(columns, texts):
    """An unknown kind, a text too few or too many, columns of two lengths."""
    with pytest.raises(ValueError, match=r"expected|texts for"):
        FrameLog.of(columns, texts)


def test_half_a_row_is_no_log():
    """Rows are whole."""
    with pytest.raises(ValueError, match="32 bytes"):
        FrameLog.unpacked(bytes(32), {}, [])
