"""Gaps between partials, and the timer detector."""

import pytest

from tests.scoring.metrics.records import session, spoken
from workbench.scoring.metrics.cadence import Cadence, cadence
from workbench.scoring.metrics.latency import latency
from workbench.scoring.metrics.timeline import Segment
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_MS

CHUNK_NS = 100 * NS_PER_MS


def partials(*items):
    """One segment of (ms, text)."""
    return Segment(tuple((at * NS_PER_MS, text) for at, text in items), None)


def test_gaps_have_a_median_and_a_variation():
    """Gaps 100, 200 and 300 ms: median 200, CV 81.65/200."""
    found = cadence([partials((0, "a"), (100, "b"), (300, "c"), (600, "d"))], CHUNK_NS)
    assert (found.gap_p50_ns, found.gaps, found.timer) == (200 * NS_PER_MS, 3, None)
    assert found.gap_cv == pytest.approx(0.40825, abs=1e-5)


def test_gaps_are_not_taken_across_a_final():
    """Each segment has its own."""
    found = cadence([partials((0, "a"), (100, "b")), partials((900, "c"), (1000, "d"))], CHUNK_NS)
    assert (found.gap_p50_ns, found.gaps) == (100 * NS_PER_MS, 2)


def test_partials_that_repeat_themselves_steadily_come_on_a_timer():
    """Every 500 ms, whether anything was said or not."""
    found = cadence([partials(*((500 * i, "a" if i < 3 else "a b") for i in range(8)))], CHUNK_NS)
    assert found.timer == "partials come on a timer of 500 ms (CV 0.00)"


@pytest.mark.parametrize(
    "items",
    [
        [(500 * i, " ".join("abcdefgh"[: i + 1])) for i in range(8)],
        [(100 * i, "a") for i in range(8)],
        [(500 * i, "a") for i in range(5)],
        [(500 * i + 130 * (i % 2), "a") for i in range(8)],
    ],
    ids=["always new text", "one a chunk", "too few", "unsteady"],
)
def test_partials_that_follow_speech_or_chunks_are_no_timer(items):
    """New text every time, one a chunk, few, or unsteady: each alone is enough."""
    assert cadence([partials(*items)], CHUNK_NS).timer is None


def test_without_two_partials_there_is_no_cadence():
    """Unknown."""
    assert cadence([], CHUNK_NS) == cadence([partials((0, "a"))], CHUNK_NS) == Cadence()


def test_first_partial_is_withheld_when_partials_come_on_a_timer():
    """The number would be the timer's phase; the other latencies stay."""
    messages = [(450 + 300 * i, "partial", "no") for i in range(8)] + [(3000, "final", "no chest pain")]
    found = latency(SessionView(session(spoken("no chest pain"), messages, chunks=30)))
    assert found.first_partial_ns is found.first_partial_audio_start_ns is None
    assert found.reasons["first_partial_ns"].startswith("partials come on a timer of 300 ms")
    assert found.word_latency_ns[0] == 250 * NS_PER_MS
