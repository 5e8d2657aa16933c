"""The event log: every frame exactly as it was recorded, in 31 bytes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.recording import UNSET, FrameKind, FrameLog

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
    """A keeper that can be asked what it was given."""

    def __init__(self, full_after=10**9):
        self.given = []
        self.texts = {}
        self.full_after = full_after

    def keep(self, row, wide, text):
        self.given.append((FrameLog.values_of(row, wide), text))
        if text is None or len(self.texts) >= self.full_after:
            return UNSET
        self.texts[7 * len(self.given) << 30] = text
        return 7 * len(self.given) << 30

    def text(self, place):
        return self.texts[place]


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
def test_a_keeper_hears_what_the_log_records(drawn, full_after):
    """Its columns and texts are the log's; texts it does not take stay with the log, and all are there afterwards."""
    alone, kept, mirror, shelf = FrameLog(), FrameLog(), FrameLog(), Shelf(full_after)
    kept.keeper = shelf
    for name, arguments in drawn:
        getattr(alone, name)(*arguments)
        getattr(kept, name)(*arguments)
    assert kept == alone
    assert [dict(zip(FrameLog.COLUMNS, values, strict=True)) for values, _ in shelf.given] == [
        {name: int(values[i]) for name, values in alone.columns().items()} for i in range(len(alone))
    ]
    for values, text in shelf.given:
        mirror.mirrored(values, text)
    assert mirror == alone
    assert len(kept._texts) == max(0, len(alone.texts()) - full_after)
    kept.release()
    assert kept.keeper is None
    assert kept == alone
    assert kept.packed() == alone.packed(), "where a text lay is not part of the log"


def test_a_frame_takes_less_than_32_bytes():
    """Ten minutes of chunks and of kept texts: nothing but rows stays in memory, and nothing for the collector."""
    log, shelf = FrameLog(), Shelf()
    shelf.keep = lambda row, wide, text: UNSET if text is None else 1
    log.keeper = shelf
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
