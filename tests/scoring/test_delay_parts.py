"""What the delay of a word is made of: the parts of every word add up, whatever happened to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.metrics.records import session, spoken
from tests.stored import batch
from workbench.scoring.delay_parts import PARTS, delay_parts, median_word
from workbench.scoring.metrics.latency import Latency
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.session import SessionScore, score_session

CLINICAL = NORMALISERS["clinical"]


def test_the_parts_of_a_known_word_are_what_was_done_to_it() -> None:
    """Shown at 250 ms, taken back, there for good at 500 ms, final at 700 ms."""
    messages = [(250, "partial", "no"), (400, "partial", "now"), (500, "partial", "no"), (700, "final", "no"),
                (900, "end", "")]  # fmt: skip
    record = session(spoken("no"), messages)
    score = score_session(record, CLINICAL)
    (parts,) = delay_parts(score.latency)
    assert parts is not None
    told = dict(zip(PARTS, (part / 1e6 for part in parts), strict=True))
    ended = 1000 * record.reference.words[0].end_sample / record.sample_rate_hz
    assert told["until settled"] == 250
    assert told["until final"] == 200
    assert told["chunk"] + told["sending"] + told["until shown"] == 250 - ended
    assert sum(told.values()) == 700 - ended


@given(
    st.lists(st.integers(100, 3_000), min_size=3, max_size=8), st.lists(st.sampled_from(["no", "no chest", "no pain"]))
)
def test_the_parts_sum_to_the_finality_of_every_word(times: list[int], texts: list[str]) -> None:
    """Of any session."""
    at = sorted(times)
    messages = [(time, "partial", text) for time, text in zip(at[:-2], texts, strict=False)]
    messages += [(at[-2], "final", "no chest pain"), (at[-1], "end", "")]
    latency = score_session(session(spoken("no chest pain"), messages), CLINICAL).latency
    parts = delay_parts(latency)
    assert len(parts) == 3
    for part, whole in zip(parts, latency.word_finality_ns, strict=True):
        if part is not None:
            assert sum(part) == whole


def test_the_median_word_adds_up_and_is_in_the_middle() -> None:
    """Over the words around the median; sessions whose timing does not count are left out."""
    scores = [score_session(record, CLINICAL) for record in batch(24)]
    median = median_word(scores)
    assert median is not None
    assert median.total_ms == sum(median.parts_ms.values())
    wholes = sorted(w for s in scores for w in s.latency.word_finality_ns if w is not None)
    assert len(wholes) == 72  # a tenth is the eight from the place 32.4 to the place 39.6
    assert (median.words, median.total_ms) == (8, pytest.approx(sum(wholes[32:40]) / 8e6))


def test_scores_of_before_have_no_parts() -> None:
    """And nothing falls over."""
    assert delay_parts(Latency(word_latency_ns=(1,), word_finality_ns=(2,))) == []
    row = score_session(batch(1)[0], CLINICAL).to_row()
    del row["latency_word_waiting_ns"]
    assert median_word([SessionScore.from_row(row)]) is None
